"""The threads that searches run in, so that the event loop stays free."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

_JOBS_AT_ONCE = 3
"""Two searches, and a side file being written; numpy leaves the interpreter's lock alone while it computes."""


class Worker:
    """Runs jobs in threads, and lends a thread to a job that can be split in two.

    Attributes:
        helper: Takes the second half of a search; None on a machine with one core.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_JOBS_AT_ONCE, thread_name_prefix="vectors")
        self._second = ThreadPoolExecutor(1, thread_name_prefix="vectors-helper")
        self.helper: Executor | None = self._second if _cores() > 1 else None

    async def run(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Do a job in a thread and wait for it.

        A cancelled caller waits too: the thread cannot be stopped, and what it works on must not change under it.
        """
        job = asyncio.get_running_loop().run_in_executor(self._pool, partial(work, *args, **kwargs))
        try:
            return await asyncio.shield(job)
        except asyncio.CancelledError:
            while not job.done():
                try:
                    await asyncio.wait([job])
                except asyncio.CancelledError:
                    continue
            if not job.cancelled():
                job.exception()
            raise

    def close(self) -> None:
        """Let the threads go; nothing may be running."""
        self._pool.shutdown()
        self._second.shutdown()


def _cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
