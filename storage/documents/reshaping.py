"""Changing what a container is: its definition, its vectors, the texts and values that its items are found by.

Everything happens in the transaction of the caller, the filling of new indexes too; so an index either finds every item
or is not there.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import aiosqlite

from storage import jsontext
from storage.documents.containers import definition_texts, find_container, start_epoch, touch
from storage.documents.integrity import Extract
from storage.documents.schema import WORD_TABLE, Tables
from storage.documents.term_rows import add_words
from storage.documents.values import VALUE_INDEX, add_entries, value_column
from storage.errors import ContainerChangedError, CorruptStoreError
from storage.gil_yield import in_turns
from storage.lexical.analyzers import Analyzer
from storage.shapes import Container, IndexedValues, Item, TextSpec, ValueSpec, VectorSpec

_ROWS_AT_ONCE = 500


def _nothing(_body: Mapping[str, Any]) -> IndexedValues:
    return {}


@dataclass(frozen=True, slots=True)
class Shape:
    """What a container is to become.

    Attributes:
        definition: What the layer above keeps with it.
        vectors: The named vectors; one that stays keeps its dimension, its metric may change.
        texts: The named texts that are searched by words.
        values: The named values that items are found by, and whether an item may have several of each.
        extract: Gives the values of an item that is there already.
    """

    definition: Mapping[str, Any]
    vectors: Mapping[str, VectorSpec] = field(default_factory=dict)
    texts: Mapping[str, Analyzer] = field(default_factory=dict)
    values: Mapping[str, bool] = field(default_factory=dict)
    extract: Extract = _nothing

    @classmethod
    def of(cls, container: Container) -> Shape:
        """Return what a container is now."""
        return cls(
            container.definition,
            container.vectors,
            {name: spec.analyzer for name, spec in container.texts.items()},
            {name: spec.many for name, spec in container.values.items()},
        )


async def change_container(connection: aiosqlite.Connection, container: Container, shape: Shape) -> Container:
    """Give a container another shape: what is gone is removed, what is new is filled; return it as it is now.

    Raises:
        ContainerChangedError: Its definition was changed after it was read.
        ContainerMissingError: It was dropped after it was read.
    """
    await touch(connection, container)
    found = await find_container(connection, container.keyspace, container.name)
    if found != container:
        raise ContainerChangedError(f"The definition of {container.name!r} was changed meanwhile.")
    changed = replace(
        container,
        definition=jsontext.loads(jsontext.dumps(dict(shape.definition))),
        vectors=dict(shape.vectors),
        texts=_texts(container, shape),
        values=_values(container, shape),
    )
    columns = definition_texts(changed.definition, changed.vectors, changed.texts, changed.values)
    sql = "UPDATE container SET definition = ?, vectors = ?, texts = ?, indexed = ? WHERE id = ?"
    await connection.execute(sql, (*columns, container.id))
    await _change_vectors(connection, container, changed)
    await _change_texts(connection, container, changed)
    await _change_values(connection, container, changed, shape.extract)
    return changed


def _texts(container: Container, shape: Shape) -> dict[str, TextSpec]:
    """Return the texts: those that stay as they are keep their number, all others get a new one."""
    number = max((spec.number for spec in container.texts.values()), default=-1)
    texts: dict[str, TextSpec] = {}
    for name, analyzer in shape.texts.items():
        known = container.texts.get(name)
        if known is None or known.analyzer != analyzer:
            number += 1
            known = TextSpec(number, analyzer)
        texts[name] = known
    return texts


def _values(container: Container, shape: Shape) -> dict[str, ValueSpec]:
    number = max((spec.number for spec in container.values.values()), default=0)
    values: dict[str, ValueSpec] = {}
    for name, many in shape.values.items():
        known = container.values.get(name)
        if known is None or known.many != many:
            number += 1
            known = ValueSpec(number, many)
        values[name] = known
    return values


async def _change_vectors(connection: aiosqlite.Connection, before: Container, after: Container) -> None:
    gone = [name for name in before.vectors if name not in after.vectors]
    for table in ("{vector}", "{removal}") if gone else ():
        sql = Tables.of(before).sql(f"DELETE FROM {table} WHERE name = ?")  # noqa: S608 - constant names
        await connection.executemany(sql, [(name,) for name in gone])
    if after.vectors != before.vectors:
        await start_epoch(connection, before)


async def _change_texts(connection: aiosqlite.Connection, before: Container, after: Container) -> None:
    tables = Tables.of(before)
    for name, spec in before.texts.items():
        if after.texts.get(name) != spec:
            await connection.execute(tables.sql("DROP TABLE {word}", spec.number))
    new = {name: spec for name, spec in after.texts.items() if before.texts.get(name) != spec}
    if not new:
        return
    added = Tables(after.id, new)
    for spec in new.values():
        await connection.execute(added.sql(WORD_TABLE, spec.number))
    async for items in _all_items(connection, added):
        await add_words(connection, added, items)


async def _change_values(
    connection: aiosqlite.Connection, before: Container, after: Container, extract: Extract
) -> None:
    tables = Tables.of(before)
    for name, spec in before.values.items():
        if after.values.get(name) == spec:
            continue
        if spec.many:
            await connection.execute(tables.sql("DELETE FROM {entry} WHERE number = ?"), (spec.number,))
        else:
            column = value_column(spec)
            await connection.execute(tables.sql(f"DROP INDEX {{item}}_{column}"))
            await connection.execute(tables.sql(f"ALTER TABLE {{item}} DROP COLUMN {column}"))
    new = {name: spec for name, spec in after.values.items() if before.values.get(name) != spec}
    if new:
        await _fill_values(connection, tables, new, extract)


async def _fill_values(
    connection: aiosqlite.Connection, tables: Tables, new: Mapping[str, ValueSpec], extract: Extract
) -> None:
    """Add columns, fill them and the entries, and index the columns at the end, when that is quickest."""
    single = {name: spec for name, spec in new.items() if not spec.many}
    for spec in single.values():
        await connection.execute(tables.sql(f"ALTER TABLE {{item}} ADD COLUMN {value_column(spec)} BLOB"))
    places = ", ".join(f"{value_column(spec)} = ?" for spec in single.values())
    update = tables.sql(f"UPDATE {{item}} SET {places} WHERE seq = ?")  # noqa: S608 - our columns
    async for items in _all_items(connection, tables):
        found = [(item, extract(_body(item))) for item in in_turns(items)]
        if single:
            rows = [(*(next(iter(values.get(name, ())), None) for name in single), item.seq) for item, values in found]
            await connection.executemany(update, rows)
        await add_entries(connection, tables, new, found)
    for spec in single.values():
        await connection.execute(tables.sql(VALUE_INDEX.format(column=value_column(spec))))


async def _all_items(connection: aiosqlite.Connection, tables: Tables) -> AsyncGenerator[Sequence[Item], None]:
    position = 0
    sql = tables.sql("SELECT seq, key, body, revision FROM {item} WHERE seq > ? ORDER BY seq LIMIT ?")
    while True:
        rows = list(await connection.execute_fetchall(sql, (position, _ROWS_AT_ONCE)))
        if not rows:
            return
        items = [Item(*row) for row in rows]
        position = items[-1].seq
        yield items


def _body(item: Item) -> Mapping[str, Any]:
    try:
        body: Mapping[str, Any] = jsontext.loads(item.body)
    except (ValueError, RecursionError) as error:
        raise CorruptStoreError(f"The row {item.seq} cannot be read: {error}.") from error
    return body
