"""Whether a database's file is sound: SQLite's own checks, and that rows mean what they should."""

from __future__ import annotations

import sqlite3

import aiosqlite

from storage.containers import list_containers

_MOST_FINDINGS = 20


async def problems(connection: aiosqlite.Connection) -> list[str]:
    """Return what is wrong, a sentence each, at most about twenty per kind; empty when all is well."""
    try:
        found = await _page_problems(connection)
        if not found:
            found = await _row_problems(connection)
    except sqlite3.DatabaseError as error:
        found = [f"The file cannot be read: {error}."]
    return found


async def _page_problems(connection: aiosqlite.Connection) -> list[str]:
    rows = await connection.execute_fetchall(f"PRAGMA integrity_check({_MOST_FINDINGS})")
    return [f"SQLite reports: {row[0]}." for row in rows if row[0] != "ok"]


async def _row_problems(connection: aiosqlite.Connection) -> list[str]:
    found = [
        f"Row {row[1]} of {row[0]!r} belongs to a row of {row[2]!r} that does not exist."
        for row in await connection.execute_fetchall("PRAGMA foreign_key_check")
    ]
    sql = f"SELECT seq FROM item WHERE NOT json_valid(body) LIMIT {_MOST_FINDINGS}"  # noqa: S608 - a constant
    found += [f"The document in row {row[0]} is not JSON." for row in await connection.execute_fetchall(sql)]
    return found[:_MOST_FINDINGS] + await _vector_problems(connection)


async def _vector_problems(connection: aiosqlite.Connection) -> list[str]:
    """Return the vectors whose length or name does not fit their container."""
    expected = {
        (container.id, name): spec.dimension * 4
        for container in await list_containers(connection, None)
        for name, spec in container.vectors.items()
    }
    rows = await connection.execute_fetchall(
        "SELECT container, name, length(data), count(*) FROM vector GROUP BY container, name, length(data)"
    )
    return [
        f"{count} vectors {name!r} of container {container} have {size} bytes instead of "
        f"{expected.get((container, name), 0)}."
        for container, name, size, count in rows
        if expected.get((container, name)) != size
    ]
