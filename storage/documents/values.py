"""Statements on the values that items are found by: columns of the items where there is one each, else entries.

SQLite keeps a column's index by itself; entries are written with the item and removed by its row number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import aiosqlite

from storage import jsontext
from storage.documents.schema import Tables
from storage.shapes import IndexedValues, Item, ValueSpec

VALUE_INDEX = "CREATE INDEX {{item}}_{column} ON {{item}} ({column}, key)"
"""What makes a column's index: with the key, because rows of one value come in its order."""

_ADD = "INSERT OR IGNORE INTO {entry} (number, value, key, seq) VALUES (?, ?, ?, ?)"


def value_column(spec: ValueSpec) -> str:
    """Return the column of an item's only value."""
    return f"value_{spec.number:d}"


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
