"""Stores that are only read: on a read-only file system, with and without a log, and while others write."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import aiosqlite
import numpy as np
import pytest

from storage.documents.definitions import read_definitions
from storage.documents.store import DatabaseStore
from storage.errors import NewerSchemaError, ReadOnlyError, StorageError, StoreBusyError
from storage.shapes import ContainerKind, Metric, NewItem, VectorSpec, VectorValue
from storage.sqlite.access import Access, log_of
from storage.sqlite.migrations import Migration
from storage.sqlite.store_file import StoreFile
from tests.support.disks import frozen

NOTES = [Migration(1, ("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL)",))]

KILLED = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA wal_autocheckpoint = 0")
connection.execute("INSERT INTO note (text) VALUES ('only in the log')")
os._exit(9)
"""


async def write(path: Path, *texts: str) -> None:
    store = await StoreFile.open(path, NOTES)
    async with store.transaction() as connection:
        await connection.executemany("INSERT INTO note (text) VALUES (?)", [(text,) for text in texts])
    await store.close()


async def texts(store: StoreFile) -> list[str]:
    async with store.reader() as connection:
        read = [row[0] for row in await connection.execute_fetchall("SELECT text FROM note ORDER BY id")]
    assert [row[0] for row in await store.lookup("SELECT text FROM note ORDER BY id")] == read
    return read


def leave_a_log(path: Path, *, index: bool) -> None:
    """Write as a program does that is killed; with or without the index that it leaves beside the log."""
    subprocess.run([sys.executable, "-c", KILLED, path], check=False)  # noqa: S603 - our own words
    assert log_of(path).stat().st_size > 0
    if not index:
        path.with_name(path.name + "-shm").unlink()


def content(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


async def test_a_store_on_a_read_only_file_system_is_read(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    await write(tmp_path / "data" / "notes.db", "one")
    with frozen(tmp_path / "data") as view:
        store = await StoreFile.open(view / "notes.db", NOTES, read_only=True)
        assert await texts(store) == ["one"]
        await asyncio.gather(*[texts(store) for _ in range(5)])
        await store.close()


@pytest.mark.parametrize("index", [True, False], ids=["with its index", "without its index"])
async def test_what_a_killed_program_left_in_the_log_is_read_on_a_read_only_file_system(
    tmp_path: Path, *, index: bool
) -> None:
    (tmp_path / "data").mkdir()
    await write(tmp_path / "data" / "notes.db", "one")
    leave_a_log(tmp_path / "data" / "notes.db", index=index)
    with frozen(tmp_path / "data") as view:
        store = await StoreFile.open(view / "notes.db", NOTES, read_only=True)
        assert await texts(store) == ["one", "only in the log"]
        await store.close()


async def test_reading_changes_no_byte_and_leaves_the_log_to_others(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    await write(path, "one")
    leave_a_log(path, index=True)
    before = content(path), content(log_of(path))
    store = await StoreFile.open(path, NOTES, read_only=True)
    assert await texts(store) == ["one", "only in the log"]
    await store.close()
    assert (content(path), content(log_of(path))) == before


async def test_a_store_that_is_only_read_refuses_to_write(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    await write(path, "one")
    store = await StoreFile.open(path, NOTES, read_only=True)
    with pytest.raises(ReadOnlyError):
        async with store.transaction():
            pass
    with pytest.raises(ReadOnlyError):
        await store.write(lambda connection: connection.execute_fetchall("DELETE FROM note"))
    await store.close()


async def test_what_others_write_is_seen_where_their_locks_are(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    await write(path, "one")
    store = await StoreFile.open(path, NOTES, read_only=True)
    assert await texts(store) == ["one"]
    await write(path, "two")
    assert await texts(store) == ["one", "two"]
    await store.close()


async def test_what_others_write_is_seen_where_their_locks_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "notes.db"
    await write(path, "one")
    monkeypatch.setattr(Access, "connect", _without_locks)
    store = await StoreFile.open(path, NOTES, read_only=True)
    assert await texts(store) == ["one"]
    monkeypatch.undo()
    await write(path, "two")
    monkeypatch.setattr(Access, "connect", _without_locks)
    assert await texts(store) == ["one", "two"]
    leave_a_log(path, index=False)
    assert await texts(store) == ["one", "two", "only in the log"]
    await store.close()


def _without_locks(access: Access, timeout: float) -> object:
    return access._unlocked(timeout)


async def test_a_file_that_changes_while_it_is_read_without_locks_gives_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "notes.db"
    await write(path, "one")
    monkeypatch.setattr(Access, "connect", _without_locks)
    store = await StoreFile.open(path, NOTES, read_only=True)
    monkeypatch.undo()

    async def read_while_another_writes(connection: aiosqlite.Connection) -> None:
        await connection.execute_fetchall("SELECT text FROM note")
        with sqlite3.connect(path) as other:
            other.execute("INSERT INTO note (text) VALUES ('two')")
        other.close()

    with pytest.raises(StoreBusyError):
        await store.read(read_while_another_writes)
    await store.close()


async def test_a_file_that_is_not_there_is_not_made_by_reading(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="is not there"):
        await StoreFile.open(tmp_path / "new" / "notes.db", NOTES, read_only=True)
    with pytest.raises(StorageError, match="is not there"):
        await read_definitions(tmp_path / "new" / "notes.db")
    assert not os.listdir(tmp_path)  # noqa: PTH208 - a path method would block


async def test_an_older_schema_is_not_brought_forward_by_reading(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    await write(path, "one")
    before = content(path)
    newer = Migration(2, ("ALTER TABLE note ADD COLUMN author TEXT",))
    with pytest.raises(StorageError, match="schema version 1"):
        await StoreFile.open(path, [*NOTES, newer], read_only=True)
    assert content(path) == before
    await (await StoreFile.open(path, [*NOTES, newer])).close()
    with pytest.raises(NewerSchemaError):
        await StoreFile.open(path, NOTES, read_only=True)


async def test_vectors_are_searched_on_a_read_only_file_system_and_no_index_is_saved(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    store = await DatabaseStore.open(tmp_path / "data" / "contents.db")
    await store.create_keyspace("main")
    spec = {"v": VectorSpec(4, Metric.COSINE)}
    books = await store.create_container("main", "books", ContainerKind.COLLECTION, {}, spec)
    rows = np.random.default_rng(1).normal(size=(6_000, 4)).astype(np.float32)
    await store.insert(books, [NewItem(f"k{at}", "{}", {"v": VectorValue(row)}) for at, row in enumerate(rows)])
    await store.close()
    with frozen(tmp_path / "data") as view:
        assert [one.name for one in await read_definitions(view / "contents.db", read_only=True) or ()] == ["books"]
        reader = await DatabaseStore.open(view / "contents.db", read_only=True)
        found = await reader.container("main", "books")
        assert found is not None
        (hit,) = await reader.search(found, "v", rows[17], 1)
        (item,) = await reader.read_rows(found, [hit.seq])
        assert item.key == "k17"
        await reader.close()
