"""Whether a database's file is sound: SQLite's own checks, and that rows mean what they should."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import aiosqlite

from storage.documents.containers import list_containers
from storage.documents.schema import Tables
from storage.errors import CorruptStoreError
from storage.shapes import Container
from storage.sqlite.errors import from_sqlite

_TEXTS = "SELECT i.seq FROM {item} AS i, json_each(i.body) AS member WHERE member.key = ? AND member.type = 'text'"
_ENTERED = "SELECT id FROM {word}_docsize"


async def problems(connection: aiosqlite.Connection, path: Path) -> list[str]:
    """Return what is wrong, a sentence each, at most about twenty per kind; empty when all is well.

    Raises:
        sqlite3.Error: The file could not be looked at, which says nothing about what is in it: a lock, a failing disk.
    """
    try:
        found = await _page_problems(connection)
        if not found:
            found = await _row_problems(connection)
    except sqlite3.DatabaseError as error:
        meaning = from_sqlite(error, path)
        if meaning is not None and not isinstance(meaning, CorruptStoreError):
            raise
        found = [f"The file cannot be read: {error}."]
    return found


async def _page_problems(connection: aiosqlite.Connection) -> list[str]:
    rows = await connection.execute_fetchall("PRAGMA integrity_check(20)")
    return [f"SQLite reports: {row[0]}." for row in rows if row[0] != "ok"]


async def _row_problems(connection: aiosqlite.Connection) -> list[str]:
    """Return the documents and vectors that mean nothing, container by container."""
    found = [
        f"Row {row[1]} of {row[0]!r} belongs to a row of {row[2]!r} that does not exist."
        for row in await connection.execute_fetchall("PRAGMA foreign_key_check")
    ]
    for container in await list_containers(connection, None):
        for problem in (_unreadable_bodies, _stray_vectors, _misfitting_vectors, _stray_words):
            found += [f"{container.keyspace}/{container.name}: {text}" for text in await problem(connection, container)]
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
            await connection.execute_fetchall(tables.sql(f"{one} EXCEPT {other} LIMIT 20", spec.number), (name,))
            for one, other in ((_ENTERED, _TEXTS), (_TEXTS, _ENTERED))
        ]
        found += [f"the index of words has row {row[0]}, whose document has no text." for row in extra]
        found += [f"the index of words lacks row {row[0]}, whose document has a text." for row in missing]
    return found
