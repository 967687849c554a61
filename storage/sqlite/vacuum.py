"""The space that a SQLite file takes: how much is used, and giving the rest back."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

import aiosqlite

from storage.sqlite.access import Access

_LOG = logging.getLogger(__name__)


def give_back_space(path: Path, busy_timeout: float) -> None:
    """Give the space of removed rows back to the disk, if nobody else is in the way; blocks, so run it in a thread."""
    try:
        with closing(Access(path).connect(busy_timeout)) as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        _LOG.info("%s keeps its size for now: %s", path.name, error)


async def used_bytes(connection: aiosqlite.Connection) -> int:
    """Return the bytes of the file that hold something; what was removed counts no more."""
    sql = """
        SELECT (page_count - freelist_count) * page_size
        FROM pragma_page_count, pragma_freelist_count, pragma_page_size
    """
    [(size,)] = await connection.execute_fetchall(sql)
    return int(size)
