"""A load: check the file, then read, embed and store its rows in overlapping batches, and keep account of each of them.

The ledger is written after the collection has acknowledged a batch. Killed at any moment, a load goes on with the first
row that is not in the ledger; documents of the batches that were in flight are recognised by their ids, which depend on
nothing but the file's content and the row's number.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from astrolabe.dataapi.client.client import Collection
from astrolabe.errors import StorageError
from astrolabe.loading.batches import BatchReader
from astrolabe.loading.collection_destination import CollectionDestination
from astrolabe.loading.destination import Destination
from astrolabe.loading.failures_file import write_failures
from astrolabe.loading.formats.detect import inspect_file
from astrolabe.loading.formats.rows import DataFile
from astrolabe.loading.load_plan import LoadPlan, LoadSummary, ProgressListener
from astrolabe.loading.pipeline import IN_FLIGHT, Pipeline, flights_for, rows_for
from astrolabe.loading.progress import ProgressMeter
from astrolabe.loading.resumption import Start, find_start
from astrolabe.loading.survey import Survey, Surveyor
from astrolabe.loading.tables.destination import TableDestination
from astrolabe.loading.vector_field import require_vectors
from astrolabe.providers.embedding.cache_lookup import hits_listener
from astrolabe.providers.embedding.waiting import wait_listener
from storage.loads.ledger import FailedRow, LoadKey, LoadLedger, LoadState
from storage.sqlite.busy_retry import uninterrupted

_SHOWN_FAILURES = 100
"""Failed rows that a summary carries; the failures file has all."""


async def run_load(
    plan: LoadPlan,
    collection: Collection,
    ledger: LoadLedger,
    *,
    on_progress: ProgressListener | None = None,
    cancel: asyncio.Event | None = None,
) -> LoadSummary:
    """Load a file into a collection or a table, or go on where an earlier run of the same load has stopped.

    Args:
        plan: What to load.
        collection: Where to; the one that ``plan.info`` describes.
        ledger: What is known of earlier runs.
        on_progress: Told about ten times a second.
        cancel: Set it to stop; the batches in flight end, no other begins.

    Returns:
        How it ended. What stopped a load after it had begun is ``problem`` in it, so that the counts are not lost.

    Raises:
        LoadError: The file cannot be read or is malformed; nothing of it was sent.
        RuleError: The collection cannot use the Vector Field, or cannot be searched by words; no field is there for a
            column of the table's key, or a column or field that the plan names is not there.
        StorageError: The ledger cannot be read or written.
        DataApiError: The collection cannot be asked for what an earlier run has stored.
    """
    destination = destination_of(plan, collection)
    cancel = cancel or asyncio.Event()
    meter = ProgressMeter(on_progress)
    file = await uninterrupted(asyncio.to_thread(inspect_file, plan.path, plan.rows_at))
    survey = await _check(file, destination, meter, cancel)
    if survey is None:
        return LoadSummary(file.path, 0, 0, 0, 0, 0, seconds=meter.elapsed, cancelled=True)
    require_vectors(plan, survey.fields)
    destination.prepare(survey)
    place = (plan.database, collection.keyspace, collection.name)
    key = LoadKey(*place, destination.treatment, survey.digest, plan.words)
    rows = rows_for(plan.info)
    with BatchReader(file, destination.builder, most_rows=rows) as batches:
        start = await find_start(ledger, key, file, batches, destination, in_flight=IN_FLIGHT)
        meter.begin(survey.rows, start.record)
        pipeline = Pipeline(
            start, batches, destination, ledger, meter, flights=flights_for(plan.info, elsewhere=plan.elsewhere)
        )
        with wait_listener(meter.waiting), hits_listener(meter.recalled):
            await pipeline.run(cancel)
    summary = await _summary(start, pipeline, ledger, meter, survey.rows, cancelled=cancel.is_set())
    return replace(summary, notes=(*survey.notes, *summary.notes, *destination.notes))


def destination_of(plan: LoadPlan, collection: Collection) -> Destination:
    """Return what a plan loads into; raises RuleError for a plan that it cannot carry out."""
    return (TableDestination if plan.info.is_table else CollectionDestination)(plan, collection)


async def _check(
    file: DataFile, destination: Destination, meter: ProgressMeter, cancel: asyncio.Event
) -> Survey | None:
    """Read the whole file once; None when cancelled."""
    with Surveyor(file, destination.key_of) as surveyor:
        while await uninterrupted(asyncio.to_thread(surveyor.step)):
            meter.checked(surveyor.rows, surveyor.position, file.size)
            if cancel.is_set():
                return None
        return await uninterrupted(asyncio.to_thread(surveyor.finish))


async def _summary(
    start: Start, pipeline: Pipeline, ledger: LoadLedger, meter: ProgressMeter, rows: int, *, cancelled: bool
) -> LoadSummary:
    """Close the account: record the end in the ledger, write the failures file, count what is left."""
    record, problem = pipeline.record, pipeline.problem
    failures: list[FailedRow] = []
    failures_file: Path | None = None
    try:
        await ledger.finish(record.id, LoadState.DONE if record.next_row == rows else LoadState.STOPPED)
        failures_file = await write_failures(ledger, record)
        async for failure in ledger.failures(record.id):
            failures.append(failure)
            if len(failures) == _SHOWN_FAILURES:
                break
    except StorageError as error:
        problem = problem or error
    loaded = record.loaded + pipeline.ahead.loaded
    already_there = record.already_there + pipeline.ahead.already_there
    meter.finish()
    return LoadSummary(
        record.path,
        rows,
        loaded,
        already_there,
        record.failed,
        rows - loaded - already_there - record.failed,
        earlier=start.record.next_row,
        seconds=meter.elapsed,
        cancelled=cancelled and record.next_row < rows,
        problem=problem,
        notes=start.notes,
        failures=tuple(failures),
        failures_file=failures_file,
        from_cache=meter.from_cache,
    )
