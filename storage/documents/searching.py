"""Searching the items of an open store by vector and by words, among all of them or some."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import aclosing

import aiosqlite
import numpy as np
from numpy.typing import NDArray

from storage.documents import containers
from storage.documents.filter_cache import FilterCache
from storage.documents.schema import Tables
from storage.documents.term_rows import among, ranked_rows
from storage.documents.vector_rows import VectorRows
from storage.lexical.analyzers import TermQuery
from storage.shapes import Container, Hit, Vector
from storage.sqlite.store_file import StoreFile
from storage.vectors.cache import IndexCache

Allowed = NDArray[np.int64] | None
"""The row numbers to choose from, ascending; None for all."""


class ItemSearch:
    """Vector and lexical search.

    Args:
        file: The store's file.
        indexes: Its vector indexes.
        vectors: Its vectors.
    """

    def __init__(self, file: StoreFile, indexes: IndexCache, vectors: VectorRows) -> None:
        self._file = file
        self._indexes = indexes
        self._vectors = vectors
        self._filters = FilterCache()

    async def nearest(self, container: Container, vector: str, query: Vector, k: int, allowed: Allowed) -> list[Hit]:
        """Return the ``k`` items nearest to a query among the allowed ones: most similar first, then older first."""
        hits = await self._indexes.search(container, vector, query, k, allowed)
        if not hits:
            async with self._file.reader() as connection:
                await containers.check_exists(connection, container)
        return hits

    async def by_words(self, container: Container, text: str, query: TermQuery, k: int, allowed: Allowed) -> list[int]:
        """Return the rows of the ``k`` items whose text of that name matches best: by BM25, then older first."""

        async def rows(connection: aiosqlite.Connection) -> list[int]:
            found: list[int] = []
            async with aclosing(ranked_rows(connection, Tables.of(container), text, query)) as chunks:
                async for seqs in chunks:
                    found += seqs if allowed is None else among(seqs, allowed)
                    if len(found) >= k:
                        break
            await containers.check_indexes(connection, container)
            return found[:k]

        return await containers.read_container(self._file, container, rows)

    async def allowed(
        self, container: Container, question: str, find: Callable[[], Awaitable[NDArray[np.int64]]]
    ) -> NDArray[np.int64]:
        """Return what a filter lets through; at once if the same was asked since the last write.

        Args:
            container: Where to look.
            question: The filter and whatever else decides, as text.
            find: Finds the row numbers, ascending.
        """
        state = await self._vectors.state(container.id)
        seqs = self._filters.find(container.id, question, state)
        if seqs is None:
            seqs = await find()
            self._filters.keep(container.id, question, state, seqs)
        return seqs
