"""What collections and tables a database has, read through one short connection: nothing stays open for it."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

import aiosqlite

from storage.documents.containers import list_containers
from storage.documents.database_files import IF_VANISHED
from storage.documents.schema import MIGRATIONS
from storage.shapes import Container
from storage.sqlite.access import Access
from storage.sqlite.creation import is_there
from storage.sqlite.errors import translated
from storage.sqlite.migrations import check_version
from storage.sqlite.store_file import BUSY_TIMEOUT
from storage.sqlite.threaded import run_inline


async def read_definitions(path: Path, *, read_only: bool = False) -> list[Container] | None:
    """Return the collections and tables of a database's file, by keyspace and name.

    Args:
        path: The file.
        read_only: Change nothing beside it either.

    Returns:
        None when the file has an older schema: opening it as a store brings it forward.

    Raises:
        StorageError: It does not exist, cannot be read, is damaged, or was written by a newer program.
    """
    return await asyncio.to_thread(_read, Access(path, read_only=read_only))


def _read(access: Access) -> list[Container] | None:
    async def definitions(connection: aiosqlite.Connection) -> list[Container] | None:
        version = await check_version(connection, access.path, MIGRATIONS)
        return await list_containers(connection, None) if version == len(MIGRATIONS) else None

    is_there(access.path, IF_VANISHED)
    with translated(access.path), closing(access.connect(BUSY_TIMEOUT)) as connection:
        connection.execute("PRAGMA query_only = ON")
        return run_inline(definitions, connection)
