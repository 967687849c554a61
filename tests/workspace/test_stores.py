"""Which databases' files are open: no more than may be, none in use is closed, and none waits for a slow one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from astrolabe.dataapi.client.client import DatabaseClient
from astrolabe.errors import DataApiError, StorageError
from astrolabe.portal.organization import Database, DatabaseDraft
from astrolabe.workspace import Workspace, WorkspaceOptions, stores
from astrolabe.workspace.stores import StorePool
from storage.documents.store import DatabaseStore
from storage.errors import StoreBusyError

OPEN = 2
Pool = StorePool[DatabaseStore]


class Opener:
    """Opens stores below a folder; one of them may be made to wait."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.opened: list[str] = []
        self.asked = asyncio.Event()
        self.slow: dict[str, asyncio.Event] = {}

    async def __call__(self, database_id: str) -> DatabaseStore:
        self.opened.append(database_id)
        self.asked.set()
        if database_id in self.slow:
            await self.slow[database_id].wait()
        return await DatabaseStore.open(self.folder / f"{database_id}.db")


@pytest_asyncio.fixture
async def opener(tmp_path: Path) -> Opener:
    return Opener(tmp_path)


@pytest_asyncio.fixture
async def pool(opener: Opener) -> AsyncIterator[Pool]:
    lending = StorePool(opener, OPEN)
    yield lending
    await lending.close_all()


async def use(pool: Pool, *keys: str) -> None:
    for key in keys:
        async with pool.lease(key) as store:
            await store.create_keyspace("main")


async def test_the_one_not_used_for_the_longest_time_is_closed(pool: Pool, opener: Opener) -> None:
    await use(pool, "a", "b", "a", "c")
    assert list(pool.open_ids) == ["a", "c"]
    await use(pool, "a", "c", "b")
    assert list(pool.open_ids) == ["c", "b"]
    assert opener.opened == ["a", "b", "c", "b"]


async def test_one_that_is_in_use_stays_open(pool: Pool) -> None:
    async with pool.lease("a") as store:
        await use(pool, "b", "c", "d")
        assert list(pool.open_ids) == ["a", "d"]
        assert await store.create_keyspace("other")
    await use(pool, "e")
    assert list(pool.open_ids) == ["d", "e"]


async def test_who_finds_all_in_use_waits_for_one(pool: Pool) -> None:
    async with pool.lease("b"):
        async with pool.lease("a"):
            waiting = asyncio.create_task(use(pool, "c"))
            await asyncio.sleep(0)
            assert not waiting.done()
        await waiting
        assert list(pool.open_ids) == ["b", "c"]


async def test_who_waits_for_too_long_is_told_so(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "PATIENCE", 0.01)
    async with pool.lease("a"), pool.lease("b"):
        with pytest.raises(StoreBusyError, match="As many databases are in use"):
            await use(pool, "c")
    await use(pool, "c")


async def test_a_slow_opening_blocks_no_other_database(pool: Pool, opener: Opener) -> None:
    opener.slow["a"] = asyncio.Event()
    slow = asyncio.create_task(use(pool, "a"))
    await opener.asked.wait()
    await use(pool, "b", "c", "b")
    assert not slow.done()
    opener.slow["a"].set()
    await slow


async def test_what_is_being_opened_while_all_are_closed_does_not_stay_open(pool: Pool, opener: Opener) -> None:
    opener.slow["a"] = asyncio.Event()
    slow = asyncio.create_task(use(pool, "a"))
    late = asyncio.create_task(use(pool, "a"))
    await opener.asked.wait()
    ending = asyncio.create_task(pool.close_all())
    await asyncio.sleep(0)
    opener.slow["a"].set()
    await ending
    await asyncio.gather(slow, late, return_exceptions=True)
    assert not pool.open_ids
    with pytest.raises(StorageError, match="closed"):
        await use(pool, "a")
    assert opener.opened == ["a"]


async def test_a_database_that_many_want_at_once_is_opened_once(pool: Pool, opener: Opener) -> None:
    await asyncio.gather(*[use(pool, "a") for _ in range(10)])
    assert opener.opened == ["a"]


async def test_many_at_once_on_many_databases_all_get_their_turn(pool: Pool) -> None:
    keys = [str(number) for number in range(12)]
    await asyncio.gather(*[use(pool, key) for key in keys * 5])
    assert len(pool.open_ids) <= OPEN
    for key in keys:
        async with pool.lease(key) as store:
            assert await store.keyspaces() == ["main"]


async def test_an_opening_that_fails_or_is_cancelled_takes_no_room(pool: Pool, opener: Opener) -> None:
    for _ in range(3):
        (opener.folder / "bad.db").write_text("no database " * 1000)
        with pytest.raises(StorageError):
            await use(pool, "bad")
        opener.slow["slow"] = asyncio.Event()
        task = asyncio.create_task(use(pool, "slow"))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await asyncio.gather(use(pool, "a"), use(pool, "b"))
    assert sorted(pool.open_ids) == ["a", "b"]


async def test_a_database_that_is_shut_is_opened_again_only_afterwards(pool: Pool, opener: Opener) -> None:
    await use(pool, "a")
    async with pool.shut("a"):
        waiting = asyncio.create_task(use(pool, "a"))
        await use(pool, "b", "c", "d")
        assert not waiting.done()
        assert opener.opened.count("a") == 1
    await waiting
    assert opener.opened.count("a") == 2


@pytest_asyncio.fixture
async def workspace(tmp_path: Path) -> AsyncIterator[Workspace]:
    async with Workspace.opened(WorkspaceOptions(tmp_path / "data", open_databases=OPEN)) as opened:
        yield opened


async def made(workspace: Workspace, *names: str) -> list[tuple[Database, DatabaseClient]]:
    databases = [await workspace.create_database(DatabaseDraft(name)) for name in names]
    return [(database, await workspace.client(database)) for database in databases]


async def test_a_client_that_is_kept_works_after_its_file_was_closed(workspace: Workspace) -> None:
    clients = await made(workspace, "one", "two", "three", "four")
    for _, client in clients:
        await client.create_keyspace("second")
    assert len(workspace._stores.open_ids) == OPEN
    for _, client in clients:
        assert await client.keyspaces() == ["default_keyspace", "second"]


async def test_a_file_that_cannot_be_opened_again_is_an_error_of_the_command(workspace: Workspace) -> None:
    (first, client), *_ = await made(workspace, "one", "two", "three")
    assert first.id not in workspace._stores.open_ids
    workspace._files.contents(first.id).write_text("no database " * 1000)
    with pytest.raises(DataApiError, match="damaged"):
        await client.keyspaces()


async def test_the_definitions_of_many_databases_are_read_without_keeping_one_open(tmp_path: Path) -> None:
    options = WorkspaceOptions(tmp_path / "data")
    async with Workspace.opened(options) as workspace:
        await made(workspace, *(f"db{number}" for number in range(6)))
    async with Workspace.opened(options) as workspace:
        overview = await workspace.credential_usage.overview()
        assert overview.unread == ()
        assert not workspace._stores.open_ids
