"""Where a load begins: at the first row, or where an earlier run of the same load has stopped."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass

from astrolabe.loading.batches import BatchReader
from astrolabe.loading.destination import Destination
from astrolabe.loading.formats.rows import DataFile
from storage.loads.ledger import LoadKey, LoadLedger, LoadRecord, LoadState
from storage.sqlite.busy_retry import uninterrupted

_PROBES = 50
"""Documents of earlier runs that are looked for before their rows are passed over."""


@dataclass(frozen=True, slots=True)
class Start:
    """How a run begins.

    Attributes:
        record: The load in the ledger; its ``next_row`` is the first row of this run.
        look_until: Rows before this one may have been stored by an earlier run without the ledger knowing.
        notes: What the user should know, as sentences.
    """

    record: LoadRecord
    look_until: int
    notes: tuple[str, ...] = ()


async def find_start(
    ledger: LoadLedger, key: LoadKey, file: DataFile, batches: BatchReader, destination: Destination, *, in_flight: int
) -> Start:
    """Decide where a run begins, record in the ledger that it does, and pass over the rows before.

    Args:
        ledger: What is known of earlier runs.
        key: The load.
        file: The file.
        batches: The file's rows; left at the first row of this run.
        destination: Where they are loaded into.
        in_flight: Rows that an earlier run may have had in flight when it ended.

    Raises:
        StorageError: The ledger cannot be read or written.
        LoadError: The file changed or disappeared.
        DataApiError: The collection cannot be asked.
    """
    earlier = await ledger.find(key)
    if earlier is None:
        return await _first_start(ledger, key, file, destination)
    record = await ledger.begin(key, file.path, file.size)
    if earlier.state is LoadState.DONE:
        return await _start_over(ledger, record, batches, destination.again)
    probes = await uninterrupted(asyncio.to_thread(batches.skip, record.next_row, keep=_PROBES))
    refused = {failure.row async for failure in ledger.failures(record.id)}
    probes = [probe for probe in probes if probe.row not in refused]
    if len(await destination.existing(probes)) < len(probes):
        note = f"{destination.items.capitalize()} that an earlier run has loaded are gone; the load begins again."
        return await _start_over(ledger, record, batches, note)
    notes = (f"Resumed after row {record.next_row:,}.",) if record.next_row else ()
    return Start(record, record.next_row + in_flight, notes)


async def _first_start(ledger: LoadLedger, key: LoadKey, file: DataFile, destination: Destination) -> Start:
    notes = []
    changed = [older for older in await ledger.unfinished(key, file.path) if older.loaded][:1]
    notes += [
        f"The file has changed since it was partly loaded: the {older.loaded:,} {destination.items} of its earlier "
        "content stay, and the load begins at the first row."
        for older in changed
    ]
    before = [older for older in await ledger.same_content(key) if older.loaded][:1]
    notes += [destination.otherwise(older.key, key) for older in before]
    return Start(await ledger.begin(key, file.path, file.size), sys.maxsize if before else 0, tuple(notes))


async def _start_over(ledger: LoadLedger, record: LoadRecord, batches: BatchReader, note: str) -> Start:
    """Begin at the first row; every row may have been stored before."""
    await uninterrupted(asyncio.to_thread(batches.rewind))
    return Start(await ledger.restart(record), sys.maxsize, (note,))
