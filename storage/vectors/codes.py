"""Sign codes: one bit a hyperplane for every row, and what they say about the distance to a query.

Rows are centred, turned by a fixed random rotation, and only the signs are kept. For a random hyperplane the chance
that it separates two vectors is their angle over π, whatever the data are; so the number of differing bits bounds the
angle, at a chosen confidence, and with each row's length after centring also its score. The codes are 1/48 of the size
of 384-dimensional vectors, so all of them can be read in the time that a few per cent of the vectors would take.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage.model import Matrix, Metric, Vector
from storage.vectors.arrays import GrowingArray, in_two_parts, runs
from storage.vectors.metrics import Floats, Ranking
from storage.vectors.rows import Positions

Words = NDArray[np.uint64]
Distances = NDArray[np.uint8]

SEGMENT = 32_768
"""Rows in a segment. Inside it, codes lie word by word, so that every numpy call runs over one long row."""

CONFIDENCE = 2.33
"""Standard deviations that a bound keeps from the observed distance: a row lies above its bound in 1% of cases."""

FARTHEST = 255
"""Distances are counted up to this many bits; more is only known to be "at least"."""

_LONG_VECTOR = 768
"""Dimensions from which on longer codes pay."""

_PLANES_SEED = 0x5EED


def code_bits(dimension: int) -> int:
    """Return how many bits a code has; more cost scan time and save little rescoring in short vectors."""
    return 384 if dimension >= _LONG_VECTOR else 256


def cosine_bounds(bits: int) -> Floats:
    """Return, for each distance 0 to :data:`FARTHEST`, the greatest cosine it allows at :data:`CONFIDENCE`.

    The lower end of the Wilson interval of a binomial share is the smallest angle over π. float32, falling.
    """
    share = np.arange(FARTHEST + 1) / bits
    z2 = CONFIDENCE**2
    spread = CONFIDENCE * np.sqrt(share * np.maximum(1 - share, 0) / bits + z2 / (4 * bits**2))
    least = (share + z2 / (2 * bits) - spread) / (1 + z2 / bits)
    return np.cos(np.pi * np.clip(least, 0, 1)).astype(np.float32)


@dataclass(frozen=True, slots=True)
class RowCodes:
    """Rows as codes.

    Attributes:
        words: uint64, shape ``(n, bits / 64)``.
        reach: float32, shape ``(n,)``: length after centring. A row's score is at most
            ``query.offset + bias + reach * query.reach * cosine bound``.
        bias: float32, shape ``(n,)``.
    """

    words: Words
    reach: Floats
    bias: Floats


@dataclass(frozen=True, slots=True)
class QueryCode:
    """A query as a code: ``words`` of shape ``(bits / 64,)``, and its parts of the bound; see :class:`RowCodes`."""

    words: Words
    reach: float
    offset: float


class SignCoder:
    """The centre and the hyperplanes that turn vectors into codes.

    Attributes:
        metric: Rows are brought to unit length first for cosine.
        center: float32, shape ``(d,)``.
        planes: float32, shape ``(bits, d)``: unit rows, orthogonal in groups of ``d``.
    """

    def __init__(self, metric: Metric, center: Vector, planes: Matrix) -> None:
        self.metric = metric
        self.center = center
        self.planes = planes
        self.bounds = cosine_bounds(len(planes))

    @classmethod
    def fit(cls, metric: Metric, sample: Matrix, weights: Floats) -> SignCoder:
        """Centre on the mean of a sample of rows, shape ``(n, d)`` with n at least 1."""
        dimension = sample.shape[1]
        bits = code_bits(dimension)
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


class CodeTable:
    """The codes of all rows, in segments.

    Attributes:
        words_per_row: 64 bits each.
        greatest_reach: No row's reach is greater.
        greatest_bias: No row's bias is greater.
    """

    def __init__(self, words_per_row: int, segments: list[Words], reach: Floats, bias: Floats) -> None:
        self.words_per_row = words_per_row
        self._segments = segments
        self._reach = GrowingArray(reach)
        self._bias = GrowingArray(bias)
        self.greatest_reach = float(reach.max(initial=0))
        self.greatest_bias = float(bias.max(initial=-np.inf))

    @classmethod
    def empty(cls, words_per_row: int) -> CodeTable:
        """Return a table without rows."""
        return cls(words_per_row, [], np.zeros(0, dtype=np.float32), np.zeros(0, dtype=np.float32))

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
            self._segments.append(np.zeros((self.words_per_row, SEGMENT), dtype=np.uint64))
        self._note_greatest(codes)
        self._write(np.arange(start, len(self)), codes.words)

    def put(self, positions: Positions, codes: RowCodes) -> None:
        """Overwrite the rows at ascending positions, hidden ones too."""
        self._reach.values[positions] = codes.reach
        self._bias.values[positions] = codes.bias
        self._note_greatest(codes)
        self._write(positions, codes.words)

    def hide(self, positions: Positions) -> None:
        """Give dead rows a bound that no cut lets through."""
        self._reach.values[positions] = 0
        self._bias.values[positions] = -np.inf

    def _note_greatest(self, codes: RowCodes) -> None:
        self.greatest_reach = max(self.greatest_reach, float(codes.reach.max(initial=0)))
        self.greatest_bias = max(self.greatest_bias, float(codes.bias.max(initial=-np.inf)))

    def _write(self, positions: Positions, words: Words) -> None:
        for number, start, stop in self._runs(positions):
            self._segments[number][:, positions[start:stop] - number * SEGMENT] = words[start:stop].T

    def _runs(self, positions: Positions) -> Iterator[tuple[int, int, int]]:
        return runs(positions, np.arange(len(self._segments), dtype=np.int64) * SEGMENT)

    def frozen(self) -> CodeTable:
        """Return the rows so far as a table of its own, which appends to this one do not reach."""
        return CodeTable(self.words_per_row, list(self._segments), self.reach.copy(), self.bias.copy())

    def words_at(self, positions: Positions) -> Words:
        """Return the codes at ascending positions, word by word: shape ``(words_per_row, len(positions))``."""
        result = np.empty((self.words_per_row, len(positions)), dtype=np.uint64)
        for number, start, stop in self._runs(positions):
            result[:, start:stop] = self._segments[number][:, positions[start:stop] - number * SEGMENT]
        return result

    def distances(self, query: Words, helper: Executor | None) -> Distances:
        """Return the Hamming distance of every row to the query, at most :data:`FARTHEST`: uint8, shape ``(n,)``."""
        result = np.empty(len(self), dtype=np.uint8)

        def scan(first: int, last: int) -> None:
            scratch = _Scratch(SEGMENT)
            for number in range(first, last):
                out = result[number * SEGMENT : (number + 1) * SEGMENT]
                _count_differences(self._segments[number][:, : len(out)], query, out, scratch)

        in_two_parts(helper, len(self._segments), scan)
        return result

    def distances_at(self, query: Words, positions: Positions) -> Distances:
        """Return the distances of the rows at ascending positions only."""
        result = np.empty(len(positions), dtype=np.uint8)
        _count_differences(self.words_at(positions), query, result, _Scratch(len(positions)))
        return result


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
