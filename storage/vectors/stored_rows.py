"""Rows of a side file: read when they are first needed, checked before they are used, then kept if memory allows."""

from __future__ import annotations

import os
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage.shapes import Matrix, Vector
from storage.vectors.arrays import Positions, checksum, runs
from storage.vectors.plain_file import PlainFile, UnusableSideFileError

Sums = NDArray[np.uint32]

BLOCK_ROWS = 2_048
"""Rows in a side file that are read together when they are read in order."""

_DENSE = 8
"""Reading a block whole beats picking out more than one row in this many."""

_MEMORY_SHARE = 4
"""Rows of side files take at most one in this many bytes of the machine's memory, in all indexes together."""


class Budget:
    """Bytes that several may share, from any thread."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._lock = threading.Lock()

    @property
    def left(self) -> int:
        """Bytes that nobody has taken."""
        return self._left

    def take(self, size: int) -> bool:
        """Take bytes; False when there are not so many left."""
        with self._lock:
            enough = size <= self._left
            if enough:
                self._left -= size
            return enough

    def give_back(self, size: int) -> None:
        """Give back what was taken."""
        with self._lock:
            self._left += size


MEMORY = Budget(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // _MEMORY_SHARE)
"""What all indexes of this process share."""


@dataclass(frozen=True, slots=True)
class RowSums:
    """CRC-32 of every row and of every block of :data:`BLOCK_ROWS` rows; uint32, in the order of the file."""

    rows: Sums
    blocks: Sums


def block_count(rows: int) -> int:
    """Return how many blocks so many rows make."""
    return -(-rows // BLOCK_ROWS)


def row_sums(rows: Matrix) -> Sums:
    """Return the CRC-32 of every row of a C-contiguous matrix."""
    return np.fromiter(map(zlib.crc32, rows), dtype=np.uint32, count=len(rows))


class StoredRows:
    """A float32 matrix in a file, of which some blocks, or all, are in memory; a replaced row changes in memory only.

    Until a block is, a few scattered rows of it are read one by one, each time they are needed.

    Blocks get into memory, and rows are replaced, in one thread at a time, with the exception that two may load for one
    search; a save may read at any time.
    """

    _matrix: Matrix | None = None

    def __init__(
        self, file: PlainFile, offset: int, shape: tuple[int, int], sums: RowSums, memory: Budget | None = None
    ) -> None:
        """Read nothing yet.

        Args:
            file: The file.
            offset: Where its first row begins.
            shape: Count and dimension.
            sums: What the rows must be.
            memory: What the room for all rows is taken from before any is kept; :data:`MEMORY` if None.
        """
        self._count, self._dimension = shape
        self._row_bytes = self._dimension * np.dtype(np.float32).itemsize
        self._file: PlainFile | None = file if self._count else None
        self._offset = offset
        self._sums = sums
        self._memory = memory or MEMORY
        self._starts = np.arange(block_count(self._count), dtype=np.int64) * BLOCK_ROWS
        self._lock = threading.Lock()
        # A row that is present is in the matrix or, until there is one, among the replaced ones.
        self._present = np.zeros(self._count, dtype=np.bool_)
        self._replaced: dict[int, Vector] = {}
        self._next_block = 0

    def __len__(self) -> int:
        return self._count

    def __del__(self) -> None:
        if self._matrix is not None:
            self._memory.give_back(self._matrix.nbytes)

    @property
    def whole(self) -> bool:
        """Whether every row is in memory, so that nothing has to be read."""
        return self._file is None

    @property
    def loadable(self) -> bool:
        """Whether :meth:`load_some` would get on."""
        enough = self._matrix is not None or self._memory.left >= self._count * self._row_bytes
        return self._file is not None and enough

    def load_some(self) -> None:
        """Read the next block into memory.

        Raises:
            UnusableSideFileError: It is not what was written, or cannot be read.
        """
        while self._next_block < len(self._starts):
            first, last = self._range(self._next_block)
            self._next_block += 1
            if not self._present[first:last].all():
                self._load(self._next_block - 1)
                return

    def verify(self) -> None:
        """Read every row once and keep none.

        Raises:
            UnusableSideFileError: A row is not what was written, or cannot be read.
        """
        file = self._file
        if file is None:
            return
        for number in range(len(self._starts)):
            first, last = self._range(number)
            if (row_sums(self._read_block(file, number)) != self._sums.rows[first:last]).any():
                raise UnusableSideFileError(f"{file.path} is damaged in its rows from {first} on.")

    def gather(self, positions: Positions, out: Matrix, *, load: bool) -> None:
        """Copy the rows at ascending positions to ``out``, shape ``(len(positions), dimension)``.

        Args:
            positions: Which rows.
            out: Where to.
            load: Blocks that most of is asked for may get into memory.

        Raises:
            UnusableSideFileError: A row is not what was written, or cannot be read.
        """
        if load and self._file is not None:
            self._load_dense(positions)
        with self._lock:
            file, matrix = self._file, self._matrix
            present = self._present[positions] if file is not None else None
        if matrix is not None and (present is None or present.all()):
            matrix.take(positions, axis=0, out=out, mode="clip")
        elif file is not None and present is not None:
            out[~present] = self._read(file, positions[~present])
            here = positions[present]
            out[present] = matrix[here] if matrix is not None else self._replacements(here)

    def blocks(self, start: int, stop: int, size: int) -> Iterator[tuple[int, Matrix]]:
        """Walk over rows ``start`` to ``stop`` in order, at most ``size`` at a time: position, rows not to be changed.

        Raises:
            UnusableSideFileError: As :meth:`gather`.
        """
        for number in range(start // BLOCK_ROWS, block_count(stop)):
            first, last = self._range(number)
            for at in range(max(first, start), min(last, stop), size):
                yield at, self._run(number, at, min(at + size, last, stop))

    def replace(self, positions: Positions, rows: Matrix) -> None:
        """Overwrite rows, in memory only."""
        with self._lock:
            if self._matrix is not None:
                self._matrix[positions] = rows
            else:
                self._replaced |= zip(positions.tolist(), rows.copy(), strict=True)
            self._present[positions] = True

    def _range(self, number: int) -> tuple[int, int]:
        return number * BLOCK_ROWS, min((number + 1) * BLOCK_ROWS, self._count)

    def _run(self, number: int, start: int, stop: int) -> Matrix:
        """Return rows of one block, without a copy where it is in memory or has room there."""
        if self._load(number) and self._matrix is not None:
            return self._matrix[start:stop]
        rows = np.empty((stop - start, self._dimension), dtype=np.float32)
        self.gather(np.arange(start, stop), rows, load=False)
        return rows

    def _replacements(self, positions: Positions) -> Matrix:
        rows = [self._replaced[position] for position in positions.tolist()]
        return np.array(rows, dtype=np.float32).reshape(-1, self._dimension)

    def _load_dense(self, positions: Positions) -> None:
        """Load the blocks of which most is asked for."""
        numbers, counts = np.unique(positions // BLOCK_ROWS, return_counts=True)
        for number in numbers[counts * _DENSE >= BLOCK_ROWS].tolist():
            self._load(number)

    def _read(self, file: PlainFile, positions: Positions) -> Matrix:
        """Return the rows at ascending positions as they are in the file."""
        rows = np.empty((len(positions), self._dimension), dtype=np.float32)
        for number, start, stop in runs(positions, self._starts):
            here = positions[start:stop]
            if len(here) * _DENSE >= BLOCK_ROWS:
                rows[start:stop] = self._read_block(file, number)[here - number * BLOCK_ROWS]
            else:
                rows[start:stop] = self._read_rows(file, here)
        return rows

    def _read_rows(self, file: PlainFile, positions: Positions) -> Matrix:
        places = (positions * self._row_bytes + self._offset).tolist()
        for place in places:
            file.announce(place, self._row_bytes)
        found = [file.read(place, self._row_bytes) for place in places]
        if list(map(zlib.crc32, found)) != self._sums.rows[positions].tolist():
            raise UnusableSideFileError(f"{file.path} is damaged in its rows.")
        rows: Matrix = np.frombuffer(b"".join(found), dtype=np.float32).reshape(-1, self._dimension)
        return rows

    def _read_block(self, file: PlainFile, number: int, room: Matrix | None = None) -> Matrix:
        first, last = self._range(number)
        block = np.empty((last - first, self._dimension), dtype=np.float32) if room is None else room
        file.read_into(self._offset + first * self._row_bytes, block)
        if checksum(block) != self._sums.blocks[number]:
            raise UnusableSideFileError(f"{file.path} is damaged in its rows from {first} on.")
        return block

    def _load(self, number: int) -> bool:
        """Get a block into memory, if it is not there; False when there is no room."""
        file, (first, last) = self._file, self._range(number)
        matrix = self._room()
        if matrix is None or file is None or self._present[first:last].all():
            return matrix is not None
        absent = ~self._present[first:last]
        if absent.all():
            self._read_block(file, number, matrix[first:last])
        else:
            matrix[first:last][absent] = self._read_block(file, number)[absent]
        with self._lock:
            self._present[first:last] = True
            if self._present.all():
                self._file = None
        return True

    def _room(self) -> Matrix | None:
        """Return room for all rows; what was replaced moves there when it is made."""
        with self._lock:
            if self._matrix is None and self._memory.take(self._count * self._row_bytes):
                matrix = np.empty((self._count, self._dimension), dtype=np.float32)
                for position, row in self._replaced.items():
                    matrix[position] = row
                self._matrix = matrix
            return self._matrix
