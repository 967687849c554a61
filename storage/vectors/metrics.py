"""Similarity: the Data API's formulas, and scores that rank rows the same way for less work.

Two kinds of number are kept apart:

- the **similarity** is what a caller sees. It is computed from the full vectors with double-precision sums, rounded to
  float32 before the formula is applied, so that equal vectors get equal numbers on every machine.
- the **score** is a float32 product that grows with the similarity. It is cheap, and its rounding error is bounded by
  :meth:`Ranking.slack`; rows within that distance of the cut are always compared by similarity.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from storage.shapes import Matrix, Metric, Vector

Floats = NDArray[np.float32]

_UNIT = 2.0**-24
"""Half the distance between 1 and the next float32: the relative error of one rounding."""

_SHORTEST, _LONGEST = 1e-15, 1e15
"""Vector lengths between which products of two vectors neither overflow nor vanish in float32."""


def lengths(rows: Matrix) -> Floats:
    """Return the euclidean length of each row, right also where its square does not fit a float32.

    Args:
        rows: float32, shape ``(n, d)``.

    Returns:
        float32, shape ``(n,)``.
    """
    with np.errstate(over="ignore", under="ignore"):
        squares: Floats = np.vecdot(rows, rows)
        doubtful = np.flatnonzero((squares < _SHORTEST**2) | (squares > _LONGEST**2))
        result = np.sqrt(squares)
        if len(doubtful):
            wide = rows[doubtful].astype(np.float64)
            result[doubtful] = np.minimum(np.sqrt(np.vecdot(wide, wide)), np.finfo(np.float32).max)
    return result


def are_extreme(row_lengths: Floats) -> bool:
    """Say whether any vector is so long or short that float32 scores cannot be trusted; zero is not extreme."""
    return bool(((row_lengths > _LONGEST) | ((row_lengths < _SHORTEST) & (row_lengths > 0))).any())


def row_weights(metric: Metric, row_lengths: Floats) -> Floats:
    """Return the number that each row needs besides its product with the query to be ranked by ``metric``.

    Cosine: one over the length, 0 for a zero vector. Euclidean: half the squared length. Dot product: 1, not used.
    """
    with np.errstate(over="ignore", under="ignore", divide="ignore"):
        if metric is Metric.COSINE:
            inverse = np.reciprocal(row_lengths)
            inverse[row_lengths == 0] = 0
            return inverse
        if metric is Metric.EUCLIDEAN:
            return np.square(row_lengths) * np.float32(0.5)
    return np.ones_like(row_lengths)


def similarities(metric: Metric, rows: Matrix, query: Vector) -> Floats:
    """Return ``$similarity`` of each row to the query, as the Data API defines it.

    Cosine ``max((1 + cos) / 2, 0)``, dot product ``max((1 + x·q) / 2, 0)``, euclidean ``1 / (1 + |x - q|²)``. The
    cosine with a zero vector is taken as 0. Never NaN and never infinite for finite input.

    Args:
        metric: The formula.
        rows: float32, shape ``(n, d)``.
        query: float32, shape ``(d,)``.

    Returns:
        float32, shape ``(n,)``; cosine and euclidean within 0 to 1, dot product from 0 upwards.
    """
    wide, target = rows.astype(np.float64), query.astype(np.float64)
    with np.errstate(under="ignore"):
        if metric is Metric.EUCLIDEAN:
            wide -= target
            near: Floats = np.reciprocal(1 + _rounded(np.vecdot(wide, wide)))
            return near
        products: NDArray[np.float64] = np.vecdot(wide, target)
        if metric is Metric.COSINE:
            both = np.sqrt(np.vecdot(wide, wide)) * np.sqrt(np.dot(target, target))
            products = np.divide(products, both, out=np.zeros_like(products), where=both > 0)
            np.clip(products, -1, 1, out=products)
        return np.maximum((1 + _rounded(products)) / 2, 0)


def _rounded(numbers: NDArray[np.float64]) -> Floats:
    """Round to float32, keeping within its range."""
    limit = float(np.finfo(np.float32).max)
    return np.clip(numbers, -limit, limit).astype(np.float32)


class Ranking:
    """One query, prepared to score rows under one metric.

    Attributes:
        metric: The metric.
        query: The query as given; similarities are computed from it.
        vector: What rows are multiplied with: the query, at unit length for cosine.
        length: The length of ``vector``.
        extreme: The query is too long or short for float32 scores; only similarities may be used.
    """

    def __init__(self, metric: Metric, query: Vector) -> None:
        self.metric = metric
        self.query = np.ascontiguousarray(query, dtype=np.float32)
        size = lengths(self.query[np.newaxis])
        self.extreme = are_extreme(size)
        self.length = float(size[0])
        self.vector = self.query
        if metric is Metric.COSINE and self.length > 0:
            self.vector = (self.query.astype(np.float64) / self.length).astype(np.float32)
            self.length = 1.0

    def scores(self, rows: Matrix, weights: Floats, out: Floats | None = None) -> Floats:
        """Score rows; a greater score means a greater similarity, up to :meth:`slack`.

        Cosine gives the cosine, dot product the product, euclidean ``x·q - |x|²/2``.

        Args:
            rows: float32, shape ``(n, d)``.
            weights: Their :func:`row_weights`, shape ``(n,)``.
            out: Where to put the result, shape ``(n,)``.

        Returns:
            float32, shape ``(n,)``.
        """
        scores: Floats = np.vecdot(rows, self.vector, out=out)
        if self.metric is Metric.COSINE:
            scores *= weights
        elif self.metric is Metric.EUCLIDEAN:
            scores -= weights
        return scores

    def similarities(self, rows: Matrix) -> Floats:
        """Return the exact similarity of each row; see :func:`similarities`."""
        return similarities(self.metric, rows, self.query)

    def slack(self, longest: float, score: float) -> float:
        """Return how far below ``score`` a row may score and still have the same or a greater similarity.

        Args:
            longest: The length of the longest row.
            score: The score in question.
        """
        rounding = (len(self.vector) / 4 + 16) * _UNIT
        if self.metric is Metric.COSINE:
            return 2 * rounding + 8 * _UNIT
        if self.metric is Metric.DOT_PRODUCT:
            return rounding * self.length * longest + 8 * _UNIT * (1 + abs(score))
        squared_distance = max(self.length**2 - 2 * score, 0.0)
        return rounding * (self.length * longest + longest**2) + 8 * _UNIT * (1 + squared_distance)

    def cut(self, kth_score: float, longest: float) -> float:
        """Return the score below which no row can be among the best k, given the k-th best score seen.

        Minus infinity where the k-th best similarity is 0: every row below ties with it.
        """
        cut = kth_score - self.slack(longest, kth_score)
        return -np.inf if self.metric is not Metric.EUCLIDEAN and cut <= -1 else cut
