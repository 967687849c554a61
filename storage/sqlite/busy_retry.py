"""Waiting for what must be seen to its end, and for locks that another process holds."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

_RETRY_INTERVAL = 0.005
"""Seconds between two tries."""

_Result = TypeVar("_Result")


async def uninterrupted(work: Awaitable[_Result]) -> _Result:
    """Await something to its end even when the caller is cancelled; the cancellation is raised afterwards.

    For statements whose outcome must be known before the connection is used again: aiosqlite runs a statement on its
    thread to the end whether or not anybody still waits for it.

    Raises:
        asyncio.CancelledError: The caller was cancelled meanwhile; the work's own result or error is dropped.
    """
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled from task.exception()
    return task.result()


async def patiently(work: Callable[[], Awaitable[_Result]], patience: float) -> _Result:
    """Do something that needs a lock, in short tries, so that a cancellation never waits for another process.

    Raises:
        sqlite3.OperationalError: Still locked after ``patience`` seconds, or another error at once.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            return await work()
        except sqlite3.OperationalError as error:
            if not _is_busy(error) or time.monotonic() >= deadline:
                raise
            await asyncio.sleep(_RETRY_INTERVAL)


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
