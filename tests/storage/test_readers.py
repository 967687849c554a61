"""Readers of a store file: what they see, and how they are opened, cancelled and closed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from storage.errors import StorageError, StoreNotWritableError
from storage.sqlite import readers as readers_module
from storage.sqlite.store_file import StoreFile
from tests.storage.notes import FIRST, read, write
from tests.support.waiting import LONGEST_WAIT


async def test_a_reader_sees_the_newest_state_and_a_snapshot_stays_as_it_was(tmp_path: Path) -> None:
    store = await StoreFile.open(tmp_path / "notes.db", [FIRST], readers=2)
    async with store.reader() as newest, store.reader(snapshot=True) as snapshot:
        counts = "SELECT count(*) FROM note"
        assert list(await snapshot.execute_fetchall(counts)) == [(0,)]
        await write(store, "one")
        assert list(await newest.execute_fetchall(counts)) == [(1,)]
        assert list(await snapshot.execute_fetchall(counts)) == [(0,)]
    async with store.reader() as first, store.reader() as second:
        assert list(await first.execute_fetchall(counts)) == [(1,)]
        assert list(await second.execute_fetchall(counts)) == [(1,)]
    await store.close()


async def test_a_reader_cannot_write(tmp_path: Path) -> None:
    store = await StoreFile.open(tmp_path / "notes.db", [FIRST])
    with pytest.raises(StoreNotWritableError):
        async with store.reader() as connection:
            await connection.execute("INSERT INTO note (text) VALUES ('lost')")
    assert await read(store) == []
    await store.close()


@pytest.mark.parametrize("turns", [1, 2, 3, 20])
async def test_a_cancelled_read_stops_and_the_reader_can_be_used_again(tmp_path: Path, turns: int) -> None:
    store = await StoreFile.open(tmp_path / "notes.db", [FIRST])
    await write(store, "one")

    async def count_for_ever() -> None:
        async with store.reader() as connection:
            await connection.execute_fetchall(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
            )

    task = asyncio.create_task(count_for_ever())
    for _ in range(turns):
        await asyncio.sleep(0.0005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, LONGEST_WAIT)
    assert await read(store) == ["one"]
    await store.close()


async def test_readers_are_opened_when_they_are_needed(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    store = await StoreFile.open(tmp_path / "notes.db", [FIRST], readers=3)
    assert len(connection_threads(before)) == 1
    for _ in range(5):
        await read(store)
    assert len(connection_threads(before)) == 2
    await asyncio.gather(*[read(store) for _ in range(20)])
    assert len(connection_threads(before)) <= 4
    await store.close()


def connection_threads(before: set[threading.Thread]) -> set[threading.Thread]:
    """Return the threads of connections that were opened since."""
    return {thread for thread in set(threading.enumerate()) - before if not thread.name.startswith("asyncio_")}


async def test_a_closed_store_says_so_and_leaves_no_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    store = await StoreFile.open(tmp_path / "notes.db", [FIRST], readers=3)
    async with store.reader(), store.reader(), store.reader():
        threads = connection_threads(before)
    assert len(threads) == 4
    await store.close()
    await store.close()
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()
    with pytest.raises(StorageError, match="closed"):
        await read(store)
    with pytest.raises(StorageError, match="closed"):
        await write(store, "one")


async def test_closing_waits_for_the_reads_in_progress(tmp_path: Path) -> None:
    store = await StoreFile.open(tmp_path / "notes.db", [FIRST])
    async with store.reader() as connection:
        closing = asyncio.create_task(store.close())
        queued = asyncio.create_task(read(store))
        await asyncio.sleep(0.005)
        assert not closing.done()
        assert list(await connection.execute_fetchall("SELECT count(*) FROM note")) == [(0,)]
    await closing
    with pytest.raises(StorageError, match="closed"):
        await queued


async def test_a_reader_that_never_comes_back_does_not_keep_the_store_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(readers_module, "CLOSE_PATIENCE", 0.01)
    store = await StoreFile.open(tmp_path / "notes.db", [FIRST])

    async def forgotten() -> AsyncGenerator[int, None]:
        async with store.reader():
            yield 1

    held = forgotten()
    assert await anext(held) == 1
    await store.close()
    assert "still being read" in caplog.text
    await held.aclose()


async def test_the_threads_of_an_open_store_do_not_keep_the_process_alive(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    store = await StoreFile.open(tmp_path / "notes.db", [FIRST])
    async with store.reader():
        assert all(thread.daemon for thread in connection_threads(before))
    await store.close()
