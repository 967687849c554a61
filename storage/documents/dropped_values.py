"""What indexes over values leave behind when they are dropped, and its removal slice by slice.

SQLite drops a column by writing every row anew, in one transaction. So where there are many items the column of a
dropped index stays, with its own index that tells which rows still have a value in it; nothing reads it. It is emptied
in short transactions, and the next new index takes it. What a killed program has left is emptied with the next drop.
"""

from __future__ import annotations

import re

import aiosqlite

from storage.documents.schema import Tables
from storage.documents.values import value_column
from storage.shapes import Container, ContainerKind, ValueSpec

_COLUMN = re.compile(r"value_(\d+)")


async def drop_values(connection: aiosqlite.Connection, container: Container, spec: ValueSpec) -> None:
    """Remove an index and all that belongs to it at once, which takes as long as there are items."""
    tables = Tables.of(container)
    if spec.many:
        await connection.execute(tables.sql("DELETE FROM {entry} WHERE number = ?"), (spec.number,))
        return
    column = value_column(spec)
    await connection.execute(tables.sql(f"DROP INDEX {{item}}_{column}"))
    await connection.execute(tables.sql(f"ALTER TABLE {{item}} DROP COLUMN {column}"))


async def numbers_left(connection: aiosqlite.Connection, container: Container) -> list[int]:
    """Return the numbers of dropped indexes whose columns or entries are still there, in order."""
    tables = Tables.of(container)
    rows = await connection.execute_fetchall(tables.sql("SELECT name FROM pragma_table_info('{item}')"))
    found = {int(match[1]) for (name,) in rows if (match := _COLUMN.fullmatch(name))}
    if container.kind is ContainerKind.TABLE:
        found |= await _numbers_of_entries(connection, tables)
    return sorted(found - {spec.number for spec in container.values.values()})


async def _numbers_of_entries(connection: aiosqlite.Connection, tables: Tables) -> set[int]:
    """Return the numbers that entries have, one look for each."""
    found: set[int] = set()
    number = -1
    sql = tables.sql("SELECT number FROM {entry} WHERE number > ? ORDER BY number LIMIT 1")
    while rows := list(await connection.execute_fetchall(sql, (number,))):
        number = rows[0][0]
        found.add(number)
    return found


async def free_columns(connection: aiosqlite.Connection, container: Container) -> list[int]:
    """Return the numbers of columns that dropped indexes have left, and that are empty."""
    tables = Tables.of(container)
    return [
        number
        for number in await numbers_left(connection, container)
        if await _has_column(connection, tables, number) and not await _has_values(connection, tables, number)
    ]


async def empty_slice(connection: aiosqlite.Connection, container: Container, rows: int) -> bool:
    """Remove some values of dropped indexes; return whether there may be more of them."""
    tables = Tables.of(container)
    for number in await numbers_left(connection, container):
        if await _has_column(connection, tables, number):
            column = f"value_{number:d}"
            chosen = f"SELECT seq FROM {{item}} INDEXED BY {{item}}_{column} WHERE {column} IS NOT NULL LIMIT ?"  # noqa: S608 - our columns
            sql = f"UPDATE {{item}} SET {column} = NULL WHERE seq IN ({chosen})"  # noqa: S608 - our columns
        else:
            chosen = f"SELECT value, key FROM {{entry}} WHERE number = {number:d} LIMIT ?"  # noqa: S608 - a number
            sql = f"DELETE FROM {{entry}} WHERE number = {number:d} AND (value, key) IN ({chosen})"  # noqa: S608 - a number
        if (await connection.execute(tables.sql(sql), (rows,))).rowcount:
            return True
    return False


async def _has_column(connection: aiosqlite.Connection, tables: Tables, number: int) -> bool:
    sql = tables.sql("SELECT 1 FROM pragma_table_info('{item}') WHERE name = ?")
    return bool(list(await connection.execute_fetchall(sql, (f"value_{number:d}",))))


async def _has_values(connection: aiosqlite.Connection, tables: Tables, number: int) -> bool:
    column = f"value_{number:d}"
    sql = f"SELECT 1 FROM {{item}} INDEXED BY {{item}}_{column} WHERE {column} IS NOT NULL LIMIT 1"  # noqa: S608 - our columns
    return bool(list(await connection.execute_fetchall(tables.sql(sql))))
