"""A connection on a thread of its own that also takes whole blocks of statements.

aiosqlite hands every single statement to the connection's thread and waits for the answer. Two switches between threads
cost more than most statements, and under load each of them may wait for the interpreter's lock. A block makes the trip
once, with all its statements.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeAlias, TypeVar, cast

import aiosqlite

from storage.gil_yield import stopped_by
from storage.sqlite.access import Access
from storage.sqlite.busy_retry import uninterrupted

T = TypeVar("T")

Block: TypeAlias = Callable[[aiosqlite.Connection], Coroutine[Any, Any, T]]
"""Statements on the connection it is given; it must await nothing else."""


class ThreadedConnection(aiosqlite.Connection):
    """aiosqlite's connection with :meth:`run`."""

    _here: InlineConnection | None = None

    @property
    def bare(self) -> sqlite3.Connection:
        """The open connection itself; its statements belong on its thread."""
        return self._conn

    async def run(self, block: Block[T]) -> T:
        """Run a block on the connection's thread, from its first statement to its last.

        When the caller is cancelled, what the block computes in turns ends at the next of them.

        Raises:
            RuntimeError: The block waited for something that is no statement of its connection.
        """
        if self._here is None:
            self._here = InlineConnection(self._conn)
        execute: Any = self._execute
        stop = threading.Event()
        try:
            return cast("T", await execute(_drive, block, self._here, stop))
        finally:
            stop.set()


class InlineConnection(aiosqlite.Connection):
    """A connection for code that runs on its thread already: every statement is executed where it stands."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(lambda: connection, iter_chunk_size=64)
        self._lent = connection

    @property
    def _conn(self) -> sqlite3.Connection:
        return self._lent

    async def _execute(self, fn: Callable[..., T], *args: object, **kwargs: object) -> T:
        return fn(*args, **kwargs)


def connect(access: Access, timeout: float) -> ThreadedConnection:
    """Return a connection that opens when it is awaited; transactions are begun and ended by statements alone."""
    return ThreadedConnection(partial(access.connect, timeout), iter_chunk_size=64)


async def connected(access: Access, busy_timeout: float) -> ThreadedConnection:
    """Open one connection with the settings that every connection needs.

    Raises:
        sqlite3.Error: The file cannot be opened.
    """
    connection = connect(access, busy_timeout)
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


def run_inline(block: Block[T], connection: sqlite3.Connection) -> T:
    """Run a block on a connection of the calling thread, from its first statement to its last.

    Raises:
        RuntimeError: The block waited for something that is no statement of its connection.
    """
    return _drive(block, InlineConnection(connection), threading.Event())


def _drive(block: Block[T], connection: aiosqlite.Connection, stop: threading.Event) -> T:
    """Run a coroutine that never has to wait."""
    coroutine = block(connection)
    try:
        with stopped_by(stop):
            coroutine.send(None)
    except StopIteration as end:
        return cast("T", end.value)
    coroutine.close()
    raise RuntimeError("A block of statements waited for something else.")
