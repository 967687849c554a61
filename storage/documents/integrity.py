"""Whether a database's file is sound: SQLite's own checks, and that rows mean what they should."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import aiosqlite

from storage import jsontext
from storage.documents.containers import list_containers
from storage.documents.schema import Tables
from storage.documents.values import Extract, value_column
from storage.errors import CorruptStoreError
from storage.gil_yield import in_turns
from storage.shapes import Container, ContainerKind
from storage.sqlite.errors import from_sqlite

_TEXTS = "SELECT i.seq FROM {item} AS i, json_each(i.body) AS member WHERE member.key = ? AND member.type = 'text'"
_ENTERED = "SELECT id FROM {word}_docsize"

_MOST = 20
"""Problems of one kind that are told."""

_ROWS_AT_ONCE = 500

Extracts = Callable[[Container], Extract | None]
"""Returns how the values of a container's items are found; None where nothing is known of it."""


async def problems(connection: aiosqlite.Connection, path: Path, extracts: Extracts | None = None) -> list[str]:
    """Return what is wrong, a sentence each, at most about twenty per kind; empty when all is well.

    Args:
        connection: The file.
        path: Where it is.
        extracts: Says what items should be found by; without it nobody looks whether their indexes are right.

    Raises:
        sqlite3.Error: The file could not be looked at, which says nothing about what is in it: a lock, a failing disk.
    """
    try:
        found = await _page_problems(connection)
        if not found:
            found = await _row_problems(connection, extracts)
    except sqlite3.DatabaseError as error:
        meaning = from_sqlite(error, path)
        if meaning is not None and not isinstance(meaning, CorruptStoreError):
            raise
        found = [f"The file cannot be read: {error}."]
    return found


async def _page_problems(connection: aiosqlite.Connection) -> list[str]:
    rows = await connection.execute_fetchall("PRAGMA integrity_check(20)")
    return [f"SQLite reports: {row[0]}." for row in rows if row[0] != "ok"]


async def _row_problems(connection: aiosqlite.Connection, extracts: Extracts | None) -> list[str]:
    """Return the documents and vectors that mean nothing, container by container."""
    found = [
        f"Row {row[1]} of {row[0]!r} belongs to a row of {row[2]!r} that does not exist."
        for row in await connection.execute_fetchall("PRAGMA foreign_key_check")
    ]
    for container in await list_containers(connection, None):
        here: list[str] = []
        for problem in (_unreadable_bodies, _stray_vectors, _misfitting_vectors, _stray_words, _stray_entries):
            here += await problem(connection, container)
        extract = extracts(container) if extracts is not None and container.values and not here else None
        if extract is not None:
            here = await _wrong_values(connection, container, extract)
        found += [f"{container.keyspace}/{container.name}: {text}" for text in here]
    return found


async def _unreadable_bodies(connection: aiosqlite.Connection, container: Container) -> list[str]:
    sql = "SELECT seq FROM {item} WHERE NOT json_valid(body) LIMIT 20"
    rows = await connection.execute_fetchall(Tables.of(container).sql(sql))
    return [f"the document in row {row[0]} is not JSON." for row in rows]


async def _stray_vectors(connection: aiosqlite.Connection, container: Container) -> list[str]:
    sql = "SELECT seq FROM {vector} WHERE seq NOT IN (SELECT seq FROM {item}) LIMIT 20"
    rows = await connection.execute_fetchall(Tables.of(container).sql(sql))
    return [f"a vector belongs to row {row[0]}, which does not exist." for row in rows]


async def _misfitting_vectors(connection: aiosqlite.Connection, container: Container) -> list[str]:
    """Return the vectors whose name or length is not the container's."""
    expected = {name: spec.dimension * 4 for name, spec in container.vectors.items()}
    sql = "SELECT name, length(data), count(*) FROM {vector} GROUP BY name, length(data)"
    return [
        f"{count} vectors {name!r} have {size} bytes instead of {expected.get(name, 0)}."
        for name, size, count in await connection.execute_fetchall(Tables.of(container).sql(sql))
        if expected.get(name) != size
    ]


async def _stray_words(connection: aiosqlite.Connection, container: Container) -> list[str]:
    """Return where an index of words has too much or too little."""
    tables = Tables.of(container)
    found: list[str] = []
    for name, spec in container.texts.items():
        if spec.analyzer.problem:
            found.append(f"the analyzer of {name!r} cannot be used: {spec.analyzer.problem}.")
            continue
        extra, missing = [
            await connection.execute_fetchall(tables.sql(f"{one} EXCEPT {other} LIMIT ?", spec.number), (name, most))
            for one, other, most in ((_ENTERED, _TEXTS, _MOST), (_TEXTS, _ENTERED, 0 if spec.building else _MOST))
        ]
        found += [f"the index of words has row {row[0]}, whose document has no text." for row in extra]
        found += [f"the index of words lacks row {row[0]}, whose document has a text." for row in missing]
    return found


async def _stray_entries(connection: aiosqlite.Connection, container: Container) -> list[str]:
    """Return where the index of lists, sets and maps has what no row has any more; dropped ones may leave entries."""
    if container.kind is not ContainerKind.TABLE:
        return []
    sql = (
        "SELECT e.seq FROM {entry} AS e LEFT JOIN {item} AS i ON i.seq = e.seq WHERE i.seq IS NULL OR i.key <> e.key"
        " LIMIT 20"
    )
    rows = await connection.execute_fetchall(Tables.of(container).sql(sql))
    return [f"an index has an entry for row {row[0]} that belongs to nothing." for row in rows]


async def _wrong_values(connection: aiosqlite.Connection, container: Container, extract: Extract) -> list[str]:
    """Return the rows that an index finds by other values than they have."""
    names = {spec.number: name for name, spec in container.values.items()}
    building = {name for name, spec in container.values.items() if spec.building}
    single = {name: value_column(spec) for name, spec in container.values.items() if not spec.many}
    tables = Tables.of(container)
    columns = "".join(f", {column}" for column in single.values())
    rows_sql = tables.sql(f"SELECT seq, body{columns} FROM {{item}} WHERE seq > ? ORDER BY seq LIMIT {_ROWS_AT_ONCE}")  # noqa: S608 - our columns
    entries_sql = tables.sql("SELECT seq, number, value FROM {entry} WHERE seq > ? AND seq <= ?")
    found: list[str] = []
    position = 0
    while len(found) < _MOST:
        rows = list(await connection.execute_fetchall(rows_sql, (position,)))
        if not rows:
            break
        last = rows[-1][0]
        kept: dict[int, dict[str, set[bytes]]] = {}
        for seq, number, value in await connection.execute_fetchall(entries_sql, (position, last)):
            if number in names:
                kept.setdefault(seq, {}).setdefault(names[number], set()).add(value)
        position = last
        for seq, body, *values in in_turns(rows):
            has = {name: {value} for name, value in zip(single, values, strict=True) if value is not None}
            has |= kept.get(seq, {})
            wanted = {name: set(value) for name, value in extract(jsontext.loads(body)).items() if value}
            found += [
                f"the index {name!r} does not find row {seq} by what is in it."
                for name in sorted((has.keys() | wanted.keys()) - building)
                if has.get(name) != wanted.get(name)
            ]
    return found[:_MOST]
