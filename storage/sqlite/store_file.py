"""One SQLite file: one connection that writes, some that only read, and the rules they share.

Durability: write-ahead log with ``synchronous=FULL``. A commit is on the disk when it returns, so an acknowledged write
survives both ``kill -9`` and a loss of power; beside ``NORMAL`` this costs about 0.2 ms a transaction on an SSD.

Several processes may have the file open. Readers never wait for writers; a second writer waits up to the busy timeout.
Each connection runs on a thread of its own (aiosqlite), so SQLite never blocks the event loop.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

import aiosqlite

from storage.errors import StorageError
from storage.sqlite.busy_retry import patiently, uninterrupted
from storage.sqlite.errors import busy, from_os, translated
from storage.sqlite.migrations import Migration, check_version, migrate
from storage.sqlite.threaded import Block, ThreadedConnection, connect

SQLITE_VERSION = sqlite3.sqlite_version
"""Version of the SQLite library that this interpreter uses."""

BUSY_TIMEOUT = 5.0
"""Seconds that a write waits for another process before :class:`~storage.errors.StoreBusyError`."""

QUEUE_TIMEOUT = 30.0
"""Seconds that a write waits for the writes of its own process before it; each of them is short."""

_SCANS_AT_ONCE = 2
"""Reads through whole tables at the same time; the other readers are left for what is over in a moment."""

_READS_AT_ONCE = 3
"""Other reads at the same time: more threads would wait for each other, and for the interpreter's lock."""

_LOCK_SLICE = 0.1
"""Seconds of one try for the write lock; between tries a cancellation is noticed."""

_CLOSE_PATIENCE = 5.0
"""Seconds that closing waits for reads in progress."""

_INTERRUPT_INTERVAL = 0.02
"""Seconds between two tries to interrupt a statement that nobody waits for any more."""

_LOG = logging.getLogger(__name__)

_Result = TypeVar("_Result")


class StoreFile:
    """An open SQLite file with its schema up to date; belongs to one event loop.

    Use :meth:`open` to make one and :meth:`close` to end it.

    Attributes:
        path: The database file.
    """

    def __init__(self, path: Path, writer: ThreadedConnection, busy_timeout: float) -> None:
        self.path = path
        self._writer = writer
        self._busy_timeout = busy_timeout
        self._write_lock = asyncio.Lock()
        self._readers: list[ThreadedConnection] = []
        self._idle: asyncio.LifoQueue[ThreadedConnection | None] = asyncio.LifoQueue()
        self._scans = asyncio.Semaphore(_SCANS_AT_ONCE)
        self._reads = asyncio.Semaphore(_READS_AT_ONCE)
        self._glance: sqlite3.Connection | None = None
        self._closed = False

    @classmethod
    async def open(
        cls,
        path: Path,
        migrations: Sequence[Migration],
        *,
        readers: int = 1,
        busy_timeout: float = BUSY_TIMEOUT,
        pragmas: Sequence[str] = (),
    ) -> StoreFile:
        """Open or create the file, and bring its schema forward in one transaction.

        Missing folders are created with mode 0700, the file with 0600.

        Args:
            path: The database file.
            migrations: Every step of the schema, from version 1.
            readers: How many reads may run at the same time.
            busy_timeout: Seconds to wait for another process's write.
            pragmas: Settings of the writing connection, and of a new file, beyond those that every store has.

        Raises:
            StoreNotWritableError: The folder or the file may not be written.
            StoreFullError: No space left.
            StoreBusyError: Another process held the lock for too long.
            NewerSchemaError: A newer program wrote the file; it is left untouched.
            CorruptStoreError: Not a database, or not this program's; it is left untouched.
        """
        _create(path)
        with translated(path):
            writer = await _connect(path, min(busy_timeout, _LOCK_SLICE))
            store = cls(path, writer, busy_timeout)
            try:
                version = await patiently(lambda: check_version(writer, path, migrations), busy_timeout)
                for pragma in pragmas:
                    await writer.execute_fetchall(f"PRAGMA {pragma}")
                if version < len(migrations):
                    # SQLite itself does not wait for a lock here, and two programs may create the file at once.
                    await patiently(lambda: writer.execute_fetchall("PRAGMA journal_mode = WAL"), busy_timeout)
                    async with store.transaction() as connection:
                        await migrate(connection, path, migrations)
                for _ in range(readers):
                    await store._add_reader()
            except BaseException:
                await uninterrupted(store.close())
                raise
        return store

    @asynccontextmanager
    async def reader(self, *, snapshot: bool = False) -> AsyncIterator[aiosqlite.Connection]:
        """Lend a connection that cannot write; waits while all are lent out. Keep the block short.

        Finish every cursor inside the block (``execute_fetchall`` does). A cancelled block interrupts its statement.

        Args:
            snapshot: All statements of the block see the same state of the file; else each sees the newest.

        Raises:
            StorageError: The store is closed, or the file cannot be read.
        """
        connection = await self._borrow()
        done = False
        try:
            with translated(self.path):
                if snapshot:
                    await connection.execute("BEGIN")
                yield connection
            done = True
        finally:
            if connection in self._readers:
                await self._take_back(connection, done=done, snapshot=snapshot)

    async def scan(self, block: Block[_Result], *, snapshot: bool = False) -> _Result:
        """Run statements that may read a whole table; only a few such blocks run at once, whatever is asked for.

        Raises:
            StorageError: The store is closed, or the file cannot be read.
        """
        async with self._scans:
            return await self._read(block, snapshot=snapshot)

    async def read(self, block: Block[_Result], *, snapshot: bool = False) -> _Result:
        """Run statements on a reader in one go; the rest is as with :meth:`reader`, which this is quicker than.

        Raises:
            StorageError: The store is closed, or the file cannot be read.
        """
        async with self._reads:
            return await self._read(block, snapshot=snapshot)

    async def _read(self, block: Block[_Result], *, snapshot: bool) -> _Result:
        connection = await self._borrow()
        done = False
        try:
            with translated(self.path):
                result = await connection.run(partial(_in_snapshot, block) if snapshot else block)
            done = True
        finally:
            if connection in self._readers:
                await self._take_back(connection, done=done, snapshot=False)
        return result

    async def lookup(self, sql: str, parameters: Sequence[str | int] = ()) -> list[tuple[Any, ...]]:
        """Return a few rows of a small table that is read all the time, so that its pages are in memory.

        It takes some microseconds, less than asking another thread, so it is done on the caller's own. Where SQLite
        would have to wait, a reader does it.

        Raises:
            StorageError: The store is closed, or the file cannot be read.
        """
        self._check_open()
        try:
            if self._glance is None:
                self._glance = sqlite3.connect(self.path, isolation_level=None, timeout=0)
            return self._glance.execute(sql, parameters).fetchall()
        except sqlite3.OperationalError:
            async with self.reader() as connection:
                return [tuple(row) for row in await connection.execute_fetchall(sql, parameters)]

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[aiosqlite.Connection]:
        """Hold the write lock for a block: committed and durable when it ends, rolled back on any error.

        Cancellation rolls back too, unless the commit has begun: then the commit is finished and the cancellation
        raised after it. Transactions of one process queue here; do not nest them.

        Raises:
            StorageError: The store is closed, or the machine refused the write; nothing of the block was kept.
            sqlite3.IntegrityError: A constraint of the schema refused it; nothing of the block was kept.
        """
        async with self._turn():
            with translated(self.path):
                try:
                    await patiently(self._begin, self._busy_timeout)
                    yield self._writer
                    await uninterrupted(self._writer.commit())
                except BaseException:
                    await uninterrupted(self._writer.rollback())
                    raise

    async def write(self, block: Block[_Result]) -> _Result:
        """Run statements in one go in a transaction of their own; durable on return, undone on any error.

        A block that has begun is finished when the caller is cancelled, and the cancellation raised after it. While
        another process writes, it is tried again and again, so it must change nothing but the database.

        Raises:
            StorageError: The store is closed, or the machine refused the write; nothing of the block was kept.
            sqlite3.IntegrityError: A constraint of the schema refused it; nothing of the block was kept.
        """
        async with self._turn():
            with translated(self.path):
                whole = partial(_in_transaction, block)
                return await patiently(lambda: uninterrupted(self._writer.run(whole)), self._busy_timeout)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Wait until the writes that came before are done.

        Raises:
            StoreBusyError: They took too long.
        """
        try:
            async with asyncio.timeout(QUEUE_TIMEOUT):
                await self._write_lock.acquire()
        except TimeoutError as error:
            raise busy(self.path) from error
        try:
            self._check_open()
            yield
        finally:
            self._write_lock.release()

    async def close(self) -> None:
        """Wait for the blocks in progress (reads: a few seconds), then close every connection; may be called twice."""
        async with self._write_lock:
            if self._closed:
                return
            self._closed = True
            try:
                await self._wait_for_readers()
            finally:
                self._idle.put_nowait(None)
                if self._glance is not None:
                    self._glance.close()
                connections = (*self._readers, self._writer)
                self._readers.clear()
                for connection in connections:
                    await uninterrupted(connection.close())

    async def _wait_for_readers(self) -> None:
        """Wait until every reader is back; one that was lent to a forgotten generator must not keep the program."""
        try:
            async with asyncio.timeout(_CLOSE_PATIENCE):
                for _ in self._readers:
                    await self._idle.get()
        except TimeoutError:
            _LOG.warning("%s is closed although it is still being read.", self.path)
            for connection in self._readers:
                await connection.interrupt()

    async def _begin(self) -> None:
        await uninterrupted(self._writer.execute("BEGIN IMMEDIATE"))

    async def _borrow(self) -> ThreadedConnection:
        self._check_open()
        connection = await self._idle.get()
        if connection is None:
            self._idle.put_nowait(None)
            self._check_open()
        return cast("ThreadedConnection", connection)

    async def _take_back(self, connection: ThreadedConnection, *, done: bool, snapshot: bool) -> None:
        try:
            if not done:
                await uninterrupted(_abandon(connection))
            elif snapshot:
                await uninterrupted(connection.rollback())
        finally:
            self._idle.put_nowait(connection)

    async def _add_reader(self) -> None:
        connection = await _connect(self.path, self._busy_timeout)
        self._readers.append(connection)
        self._idle.put_nowait(connection)
        await connection.execute_fetchall("PRAGMA query_only = ON")

    def _check_open(self) -> None:
        if self._closed:
            raise StorageError(f"{self.path} is closed.", path=self.path)


async def _in_snapshot(block: Block[_Result], connection: aiosqlite.Connection) -> _Result:
    await connection.execute("BEGIN")
    try:
        return await block(connection)
    finally:
        await connection.rollback()


async def _in_transaction(block: Block[_Result], connection: aiosqlite.Connection) -> _Result:
    await connection.execute("BEGIN IMMEDIATE")
    try:
        result = await block(connection)
        await connection.commit()
    except BaseException:
        await connection.rollback()
        raise
    return result


def _create(path: Path) -> None:
    """Create the missing folders (0700) and the file (0600), so that nobody else can read them at any moment."""
    try:
        missing = [folder for folder in path.parents if not folder.exists()]
        for folder in reversed(missing):
            folder.mkdir(mode=0o700, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise from_os(error, path) from error


async def _connect(path: Path, busy_timeout: float) -> ThreadedConnection:
    """Open one connection with the settings that every connection needs."""
    connection = connect(str(path), busy_timeout)
    # A thread that still waits for work must not keep the process alive. aiosqlite 0.21 is the thread, 0.22 has one.
    thread: Any = getattr(connection, "_thread", connection)
    thread.daemon = True
    try:
        await uninterrupted(connection)
        for pragma in ("foreign_keys = ON", "synchronous = FULL", "temp_store = MEMORY", "trusted_schema = OFF"):
            await connection.execute_fetchall(f"PRAGMA {pragma}")
    except BaseException:
        await uninterrupted(connection.close())
        raise
    return connection


async def _abandon(connection: aiosqlite.Connection) -> None:
    """Stop a reader's statement and end its transaction.

    The statement may only be about to start on the connection's thread, where an interrupt has no effect yet; so it is
    repeated until the thread has got to the next thing in its queue, which is no statement.
    """
    reached = asyncio.ensure_future(connection.cursor())
    while not reached.done():
        await connection.interrupt()
        await asyncio.wait({reached}, timeout=_INTERRUPT_INTERVAL)
    await reached
    await connection.rollback()
