"""The index of one named vector of one container: rows in memory or mapped, found by similarity."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage.shapes import Hit, Matrix, Vector, VectorSpec
from storage.vectors.arrays import GrowingArray, Positions
from storage.vectors.bounded import NUMBERS_PER_WORD, BoundedSearch
from storage.vectors.coder import CodeShape, SignCoder
from storage.vectors.codes import CodeTable
from storage.vectors.directory import SeqDirectory, Seqs
from storage.vectors.exact import IN_ORDER, Effort, ExactSearch, Found, SearchRows
from storage.vectors.metrics import Floats, Ranking, are_extreme, lengths, row_weights
from storage.vectors.pruning import Pruning
from storage.vectors.rows import RowStore
from storage.vectors.source import VectorChanges

EXACT_ROWS = 20_000
"""Up to this many rows there are no codes: every search reads every row and is exact."""

GATHERED_ROWS = 5_000
"""Up to this many rows left by a filter are simply all scored."""

MANY = 50
"""Asking for more than this many rows is another kind of search: codes rule less out."""

_ENCODED_AT_ONCE = 8_192
_CENTER_SAMPLE = 16_384


@dataclass(frozen=True, slots=True)
class IndexParts:
    """Everything an index consists of, to be saved and restored.

    Attributes:
        spec: Dimension and metric.
        seqs: int64, by position.
        rows: The full vectors.
        weights: What ranks them, by position.
        longest: The length of the longest row.
        extreme: Some row is too long or short for float32 scores.
        coder: None where there are no codes.
        codes: None where there are no codes.
    """

    spec: VectorSpec
    seqs: Seqs
    rows: RowStore
    weights: Floats
    longest: float
    extreme: bool
    coder: SignCoder | None
    codes: CodeTable | None


class VectorIndex:
    """Finds the nearest rows to a query; takes appends, replacements and removals without being rebuilt.

    Not safe for several threads at once: :class:`~storage.vectors.cache.IndexCache` sees to that.

    After :meth:`apply`, call :meth:`encode_some` while :attr:`lacks_codes`; a search before that is slow, not wrong.
    """

    def __init__(self, spec: VectorSpec, parts: IndexParts | None = None) -> None:
        self.spec = spec
        empty = np.zeros(0, dtype=np.float32)
        self._directory = SeqDirectory(parts.seqs if parts else None)
        self._rows = parts.rows if parts else RowStore(spec.dimension)
        self._weights = GrowingArray(parts.weights if parts else empty)
        self._longest = parts.longest if parts else 0.0
        self._extreme = parts.extreme if parts else False
        self._coder = parts.coder if parts else None
        self._codes = parts.codes if parts else None
        self._written_since_fit = 0
        self._pruning: defaultdict[tuple[bool, bool], Pruning] = defaultdict(Pruning)

    def __len__(self) -> int:
        return self._directory.live

    @property
    def dead(self) -> int:
        """Rows that take up room and will never be found."""
        return self._directory.dead

    @property
    def bytes_in_memory(self) -> int:
        """Bytes of full vectors held outside a side file."""
        return self._rows.bytes_in_memory

    @property
    def rows(self) -> RowStore:
        """The full vectors."""
        return self._rows

    def least_effort(self, allowed: NDArray[np.int64] | None) -> int:
        """Return what a search spends at the least, in the measure of :class:`~storage.vectors.exact.Effort`."""
        count = len(self._rows) if allowed is None else min(len(allowed), len(self._rows))
        if self._codes is None or count <= GATHERED_ROWS:
            return count * self.spec.dimension // IN_ORDER
        return count * self._codes.shape.scanned * NUMBERS_PER_WORD

    def apply(self, changes: VectorChanges) -> None:
        """Take in a chunk of changes. Vectors that are not finite are left out: nothing can be near them."""
        finite = np.isfinite(changes.vectors).all(axis=1)
        if finite.all():
            self._write(changes.seqs, changes.vectors)
            self._remove(changes.removed)
        else:
            self._write(changes.seqs[finite], changes.vectors[finite])
            self._remove(np.concatenate([changes.removed, changes.seqs[~finite]]))

    def _write(self, seqs: Seqs, vectors: Matrix) -> None:
        if not len(seqs):
            return
        sizes = lengths(vectors)
        self._longest = max(self._longest, float(sizes.max()))
        if are_extreme(sizes):
            self._extreme, self._coder, self._codes = True, None, None
        self._written_since_fit += len(seqs)
        weights = row_weights(self.spec.metric, sizes)
        positions, known = self._directory.find(seqs)
        if known.any():
            order = np.flatnonzero(known)
            order = order[np.argsort(positions[order])]
            self._replace(positions[order], vectors[order], weights[order])
            seqs, vectors, weights = seqs[~known], vectors[~known], weights[~known]
        self._rows.append(vectors)
        self._weights.extend(weights)
        self._directory.append(seqs)

    def _replace(self, positions: Positions, vectors: Matrix, weights: Floats) -> None:
        self._rows.replace(positions, vectors)
        self._weights.values[positions] = weights
        self._directory.set_alive(positions, alive=True)
        if self._coder is not None and self._codes is not None:
            coded = int(np.searchsorted(positions, self._encoded))
            self._codes.put(positions[:coded], self._coder.encode(vectors[:coded], weights[:coded]))

    def _remove(self, seqs: Seqs) -> None:
        positions, known = self._directory.find(seqs)
        gone = np.unique(positions[known])
        self._directory.set_alive(gone, alive=False)
        if self._codes is not None:
            self._codes.hide(gone[: int(np.searchsorted(gone, self._encoded))])

    @property
    def lacks_codes(self) -> bool:
        """Whether :meth:`encode_some` has something to do."""
        count = len(self._rows)
        if count <= EXACT_ROWS or self._extreme:
            return False
        return self._encoded < count or self._written_since_fit > count // 2

    @property
    def _encoded(self) -> int:
        return len(self._codes) if self._codes is not None else 0

    def encode_some(self) -> None:
        """Encode some thousand of the rows that have no code yet; others wait for the next call."""
        if self._coder is None or self._codes is None or self._written_since_fit > len(self._rows) // 2:
            self._coder, self._codes = self._fitted()
        start = len(self._codes)
        stop = min(start + _ENCODED_AT_ONCE, len(self._rows))
        positions = np.arange(start, stop)
        self._codes.append(self._coder.encode(self._rows.gather(positions), self._weights.values[start:stop]))
        dead = self._directory.dead_positions()
        self._codes.hide(dead[(dead >= start) & (dead < stop)])

    def _fitted(self) -> tuple[SignCoder, CodeTable]:
        """Return a coder centred on the rows, and its codes: none yet, unless the centre at hand is still good."""
        self._written_since_fit = 0
        step = -(-len(self._rows) // _CENTER_SAMPLE)
        positions = np.arange(0, len(self._rows), step)
        sample, weights = self._rows.gather(positions), self._weights.values[positions]
        if self._coder is not None and self._codes is not None and not self._coder.has_moved(sample, weights):
            return self._coder, self._codes
        coder = SignCoder.fit(self.spec.metric, sample, weights)
        return coder, CodeTable.empty(CodeShape.of(self.spec.dimension))

    def search(
        self, query: Vector, k: int, allowed: NDArray[np.int64] | None = None, effort: Effort | None = None
    ) -> list[Hit]:
        """Find the rows most similar to a query.

        Args:
            query: float32, shape ``(dimension,)``, finite.
            k: How many rows at most.
            allowed: Seqs to choose from; None for all. Unknown seqs are left out.
            effort: What the search may spend; None for no limits.

        Returns:
            Similarity descending, then seq ascending.

        Raises:
            TooMuchToReadError: The effort does not suffice.
            ValueError: The query has another dimension or is not finite.
        """
        if query.shape != (self.spec.dimension,) or not np.isfinite(query).all():
            msg = f"The query has to be {self.spec.dimension} finite numbers; its shape is {query.shape}."
            raise ValueError(msg)
        positions = None if allowed is None else self._directory.select(allowed)
        k = min(k, self._directory.live if positions is None else len(positions))
        if k <= 0:
            return []
        found = self._find(Ranking(self.spec.metric, query), k, positions, effort or Effort())
        seqs = self._directory.seqs(found.positions)
        best = np.lexsort((seqs, -found.similarities))[:k]
        pairs = zip(seqs[best].tolist(), found.similarities[best].tolist(), strict=True)
        return [Hit(seq, similarity) for seq, similarity in pairs]

    def _find(self, ranking: Ranking, k: int, allowed: Positions | None, effort: Effort) -> Found:
        dead = self._directory.dead_positions()
        data = SearchRows(self._rows, self._weights.values, dead, self._longest, self._extreme)
        exact = ExactSearch(data, ranking, k, effort)
        if allowed is not None and len(allowed) == len(self._rows):
            allowed = None
        if self._extreme or ranking.extreme:
            return exact.compare_all(allowed)
        if allowed is not None and len(allowed) <= GATHERED_ROWS:
            return exact.settle(allowed, exact.scores_at(allowed))
        if self._coder is None or self._codes is None or self._encoded < len(self._rows):
            return exact.score_all(allowed)
        return self._find_by_codes(exact, BoundedSearch(exact, k, self._coder, self._codes), k, allowed)

    def _find_by_codes(self, exact: ExactSearch, bounded: BoundedSearch, k: int, allowed: Positions | None) -> Found:
        """Search through the codes, unless they have been no use lately in searches of this kind."""
        pruning = self._pruning[allowed is not None, k > MANY]
        if not pruning.is_worth_trying():
            return exact.score_all(allowed)
        before = exact.effort.spent
        found = bounded.run(allowed)
        pruning.note(exact.effort.spent - before, len(self._rows) * self.spec.dimension // IN_ORDER)
        return found

    def frozen(self) -> tuple[IndexParts, Positions]:
        """Return the index as it is now, to be saved while this one goes on.

        Later appends do not reach it. Later replacements may or may not: whoever restores it has to apply again what
        was changed since.

        Returns:
            The parts, and the positions of the live rows in seq order: what is worth saving.
        """
        encoded = self._encoded == len(self._rows)
        parts = IndexParts(
            spec=self.spec,
            seqs=self._directory.seqs(np.arange(len(self._directory))),
            rows=self._rows.frozen(),
            weights=self._weights.values.copy(),
            longest=self._longest,
            extreme=self._extreme,
            coder=self._coder if encoded else None,
            codes=self._codes.frozen() if self._codes is not None and encoded else None,
        )
        return parts, self._directory.live_in_seq_order()
