"""Changing what a container is: its definition, its vectors, the texts and values that its items are found by.

Everything happens in the transaction of the caller, the filling of new indexes too, so that an index either finds every
item or is not there. Where there are many items, that would hold up every other write for as long. Such an index is
made as one that is building, and :mod:`storage.documents.index_filling` fills it slice by slice.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import aiosqlite

from storage import jsontext
from storage.documents.containers import definition_texts, find_container, start_epoch, touch
from storage.documents.dropped_values import drop_values, free_columns, numbers_left
from storage.documents.index_filling import has_more_than
from storage.documents.schema import WORD_TABLE, Tables
from storage.documents.term_rows import add_words
from storage.documents.values import VALUE_INDEX, Extract, enter_values, value_column
from storage.errors import ContainerChangedError
from storage.lexical.analyzers import Analyzer
from storage.shapes import Container, IndexedValues, Item, TextSpec, ValueSpec, VectorSpec

_ROWS_AT_ONCE = 500

_Spec = TypeVar("_Spec", TextSpec, ValueSpec)


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
        building_texts: The texts whose new index is left empty, or is not full yet.
        building_values: The same for values.
    """

    definition: Mapping[str, Any]
    vectors: Mapping[str, VectorSpec] = field(default_factory=dict)
    texts: Mapping[str, Analyzer] = field(default_factory=dict)
    values: Mapping[str, bool] = field(default_factory=dict)
    extract: Extract = _nothing
    building_texts: Set[str] = frozenset()
    building_values: Set[str] = frozenset()

    @classmethod
    def of(cls, container: Container) -> Shape:
        """Return what a container is now."""
        return cls(
            container.definition,
            container.vectors,
            {name: spec.analyzer for name, spec in container.texts.items()},
            {name: spec.many for name, spec in container.values.items()},
            building_texts={name for name, spec in container.texts.items() if spec.building},
            building_values={name for name, spec in container.values.items() if spec.building},
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
    left = await numbers_left(connection, container)
    changed = replace(
        container,
        definition=jsontext.loads(jsontext.dumps(dict(shape.definition))),
        vectors=dict(shape.vectors),
        texts=_texts(container, shape),
        values=_values(container, shape, await free_columns(connection, container), max(left, default=0)),
    )
    columns = definition_texts(changed.definition, changed.vectors, changed.texts, changed.values)
    sql = "UPDATE container SET definition = ?, vectors = ?, texts = ?, indexed = ? WHERE id = ?"
    await connection.execute(sql, (*columns, container.id))
    await _change_vectors(connection, container, changed)
    await _change_texts(connection, container, changed)
    await _change_values(connection, container, changed, shape.extract, left)
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
        texts[name] = replace(known, building=name in shape.building_texts)
    return texts


def _values(container: Container, shape: Shape, free: list[int], left: int) -> dict[str, ValueSpec]:
    """Return the values: new ones take a column that is free, or a number beyond all that were left."""
    number = max((spec.number for spec in container.values.values()), default=0)
    number = max(number, left)
    values: dict[str, ValueSpec] = {}
    for name, many in shape.values.items():
        known = container.values.get(name)
        if known is None or known.many != many:
            if free and not many:
                known = ValueSpec(free.pop(0))
            else:
                number += 1
                known = ValueSpec(number, many)
        values[name] = replace(known, building=name in shape.building_values)
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
    for spec in _without(before.texts, after.texts).values():
        await connection.execute(tables.sql("DROP TABLE {word}", spec.number))
    new = _without(after.texts, before.texts)
    for spec in new.values():
        await connection.execute(tables.sql(WORD_TABLE, spec.number))
    added = Tables(after.id, {name: spec for name, spec in new.items() if not spec.building})
    if added.texts:
        async for items in _all_items(connection, added):
            await add_words(connection, added, items)


async def _change_values(
    connection: aiosqlite.Connection, before: Container, after: Container, extract: Extract, left: Sequence[int]
) -> None:
    """Make and remove indexes; ``left`` are the numbers of columns that are there already, each with its index."""
    tables = Tables.of(before)
    gone = _without(before.values, after.values)
    if gone and not await has_more_than(connection, before, _ROWS_AT_ONCE):
        for spec in gone.values():
            await drop_values(connection, before, spec)
    new = _without(after.values, before.values)
    single = [value_column(spec) for spec in new.values() if not spec.many and spec.number not in left]
    for column in single:
        await connection.execute(tables.sql(f"ALTER TABLE {{item}} ADD COLUMN {column} BLOB"))
    wanted = {name: spec for name, spec in new.items() if not spec.building}
    if wanted:
        async for items in _all_items(connection, tables):
            await enter_values(connection, tables, wanted, items, extract)
    for column in single:  # at the end, when that is quickest
        await connection.execute(tables.sql(VALUE_INDEX.format(column=column)))


def _without(one: Mapping[str, _Spec], other: Mapping[str, _Spec]) -> dict[str, _Spec]:
    """Return what of one shape is not in the other: another number means another index."""
    numbers = {spec.number for spec in other.values()}
    return {name: spec for name, spec in one.items() if spec.number not in numbers}


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
