"""Exact search: score rows in float32, keep all that may be among the best k, compare those by similarity."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from storage.vectors.arrays import Positions, in_two_parts, kth_largest
from storage.vectors.metrics import Floats, Ranking
from storage.vectors.rows import RowStore

_BLOCK = 2_048
"""Rows scored in one step: a few megabytes, so that a step stays in the cache and is soon over."""

_SCAN_SHARE = 4
"""Reading every row in order beats picking out more than one row in this many."""


@dataclass(frozen=True, slots=True)
class SearchRows:
    """The rows that a search reads.

    Attributes:
        rows: The full vectors.
        weights: What ranks them, by position; see :func:`~storage.vectors.metrics.row_weights`.
        dead: Positions that must not be found.
        longest: The length of the longest row.
        extreme: Some row is too long or short for float32 scores.
    """

    rows: RowStore
    weights: Floats
    dead: Positions
    longest: float
    extreme: bool


@dataclass(frozen=True, slots=True)
class Found:
    """Rows that may be among the best k, with exact similarities: int64 and float32, shape ``(n,)``."""

    positions: Positions
    similarities: Floats


IN_ORDER = 4
"""Numbers read in order cost as much as one read here and there."""


class TooMuchToReadError(Exception):
    """A search would read more than it was allowed to; ask again without a limit, in a thread."""


@dataclass(slots=True)
class Effort:
    """What a search may spend.

    Attributes:
        helper: A thread that may do half of the work; None when there is none.
        numbers: How many numbers of vectors and codes may be read; None for no limit. A million takes less than a
            millisecond, in order a quarter of that.
        spent: How many were read so far, limit or not.
    """

    helper: Executor | None = None
    numbers: int | None = None
    spent: int = 0

    def spend(self, numbers: int) -> None:
        """Count numbers that are about to be read.

        Raises:
            TooMuchToReadError: That would be too many.
        """
        self.spent += numbers
        if self.numbers is not None:
            self.numbers -= numbers
            if self.numbers < 0:
                raise TooMuchToReadError


class ExactSearch:
    """One query for the best k rows. Positions to choose from are live, ascending, and at least k."""

    def __init__(self, data: SearchRows, ranking: Ranking, k: int, effort: Effort) -> None:
        self.ranking = ranking
        self.effort = effort
        self._data = data
        self._k = k

    def compare_all(self, allowed: Positions | None) -> Found:
        """Compute every similarity: slower than scores, and right for vectors of any length."""
        positions = np.arange(len(self._data.rows)) if allowed is None else allowed
        if allowed is None and len(self._data.dead):
            positions = np.delete(positions, self._data.dead)
        return Found(positions, self._similarities_at(positions))

    def score_all(self, allowed: Positions | None) -> Found:
        """Score every allowed row (None: every live row)."""
        count = len(self._data.rows)
        if allowed is not None and len(allowed) * _SCAN_SHARE < count:
            return self.settle(allowed, self.scores_at(allowed))
        self.effort.spend(count * self._data.rows.dimension // IN_ORDER)
        scores = np.empty(count, dtype=np.float32)

        def score(first: int, last: int) -> None:
            for at, rows in self._data.rows.blocks(first * _BLOCK, min(last * _BLOCK, count), _BLOCK):
                end = at + len(rows)
                self.ranking.scores(rows, self._data.weights[at:end], out=scores[at:end])

        in_two_parts(self.effort.helper, -(-count // _BLOCK), score)
        if allowed is not None:
            return self.settle(allowed, scores[allowed])
        scores[self._data.dead] = -np.inf
        return self.settle(np.arange(count), scores)

    def scores_at(self, positions: Positions) -> Floats:
        """Score the rows at ascending positions."""
        self.effort.spend(len(positions) * self._data.rows.dimension)
        scores = np.empty(len(positions), dtype=np.float32)

        def score(first: int, last: int) -> None:
            for at in range(first * _BLOCK, min(last * _BLOCK, len(positions)), _BLOCK):
                here = positions[at : at + _BLOCK]
                rows = self._data.rows.gather(here)
                self.ranking.scores(rows, self._data.weights[here], out=scores[at : at + len(here)])

        in_two_parts(self.effort.helper, -(-len(positions) // _BLOCK), score)
        return scores

    def cut(self, scores: Floats) -> float:
        """Return the score that a row needs to be among the best k; minus infinity while there are not more than k."""
        if len(scores) <= self._k:
            return -np.inf
        return self.ranking.cut(kth_largest(scores, self._k), self._data.longest)

    def settle(self, positions: Positions, scores: Floats) -> Found:
        """Keep the rows, in any order here, that may be among the best k by their scores, and compare them in full."""
        chosen = np.sort(positions[(scores >= self.cut(scores)) & (scores > -np.inf)])
        return Found(chosen, self._similarities_at(chosen))

    def _similarities_at(self, positions: Positions) -> Floats:
        self.effort.spend(len(positions) * self._data.rows.dimension)
        result = np.empty(len(positions), dtype=np.float32)
        for at in range(0, len(positions), _BLOCK):
            rows = self._data.rows.gather(positions[at : at + _BLOCK])
            result[at : at + len(rows)] = self.ranking.similarities(rows)
        return result
