"""A small store of notes, to try store files with."""

from __future__ import annotations

from storage.sqlite.migrations import Migration
from storage.sqlite.store_file import StoreFile

FIRST = Migration(1, ("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)",))


async def write(store: StoreFile, *texts: str) -> None:
    """Write notes."""
    async with store.transaction() as connection:
        await connection.executemany("INSERT INTO note (text) VALUES (?)", [(text,) for text in texts])


async def read(store: StoreFile) -> list[str]:
    """Return the notes, oldest first."""
    async with store.reader() as connection:
        return [row[0] for row in await connection.execute_fetchall("SELECT text FROM note ORDER BY id")]
