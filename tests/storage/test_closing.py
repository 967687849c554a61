"""What is being opened when everything is closed does not stay open, and nothing is opened afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.embedding_cache.cache import EmbeddingCache
from storage.errors import StorageError
from storage.loads.ledger import LoadLedger
from storage.sqlite import readers as readers_module
from storage.sqlite.migrations import Migration
from storage.sqlite.store_file import StoreFile
from storage.sqlite.threaded import ThreadedConnection

FIRST = Migration(1, ("CREATE TABLE note (id INTEGER PRIMARY KEY)",))


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[ThreadedConnection]]:
    """Every connection that the test opens; at its end each must be closed, and its thread has ended."""
    made: list[ThreadedConnection] = []
    begin = ThreadedConnection.__init__

    def noted(connection: ThreadedConnection, *args: object, **kwargs: object) -> None:
        made.append(connection)
        begin(connection, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(ThreadedConnection, "__init__", noted)
    yield made
    assert made
    for connection in made:
        with pytest.raises(ValueError, match="no active connection"):
            _ = connection.bare
        connection._thread.join()


async def begun(opened: list[ThreadedConnection], connections: int, task: asyncio.Task[object]) -> None:
    """Wait until so many connections were begun, the last of which is not open yet."""
    while len(opened) < connections:
        assert not task.done()
        await asyncio.sleep(0)


async def test_a_cache_that_is_being_opened_is_closed(tmp_path: Path, opened: list[ThreadedConnection]) -> None:
    cache = EmbeddingCache(tmp_path / "embeddings.db")
    looking = asyncio.create_task(cache.find([bytes(32)], 8))
    await begun(opened, 1, looking)
    await cache.close()
    assert await looking == {}
    assert await cache.find([bytes(32)], 8) == {}


async def test_a_ledger_that_is_being_opened_is_closed(tmp_path: Path, opened: list[ThreadedConnection]) -> None:
    ledger = LoadLedger(tmp_path / "loads.db")
    looking = asyncio.create_task(ledger.recent())
    await begun(opened, 1, looking)
    await ledger.close()
    await asyncio.wait({looking})
    assert isinstance(looking.exception(), StorageError | None)  # it may have read, too, before the file was closed
    with pytest.raises(StorageError, match="closed"):
        await ledger.recent()
    await ledger.close()


async def test_a_reader_that_opens_for_longer_than_closing_waits_is_closed(
    tmp_path: Path, opened: list[ThreadedConnection], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers_module, "CLOSE_PATIENCE", 0)
    store = await StoreFile.open(tmp_path / "notes.db", [FIRST])
    reading = asyncio.create_task(store.read(lambda connection: connection.execute_fetchall("SELECT 1")))
    await begun(opened, len(opened) + 1, reading)
    await store.close()
    with pytest.raises(StorageError, match="closed"):
        await reading


@pytest.mark.usefixtures("opened")
async def test_closing_that_is_cancelled_closes_all_the_same(tmp_path: Path) -> None:
    store = await StoreFile.open(tmp_path / "notes.db", [FIRST], readers=2)
    async with store.reader(), store.reader():
        pass
    async with store.reader():
        closing = asyncio.create_task(store.close())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing


async def test_a_reader_whose_block_is_cancelled_at_its_end_is_kept(
    tmp_path: Path, opened: list[ThreadedConnection], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await StoreFile.open(tmp_path / "notes.db", [FIRST])
    ending, roll_back = asyncio.Event(), ThreadedConnection.rollback

    async def noted(connection: ThreadedConnection) -> None:
        ending.set()
        await roll_back(connection)

    async def read() -> None:
        async with store.reader(snapshot=True) as connection:
            await connection.execute_fetchall("SELECT 1")

    monkeypatch.setattr(ThreadedConnection, "rollback", noted)
    reading = asyncio.create_task(read())
    await ending.wait()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    before = len(opened)
    await read()
    assert len(opened) == before, "it could be used again"
    await store.close()
