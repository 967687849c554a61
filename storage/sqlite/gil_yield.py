"""Long work in a thread that lets the other threads have their turns.

The interpreter takes its lock from a thread that has held it for a millisecond while another one waits. A thread that
lets go of the lock for some microseconds now and then, as every row that SQLite fetches and many functions of numpy do,
mostly has it back before the waiting one has woken up, and each time the wait begins anew: the event loop has been seen
to wait a quarter of a second. A pause that is long enough to wake up in ends that.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

_TURN = 0.002
"""Seconds of work between two pauses: what the event loop waits for at most, each time that it needs the lock."""

_PAUSE = 1e-6
"""Seconds; the system makes about fifty times as much of it."""


def give_way() -> None:
    """Let a thread that waits for the interpreter have it; not for the event loop's thread."""
    time.sleep(_PAUSE)


def in_turns(values: Iterable[T]) -> Iterator[T]:
    """Yield the values, with a pause after every few milliseconds of work on them; not for the event loop's thread."""
    began = time.perf_counter()
    for value in values:
        yield value
        if time.perf_counter() - began > _TURN:
            give_way()
            began = time.perf_counter()
