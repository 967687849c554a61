"""The full vectors: a matrix that grows by chunks, whose beginning may be mapped from a side file."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from storage.shapes import Matrix
from storage.vectors.arrays import runs

Positions = NDArray[np.int64]

_FIRST_CHUNK, _LARGEST_CHUNK = 256, 32_768
"""Rows in the first chunk in memory, and in the later ones, which double up to it."""

CHECKED_ROWS = 8_192
"""Rows in a side file that share a checksum."""


class DamagedRowsError(Exception):
    """Rows in a side file are not those that were written."""


def checksum(array: NDArray[Any]) -> int:
    """Return the exclusive or of an array's 32-bit words: as fast as memory, and shows any torn or zeroed page."""
    return int(np.bitwise_xor.reduce(np.ascontiguousarray(array).reshape(-1).view(np.uint32))) if array.size else 0


class MappedRows:
    """Rows in a file, mapped copy-on-write: a replaced row changes in memory only.

    A mapping is cold until :meth:`warm_some` has been through it: pages that may not be in memory yet are announced to
    the system before they are read, so that a few hundred scattered rows cost one wait for the disk and not hundreds.

    Attributes:
        matrix: float32, shape ``(count, dimension)``.
        cold: Whether pages are still announced.
    """

    def __init__(self, mapping: mmap.mmap, offset: int, shape: tuple[int, int], sums: NDArray[np.uint32]) -> None:
        self.matrix: Matrix = np.frombuffer(mapping, np.float32, shape[0] * shape[1], offset).reshape(shape)
        self.cold = shape[0] > 0
        self._mapping = mapping
        self._offset = offset
        self._row_bytes = shape[1] * self.matrix.itemsize
        self._sums = sums
        self._warmed = 0
        self._rewritten: set[int] = set()
        self._advise(mmap.MADV_RANDOM, 0, len(mapping))

    def _advise(self, advice: int, start: int, stop: int) -> None:
        start -= start % mmap.PAGESIZE
        if stop > start:
            self._mapping.madvise(advice, start, stop - start)

    def announce(self, positions: Positions) -> None:
        """Ask the system to fetch these rows, which are about to be read one by one."""
        if self.cold:
            for start in (positions * self._row_bytes + self._offset).tolist():
                self._advise(mmap.MADV_WILLNEED, start, start + self._row_bytes)

    def announce_range(self, start: int, stop: int) -> None:
        """Ask the system to fetch a run of rows, which is about to be read in order."""
        if self.cold:
            first = self._offset + start * self._row_bytes
            self._advise(mmap.MADV_WILLNEED, first, first + (stop - start) * self._row_bytes)

    def replace(self, positions: Positions, rows: Matrix) -> None:
        """Overwrite rows, in memory only."""
        self._rewritten.update(np.unique(positions // CHECKED_ROWS).tolist())
        self.matrix[positions] = rows

    def warm_some(self) -> bool:
        """Read the next block of rows into memory and check it.

        Returns:
            Whether there is more to read.

        Raises:
            DamagedRowsError: The block is not what was written.
        """
        if self._warmed < len(self._sums):
            start = self._warmed * CHECKED_ROWS
            self.announce_range(start, min(start + 2 * CHECKED_ROWS, len(self.matrix)))
            sound = checksum(self.matrix[start : start + CHECKED_ROWS]) == self._sums[self._warmed]
            if not sound and self._warmed not in self._rewritten:
                raise DamagedRowsError(f"The rows from {start} on in a side file are damaged.")
            self._warmed += 1
        if self._warmed >= len(self._sums) and self.cold:
            self.cold = False
            self._advise(mmap.MADV_NORMAL, 0, len(self._mapping))
        return self.cold


class RowStore:
    """A float32 matrix, shape ``(n, dimension)``, that grows without being copied."""

    def __init__(self, dimension: int, mapped: MappedRows | None = None) -> None:
        self.dimension = dimension
        self.mapped = mapped
        self._chunks: list[Matrix] = []
        self._starts = np.zeros(0, dtype=np.int64)
        self._count = 0
        if mapped is not None and len(mapped.matrix):
            self._add_chunk(mapped.matrix)
            self._count = len(mapped.matrix)

    def __len__(self) -> int:
        return self._count

    @property
    def bytes_in_memory(self) -> int:
        """Bytes held outside the mapped file."""
        return sum(chunk.nbytes for chunk in self._chunks if self.mapped is None or chunk is not self.mapped.matrix)

    def _add_chunk(self, chunk: Matrix) -> None:
        start = self._starts[-1] + len(self._chunks[-1]) if self._chunks else 0
        self._chunks.append(chunk)
        self._starts = np.append(self._starts, np.int64(start))

    def frozen(self) -> RowStore:
        """Return the rows so far as a store of its own, which appends to this one do not reach."""
        twin = RowStore(self.dimension)
        twin.mapped = self.mapped
        twin._chunks = list(self._chunks)
        twin._starts = self._starts
        twin._count = self._count
        return twin

    def append(self, rows: Matrix) -> None:
        """Append rows, float32, shape ``(m, dimension)``."""
        done = 0
        while done < len(rows):
            room = int(self._starts[-1]) + len(self._chunks[-1]) - self._count if self._chunks else 0
            if room == 0:
                size = min(max(self._count, _FIRST_CHUNK), _LARGEST_CHUNK)
                self._add_chunk(np.empty((size, self.dimension), dtype=np.float32))
                room = size
            take = min(room, len(rows) - done)
            at = self._count - int(self._starts[-1])
            self._chunks[-1][at : at + take] = rows[done : done + take]
            self._count += take
            done += take

    def gather(self, positions: Positions) -> Matrix:
        """Return copies of the rows at ascending positions: float32, shape ``(len(positions), dimension)``."""
        result = np.empty((len(positions), self.dimension), dtype=np.float32)
        for number, start, stop in runs(positions, self._starts):
            chunk, inside = self._chunks[number], positions[start:stop] - self._starts[number]
            if self.mapped is not None and chunk is self.mapped.matrix:
                self.mapped.announce(inside)
            chunk.take(inside, axis=0, out=result[start:stop], mode="clip")
        return result

    def replace(self, positions: Positions, rows: Matrix) -> None:
        """Overwrite the rows at ascending positions."""
        for number, start, stop in runs(positions, self._starts):
            chunk, inside = self._chunks[number], positions[start:stop] - self._starts[number]
            if self.mapped is not None and chunk is self.mapped.matrix:
                self.mapped.replace(inside, rows[start:stop])
            else:
                chunk[inside] = rows[start:stop]

    def blocks(self, start: int, stop: int, size: int) -> Iterator[tuple[int, Matrix]]:
        """Walk over rows ``start`` to ``stop`` in order, in views of at most ``size`` rows: position, rows."""
        for begin, chunk in zip(self._starts.tolist(), self._chunks, strict=True):
            low, high = max(start, begin), min(stop, begin + len(chunk), self._count)
            for at in range(low, high, size):
                end = min(at + size, high)
                if self.mapped is not None and chunk is self.mapped.matrix:
                    self.mapped.announce_range(at, end)
                yield at, chunk[at - begin : end - begin]
