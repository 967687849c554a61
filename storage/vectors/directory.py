"""Which row of the matrix holds which seq, and which rows are still alive."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from storage.vectors.arrays import GrowingArray, Positions

Seqs = NDArray[np.int64]

_WIDEST_TABLE = 8
"""A table from seq to position is kept while the seqs span at most this many times as many numbers as there are."""

_SHARE_WORTH_A_TABLE = 512
"""Making the table costs about as much as looking up one seq in this many without it."""


class SeqDirectory:
    """Maps seqs to positions. A removed seq keeps its position, marked dead, and takes it again if it comes back.

    Seqs mostly arrive in ascending order, but not always: a row that gets its vector late comes after greater ones.
    """

    def __init__(self, seqs: Seqs | None = None) -> None:
        start = np.zeros(0, dtype=np.int64) if seqs is None else seqs
        self._seqs = GrowingArray(start)
        self._alive = GrowingArray(np.ones(len(start), dtype=np.bool_))
        self._dead = 0
        self._order: Positions | None = None
        self._ascending = bool((start[1:] > start[:-1]).all())
        self._table: _Table | None = None

    def __len__(self) -> int:
        return len(self._seqs)

    @property
    def dead(self) -> int:
        """How many positions are dead."""
        return self._dead

    @property
    def live(self) -> int:
        """How many positions are alive."""
        return len(self._seqs) - self._dead

    def seqs(self, positions: Positions) -> Seqs:
        """Return the seqs at positions."""
        return self._seqs.values[positions]

    def dead_positions(self) -> Positions:
        """Return every dead position, ascending."""
        return np.flatnonzero(~self._alive.values) if self._dead else np.zeros(0, dtype=np.int64)

    def live_in_seq_order(self) -> Positions:
        """Return every live position, ordered by seq."""
        order = np.arange(len(self._seqs), dtype=np.int64) if self._ascending else np.argsort(self._seqs.values)
        return order[self._alive.values[order]] if self._dead else order

    def append(self, seqs: Seqs) -> None:
        """Give new seqs the next positions, alive."""
        known = self._seqs.values
        joined = np.concatenate([known[-1:], seqs])
        self._ascending = self._ascending and bool((joined[1:] > joined[:-1]).all())
        self._seqs.extend(seqs)
        self._alive.extend(np.ones(len(seqs), dtype=np.bool_))
        self._order = self._table = None

    def find(self, seqs: Seqs) -> tuple[Positions, NDArray[np.bool_]]:
        """Look seqs up, dead ones too.

        Returns:
            Positions and whether each seq was found; the position of one that was not means nothing.
        """
        known = self._seqs.values
        if not len(known):
            return np.zeros(len(seqs), dtype=np.int64), np.zeros(len(seqs), dtype=np.bool_)
        if not self._ascending and self._order is None:
            self._order = np.argsort(known)
        places = np.minimum(np.searchsorted(known, seqs, sorter=self._order), len(known) - 1)
        positions = places if self._order is None else self._order[places]
        return positions, known[positions] == seqs

    def set_alive(self, positions: Positions, *, alive: bool) -> None:
        """Mark distinct positions alive or dead."""
        changed = int((self._alive.values[positions] != alive).sum())
        self._alive.values[positions] = alive
        self._dead += -changed if alive else changed

    def select(self, allowed: Seqs) -> Positions:
        """Return the live positions of the allowed seqs, ascending and distinct; unknown seqs are left out."""
        if not (allowed[1:] > allowed[:-1]).all():
            allowed = np.unique(allowed)
        table = self._table
        if table is None and len(allowed) > len(self._seqs) // _SHARE_WORTH_A_TABLE:
            table = self._table = self._new_table()
        if table is None:
            positions, found = self.find(allowed)
            positions = positions[found]
        else:
            positions = table.find(allowed)
        if self._dead:
            positions = positions[self._alive.values[positions]]
        return positions if self._ascending else np.sort(positions)

    def _new_table(self) -> _Table | None:
        seqs = self._seqs.values
        if not len(seqs):
            return None
        first = int(seqs[0] if self._ascending else seqs.min())
        span = int(seqs[-1] if self._ascending else seqs.max()) - first + 1
        if span > _WIDEST_TABLE * len(seqs):
            return None
        if self._ascending and span == len(seqs):
            return _Table(first, span, None)
        positions = np.full(span, -1, dtype=np.int32)
        positions[seqs - first] = np.arange(len(seqs), dtype=np.int32)
        return _Table(first, span, positions)


class _Table:
    """Positions by ``seq - first``; -1 where there is none. Without gaps, that difference is the position itself."""

    def __init__(self, first: int, span: int, positions: NDArray[np.int32] | None) -> None:
        self._first = first
        self._span = span
        self._positions = positions

    def find(self, seqs: Seqs) -> Positions:
        """Return the positions of those ascending seqs that are known."""
        start, stop = np.searchsorted(seqs, [self._first, self._first + self._span]).tolist()
        offsets = seqs[start:stop] - self._first
        if self._positions is None:
            return offsets
        positions = self._positions[offsets]
        return positions[positions >= 0].astype(np.int64)
