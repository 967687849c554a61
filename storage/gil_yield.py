"""Long work in a thread that lets the other threads have their turns.

The interpreter takes its lock from a thread that has held it for a millisecond while another one waits. A thread that
lets go of the lock for some microseconds now and then, as every row that SQLite fetches and many functions of numpy do,
mostly has it back before the waiting one has woken up, and each time the wait begins anew: the event loop has been seen
to wait a quarter of a second. A pause that is long enough to wake up in ends that.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

TURN = 0.002
"""Seconds of work between two pauses: what the event loop waits for at most, each time that it needs the lock."""

_PAUSE = 1e-6
"""Seconds; the system makes about fifty times as much of it."""


_stop: ContextVar[threading.Event | None] = ContextVar("stop", default=None)


class StoppedError(Exception):
    """Nobody waits any more for the work of this thread."""


@contextmanager
def stopped_by(stop: threading.Event) -> Iterator[None]:
    """Have the work of this block, on this thread, end at its next turn once ``stop`` is set."""
    before = _stop.set(stop)
    try:
        yield
    finally:
        _stop.reset(before)


def give_way() -> None:
    """Let a thread that waits for the interpreter have it; not for the event loop's thread.

    Raises:
        StoppedError: Nobody waits any more for what this thread does.
    """
    stop = _stop.get()
    if stop is not None and stop.is_set():
        raise StoppedError
    _rest()


def _rest() -> None:
    time.sleep(_PAUSE)


async def in_thread(work: Callable[[*Ts], T], *arguments: *Ts) -> T:
    """Run long work in a thread; when the caller is cancelled, the work ends at its next turn."""
    stop = threading.Event()

    def run() -> T:
        with stopped_by(stop):
            return work(*arguments)

    try:
        return await asyncio.get_running_loop().run_in_executor(None, copy_context().run, run)
    finally:
        stop.set()


class Turns:
    """The turns of work that is no walk over values: it rests when it has worked for a turn.

    Args:
        unstoppable: Whether the work goes on though nobody waits for it.
    """

    def __init__(self, *, unstoppable: bool = False) -> None:
        self._pause = _rest if unstoppable else give_way
        self._began = time.perf_counter()

    def rest(self) -> None:
        """Give way if it is time.

        Raises:
            StoppedError: Nobody waits any more for what this thread does.
        """
        if time.perf_counter() - self._began > TURN:
            self._pause()
            self._began = time.perf_counter()


def in_turns(values: Iterable[T]) -> Iterator[T]:
    """Yield the values, with a pause after every few milliseconds of work on them; not for the event loop's thread."""
    turns = Turns()
    for value in values:
        yield value
        turns.rest()
