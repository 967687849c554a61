"""Statements on the values that items are found by: columns of the items where there is one each, else entries.

SQLite keeps a column's index by itself; entries are written with the item and removed by its row number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import aiosqlite

from storage import jsontext
from storage.documents.schema import Tables
from storage.errors import CorruptStoreError
from storage.gil_yield import in_turns
from storage.shapes import IndexedValues, Item, ValueSpec

Extract = Callable[[Mapping[str, Any]], IndexedValues]
"""Returns the values that an item is found by, of its parsed body."""

VALUE_INDEX = "CREATE INDEX {{item}}_{column} ON {{item}} ({column}, key) WHERE {column} IS NOT NULL"
"""What makes a column's index: with the key, because rows of one value come in its order.

Rows without a value are not in it: no comparison asks for them, and as long as none has one it is made in a moment.
"""

_ADD = "INSERT OR IGNORE INTO {entry} (number, value, key, seq) VALUES (?, ?, ?, ?)"


def value_column(spec: ValueSpec) -> str:
    """Return the column of an item's only value."""
    return f"value_{spec.number:d}"


async def enter_values(
    connection: aiosqlite.Connection,
    tables: Tables,
    specs: Mapping[str, ValueSpec],
    items: Sequence[Item],
    extract: Extract,
) -> None:
    """Enter the values of items that are there already; what has been entered before stays as it is.

    A column is empty before: items that have nothing to enter are not written.

    Raises:
        CorruptStoreError: An item cannot be read.
    """
    found = [(item, extract(_body(item))) for item in in_turns(items)]
    single = {name: value_column(spec) for name, spec in specs.items() if not spec.many}
    if single:
        places = ", ".join(f"{column} = ?" for column in single.values())
        rows = [
            (*(next(iter(values.get(name, ())), None) for name in single), item.seq)
            for item, values in found
            if any(values.get(name) for name in single)
        ]
        await connection.executemany(tables.sql(f"UPDATE {{item}} SET {places} WHERE seq = ?"), rows)  # noqa: S608 - our columns
    await add_entries(connection, tables, specs, found)


def _body(item: Item) -> Mapping[str, Any]:
    try:
        body: Mapping[str, Any] = jsontext.loads(item.body)
    except (ValueError, RecursionError) as error:
        raise CorruptStoreError(f"The row {item.seq} cannot be read: {error}.") from error
    return body


async def add_entries(
    connection: aiosqlite.Connection,
    tables: Tables,
    specs: Mapping[str, ValueSpec],
    found: Iterable[tuple[Item, IndexedValues]],
) -> None:
    """Enter the values that items may have several of."""
    many = {name: spec.number for name, spec in specs.items() if spec.many}
    if many:
        rows = (
            (number, value, item.key, item.seq)
            for item, values in found
            for name, number in many.items()
            for value in values.get(name, ())
        )
        await connection.executemany(tables.sql(_ADD), rows)


async def remove_entries(connection: aiosqlite.Connection, tables: Tables, seqs: Sequence[int]) -> None:
    """Remove every entry of some rows."""
    sql = tables.sql("DELETE FROM {entry} WHERE seq IN (SELECT value FROM json_each(?))")
    await connection.execute(sql, (jsontext.dumps(list(seqs)),))
