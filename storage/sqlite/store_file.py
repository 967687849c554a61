"""One SQLite file: one connection that writes, some that only read, and the rules they share.

Durability: write-ahead log with ``synchronous=FULL``. A commit is on the disk when it returns, so an acknowledged write
survives both ``kill -9`` and a loss of power; beside ``NORMAL`` this costs about 0.2 ms a transaction on an SSD.

Several processes may have the file open. Readers never wait for writers; a second writer waits up to the busy timeout.
Each connection runs on a thread of its own (aiosqlite), so SQLite never blocks the event loop.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite

from storage.errors import ReadOnlyError, StorageError, StoreFullError
from storage.sqlite.access import Access
from storage.sqlite.busy_retry import patiently, uninterrupted
from storage.sqlite.creation import FOR_READING, check_emptied, create, is_there
from storage.sqlite.errors import busy, translated
from storage.sqlite.migrations import Migration, check_is_newest, check_version, migrate
from storage.sqlite.readers import ReaderPool
from storage.sqlite.reserve import STEP, SpaceReserve
from storage.sqlite.space import Space
from storage.sqlite.threaded import Block, ThreadedConnection, connected
from storage.sqlite.transactions import begun, ended, growing, in_snapshot, shrinking

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

_Result = TypeVar("_Result")


class StoreFile:
    """An open SQLite file with its schema up to date; belongs to one event loop.

    Use :meth:`open` to make one and :meth:`close` to end it.

    Attributes:
        path: The database file.
        busy_timeout: Seconds that a write waits for another process's; may be changed at any time.
    """

    def __init__(
        self,
        access: Access,
        writer: ThreadedConnection | None,
        *,
        readers: int,
        busy_timeout: float,
        reserve: SpaceReserve | None = None,
    ) -> None:
        self.path = access.path
        self._access = access
        self._writer = writer
        self.busy_timeout = busy_timeout
        self._write_lock = asyncio.Lock()
        self._readers = ReaderPool(access, readers, lambda: connected(access, busy_timeout))
        self._scans = asyncio.Semaphore(_SCANS_AT_ONCE)
        self._reads = asyncio.Semaphore(_READS_AT_ONCE)
        self._space = Space(access.path, reserve)
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
        if_vanished: str | None = None,
        read_only: bool = False,
        reserve: SpaceReserve | None = None,
    ) -> StoreFile:
        """Open or create the file, and bring its schema forward in one transaction.

        Missing folders are created with mode 0700, the file with 0600.

        Args:
            path: The database file.
            migrations: Every step of the schema, from version 1.
            readers: How many reads may run at the same time; their connections are opened when they are needed.
            busy_timeout: Seconds to wait for another process's write.
            pragmas: Settings of the writing connection, and of a new file, beyond those that every store has.
            if_vanished: The file was made before: what to do when it is gone or empty. None: it may be made now.
            read_only: Write nothing, on a file system that may be read-only: the file exists, and its schema is up to
                date already.
            reserve: Space that opening a file and deleting from it may use when the disk is full.

        Raises:
            StoreNotWritableError: The folder or the file may not be written, or read.
            StoreFullError: No space left.
            StoreBusyError: Another process held the lock for too long.
            NewerSchemaError: A newer program wrote the file; it is left untouched.
            CorruptStoreError: Not a database, or not this program's; it is left untouched.
            VanishedStoreError: It was made before, and is gone or empty.
            StorageError: The file is to be read only, and does not exist or has an older schema.
        """
        access = Access(path, read_only=read_only)
        if read_only:
            store = cls(access, None, readers=readers, busy_timeout=busy_timeout)
            return await store._up_to_date(migrations, if_vanished or FOR_READING)
        there = partial(is_there, path, if_vanished)

        async def opened() -> StoreFile:
            if not await asyncio.to_thread(there):
                await create(path, migrations, pragmas, busy_timeout)
            with translated(path):
                writer = await connected(access, min(busy_timeout, _LOCK_SLICE))
                store = cls(access, writer, readers=readers, busy_timeout=busy_timeout, reserve=reserve)
                return await store._brought_forward(writer, migrations, pragmas, if_vanished)

        while True:
            try:
                return await opened()
            except StoreFullError:
                if reserve is None or not reserve.give_back(STEP):
                    raise

    async def _brought_forward(
        self,
        writer: ThreadedConnection,
        migrations: Sequence[Migration],
        pragmas: Sequence[str],
        if_vanished: str | None,
    ) -> StoreFile:
        try:
            version = await patiently(lambda: check_version(writer, self.path, migrations), self.busy_timeout)
            check_emptied(self.path, version, if_vanished)
            self._access.remember()
            for pragma in pragmas:
                await writer.execute_fetchall(f"PRAGMA {pragma}")
            if version < len(migrations):
                # SQLite itself does not wait for a lock here, and two programs may create the file at once.
                await patiently(lambda: writer.execute_fetchall("PRAGMA journal_mode = WAL"), self.busy_timeout)
                async with self.transaction() as connection:
                    await migrate(connection, self.path, migrations)
        except BaseException:
            await uninterrupted(self.close())
            raise
        return self

    async def _up_to_date(self, migrations: Sequence[Migration], if_vanished: str) -> StoreFile:
        try:
            await asyncio.to_thread(is_there, self.path, if_vanished)
            async with self.reader() as connection:
                await check_is_newest(connection, self.path, migrations)
        except BaseException:
            await uninterrupted(self.close())
            raise
        return self

    @asynccontextmanager
    async def reader(self, *, snapshot: bool = False) -> AsyncIterator[aiosqlite.Connection]:
        """Lend a connection that cannot write; waits while all are lent out. Keep the block short.

        Finish every cursor inside the block (``execute_fetchall`` does). A cancelled block interrupts its statement.

        Args:
            snapshot: All statements of the block see the same state of the file; else each sees the newest.

        Raises:
            StorageError: The store is closed, or the file cannot be read.
        """
        connection = await self._readers.borrow()
        done = False
        try:
            with translated(self.path):
                if snapshot:
                    await connection.execute("BEGIN")
                yield connection
            done = True
        finally:
            await self._readers.give_back(connection, done=done, snapshot=snapshot)

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
        connection = await self._readers.borrow()
        done = False
        try:
            with translated(self.path):
                result = await connection.run(partial(in_snapshot, block) if snapshot else block)
            done = True
        finally:
            await self._readers.give_back(connection, done=done)
        return result

    async def lookup(self, sql: str, parameters: Sequence[str | int] = ()) -> list[tuple[Any, ...]]:
        """Return a few rows of a small table that is read all the time, so that its pages are in memory.

        It takes some microseconds, less than asking another thread, so it is done on the caller's own. Where SQLite
        would have to wait, a reader does it.

        Raises:
            StorageError: The store is closed, or the file cannot be read.
        """
        self._check_open()
        self._access.check_file()
        with translated(self.path):
            try:
                return self._glance_connection().execute(sql, parameters).fetchall()
            except sqlite3.OperationalError:
                pass  # a lock, mostly
        async with self.reader() as connection:
            return [tuple(row) for row in await connection.execute_fetchall(sql, parameters)]

    def _glance_connection(self) -> sqlite3.Connection:
        if self._glance is not None and self._access.is_stale(self._glance):
            self._glance.close()
            self._glance = None
        if self._glance is None:
            self._glance = self._access.connect(timeout=0)
        return self._glance

    @asynccontextmanager
    async def transaction(self, *, reserved: bool = False) -> AsyncIterator[aiosqlite.Connection]:
        """Hold the write lock for a block: committed and durable when it ends, rolled back on any error.

        Cancellation rolls back too, unless the commit has begun: then the commit is finished and the cancellation
        raised after it. Transactions of one process queue here; do not nest them.

        Args:
            reserved: The space kept for deletions may be used.

        Raises:
            ReadOnlyError: The store was opened to be read only.
            StorageError: The store is closed, or the machine refused the write; nothing of the block was kept.
            sqlite3.IntegrityError: A constraint of the schema refused it; nothing of the block was kept.
        """
        async with self._turn() as writer:
            with translated(self.path):
                begin = partial(begun, self._space, reserved)
                try:
                    await patiently(lambda: uninterrupted(writer.run(begin)), self.busy_timeout)
                    yield writer
                    await uninterrupted(writer.run(partial(ended, self._access, self._space, reserved)))
                except BaseException:
                    await uninterrupted(writer.rollback())
                    raise

    async def write(self, block: Block[_Result], *, size: int = 0, reserved: bool = False) -> _Result:
        """Run statements in one go in a transaction of their own; durable on return, undone on any error.

        A block that has begun is finished when the caller is cancelled, and the cancellation raised after it. While
        another process writes, it is tried again and again, so it must change nothing but the database.

        Args:
            block: The statements.
            size: Bytes of the content that is written.
            reserved: The block deletes, and may use the space kept for that; it is tried again while there is some.

        Raises:
            ReadOnlyError: The store was opened to be read only.
            StorageError: The store is closed, or the machine refused the write; nothing of the block was kept.
            sqlite3.IntegrityError: A constraint of the schema refused it; nothing of the block was kept.
        """
        async with self._turn() as writer:
            with translated(self.path):
                kind = shrinking if reserved else partial(growing, size)
                whole = partial(kind, self._access, self._space, block)
                return await patiently(lambda: uninterrupted(writer.run(whole)), self.busy_timeout)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[ThreadedConnection]:
        """Wait until the writes that came before are done, and lend the writing connection.

        Raises:
            ReadOnlyError: There is none.
            StoreBusyError: They took too long.
        """
        if self._writer is None:
            raise ReadOnlyError
        try:
            async with asyncio.timeout(QUEUE_TIMEOUT):
                await self._write_lock.acquire()
        except TimeoutError as error:
            raise busy(self.path) from error
        try:
            self._check_open()
            yield self._writer
        finally:
            self._write_lock.release()

    async def integrity_check(self) -> list[str]:
        """Return what SQLite finds wrong with the file, a sentence each; empty when it is sound.

        Raises:
            StorageError: The file cannot be looked at, or is damaged beyond that.
        """
        async with self.reader() as connection:
            rows = await connection.execute_fetchall("PRAGMA integrity_check(20)")
            orphans = await connection.execute_fetchall("PRAGMA foreign_key_check")
        found = [f"SQLite reports: {row[0]}." for row in rows if row[0] != "ok"]
        return found + [f"A row of {row[0]} belongs to a row of {row[2]} that does not exist." for row in orphans]

    async def close(self) -> None:
        """Wait for the blocks in progress (reads: a few seconds), then close every connection; may be called twice."""
        async with self._write_lock:
            if self._closed:
                return
            self._closed = True
            try:
                await self._readers.close()
            finally:
                if self._glance is not None:
                    self._glance.close()
                if self._writer is not None:
                    await uninterrupted(self._writer.close())

    def _check_open(self) -> None:
        if self._closed:
            raise StorageError(f"{self.path} is closed.", path=self.path)
