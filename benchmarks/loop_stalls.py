"""The longest stretch in which a process could not run its event loop, without what the machine did to it.

A ticker in the event loop notes every gap between two of its ticks. The same ticker runs in a process that does nothing
else: what that one misses at the same time is the machine's doing, and is taken off. A run of this module is either::

    python -m benchmarks.stretches FILE                    the idle process
    python -m benchmarks.stretches FILE serve --port 0     the console's program with these words, and a ticker in it
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_TICK = 0.001
_NOTED = 0.003
"""Seconds; shorter gaps are not worth a line."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A time between two ticks.

    Attributes:
        start: When it began, of a clock that all processes of a machine share; seconds.
        end: When it ended.
        computed: Seconds of processor time that all threads of the process took meanwhile.
    """

    start: float
    end: float
    computed: float

    def shared(self, other: Gap) -> float:
        """Return how long both lasted at once."""
        return max(min(self.end, other.end) - max(self.start, other.start), 0.0)


class _Ticker:
    """Notes the gaps of one event loop in a file."""

    def __init__(self, loop: asyncio.AbstractEventLoop, lines: IO[str]) -> None:
        self._loop = loop
        self._lines = lines
        self._last, self._computed = time.monotonic(), time.process_time()
        loop.call_soon(self._tick)

    def _tick(self) -> None:
        now, computed = time.monotonic(), time.process_time()
        if now - self._last > _NOTED:
            self._lines.write(f"{self._last} {now} {computed - self._computed}\n")
        self._last, self._computed = now, computed
        self._loop.call_later(_TICK, self._tick)


class _Watched(asyncio.DefaultEventLoopPolicy):
    """Event loops with a ticker."""

    def __init__(self, lines: IO[str]) -> None:
        super().__init__()
        self._lines = lines

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        loop = super().new_event_loop()
        _Ticker(loop, self._lines)
        return loop


def read_gaps(path: Path) -> list[Gap]:
    """Return the gaps that a ticker has noted so far; a line that is being written is left for the next time."""
    whole = path.read_text(encoding="ascii").rpartition("\n")[0]
    return [Gap(*map(float, line.split())) for line in whole.splitlines()]


def longest(ours: Sequence[Gap], idle: Sequence[Gap], start: float, end: float) -> tuple[float, float]:
    """Return the longest stretch between two times that is ours, and what was computed in it; in milliseconds."""
    inside = [gap for gap in ours if start <= gap.start and gap.end <= end]
    stretches = [(gap.end - gap.start - sum(gap.shared(other) for other in idle), gap.computed) for gap in inside] or [
        (0.0, 0.0)
    ]
    own, computed = max(stretches)
    return own * 1000, computed * 1000


def main() -> int:
    """Run a ticker, in the program that the words after the file's name ask for."""
    path, *words = sys.argv[1:]
    with Path(path).open("w", encoding="ascii", buffering=1) as lines:
        asyncio.set_event_loop_policy(_Watched(lines))
        if words:
            from tui.cli import main as program  # noqa: PLC0415 - the idle process has no need of it

            return program(words)
        asyncio.run(_forever())
    return 0


async def _forever() -> None:
    print("ticking", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    sys.exit(main())
