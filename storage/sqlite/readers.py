"""The connections of a store that only read: opened when they are needed, lent to one block at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import aiosqlite

from storage.errors import StorageError
from storage.sqlite.access import Access
from storage.sqlite.busy_retry import uninterrupted
from storage.sqlite.errors import busy, translated
from storage.sqlite.threaded import ThreadedConnection

CLOSE_PATIENCE = 5.0
"""Seconds that closing waits for reads in progress."""

_INTERRUPT_INTERVAL = 0.02
"""Seconds between two tries to interrupt a statement that nobody waits for any more."""

_LOG = logging.getLogger(__name__)


class ReaderPool:
    """Lends connections that cannot write; belongs to one event loop.

    Args:
        access: Where the file is.
        most: How many may be lent at the same time; so many are opened at most.
        connect: Opens one.
    """

    def __init__(self, access: Access, most: int, connect: Callable[[], Awaitable[ThreadedConnection]]) -> None:
        self._access = access
        self._most = most
        self._connect = connect
        self._free = asyncio.Semaphore(most)
        self._idle: list[ThreadedConnection] = []
        self._lent: set[ThreadedConnection] = set()
        self._closed = False

    @property
    def count(self) -> int:
        """How many are open."""
        return len(self._idle) + len(self._lent)

    async def borrow(self) -> ThreadedConnection:
        """Return a connection; waits while all are lent out. Give it back in any case.

        Raises:
            StorageError: The store is closed, or the file cannot be opened or has lost its place.
        """
        await self._free.acquire()
        try:
            self._check_open()
            self._access.check_file()
            connection = await self._fresh_idle() or await self._open()
            if self._closed:  # meanwhile, without waiting for this one any longer
                await uninterrupted(connection.close())
                self._check_open()
        except BaseException:
            self._free.release()
            raise
        self._lent.add(connection)
        return connection

    async def give_back(self, connection: ThreadedConnection, *, done: bool, snapshot: bool = False) -> None:
        """Take a connection back.

        One whose block was cancelled or failed is closed: its statement is interrupted first, and one that failed half
        way would keep the state of the file that it saw.

        Args:
            connection: What was lent.
            done: Whether its block has ended as it should.
            snapshot: Whether a transaction is open in it.

        Raises:
            StoreBusyError: Another program has changed the file meanwhile, and this one could not see its lock.
        """
        if connection not in self._lent:
            return  # the store was closed meanwhile
        try:
            if not done:
                await uninterrupted(_abandon(connection))
            elif self._access.is_stale(connection.bare):
                await uninterrupted(connection.close())
                raise busy(self._access.path)
            elif snapshot:
                await self._rolled_back(connection)
            else:
                self._idle.append(connection)
        finally:
            self._lent.discard(connection)
            self._free.release()

    async def _rolled_back(self, connection: ThreadedConnection) -> None:
        """End a snapshot and keep the connection, also when whoever gives it back is cancelled meanwhile."""
        try:
            with translated(self._access.path):
                await uninterrupted(connection.rollback())
        finally:
            if connection.in_transaction:
                await uninterrupted(connection.close())
            else:
                self._idle.append(connection)

    async def close(self) -> None:
        """Wait a few seconds for the blocks in progress, then close every connection."""
        self._closed = True
        # One that was lent to a forgotten generator must not keep the program.
        try:
            async with asyncio.timeout(CLOSE_PATIENCE):
                for _ in range(self._most):
                    await self._free.acquire()
        except TimeoutError:
            _LOG.warning("%s is closed although it is still being read.", self._access.path)
            for connection in self._lent:
                await connection.interrupt()
        finally:  # also when whoever closes is cancelled
            await uninterrupted(self._close_connections())

    async def _close_connections(self) -> None:
        connections = (*self._idle, *self._lent)
        self._idle.clear()
        self._lent.clear()
        for connection in connections:
            await connection.close()
        for _ in range(self._most):
            self._free.release()

    async def _fresh_idle(self) -> ThreadedConnection | None:
        """Return a connection that is not lent, the last one used first; None when there is none."""
        while self._idle:
            connection = self._idle.pop()
            if not self._access.is_stale(connection.bare):
                return connection
            await uninterrupted(connection.close())
        return None

    async def _open(self) -> ThreadedConnection:
        with translated(self._access.path):
            connection = await self._connect()
            try:
                await connection.execute_fetchall("PRAGMA query_only = ON")
            except BaseException:
                await uninterrupted(connection.close())
                raise
        return connection

    def _check_open(self) -> None:
        if self._closed:
            raise StorageError(f"{self._access.path} is closed.", path=self._access.path)


async def _abandon(connection: aiosqlite.Connection) -> None:
    """Stop a reader's statement and close it.

    The statement may only be about to start on the connection's thread, where an interrupt has no effect yet; so it is
    repeated until the thread has got to the next thing in its queue, which is no statement.
    """
    reached = asyncio.ensure_future(connection.cursor())
    try:
        while not reached.done():
            await connection.interrupt()
            await asyncio.wait({reached}, timeout=_INTERRUPT_INTERVAL)
        await reached
    finally:
        await connection.close()
