"""Filling an index of a table that has many rows, slice by slice, while other commands read and write.

From the first moment the index is in the table's definition among those that are building: whatever is written is
entered, and no query uses it. When every row that was there has been entered, too, it is complete. A program that is
killed before leaves it as it is; the next one that opens the table begins with the first row again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import partial

from astrolabe.dataapi.engine import index_builds
from astrolabe.dataapi.engine.definitions.index_rules import with_complete, without_index
from astrolabe.dataapi.engine.definitions.row_layout import indexed_values
from astrolabe.dataapi.engine.definitions.table_definition import TableDefinition, TableIndex, read_table
from astrolabe.dataapi.engine.handlers.tables.altering import change_table
from astrolabe.dataapi.engine.handlers.tables.refusals import invalid_query
from astrolabe.dataapi.engine.target import Engine, Target
from storage.documents.index_filling import Slice
from storage.errors import (
    ContainerChangedError,
    ContainerMissingError,
    ReadOnlyError,
    StorageError,
    StoreBusyError,
)
from storage.rows.store import RowStore
from storage.shapes import Container

_log = logging.getLogger(__name__)

_LONGEST_PAUSE = 0.01
"""Seconds between two slices at most: other programs ask for the write lock again and again, and must find it free."""


def ensure_building(engine: Engine, container: Container) -> asyncio.Task[Exception | None]:
    """Return the task that fills the indexes of a table; it goes on when whoever asked for it does not wait."""
    builds = engine.index_builds
    task = builds.tasks.get(container.id)
    if task is None:
        task = builds.tasks[container.id] = asyncio.create_task(_build(engine, container))
        task.add_done_callback(lambda _done: builds.tasks.pop(container.id, None))
    return task


def resume_building(engine: Engine, container: Container, table: TableDefinition) -> None:
    """Go on with indexes that a program has left incomplete; returns at once."""
    if table.building and container.id not in engine.index_builds.given_up:
        ensure_building(engine, container)


async def complete_index(target: Target, name: str) -> None:
    """Wait until an index that is building is complete.

    Raises:
        NotDoneError: It was dropped meanwhile.
        ContainerMissingError: The table was.
        StorageError: It cannot be filled; it is gone again. Or the database was closed; it is filled at the next start.
        Exception: A row cannot be read; it is gone again.
    """
    while True:
        building = ensure_building(target.engine, target.container)
        await asyncio.wait([building])
        if building.cancelled():
            raise StorageError(f"The database was closed before the index {name} was complete.")
        problem = building.result()
        if problem is not None:
            with suppress(StorageError):
                await _drop(target, name)
            raise problem
        table = await _read(target.engine, target.container)
        if table is None:
            raise ContainerMissingError(f"The table '{target.name}' was dropped meanwhile.")
        if name in table.indexes:
            return
        if name not in table.building:
            raise invalid_query(f"The index {name} was dropped before it was complete.")


async def empty_dropped(engine: Engine, container: Container) -> None:
    """Remove what dropped indexes of a table have left, slice by slice, so that other writes get their turns."""
    rows = RowStore(engine.store)
    more = True
    while more:
        started = time.monotonic()
        with suppress(StoreBusyError):  # another program writes for long: the next try goes on
            more = await rows.empty_dropped(container, index_builds.ROWS_AT_ONCE)
        await asyncio.sleep(min(time.monotonic() - started, _LONGEST_PAUSE) if more else 0)


async def _drop(target: Target, name: str) -> None:
    async def change(table: TableDefinition) -> TableDefinition:
        """Take the index away."""
        return without_index(table, name)

    await change_table(target, change)


async def _build(engine: Engine, container: Container) -> Exception | None:
    """Fill and complete every index of a table that is building, those that come meanwhile, too."""
    try:
        while (table := await _read(engine, container)) is not None and table.building:
            begun = table.building
            await _fill(engine, container, begun)
            await _complete(engine, container, begun)
    except ContainerMissingError:
        return None
    except Exception as error:  # noqa: BLE001 - nobody may be waiting; a row that cannot be read would begin it anew
        engine.index_builds.given_up.add(container.id)
        if not isinstance(error, ReadOnlyError):
            place = f"{container.keyspace}.{container.name}"
            reason = error.message if isinstance(error, StorageError) else type(error).__name__
            _log.warning("An index of %s is not complete, the next start goes on with it: %s", place, reason)
        return error
    engine.index_builds.given_up.discard(container.id)
    return None


async def _read(engine: Engine, container: Container) -> TableDefinition | None:
    found = await engine.store.container(container.keyspace, container.name)
    return read_table(found) if found is not None and found.id == container.id else None


async def _fill(engine: Engine, container: Container, begun: Mapping[str, TableIndex]) -> None:
    """Enter every row that is there, until nothing of what was begun is wanted any more."""
    rows = RowStore(engine.store)
    until, position = await rows.last_row(container), 0
    known, table = container, read_table(container)
    while True:
        found = await engine.store.container(container.keyspace, container.name)
        if found is None or found.id != container.id:
            return
        if found is not known:  # a definition is read once, and not for every slice
            known, table = found, read_table(found)
        if not _still(table, begun):
            return
        started = time.monotonic()
        try:
            place = Slice(position, until, index_builds.ROWS_AT_ONCE)
            reached = await rows.fill_indexes(found, partial(indexed_values, table), place)
        except ContainerChangedError:
            continue
        except StoreBusyError:  # another program writes for long: what was entered stays, and the next try goes on
            await asyncio.sleep(_LONGEST_PAUSE)
            continue
        if reached is None:
            return
        position = reached
        await asyncio.sleep(min(time.monotonic() - started, _LONGEST_PAUSE))


async def _complete(engine: Engine, container: Container, begun: Mapping[str, TableIndex]) -> None:
    async def change(table: TableDefinition) -> TableDefinition:
        """Let queries use the indexes that were filled."""
        return with_complete(table, _still(table, begun))

    table = await _read(engine, container)
    if table is not None and _still(table, begun):
        await change_table(Target(engine, container, table), change)


def _still(table: TableDefinition, begun: Mapping[str, TableIndex]) -> list[str]:
    """Return the names of those indexes that are still building, and are not others of the same names."""
    return [name for name, index in begun.items() if table.building.get(name) == index]
