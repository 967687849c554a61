"""Filling indexes that were made on items that are there already, slice by slice, so that other writes get their turns.

While an index is building, whatever is written is entered into it, and nobody searches in it. So the slices may be
taken at any pace, and begin again after a crash: what has been entered already is not entered twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import aiosqlite

from storage.documents.schema import Tables
from storage.documents.term_rows import add_missing_words
from storage.documents.values import Extract, enter_values
from storage.shapes import Container, Item

_SLICE_BYTES = 4 << 20
"""Bytes of bodies after which a slice ends early."""

_ROWS_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Slice:
    """Some of the items that were there when an index was made.

    Attributes:
        after: The row number that the slice before ended with; 0 for the first.
        until: The last row number there was; later items were entered when they were written.
        rows: How many items at most; fewer come when they are large.
    """

    after: int
    until: int
    rows: int


async def fill_indexes(
    connection: aiosqlite.Connection, container: Container, extract: Extract, place: Slice
) -> int | None:
    """Enter some items into the indexes that are building; runs inside a transaction's block.

    Args:
        connection: The writing connection.
        container: Whose indexes.
        extract: Gives the values that an item is found by.
        place: Which items.

    Returns:
        The last row number of the slice; None when there are no items behind it.

    Raises:
        CorruptStoreError: An item cannot be read.
    """
    tables = Tables.of(container)
    items = await _slice(connection, tables, place)
    texts = {name: spec for name, spec in container.texts.items() if spec.building}
    values = {name: spec for name, spec in container.values.items() if spec.building}
    if values:
        await enter_values(connection, tables, values, items, extract)
    await add_missing_words(connection, Tables(container.id, texts), items)
    return items[-1].seq if items else None


async def last_row(connection: aiosqlite.Connection, container: Container) -> int:
    """Return the greatest row number of a container; 0 when it is empty."""
    rows = list(await connection.execute_fetchall(Tables.of(container).sql("SELECT max(seq) FROM {item}")))
    return rows[0][0] or 0


async def has_more_than(connection: aiosqlite.Connection, container: Container, count: int) -> bool:
    """Return whether a container has more items than so many; counts no further."""
    sql = Tables.of(container).sql("SELECT 1 FROM {item} LIMIT 1 OFFSET ?")
    return bool(list(await connection.execute_fetchall(sql, (count,))))


async def _slice(connection: aiosqlite.Connection, tables: Tables, place: Slice) -> Sequence[Item]:
    items: list[Item] = []
    size = 0
    sql = tables.sql("SELECT seq, key, body, revision FROM {item} WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?")
    async with connection.execute(sql, (place.after, place.until, place.rows)) as cursor:
        while size < _SLICE_BYTES and (found := [Item(*row) for row in await cursor.fetchmany(_ROWS_AT_ONCE)]):
            items += found
            size += sum(len(item.body) for item in found)
    return items
