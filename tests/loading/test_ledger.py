"""The ledger of loads: progress that survives, and failed rows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from storage.errors import StoreBusyError
from storage.loads.ledger import FailedRow, LoadKey, LoadLedger, LoadState, Settled

KEY = LoadKey("db-1", "default_keyspace", "docs", "text", "d1")
PATH = Path("/data/a.csv")


@pytest_asyncio.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[LoadLedger]:
    ledger = await LoadLedger.open(tmp_path / "loads.db")
    yield ledger
    await ledger.close()


async def test_progress_is_there_after_the_file_was_closed(tmp_path: Path) -> None:
    first = await LoadLedger.open(tmp_path / "loads.db")
    assert await first.find(KEY) is None
    record = await first.begin(KEY, PATH, 1000)
    record = await first.settle(
        record, Settled(100, 97, 1, (FailedRow(5, 7, "empty", "{}"), FailedRow(6, 8, "x", "1")))
    )
    record = await first.settle(record, Settled(50, 50, 0))
    await first.close()

    second = await LoadLedger.open(tmp_path / "loads.db")
    found = await second.find(KEY)
    assert found == record
    assert (found.next_row, found.loaded, found.already_there, found.failed) == (150, 147, 1, 2)
    assert (found.state, found.path, found.size) == (LoadState.RUNNING, PATH, 1000)
    assert [failure async for failure in second.failures(found.id)] == [
        FailedRow(5, 7, "empty", "{}"),
        FailedRow(6, 8, "x", "1"),
    ]
    await second.close()


async def test_beginning_again_keeps_the_progress(ledger: LoadLedger) -> None:
    record = await ledger.begin(KEY, PATH, 1000)
    record = await ledger.settle(record, Settled(10, 10, 0))
    await ledger.finish(record.id, LoadState.STOPPED)
    again = await ledger.begin(KEY, Path("/moved/a.csv"), 1000)
    assert (again.id, again.next_row, again.state, again.path) == (
        record.id,
        10,
        LoadState.RUNNING,
        Path("/moved/a.csv"),
    )


async def test_restarting_forgets_progress_and_failures(ledger: LoadLedger) -> None:
    record = await ledger.begin(KEY, PATH, 1000)
    record = await ledger.settle(record, Settled(10, 8, 1, (FailedRow(1, 2, "no", "{}"),)))
    fresh = await ledger.restart(record)
    assert (fresh.next_row, fresh.loaded, fresh.already_there, fresh.failed) == (0, 0, 0, 0)
    assert [failure async for failure in ledger.failures(fresh.id)] == []


async def test_two_loads_of_the_same_rows_do_not_both_count(ledger: LoadLedger) -> None:
    mine = await ledger.begin(KEY, PATH, 1000)
    theirs = await ledger.begin(KEY, PATH, 1000)
    await ledger.settle(mine, Settled(10, 10, 0))
    with pytest.raises(StoreBusyError, match="Another program is loading the same file"):
        await ledger.settle(theirs, Settled(10, 10, 0, (FailedRow(3, 4, "no", "{}"),)))
    found = await ledger.find(KEY)
    assert found is not None
    assert found.loaded == 10
    assert [failure async for failure in ledger.failures(found.id)] == []


async def test_another_target_field_or_content_is_another_load(ledger: LoadLedger) -> None:
    record = await ledger.begin(KEY, PATH, 1000)
    for other in (
        LoadKey("db-2", "default_keyspace", "docs", "text", "d1"),
        LoadKey("db-1", "other", "docs", "text", "d1"),
        LoadKey("db-1", "default_keyspace", "other", "text", "d1"),
        LoadKey("db-1", "default_keyspace", "docs", "", "d1"),
        LoadKey("db-1", "default_keyspace", "docs", "text", "d2"),
    ):
        assert await ledger.find(other) is None
        assert (await ledger.begin(other, PATH, 1)).id != record.id


async def test_unfinished_loads_of_other_content_are_found_by_path(ledger: LoadLedger) -> None:
    older = await ledger.begin(KEY, PATH, 1000)
    changed = LoadKey("db-1", "default_keyspace", "docs", "text", "d2")
    assert [record.id for record in await ledger.unfinished(changed, PATH)] == [older.id]
    assert await ledger.unfinished(changed, Path("/data/b.csv")) == []
    assert await ledger.unfinished(KEY, PATH) == []
    await ledger.finish(older.id, LoadState.DONE)
    assert await ledger.unfinished(changed, PATH) == []


async def test_loads_of_the_same_content_with_another_field_are_found(ledger: LoadLedger) -> None:
    older = await ledger.begin(KEY, PATH, 1000)
    other_field = LoadKey("db-1", "default_keyspace", "docs", "title", "d1")
    other_place = LoadKey("db-1", "default_keyspace", "books", "title", "d1")
    assert [record.id for record in await ledger.same_content(other_field)] == [older.id]
    assert await ledger.same_content(other_place) == []
    assert await ledger.same_content(KEY) == []


async def test_many_failures_come_in_the_order_of_the_file(ledger: LoadLedger) -> None:
    record = await ledger.begin(KEY, PATH, 1000)
    failures = tuple(FailedRow(row, row + 2, "no", "{}") for row in reversed(range(450)))
    record = await ledger.settle(record, Settled(450, 0, 0, failures))
    assert [failure.row async for failure in ledger.failures(record.id)] == list(range(450))


async def test_the_latest_loads_come_first(ledger: LoadLedger) -> None:
    first = await ledger.begin(KEY, PATH, 1)
    second = await ledger.begin(LoadKey("db-1", "k", "c", "", "d"), PATH, 1)
    await ledger.finish(first.id, LoadState.DONE)
    assert [record.id for record in await ledger.recent()] == [first.id, second.id]
    assert [record.id for record in await ledger.recent(1)] == [first.id]
