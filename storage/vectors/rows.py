"""The full vectors: a matrix that grows by chunks, whose beginning may lie in a side file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from storage.shapes import Matrix
from storage.vectors.arrays import Positions, runs
from storage.vectors.stored_rows import StoredRows

_FIRST_CHUNK, _LARGEST_CHUNK = 256, 32_768
"""Rows in the first chunk in memory, and in the later ones, which double up to it."""


class _Chunk(Protocol):
    """A run of rows."""

    def __len__(self) -> int:
        """Return how many rows there is room for."""
        ...

    def gather(self, positions: Positions, out: Matrix, *, load: bool) -> None:
        """Copy the rows at ascending positions to ``out``; they may be kept in memory."""
        ...

    def blocks(self, start: int, stop: int, size: int) -> Iterator[tuple[int, Matrix]]:
        """Walk over rows in order, at most ``size`` at a time: position, rows."""
        ...

    def replace(self, positions: Positions, rows: Matrix) -> None:
        """Overwrite rows at ascending positions."""
        ...


class _MemoryRows:
    """Rows in memory alone."""

    def __init__(self, size: int, dimension: int) -> None:
        self.matrix: Matrix = np.empty((size, dimension), dtype=np.float32)

    def __len__(self) -> int:
        return len(self.matrix)

    def gather(self, positions: Positions, out: Matrix, *, load: bool) -> None:
        del load
        self.matrix.take(positions, axis=0, out=out, mode="clip")

    def blocks(self, start: int, stop: int, size: int) -> Iterator[tuple[int, Matrix]]:
        for at in range(start, stop, size):
            yield at, self.matrix[at : min(at + size, stop)]

    def replace(self, positions: Positions, rows: Matrix) -> None:
        self.matrix[positions] = rows


class RowStore:
    """A float32 matrix, shape ``(n, dimension)``, that grows without being copied.

    Attributes:
        dimension: Numbers in a row.
        stored: The rows at the beginning that lie in a side file; None when there are none.
    """

    def __init__(self, dimension: int, stored: StoredRows | None = None) -> None:
        self.dimension = dimension
        self.stored = stored
        self._chunks: list[_Chunk] = []
        self._starts = np.zeros(0, dtype=np.int64)
        self._count = 0
        self._frozen = False
        if stored is not None and len(stored):
            self._add_chunk(stored)
            self._count = len(stored)

    def __len__(self) -> int:
        return self._count

    @property
    def in_memory(self) -> bool:
        """Whether every row is in memory, so that nothing has to be read."""
        return self.stored is None or self.stored.whole

    @property
    def bytes_in_memory(self) -> int:
        """Bytes of rows that are in memory alone."""
        return sum(chunk.matrix.nbytes for chunk in self._chunks if isinstance(chunk, _MemoryRows))

    def _add_chunk(self, chunk: _Chunk) -> None:
        start = self._starts[-1] + len(self._chunks[-1]) if self._chunks else 0
        self._chunks.append(chunk)
        self._starts = np.append(self._starts, np.int64(start))

    def frozen(self) -> RowStore:
        """Return the rows so far as a store of its own, which appends to this one do not reach.

        It may be read beside this one, and keeps nothing in memory.
        """
        twin = RowStore(self.dimension)
        twin.stored = self.stored
        twin._chunks = list(self._chunks)
        twin._starts = self._starts
        twin._count = self._count
        twin._frozen = True
        return twin

    def append(self, rows: Matrix) -> None:
        """Append rows, float32, shape ``(m, dimension)``."""
        done = 0
        while done < len(rows):
            last = self._chunks[-1] if self._chunks else None
            at = self._count - int(self._starts[-1]) if self._chunks else 0
            if not isinstance(last, _MemoryRows) or at == len(last):
                at, last = 0, _MemoryRows(min(max(self._count, _FIRST_CHUNK), _LARGEST_CHUNK), self.dimension)
                self._add_chunk(last)
            take = min(len(last) - at, len(rows) - done)
            last.matrix[at : at + take] = rows[done : done + take]
            self._count += take
            done += take

    def gather(self, positions: Positions) -> Matrix:
        """Return copies of the rows at ascending positions: float32, shape ``(len(positions), dimension)``.

        Raises:
            UnusableSideFileError: Rows in the side file are damaged, or cannot be read.
        """
        result = np.empty((len(positions), self.dimension), dtype=np.float32)
        for number, start, stop in runs(positions, self._starts):
            inside, out = positions[start:stop] - self._starts[number], result[start:stop]
            self._chunks[number].gather(inside, out, load=not self._frozen)
        return result

    def replace(self, positions: Positions, rows: Matrix) -> None:
        """Overwrite the rows at ascending positions."""
        for number, start, stop in runs(positions, self._starts):
            self._chunks[number].replace(positions[start:stop] - self._starts[number], rows[start:stop])

    def blocks(self, start: int, stop: int, size: int) -> Iterator[tuple[int, Matrix]]:
        """Walk over rows ``start`` to ``stop`` in order, in views of at most ``size`` rows: position, rows.

        Raises:
            UnusableSideFileError: As :meth:`gather`.
        """
        for begin, chunk in zip(self._starts.tolist(), self._chunks, strict=True):
            low, high = max(start, begin), min(stop, begin + len(chunk), self._count)
            if low < high:
                for at, rows in chunk.blocks(low - begin, high - begin, size):
                    yield begin + at, rows
