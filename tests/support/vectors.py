"""Vectors to search: a source in memory, plain numpy to compare with, and data with a shape."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import NamedTemporaryFile

import numpy as np
from numpy.typing import NDArray

from storage.shapes import Container, ContainerKind, Matrix, Metric, Vector, VectorSpec
from storage.vectors.plain_file import PlainFile
from storage.vectors.source import BEGINNING, ContainerState, Head, VectorChanges
from storage.vectors.stored_rows import BLOCK_ROWS, Budget, RowSums, StoredRows


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


def numbered(start: int, count: int, dimension: int = 3) -> Matrix:
    """Rows that tell their number."""
    rows: Matrix = (np.arange(start, start + count, dtype=np.float32)[:, np.newaxis] * 10) + np.arange(dimension)
    return np.ascontiguousarray(rows, dtype=np.float32)


def stored_rows(rows: Matrix, memory: Budget, path: Path | None = None) -> StoredRows:
    """Rows in a file, after a page of something else."""
    with NamedTemporaryFile(delete=False) if path is None else path.open("wb") as file:
        file.write(bytes(4_096) + rows.tobytes())
    stored = PlainFile(Path(file.name))
    if path is None:
        Path(file.name).unlink()
    blocks = [zlib.crc32(rows[start : start + BLOCK_ROWS].tobytes()) for start in range(0, len(rows), BLOCK_ROWS)]
    each = [zlib.crc32(row.tobytes()) for row in rows]
    sums = RowSums(np.array(each, dtype=np.uint32), np.array(blocks, dtype=np.uint32))
    return StoredRows(stored, 4_096, (len(rows), rows.shape[1]), sums, memory)


def container(dimension: int, metric: Metric = Metric.COSINE, number: int = 1) -> Container:
    """A collection with one vector."""
    vectors = {"$vector": VectorSpec(dimension, metric)}
    return Container(number, "default_keyspace", f"c{number}", ContainerKind.COLLECTION, {}, vectors)


def changes(seqs: Sequence[int], vectors: Matrix, removed: Sequence[int] = (), revision: int = 1) -> VectorChanges:
    """A chunk of changes from plain lists."""
    head = Head(1, revision)
    return VectorChanges(np.array(seqs, dtype=np.int64), vectors, np.array(removed, dtype=np.int64), head)


@dataclass
class MemoryVectors:
    """A store of one container's vectors in memory, with revisions as the real one counts them.

    Attributes:
        writer: Who writes.
        history: Every write so far.
        asked_since: The revisions that changes were asked for from.
        chunk: Rows in a chunk of changes.
    """

    dimension: int
    epoch: int = 7_000
    writer: int = 1
    rows: dict[int, Vector] = field(default_factory=dict)
    history: list[Head] = field(default_factory=lambda: [BEGINNING])
    asked_since: list[int] = field(default_factory=list)
    chunk: int = 4_096
    _written: dict[int, int] = field(default_factory=dict)
    _removed: dict[int, int] = field(default_factory=dict)

    @property
    def revision(self) -> int:
        return self.history[-1].revision

    def next_revision(self) -> int:
        self.history.append(Head(self.writer, self.revision + 1))
        return self.revision

    def write(self, seqs: Sequence[int], vectors: Matrix) -> None:
        revision = self.next_revision()
        for seq, vector in zip(seqs, vectors, strict=True):
            self.rows[seq] = vector
            self._written[seq] = revision
            self._removed.pop(seq, None)

    def remove(self, seqs: Sequence[int]) -> None:
        revision = self.next_revision()
        for seq in seqs:
            del self.rows[seq]
            self._removed[seq] = revision

    def truncate(self) -> None:
        self.epoch += 1
        self.next_revision()
        self.rows.clear()
        self._removed.clear()

    def copy(self) -> MemoryVectors:
        return deepcopy(self)

    def put_back(self, backup: MemoryVectors) -> None:
        """Become what the backup was; whoever writes now is somebody else."""
        self.__dict__ |= deepcopy(backup.__dict__) | {"writer": self.writer + 1, "asked_since": self.asked_since}

    async def state(self, container_id: int, known: Head = BEGINNING) -> ContainerState:
        del container_id
        return ContainerState(self.epoch, self.history[-1], parted=known not in self.history)

    async def changes(self, container_id: int, vector: str, dimension: int, since: int) -> AsyncIterator[VectorChanges]:
        assert (container_id, vector, dimension) == (1, "$vector", self.dimension)
        self.asked_since.append(since)
        head, nothing = self.history[-1], np.zeros((0, self.dimension), dtype=np.float32)
        seqs = sorted(seq for seq in self.rows if self._written[seq] > since)
        for start in range(0, len(seqs), self.chunk):
            here = seqs[start : start + self.chunk]
            chunk = changes(here, np.array([self.rows[seq] for seq in here]))
            yield replace(chunk, head=head)
        removed = [seq for seq, revision in self._removed.items() if revision > since]
        yield replace(changes([], nothing, removed), head=head)
