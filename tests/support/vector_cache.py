"""A vector cache to search, and what it should answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np

from storage.shapes import Metric, Vector
from storage.vectors.cache import IndexCache
from storage.vectors.live import SavePolicy
from tests.support.vectors import MemoryVectors, clustered, container, plain_search

DIMENSION = 6
EAGER = SavePolicy(fewest_rows=10, fewest_changes=10)
BOOKS = container(DIMENSION)
QUERY = clustered(1, DIMENSION, seed=9)[0]


def hundred() -> MemoryVectors:
    """A source of a hundred vectors."""
    vectors = MemoryVectors(DIMENSION)
    vectors.write(range(1, 101), clustered(100, DIMENSION))
    return vectors


@asynccontextmanager
async def opened(folder: Path, source: MemoryVectors, **options: int) -> AsyncIterator[IndexCache]:
    cache = IndexCache(folder, source, policy=EAGER, **options)
    try:
        yield cache
    finally:
        await cache.close()


async def search(
    cache: IndexCache, query: Vector, k: int = 10, allowed: list[int] | None = None
) -> list[tuple[int, float]]:
    seqs = None if allowed is None else np.array(allowed, dtype=np.int64)
    return [(hit.seq, hit.similarity) for hit in await cache.search(BOOKS, "$vector", query, k, seqs)]


def expected(
    source: MemoryVectors, query: Vector, k: int = 10, allowed: list[int] | None = None
) -> list[tuple[int, float]]:
    return plain_search(Metric.COSINE, source.rows, query, k, allowed)


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.exists() else []
