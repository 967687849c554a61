"""What a write has to know of the disk: whether it fits, and how to leave the log so that a deletion still will.

While there is plenty of space, nothing is done. Where it gets scarce, every write is followed by writing the log back
into the file, and a write that would leave the log larger than can be written back is refused as a full disk. So the
disk may run full at any moment, and the space kept in reserve is enough to delete.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import aiosqlite

from storage.sqlite.access import log_of
from storage.sqlite.errors import full
from storage.sqlite.reserve import STEP, SpaceReserve, free_bytes

SCARCE = 64 * 1024 * 1024
"""With fewer bytes free, writes look where they leave the log."""

_WRITTEN = 1.5
"""Bytes that a byte of content takes in the log, and again in the file: pages are never quite full."""

_SMALL_WRITE = 64 * 1024
"""Bytes of the pages that any write changes."""

_DELETION = 1024 * 1024
"""Bytes that are made free before a deletion."""


class Space:
    """The space of one store; every method but the constructor runs on the thread of the writing connection.

    Args:
        path: The store's file.
        reserve: Space kept for deletions; None where none is kept.

    Attributes:
        path: The store's file.
    """

    def __init__(self, path: Path, reserve: SpaceReserve | None) -> None:
        self.path = path
        self._reserve = reserve
        self._pending: int | None = None

    async def before_growing(self, connection: aiosqlite.Connection, size: int) -> None:
        """Refuse content that the disk has no room for, twice: in the log and in the file.

        Args:
            connection: The writer.
            size: Bytes of the content.

        Raises:
            StoreFullError: There is no room.
        """
        free = self._free()
        if free is None or free >= SCARCE + size:
            return
        if self._pending is None:
            await self._write_back(connection)
        pending = self._pending or 0
        taken = int(size * _WRITTEN) + _SMALL_WRITE
        in_log = taken if pending else max(0, taken - self._log_size())
        in_file = max(0, taken + pending - await _spare_bytes(connection))
        if in_log + in_file > free:
            raise full(self.path)

    def before_shrinking(self) -> None:
        """Make room for a deletion out of the reserve."""
        if self._reserve is not None:
            self._reserve.make_room(_DELETION)

    async def once_more(self, connection: aiosqlite.Connection) -> bool:
        """Make room for a deletion that did not find enough; False when there is no more."""
        if self._reserve is None or not self._reserve.give_back(4 * STEP):
            return False
        await self._write_back(connection)
        return True

    async def after(self, connection: aiosqlite.Connection, *, shrunk: bool) -> None:
        """Leave the log as it should be after a write, and the reserve, too."""
        free = self._free()
        if free is not None and free < SCARCE:
            await self._write_back(connection)
        if self._reserve is not None:
            self._reserve.want(2 * self._log_size())
            if shrunk and self._reserve.size < self._reserve.wanted:
                self._reserve.fill()

    async def _write_back(self, connection: aiosqlite.Connection) -> None:
        """Write the log back into the file, as far as readers and the disk let it."""
        self._pending = self._log_size()
        with contextlib.suppress(sqlite3.Error):
            [(blocked, in_log, done)] = await connection.execute_fetchall("PRAGMA wal_checkpoint(PASSIVE)")
            [(page,)] = await connection.execute_fetchall("PRAGMA page_size")
            if not blocked:
                self._pending = max(0, in_log - done) * page

    def _free(self) -> int | None:
        try:
            return free_bytes(self.path)
        except OSError:
            return None

    def _log_size(self) -> int:
        try:
            return log_of(self.path).stat().st_size
        except OSError:
            return 0


async def _spare_bytes(connection: aiosqlite.Connection) -> int:
    """Return the bytes of the file that hold nothing."""
    sql = "SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size"
    [(size,)] = await connection.execute_fetchall(sql)
    return int(size)
