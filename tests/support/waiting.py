"""Waiting for what other tasks, threads and processes do, on a machine that may be busy with other things."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

LONGEST_WAIT = 120.0
"""Seconds after which something that has not happened never will. Passing tests do not come near it on any machine."""

_LOOK = 0.01
"""Seconds between two looks."""


async def until(condition: Callable[[], bool]) -> None:
    """Wait, with this loop running, until something holds.

    Raises:
        TimeoutError: It never does.
    """
    async with asyncio.timeout(LONGEST_WAIT):
        while not condition():  # noqa: ASYNC110 - what is waited for cannot set an event of ours
            await asyncio.sleep(_LOOK)


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Wait until something holds that another thread or process does.

    Raises:
        AssertionError: It never does; says ``what``.
    """
    end = time.monotonic() + LONGEST_WAIT
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(_LOOK)
