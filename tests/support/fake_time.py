"""Time that passes only when somebody sleeps."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Sized
from typing import TypeVar

Result = TypeVar("Result")


class FakeTime:
    """A clock and a sleep that belong together.

    Attributes:
        now: Seconds since the start.
        slept: Every sleep that was asked for, in order.
    """

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


class EventTime:
    """Time that jumps to the next moment that somebody waits for, once nobody has anything else to do.

    For work in this process alone: what comes over a socket does not keep time from passing.

    Attributes:
        now: Seconds since the start.
    """

    def __init__(self) -> None:
        self.now = 1000.0
        self._count = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + max(seconds, 0.0), next(self._count), woken))
        await woken

    async def run(self, work: Awaitable[Result]) -> Result:
        """Await something while time passes for it."""
        task = asyncio.ensure_future(work)
        ready: Sized = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]
        while not task.done():
            await asyncio.sleep(0)
            while ready:  # noqa: ASYNC110 - whatever can go on without time passing goes on first
                await asyncio.sleep(0)
            while self._sleepers and not task.done():
                moment, _, woken = heapq.heappop(self._sleepers)
                if not woken.cancelled():
                    self.now = max(self.now, moment)
                    woken.set_result(None)
                    break
        return task.result()
