"""Writing rows: by key, over what is there, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import aiosqlite

from storage import jsontext
from storage.documents.history import WriteTicket
from storage.documents.items import delete_items, items_with_keys
from storage.documents.scanning import parse_body
from storage.documents.schema import Tables
from storage.documents.term_rows import add_words, change_words
from storage.documents.values import add_entries, remove_entries, value_column
from storage.documents.vector_rows import change_vectors, insert_vectors
from storage.gil_yield import in_turns
from storage.rows.shapes import BEYOND, KeyRange, RowChange, RowImage
from storage.shapes import Container, Item, NewItem

_ROWS_AT_ONCE = 500


@dataclass(slots=True)
class _Row:
    """One row in the course of a write.

    Attributes:
        before: As it was stored; None for a new one.
        image: What is to be written; None when nothing is.
        changed: Whether a change was applied.
    """

    before: Item | None
    image: RowImage | None = None
    changed: bool = False

    @property
    def body(self) -> Mapping[str, Any] | None:
        """The row as it is now, parsed; None when there is none."""
        if self.changed:
            return None if self.image is None else cast("Mapping[str, Any]", jsontext.loads(self.image.body))
        return None if self.before is None else parse_body(self.before)

    def change(self, change: RowChange) -> None:
        """Apply one change; several to one row add up."""
        image = change.become(self.body)
        if image is not None and self.image is not None:
            vectors = {name: value for name, value in self.image.vectors.items() if name not in image.dropped}
            dropped = {name for name in self.image.dropped if name not in image.vectors} | set(image.dropped)
            image = replace(image, vectors=vectors | dict(image.vectors), dropped=tuple(sorted(dropped)))
        self.image, self.changed = image, True


async def write_rows(
    connection: aiosqlite.Connection, container: Container, changes: Sequence[RowChange], ticket: WriteTicket
) -> None:
    """Carry out changes in their order."""
    tables = Tables.of(container)
    stored = {item.key: item for item in await items_with_keys(connection, tables, [one.key for one in changes])}
    rows: dict[str, _Row] = {}
    for change in in_turns(changes):
        row = rows.get(change.key)
        if row is None:
            row = rows[change.key] = _Row(stored.get(change.key))
        row.change(change)
    gone = [row.before for row in rows.values() if row.before is not None and row.image is None]
    await _delete(connection, tables, gone, ticket.revision)
    new = {key: row.image for key, row in rows.items() if row.before is None and row.image is not None}
    await _insert(connection, container, new, ticket)
    kept = [(row.before, row.image) for row in rows.values() if row.before is not None and row.image is not None]
    await _update(connection, container, kept, ticket.revision)


async def delete_range(connection: aiosqlite.Connection, container: Container, place: KeyRange, revision: int) -> None:
    """Delete every row whose key lies in a range."""
    tables = Tables.of(container)
    sql = tables.sql("SELECT seq, key, body, revision FROM {item} WHERE key >= ? AND key < ? LIMIT ?")
    while True:
        parameters = (place.low, place.high if place.high is not None else BEYOND, _ROWS_AT_ONCE)
        items = [Item(*row) for row in await connection.execute_fetchall(sql, parameters)]
        await _delete(connection, tables, items, revision)
        if len(items) < _ROWS_AT_ONCE:
            return


async def _delete(connection: aiosqlite.Connection, tables: Tables, items: Sequence[Item], revision: int) -> None:
    if items:
        await remove_entries(connection, tables, [item.seq for item in items])
        await delete_items(connection, tables, items, revision)


async def _insert(
    connection: aiosqlite.Connection, container: Container, new: Mapping[str, RowImage], ticket: WriteTicket
) -> None:
    if not new:
        return
    tables, single = Tables.of(container), _single(container)
    items = [
        (Item(seq, key, image.body, ticket.revision, image.vectors), image)
        for seq, (key, image) in enumerate(new.items(), ticket.first_seq)
    ]
    columns = "".join(f", {column}" for column in single.values())
    places = ", ".join("?" * (4 + len(single)))
    await connection.executemany(
        tables.sql(f"INSERT INTO {{item}} (seq, key, body, revision{columns}) VALUES ({places})"),  # noqa: S608 - our columns
        ((item.seq, item.key, item.body, item.revision, *_values(single, image)) for item, image in items),
    )
    await insert_vectors(connection, tables, [item for item, _ in items])
    await add_entries(connection, tables, container.values, ((item, image.values) for item, image in items))
    await add_words(connection, tables, [item for item, _ in items])


async def _update(
    connection: aiosqlite.Connection, container: Container, kept: Sequence[tuple[Item, RowImage]], revision: int
) -> None:
    if not kept:
        return
    tables, single = Tables.of(container), _single(container)
    columns = "".join(f", {column} = ?" for column in single.values())
    await connection.executemany(
        tables.sql(f"UPDATE {{item}} SET body = ?, revision = ?{columns} WHERE seq = ?"),  # noqa: S608 - our columns
        ((image.body, revision, *_values(single, image), item.seq) for item, image in kept),
    )
    if any(spec.many for spec in container.values.values()):
        await remove_entries(connection, tables, [item.seq for item, _ in kept])
        await add_entries(connection, tables, container.values, ((item, image.values) for item, image in kept))
    for item, image in kept:
        await change_vectors(connection, tables, item.seq, revision, vectors=image.vectors, lost=image.dropped)
        await change_words(connection, tables, item, NewItem(item.key, image.body))


def _single(container: Container) -> dict[str, str]:
    """Return the columns of the values that a row has one of, by the value's name."""
    return {name: value_column(spec) for name, spec in container.values.items() if not spec.many}


def _values(single: Iterable[str], image: RowImage) -> list[bytes | None]:
    return [next(iter(image.values.get(name, ())), None) for name in single]
