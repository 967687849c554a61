"""Vectors to search: a source in memory, plain numpy to compare with, and data with a shape."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from storage.shapes import Container, ContainerKind, Matrix, Metric, Vector, VectorSpec
from storage.vectors.source import ContainerState, VectorChanges


def plain_similarities(metric: Metric, rows: Matrix, query: Vector) -> NDArray[np.float32]:
    """The Data API's formulas, written down once more and as simply as can be."""
    x, q = rows.astype(np.float64), query.astype(np.float64)
    limit = float(np.finfo(np.float32).max)
    similarity: NDArray[np.float32]
    if metric is Metric.EUCLIDEAN:
        squares = ((x - q) ** 2).sum(axis=1)
        similarity = np.float32(1) / (np.float32(1) + np.minimum(squares, limit).astype(np.float32))
        return similarity
    products = (x * q).sum(axis=1)
    if metric is Metric.COSINE:
        sizes = np.sqrt((x * x).sum(axis=1) * (q * q).sum())
        products = np.where(sizes > 0, products / np.where(sizes > 0, sizes, 1), 0)
    similarity = np.maximum((np.float32(1) + np.clip(products, -limit, limit).astype(np.float32)) / np.float32(2), 0)
    return similarity


def plain_search(
    metric: Metric, rows: dict[int, Vector], query: Vector, k: int, allowed: Sequence[int] | None = None
) -> list[tuple[int, float]]:
    """Every similarity, sorted: similarity descending, then seq ascending."""
    seqs = [seq for seq in rows if allowed is None or seq in set(allowed)]
    if not seqs:
        return []
    found = plain_similarities(metric, np.array([rows[seq] for seq in seqs]), query)
    return sorted(zip(seqs, found.tolist(), strict=True), key=lambda hit: (-hit[1], hit[0]))[:k]


def clustered(count: int, dimension: int, seed: int = 0, clusters: int = 200) -> Matrix:
    """Unit vectors around random centres, as embeddings of texts on a number of subjects would lie."""
    random = np.random.default_rng(seed)
    centers = np.random.default_rng(1).standard_normal((clusters, dimension), dtype=np.float32)
    rows = centers[random.integers(0, clusters, count)] + random.standard_normal((count, dimension), dtype=np.float32)
    unit: Matrix = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def container(dimension: int, metric: Metric = Metric.COSINE, number: int = 1) -> Container:
    """A collection with one vector."""
    vectors = {"$vector": VectorSpec(dimension, metric)}
    return Container(number, "default_keyspace", f"c{number}", ContainerKind.COLLECTION, {}, vectors)


def changes(seqs: Sequence[int], vectors: Matrix, removed: Sequence[int] = (), revision: int = 1) -> VectorChanges:
    """A chunk of changes from plain lists."""
    return VectorChanges(np.array(seqs, dtype=np.int64), vectors, np.array(removed, dtype=np.int64), revision)


@dataclass
class MemoryVectors:
    """A store of one container's vectors in memory, with revisions as the real one counts them.

    Attributes:
        asked_since: The revisions that changes were asked for from.
        chunk: Rows in a chunk of changes.
    """

    dimension: int
    epoch: int = 7_000
    revision: int = 0
    rows: dict[int, Vector] = field(default_factory=dict)
    asked_since: list[int] = field(default_factory=list)
    chunk: int = 4_096
    _written: dict[int, int] = field(default_factory=dict)
    _removed: dict[int, int] = field(default_factory=dict)

    def write(self, seqs: Sequence[int], vectors: Matrix) -> None:
        self.revision += 1
        for seq, vector in zip(seqs, vectors, strict=True):
            self.rows[seq] = vector
            self._written[seq] = self.revision
            self._removed.pop(seq, None)

    def remove(self, seqs: Sequence[int]) -> None:
        self.revision += 1
        for seq in seqs:
            del self.rows[seq]
            self._removed[seq] = self.revision

    def truncate(self) -> None:
        self.epoch += 1
        self.revision += 1
        self.rows.clear()
        self._removed.clear()

    async def state(self, container_id: int) -> ContainerState:
        del container_id
        return ContainerState(self.epoch, self.revision)

    async def changes(self, container_id: int, vector: str, dimension: int, since: int) -> AsyncIterator[VectorChanges]:
        assert (container_id, vector, dimension) == (1, "$vector", self.dimension)
        self.asked_since.append(since)
        seqs = sorted(seq for seq in self.rows if self._written[seq] > since)
        for start in range(0, len(seqs), self.chunk):
            here = seqs[start : start + self.chunk]
            yield changes(here, np.array([self.rows[seq] for seq in here]), (), self.revision)
        removed = [seq for seq, revision in self._removed.items() if revision > since]
        yield changes([], np.zeros((0, self.dimension), dtype=np.float32), removed, self.revision)
