"""Search by sign codes: find what may be near by reading one bit a dimension, and score only that in full.

The codes give every row an upper bound of its score. A few hundred rows are scored first; the k-th best of them is a
cut, and every row whose bound lies above the cut is scored too, best bounds first, so that the cut rises on the way. If
that would touch more than a quarter of the rows, all of them are scored instead: recall does not depend on the data.
"""

from __future__ import annotations

import numpy as np

from storage.vectors.arrays import Positions
from storage.vectors.coder import SignCoder
from storage.vectors.codes import CodeTable, Distances
from storage.vectors.exact import ExactSearch, Found
from storage.vectors.metrics import Floats

NUMBERS_PER_WORD = 2
"""A word of a code is as long as this many numbers of a vector."""

_NUMBERS_PER_BOUND = 32
"""Working out the bounds of a row takes as long as reading this many numbers of a vector."""

_FIRST_ROWS = 300
"""Rows scored to find the first cut."""

_FIRST_ROUND = 512
"""Rows scored before the cut is looked at again; four times as many in each round that follows."""

_SAMPLE = 32_768
"""Distances looked at to guess the one that lets :data:`_FIRST_ROWS` through."""

_GIVE_UP_SHARE = 4
"""More than one row in this many above the cut: scoring all in order is faster. At first, twice as many may be."""


class BoundedSearch:
    """One query for the best k rows through their codes.

    The rows to choose from are numbered by place: the position itself, or its index in ``allowed``.
    """

    def __init__(self, exact: ExactSearch, k: int, coder: SignCoder, codes: CodeTable) -> None:
        self._exact = exact
        self._k = k
        self._codes = codes
        self._query = coder.encode_query(exact.ranking)
        self._scan_bounds = coder.scan_bounds * np.float32(self._query.reach)
        self._full_bounds = coder.bounds * np.float32(self._query.reach)
        self._allowed: Positions | None = None
        self._distances: Distances = np.zeros(0, dtype=np.uint8)

    def run(self, allowed: Positions | None) -> Found:
        """Return the rows that may be among the best k; see :class:`ExactSearch` for ``allowed``."""
        self._allowed = allowed
        self._distances = self._measure()
        seeds = self._seeds()
        if len(seeds) <= self._k:
            return self._exact.score_all(allowed)
        positions = self._positions(seeds)
        scores = self._exact.scores_at(positions)
        places, bounds = self._above(self._exact.cut(scores), seeds)
        return self._rescore(positions, scores, places, bounds)

    def _measure(self) -> Distances:
        words, effort = self._query.words, self._exact.effort
        if self._allowed is not None and len(self._allowed) * 16 < len(self._codes):
            effort.spend(len(self._allowed) * self._codes.shape.scanned * NUMBERS_PER_WORD)
            return self._codes.distances_at(words, self._allowed)
        effort.spend(len(self._codes) * self._codes.shape.scanned * NUMBERS_PER_WORD)
        distances = self._codes.distances(words, effort.helper)
        return distances if self._allowed is None else distances[self._allowed]

    def _positions(self, places: Positions) -> Positions:
        return places if self._allowed is None else self._allowed[places]

    def _bounds(self, places: Positions) -> Floats:
        """Return the greatest score that each place may have, less the query's offset."""
        return self._with_reach(places, self._scan_bounds[self._distances[places]])

    def _sharper_bounds(self, places: Positions) -> Floats:
        """Return bounds of the same kind from all words of the codes."""
        more = self._codes.more_distances_at(self._query.words, self._positions(places))
        return self._with_reach(places, self._full_bounds[self._distances[places].astype(np.int64) + more])

    def _with_reach(self, places: Positions, bounds: Floats) -> Floats:
        positions = self._positions(places)
        bounds *= self._codes.reach[positions]
        bounds += self._codes.bias[positions]
        return bounds

    def _seeds(self) -> Positions:
        """Return ascending live places with small distances, to find the first cut; may be too few of them."""
        step = -(-len(self._distances) // _SAMPLE)
        wanted = max(_FIRST_ROWS, 4 * self._k)
        so_far = np.cumsum(np.bincount(self._distances[::step]))
        near = int(np.searchsorted(so_far, min(wanted // step + 1, so_far[-1])))
        places = np.flatnonzero(self._distances <= near)
        bounds = self._bounds(places)
        if len(places) > 2 * wanted:
            best = np.sort(np.argpartition(-bounds, wanted)[:wanted])
            places, bounds = places[best], bounds[best]
        return places[bounds > -np.inf]

    def _above(self, cut: float, seeds: Positions) -> tuple[Positions, Floats]:
        """Return the places whose bounds reach the cut, without the seeds, and their bounds."""
        limit = cut - self._query.offset
        farthest = int((self._codes.envelope.over(self._scan_bounds) >= limit).sum()) - 1
        places = np.flatnonzero(self._distances <= farthest)
        self._exact.effort.spend(len(places) * _NUMBERS_PER_BOUND)
        bounds = self._bounds(places)
        kept = np.flatnonzero((bounds >= limit) & (bounds > -np.inf))
        places, bounds = places[kept], bounds[kept]
        if len(places) > _FIRST_ROUND:
            bounds = np.minimum(bounds, self._sharper_bounds(places))
            kept = np.flatnonzero(bounds >= limit)
            places, bounds = places[kept], bounds[kept]
        fresh = np.isin(places, seeds, assume_unique=True, invert=True)
        return places[fresh], bounds[fresh]

    def _rescore(self, positions: Positions, scores: Floats, places: Positions, bounds: Floats) -> Found:
        """Score places by falling bound until no bound reaches the cut, beside the positions scored before."""
        size = _FIRST_ROUND
        while len(places):
            share = _GIVE_UP_SHARE if size > _FIRST_ROUND else _GIVE_UP_SHARE // 2
            if len(places) * share > len(self._distances):
                return self._exact.score_all(self._allowed)
            order = np.argpartition(-bounds, size) if len(places) > size else np.arange(len(places))
            fresh = self._positions(np.sort(places[order[:size]]))
            positions = np.concatenate([positions, fresh])
            scores = np.concatenate([scores, self._exact.scores_at(fresh)])
            limit = self._exact.cut(scores) - self._query.offset
            later = order[size:]
            later = later[bounds[later] >= limit]
            places, bounds = places[later], bounds[later]
            size *= 4
        return self._exact.settle(positions, scores)
