"""Sign codes: one bit a hyperplane for every row, and what they say about the distance to a query.

Rows are centred, turned by a fixed random rotation, and only the signs are kept. For a random hyperplane the chance
that it separates two vectors is their angle over π, whatever the data are; so the number of differing bits bounds the
angle, at a chosen confidence, and with each row's length after centring also its score.

The first words of a code are compared for every row, the rest only for rows that the first ones leave in question: they
halve the uncertainty for a few hundred or thousand rows, at a tenth of what scoring those in full would cost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage.shapes import Matrix, Metric, Vector
from storage.vectors.metrics import Floats, Ranking

Words = NDArray[np.uint64]

CONFIDENCE = 2.58
"""Standard deviations that a bound keeps from the observed distance: a row lies above its bound in 0.5% of cases."""

_LONG_VECTOR = 768
"""Dimensions from which on longer codes pay."""

_PLANES_SEED = 0x5EED


@dataclass(frozen=True, slots=True)
class CodeShape:
    """How long codes are, in words of 64 bits.

    Attributes:
        scanned: Words that are compared for every row.
        words: All words.
    """

    scanned: int
    words: int

    @classmethod
    def of(cls, dimension: int) -> CodeShape:
        """Return the shape that suits vectors of a dimension."""
        return cls(scanned=6, words=12) if dimension >= _LONG_VECTOR else cls(scanned=4, words=8)


def cosine_bounds(bits: int) -> Floats:
    """Return, for each distance 0 to ``bits``, the greatest cosine it allows at :data:`CONFIDENCE`.

    The lower end of the Wilson interval of a binomial share is the smallest angle over π. float32, falling.
    """
    share = np.arange(bits + 1) / bits
    z2 = CONFIDENCE**2
    spread = CONFIDENCE * np.sqrt(share * (1 - share) / bits + z2 / (4 * bits**2))
    least = (share + z2 / (2 * bits) - spread) / (1 + z2 / bits)
    return np.cos(np.pi * np.clip(least, 0, 1)).astype(np.float32)


@dataclass(frozen=True, slots=True)
class RowCodes:
    """Rows as codes.

    Attributes:
        words: uint64, shape ``(n, w)``.
        reach: float32, shape ``(n,)``: length after centring. A row's score is at most
            ``query.offset + bias + reach * query.reach * cosine bound``.
        bias: float32, shape ``(n,)``.
    """

    words: Words
    reach: Floats
    bias: Floats


@dataclass(frozen=True, slots=True)
class QueryCode:
    """A query as a code: ``words`` of shape ``(w,)``, and its parts of the bound; see :class:`RowCodes`."""

    words: Words
    reach: float
    offset: float


class SignCoder:
    """The centre and the hyperplanes that turn vectors into codes.

    Attributes:
        metric: Rows are brought to unit length first for cosine.
        center: float32, shape ``(d,)``.
        planes: float32, shape ``(bits, d)``: unit rows, orthogonal in groups of ``d``.
        scan_bounds: The greatest cosine by distance in the scanned words.
        bounds: The greatest cosine by distance in all words.
    """

    def __init__(self, metric: Metric, center: Vector, planes: Matrix) -> None:
        self.metric = metric
        self.center = center
        self.planes = planes
        self.scan_bounds = cosine_bounds(64 * CodeShape.of(len(center)).scanned)
        self.bounds = cosine_bounds(len(planes))

    @classmethod
    def fit(cls, metric: Metric, sample: Matrix, weights: Floats) -> SignCoder:
        """Centre on the mean of a sample of rows, shape ``(n, d)`` with n at least 1."""
        dimension = sample.shape[1]
        bits = 64 * CodeShape.of(dimension).words
        random = np.random.default_rng(_PLANES_SEED)
        rotations = [
            np.linalg.qr(random.standard_normal((dimension, min(dimension, bits)), dtype=np.float32))[0].T
            for _ in range(-(-bits // dimension))
        ]
        planes = np.ascontiguousarray(np.concatenate(rotations)[:bits])
        center = cls._placed(metric, sample, weights).mean(axis=0, dtype=np.float64).astype(np.float32)
        return cls(metric, center, planes)

    @staticmethod
    def _placed(metric: Metric, rows: Matrix, weights: Floats) -> Matrix:
        return rows * weights[:, np.newaxis] if metric is Metric.COSINE else rows

    def has_moved(self, sample: Matrix, weights: Floats) -> bool:
        """Say whether rows now lie so far from the centre that codes would be sharper with a new one."""
        apart = self._placed(self.metric, sample, weights) - self.center
        mean = apart.mean(axis=0, dtype=np.float64)
        return float(mean @ mean) > 0.1 * float(np.vecdot(apart, apart).mean(dtype=np.float64))

    def encode(self, rows: Matrix, weights: Floats) -> RowCodes:
        """Encode rows, shape ``(n, d)``, with their weights (see :func:`~storage.vectors.metrics.row_weights`)."""
        apart: Matrix = self._placed(self.metric, rows, weights) - self.center
        reach: Floats = np.sqrt(np.vecdot(apart, apart))
        bias: Floats = reach * reach * np.float32(-0.5) if self.metric is Metric.EUCLIDEAN else apart @ self.center
        return RowCodes(_packed(apart @ self.planes.T), reach, bias)

    def encode_query(self, ranking: Ranking) -> QueryCode:
        """Encode a query."""
        apart: Vector = ranking.vector - self.center
        reach = float(np.linalg.norm(apart))
        if self.metric is Metric.EUCLIDEAN:
            offset = (ranking.length**2 - reach**2) / 2
        else:
            offset = float(ranking.vector @ self.center)
        # Not a matrix product: BLAS would start threads for it, and waiting for those costs more on a busy machine.
        products: Floats = np.vecdot(self.planes, apart)
        return QueryCode(_packed(products), reach, offset)


def _packed(products: Floats) -> Words:
    """Return the signs along the last axis, 64 to a word."""
    return np.packbits(products > 0, axis=-1).view(np.uint64)
