"""Blocks of statements that make one trip to the connection's thread, and lookups that make none."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import aiosqlite
import pytest
import pytest_asyncio

from storage.errors import StorageError, StoreBusyError
from storage.sqlite.migrations import Migration
from storage.sqlite.store_file import StoreFile
from storage.sqlite.threaded import Block
from tests.support.waiting import LONGEST_WAIT

SCHEMA = [Migration(1, ("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)",))]
ALL = "SELECT text FROM note ORDER BY id"
FOR_EVER = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[StoreFile]:
    opened = await StoreFile.open(tmp_path / "notes.db", SCHEMA, busy_timeout=0.02)
    yield opened
    await opened.close()


def adding(*texts: str) -> Block[int]:
    async def block(connection: aiosqlite.Connection) -> int:
        for text in texts:
            await connection.execute("INSERT INTO note (text) VALUES (?)", (text,))
        return len(texts)

    return block


async def all_texts(connection: aiosqlite.Connection) -> list[str]:
    async with connection.execute(ALL) as cursor:
        return [row[0] for row in await cursor.fetchall()]


async def test_a_block_writes_and_another_reads(store: StoreFile) -> None:
    assert await store.write(adding("one", "two")) == 2
    assert await store.read(all_texts) == ["one", "two"]
    assert await store.lookup(ALL) == [("one",), ("two",)]


async def test_a_block_that_fails_leaves_nothing(store: StoreFile) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        await store.write(adding("one", "two", "one"))
    assert await store.read(all_texts) == []
    await store.write(adding("three"))
    assert await store.read(all_texts) == ["three"]


async def test_a_reading_block_cannot_write(store: StoreFile) -> None:
    with pytest.raises(StorageError, match="readonly"):
        await store.read(adding("one"))
    assert await store.read(all_texts) == []


async def test_a_snapshot_stays_as_it_was(store: StoreFile, tmp_path: Path) -> None:
    await store.write(adding("one"))
    other = sqlite3.connect(tmp_path / "notes.db", isolation_level=None, check_same_thread=False)

    async def twice(connection: aiosqlite.Connection) -> list[list[str]]:
        first = await all_texts(connection)
        other.execute("INSERT INTO note (text) VALUES ('two')")
        return [first, await all_texts(connection)]

    assert await store.read(twice, snapshot=True) == [["one"], ["one"]]
    assert await store.read(all_texts) == ["one", "two"]
    other.close()


async def test_a_lookup_sees_what_another_program_has_just_written(store: StoreFile, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "notes.db", isolation_level=None)
    for number in range(5):
        other.execute("INSERT INTO note (text) VALUES (?)", (str(number),))
        assert await store.lookup("SELECT count(*) FROM note") == [(number + 1,)]
    other.close()


async def test_a_lookup_does_not_wait_for_a_writer(store: StoreFile, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "notes.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("INSERT INTO note (text) VALUES ('not yet')")
    assert await store.lookup(ALL) == []
    other.close()


async def test_a_block_waits_its_turn_and_then_gives_up(store: StoreFile, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "notes.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusyError):
        await store.write(adding("one"))
    other.execute("ROLLBACK")
    other.close()
    await store.write(adding("one"))
    assert await store.read(all_texts) == ["one"]


@pytest.mark.parametrize("turns", range(6))
async def test_wherever_cancellation_strikes_all_or_nothing_is_kept(store: StoreFile, turns: int) -> None:
    task = asyncio.create_task(store.write(adding(*map(str, range(500)))))
    for _ in range(turns):
        await asyncio.sleep(0.0002)
    task.cancel()
    await asyncio.wait({task})
    assert len(await store.read(all_texts)) in (0, 500)
    await store.write(adding("next"))
    assert (await store.read(all_texts))[-1] == "next"


@pytest.mark.parametrize("turns", [1, 2, 3, 20])
async def test_a_cancelled_block_stops_and_the_reader_can_be_used_again(store: StoreFile, turns: int) -> None:
    async def endless(connection: aiosqlite.Connection) -> None:
        await connection.execute_fetchall(FOR_EVER)

    task = asyncio.create_task(store.read(endless))
    for _ in range(turns):
        await asyncio.sleep(0.0005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, LONGEST_WAIT)
    assert await store.read(all_texts) == []


async def test_a_block_that_waits_for_anything_else_is_a_defect(store: StoreFile) -> None:
    async def waits(_: aiosqlite.Connection) -> None:
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="waited"):
        await store.write(waits)
    assert await store.read(all_texts) == []


async def test_a_closed_store_says_so(store: StoreFile) -> None:
    await store.close()
    for work in (store.read(all_texts), store.write(adding("one")), store.lookup(ALL)):
        with pytest.raises(StorageError, match="closed"):
            await work
