"""Loads that are cancelled, killed or run again: neither a row lost nor one doubled, and nothing paid for twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from astrolabe.errors import StoreBusyError, StoreFullError
from astrolabe.loading import pipeline
from astrolabe.loading.load_plan import LoadSummary
from storage.loads.ledger import LoadLedger, LoadRecord, Settled
from tests.loading.conftest import Loading
from tests.loading.test_load import counts
from tests.support.waiting import LONGEST_WAIT


async def hold(loading: Loading, path: Path, text: str) -> asyncio.Task[LoadSummary]:
    """Begin a load and return once the text is to be embedded; requests wait for the gate from then on."""
    loading.engine.hold = text
    task = asyncio.create_task(loading.load(path))
    await loading.engine.held.wait()
    return task


def release(loading: Loading) -> None:
    """Let every request pass from now on."""
    loading.engine.hold = None
    loading.engine.held.clear()
    loading.engine.gate.set()


async def test_cancelling_lets_the_batches_in_flight_end_and_begins_no_other(loading: Loading) -> None:
    path = loading.rows(2000)
    task = await hold(loading, path, "text 450")
    loading.cancel.set()
    await asyncio.sleep(0)
    release(loading)
    summary = await task
    assert summary.cancelled
    assert summary.problem is None
    there = await loading.numbers()
    assert 500 <= len(there) <= 900
    assert there == list(range(len(there)))
    assert counts(summary) == (len(there), 0, 0, 2000 - len(there))

    loading.cancel.clear()
    again = await loading.load(path)
    assert counts(again) == (2000, 0, 0, 0)
    assert again.earlier == len(there)
    assert again.notes == (f"Resumed after row {len(there):,}.",)
    assert await loading.numbers() == list(range(2000))
    assert sorted(loading.engine.texts) == sorted(f"text {number}" for number in range(2000))


async def test_cancelling_does_not_wait_for_a_provider_for_ever(
    loading: Loading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "_GRACE", 0.02)
    path = loading.rows(1000)
    task = await hold(loading, path, "text 250")
    loading.cancel.set()
    summary = await asyncio.wait_for(task, LONGEST_WAIT)
    there = await loading.numbers()
    assert counts(summary) == (len(there), 0, 0, 1000 - len(there))
    release(loading)
    loading.cancel.clear()
    assert (await loading.load(path)).complete
    assert await loading.numbers() == list(range(1000))


async def test_cancelling_while_the_file_is_checked_loads_nothing(loading: Loading) -> None:
    loading.cancel.set()
    summary = await loading.load(loading.rows(1000))
    assert summary.cancelled
    assert counts(summary) == (0, 0, 0, 0)
    assert loading.engine.calls == []


async def test_a_task_that_is_thrown_away_leaves_a_load_that_can_be_resumed(loading: Loading) -> None:
    path = loading.rows(1000)
    task = await hold(loading, path, "text 350")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert loading.engine.flying == 0
    release(loading)
    summary = await loading.load(path)
    assert summary.complete
    assert summary.loaded + summary.already_there == 1000
    assert await loading.numbers() == list(range(1000))


async def test_batches_that_were_stored_but_not_recorded_are_recognised(
    loading: Loading, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle = LoadLedger.settle

    async def full(ledger: LoadLedger, record: LoadRecord, settled: Settled) -> LoadRecord:
        if record.next_row == 200:
            raise StoreFullError("no space left")
        return await settle(ledger, record, settled)

    monkeypatch.setattr(LoadLedger, "settle", full)
    path = loading.rows(1000)
    summary = await loading.load(path)
    assert isinstance(summary.problem, StoreFullError)
    there = await loading.numbers()
    assert len(there) > 200
    assert counts(summary) == (len(there), 0, 0, 1000 - len(there))

    monkeypatch.setattr(LoadLedger, "settle", settle)
    embedded = len(loading.engine.texts)
    again = await loading.load(path)
    assert counts(again) == (1000 - len(there) + 200, len(there) - 200, 0, 0)
    assert await loading.numbers() == list(range(1000))
    assert len(loading.engine.texts) - embedded == 1000 - len(there)


async def test_the_ledger_may_be_lost_and_no_row_is_doubled(loading: Loading, tmp_path: Path) -> None:
    path = loading.rows(300)
    await loading.load(path)
    await loading.ledger.close()
    loading.ledger = await LoadLedger.open(tmp_path / "another" / "loads.db")
    assert counts(await loading.load(path)) == (0, 300, 0, 0)
    assert await loading.numbers() == list(range(300))


async def test_a_finished_load_that_is_run_again_embeds_nothing_and_doubles_nothing(loading: Loading) -> None:
    path = loading.rows(300)
    await loading.load(path)
    embedded = len(loading.engine.texts)
    again = await loading.load(path)
    assert counts(again) == (0, 300, 0, 0)
    assert "loaded here before" in again.notes[0]
    assert len(loading.engine.texts) == embedded
    assert await loading.numbers() == list(range(300))


async def test_rows_whose_documents_were_deleted_come_back_when_the_load_is_run_again(loading: Loading) -> None:
    path = loading.rows(300)
    await loading.load(path)
    await loading.collection().delete_many({"n": {"$lt": 10}})
    again = await loading.load(path)
    assert counts(again) == (10, 290, 0, 0)
    assert await loading.numbers() == list(range(300))


async def test_a_collection_that_was_emptied_meanwhile_is_not_resumed_into(loading: Loading) -> None:
    path = loading.rows(1000)
    task = await hold(loading, path, "text 550")
    loading.cancel.set()
    release(loading)
    await task
    loading.cancel.clear()
    await loading.collection().delete_many({})
    again = await loading.load(path)
    assert "are gone" in again.notes[0]
    assert counts(again) == (1000, 0, 0, 0)
    assert await loading.numbers() == list(range(1000))


async def test_a_file_that_has_changed_is_loaded_from_its_beginning_and_says_so(loading: Loading) -> None:
    path = loading.rows(1000)
    task = await hold(loading, path, "text 550")
    loading.cancel.set()
    release(loading)
    first = await task
    loading.cancel.clear()
    loading.rows(50, first=5000)
    again = await loading.load(path)
    assert "has changed" in again.notes[0]
    assert f"{first.loaded:,} documents" in again.notes[0]
    assert counts(again) == (50, 0, 0, 0)
    assert await loading.numbers() == [*range(first.loaded), *range(5000, 5050)]


async def test_a_file_that_was_only_touched_or_moved_is_still_the_same(loading: Loading) -> None:
    path = loading.rows(1000)
    task = await hold(loading, path, "text 550")
    loading.cancel.set()
    release(loading)
    first = await task
    loading.cancel.clear()
    moved = path.rename(loading.folder / "moved.jsonl")
    moved.touch()
    again = await loading.load(moved)
    assert again.earlier == first.loaded
    assert await loading.numbers() == list(range(1000))


async def test_failures_of_an_earlier_run_are_kept_and_not_taken_for_missing_documents(loading: Loading) -> None:
    lines = [f'{{"n": {number}, "text": "text {number}"}}' for number in range(1000)]
    lines[0] = '{"n": 0}'
    lines[3] = '{"n": 3, "text": "text 3", "$bad": 1}'
    path = loading.write("a.jsonl", "\n".join(lines))
    task = await hold(loading, path, "text 550")
    loading.cancel.set()
    release(loading)
    first = await task
    loading.cancel.clear()
    assert first.failed == 2
    again = await loading.load(path)
    assert again.notes[0].startswith("Resumed")
    assert counts(again) == (998, 0, 2, 0)
    assert [failure.line for failure in again.failures] == [1, 4]


async def test_repeated_ids_are_still_known_after_a_resumption(loading: Loading) -> None:
    lines = [f'{{"_id": {number}, "n": {number}, "text": "text {number}"}}' for number in range(1000)]
    path = loading.write("a.jsonl", "\n".join([*lines, lines[5], lines[990]]))
    task = await hold(loading, path, "text 550")
    loading.cancel.set()
    release(loading)
    await task
    loading.cancel.clear()
    again = await loading.load(path)
    assert counts(again) == (1000, 0, 2, 0)
    assert [failure.reason for failure in again.failures] == ["line 6 has the same _id", "line 991 has the same _id"]


async def test_another_vector_field_does_not_double_the_documents_and_says_why(loading: Loading) -> None:
    path = loading.write("a.jsonl", '{"n": 1, "text": "one", "title": "uno"}\n')
    await loading.load(path, "text")
    again = await loading.load(path, "title")
    assert counts(again) == (0, 1, 0, 0)
    assert "with the Vector Field 'text'" in again.notes[0]
    assert loading.engine.texts == ["one"]


async def test_two_programs_that_load_the_same_file_double_nothing_and_one_gives_way(loading: Loading) -> None:
    loading.engine.delay = 0.002
    path = loading.rows(1000)
    summaries = await asyncio.gather(loading.load(path), loading.load(path))
    [problem] = [summary.problem for summary in summaries if summary.problem is not None]
    assert isinstance(problem, StoreBusyError)
    assert await loading.numbers() == list(range(1000))
    assert any(summary.complete for summary in summaries)
