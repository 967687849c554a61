"""Blocks of statements as transactions, on the thread of their connection from the first statement to the last."""

from __future__ import annotations

import sqlite3
from typing import TypeVar

import aiosqlite

from storage.sqlite.access import Access
from storage.sqlite.errors import is_full
from storage.sqlite.space import Space
from storage.sqlite.threaded import Block

_Result = TypeVar("_Result")


async def in_snapshot(block: Block[_Result], connection: aiosqlite.Connection) -> _Result:
    """Read one state of the file."""
    await connection.execute("BEGIN")
    try:
        return await block(connection)
    finally:
        await connection.rollback()


async def growing(
    size: int, files: Access, space: Space, block: Block[_Result], connection: aiosqlite.Connection
) -> _Result:
    """Write content of some bytes.

    Raises:
        StoreFullError: There is no room for it.
        VanishedStoreError: A file was deleted or replaced since it was opened.
    """
    await space.before_growing(connection, size)
    result = await _in_transaction(files, block, connection)
    await space.after(connection, shrunk=False)
    return result


async def shrinking(files: Access, space: Space, block: Block[_Result], connection: aiosqlite.Connection) -> _Result:
    """Delete, with the space kept for that if need be."""
    space.before_shrinking()
    while True:
        try:
            result = await _in_transaction(files, block, connection)
        except sqlite3.OperationalError as error:
            if not (is_full(error, space.path) and await space.once_more(connection)):
                raise
        else:
            await space.after(connection, shrunk=True)
            return result


async def _in_transaction(files: Access, block: Block[_Result], connection: aiosqlite.Connection) -> _Result:
    await connection.execute("BEGIN IMMEDIATE")
    try:
        result = await block(connection)
        files.check_files()
        await connection.commit()
    except BaseException:
        await connection.rollback()
        raise
    return result


async def begun(space: Space, reserved: bool, connection: aiosqlite.Connection) -> None:  # noqa: FBT001 - bound early
    """Begin a transaction that others go on with."""
    if reserved:
        space.before_shrinking()
    else:
        await space.before_growing(connection, 0)
    await connection.execute("BEGIN IMMEDIATE")


async def ended(
    files: Access,
    space: Space,
    reserved: bool,  # noqa: FBT001 - bound early
    connection: aiosqlite.Connection,
) -> None:
    """Commit it.

    Raises:
        VanishedStoreError: A file was deleted or replaced since it was opened; the commit would be lost.
    """
    files.check_files()
    await connection.commit()
    await space.after(connection, shrunk=reserved)
