"""The table of codes: Hamming distances of a query to every row, or to some.

The scanned part of the codes is a small fraction of the vectors, 1/48 for 384 dimensions, so that all of it can be read
in the time that a few per cent of the vectors would take.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor

import numpy as np
from numpy.typing import NDArray

from storage.vectors.arrays import GrowingArray, Positions, in_two_parts, runs
from storage.vectors.coder import CodeShape, RowCodes, Words
from storage.vectors.metrics import Floats

Distances = NDArray[np.uint8]

SEGMENT = 32_768
"""Rows in a segment. Inside it, codes lie word by word, so that every numpy call runs over one long row."""

_GROUPS, _GROUPS_PER_OCTAVE = 128, 8

FARTHEST = 255
"""Distances are counted up to this many bits; more is only known to be "at least"."""


class CodeTable:
    """The codes of all rows, in segments.

    Attributes:
        shape: How long the codes are.
        envelope: What bounds rows have at most at each distance.
    """

    def __init__(self, shape: CodeShape, segments: list[Words], reach: Floats, bias: Floats) -> None:
        self.shape = shape
        self._segments = segments
        self._reach = GrowingArray(reach)
        self._bias = GrowingArray(bias)
        self.envelope = BoundEnvelope()
        self.envelope.include(reach, bias)

    @classmethod
    def empty(cls, shape: CodeShape) -> CodeTable:
        """Return a table without rows."""
        return cls(shape, [], np.zeros(0, dtype=np.float32), np.zeros(0, dtype=np.float32))

    def __len__(self) -> int:
        return len(self._reach)

    @property
    def reach(self) -> Floats:
        """Length after centring, by position."""
        return self._reach.values

    @property
    def bias(self) -> Floats:
        """The row's own part of the bound, by position; minus infinity for a hidden row."""
        return self._bias.values

    def append(self, codes: RowCodes) -> None:
        """Append rows."""
        start = len(self)
        self._reach.extend(codes.reach)
        self._bias.extend(codes.bias)
        while len(self._segments) * SEGMENT < len(self):
            self._segments.append(np.zeros((self.shape.words, SEGMENT), dtype=np.uint64))
        self.envelope.include(codes.reach, codes.bias)
        self._write(np.arange(start, len(self)), codes.words)

    def put(self, positions: Positions, codes: RowCodes) -> None:
        """Overwrite the rows at ascending positions, hidden ones too."""
        self._reach.values[positions] = codes.reach
        self._bias.values[positions] = codes.bias
        self.envelope.include(codes.reach, codes.bias)
        self._write(positions, codes.words)

    def hide(self, positions: Positions) -> None:
        """Give dead rows a bound that no cut lets through."""
        self._reach.values[positions] = 0
        self._bias.values[positions] = -np.inf

    def _write(self, positions: Positions, words: Words) -> None:
        for number, start, stop in self._runs(positions):
            self._segments[number][:, positions[start:stop] - number * SEGMENT] = words[start:stop].T

    def _runs(self, positions: Positions) -> Iterator[tuple[int, int, int]]:
        return runs(positions, np.arange(len(self._segments), dtype=np.int64) * SEGMENT)

    def frozen(self) -> CodeTable:
        """Return the rows so far as a table of its own, which appends to this one do not reach."""
        return CodeTable(self.shape, list(self._segments), self.reach.copy(), self.bias.copy())

    def words_at(self, positions: Positions, first: int = 0, last: int | None = None) -> Words:
        """Return words ``first`` to ``last`` of the codes at ascending positions: shape ``(words, positions)``."""
        last = self.shape.words if last is None else last
        result = np.empty((last - first, len(positions)), dtype=np.uint64)
        for number, start, stop in self._runs(positions):
            inside = positions[start:stop] - number * SEGMENT
            self._segments[number][first:last].take(inside, axis=1, out=result[:, start:stop], mode="clip")
        return result

    def distances(self, query: Words, helper: Executor | None) -> Distances:
        """Return the Hamming distance of every row's scanned words to the query's: uint8, shape ``(n,)``."""
        result = np.empty(len(self), dtype=np.uint8)

        def scan(first: int, last: int) -> None:
            scratch = _Scratch(SEGMENT)
            for number in range(first, last):
                out = result[number * SEGMENT : (number + 1) * SEGMENT]
                words = self._segments[number][: self.shape.scanned, : len(out)]
                _count_differences(words, query[: self.shape.scanned], out, scratch)

        in_two_parts(helper, len(self._segments), scan)
        return result

    def distances_at(self, query: Words, positions: Positions) -> Distances:
        """Return the same of the rows at ascending positions only."""
        return self._distances_of(query, positions, 0, self.shape.scanned)

    def more_distances_at(self, query: Words, positions: Positions) -> Distances:
        """Return the distances in the words that are not scanned, of the rows at ascending positions."""
        return self._distances_of(query, positions, self.shape.scanned, self.shape.words)

    def _distances_of(self, query: Words, positions: Positions, first: int, last: int) -> Distances:
        result = np.empty(len(positions), dtype=np.uint8)
        words = self.words_at(positions, first, last)
        _count_differences(words, query[first:last], result, _Scratch(len(positions)))
        return result


class BoundEnvelope:
    """The greatest bound that any row can have at a distance, so that most distances can be ruled out for all rows.

    Rows are grouped by reach, because the ones that reach far tend to have a small bias.
    """

    def __init__(self) -> None:
        self._reach = np.zeros(_GROUPS, dtype=np.float32)
        self._bias = np.full(_GROUPS, -np.inf, dtype=np.float32)

    def include(self, reach: Floats, bias: Floats) -> None:
        """Make room for rows; those that go away leave theirs."""
        octave = np.log2(np.maximum(reach, np.finfo(np.float32).tiny))
        groups = np.clip(octave * _GROUPS_PER_OCTAVE + _GROUPS // 2, 0, _GROUPS - 1).astype(np.int64)
        np.maximum.at(self._reach, groups, reach)
        np.maximum.at(self._bias, groups, bias)

    def over(self, bounds: Floats) -> Floats:
        """Return, for each bound of a unit of reach, the greatest bound among all rows; minus infinity for no rows."""
        filled = np.flatnonzero(self._bias > -np.inf)
        reached = self._reach[filled, np.newaxis] * np.maximum(bounds, 0)
        most: Floats = (reached + self._bias[filled, np.newaxis]).max(axis=0, initial=-np.inf)
        return most


class _Scratch:
    """Room for the steps of one thread's count, so that they allocate nothing."""

    def __init__(self, size: int) -> None:
        self.differing = np.empty(size, dtype=np.uint64)
        self.count = np.empty(size, dtype=np.uint8)
        self.room = np.empty(size, dtype=np.uint8)


def _count_differences(words: Words, query: Words, out: Distances, scratch: _Scratch) -> None:
    """Count the bits in which each column of ``words``, shape ``(w, n)``, differs from ``query``, shape ``(w,)``."""
    size = len(out)
    differing, count, room = scratch.differing[:size], scratch.count[:size], scratch.room[:size]
    np.bitwise_xor(words[0], query[0], out=differing)
    np.bitwise_count(differing, out=out)
    for number in range(1, len(words)):
        np.bitwise_xor(words[number], query[number], out=differing)
        np.bitwise_count(differing, out=count)
        if number >= FARTHEST // 64:
            # A sum in one byte could wrap from here on: leave just so much room that it ends at the farthest.
            np.invert(count, out=room)
            np.minimum(out, room, out=out)
        np.add(out, count, out=out)
