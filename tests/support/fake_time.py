"""Time that passes only when somebody sleeps."""

from __future__ import annotations

import asyncio


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
