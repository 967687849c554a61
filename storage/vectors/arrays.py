"""Small helpers over numpy arrays that the index is made of: growing arrays and work split over two threads."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

ScalarT = TypeVar("ScalarT", bound=np.generic)

Positions = NDArray[np.int64]
"""Numbers of rows in an index, from 0."""

_WORTH_SPLITTING = 8
"""Pieces of work: fewer are done sooner than another thread has woken up on a busy machine."""


class GrowingArray(Generic[ScalarT]):
    """A one-dimensional array with room to grow, so that appending costs no copy most of the time."""

    def __init__(self, start: NDArray[ScalarT]) -> None:
        self._room = start
        self._count = len(start)

    def __len__(self) -> int:
        return self._count

    @property
    def values(self) -> NDArray[ScalarT]:
        """The values so far, as a view that may be written to; stale after the next :meth:`extend`."""
        return self._room[: self._count]

    def extend(self, values: NDArray[ScalarT]) -> None:
        """Append values."""
        count = self._count + len(values)
        if count > len(self._room):
            room = np.empty(max(1024, count + count // 2), dtype=self._room.dtype)
            room[: self._count] = self.values
            self._room = room
        self._room[self._count : count] = values
        self._count = count


def checksum(array: NDArray[Any], start: int = 0) -> int:
    """Return the CRC-32 of an array's bytes: about as fast as memory, and the order of the bytes counts.

    Args:
        array: C-contiguous.
        start: The checksum of what stands before it.
    """
    return zlib.crc32(array.reshape(-1).view(np.uint8).data, start)


def runs(positions: Positions, starts: NDArray[np.int64]) -> Iterator[tuple[int, int, int]]:
    """Split ascending positions by the part they fall into.

    Args:
        positions: Ascending, shape ``(n,)``, none below the first start.
        starts: Where each part begins, ascending.

    Yields:
        The part's number, and from where to where in ``positions`` its own lie; parts without any are left out.
    """
    if not len(positions):
        return
    first = int(np.searchsorted(starts, positions[0], side="right")) - 1
    last = int(np.searchsorted(starts, positions[-1], side="right"))
    borders = [0, *np.searchsorted(positions, starts[first + 1 : last]).tolist(), len(positions)]
    for number, start, stop in zip(range(first, last), borders[:-1], borders[1:], strict=True):
        if stop > start:
            yield number, start, stop


def in_two_parts(helper: Executor | None, count: int, work: Callable[[int, int], None]) -> None:
    """Do ``work(start, stop)`` over ``range(count)``, half of it on the helper thread when there is one to spare.

    Args:
        helper: Runs the second half; None does all of it here.
        count: How many pieces there are, each worth some tens of microseconds; few of them are not split.
        work: Called with a range of pieces; has to be safe to run twice at once on separate ranges.
    """
    middle = (count + 1) // 2
    if helper is None or count < _WORTH_SPLITTING:
        work(0, count)
        return
    other = helper.submit(work, middle, count)
    try:
        work(0, middle)
    finally:
        # A helper that has not started yet is busy elsewhere: faster to do its part here than to wait for it.
        late = other.cancel()
        if not late:
            other.result()
    if late:
        work(middle, count)


def kth_largest(values: NDArray[np.float32], k: int) -> float:
    """Return the k-th largest of at least k values."""
    position = len(values) - k
    return float(np.partition(values, position)[position])
