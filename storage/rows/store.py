"""The rows of the tables of one database."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from functools import partial

import aiosqlite
import numpy as np
from numpy.typing import NDArray

from storage.documents import containers
from storage.documents.dropped_values import empty_slice
from storage.documents.index_filling import Slice, fill_indexes, has_more_than, last_row
from storage.documents.scanning import CHUNK
from storage.documents.store import DatabaseStore
from storage.documents.values import Extract
from storage.lexical.analyzers import TermQuery
from storage.rows.scanning import matching_row_seqs, scan_rows
from storage.rows.shapes import KeyRange, RowChange, RowQuery
from storage.rows.writing import delete_range, write_rows
from storage.shapes import Container, Hit, Item, Vector


class RowStore:
    """Reads and writes rows; :class:`DatabaseStore` reads them by key or row number, and empties and drops tables.

    Args:
        store: The database's contents; whoever opened them closes them.
    """

    def __init__(self, store: DatabaseStore) -> None:
        self._store = store
        self._file = store.file

    async def write(self, container: Container, changes: Sequence[RowChange], *, size: int = 0) -> None:
        """Carry out changes in their order, in one transaction, durable on return.

        Args:
            container: The table.
            changes: What becomes of the rows of which keys; several may be about the same key.
            size: About how many bytes are written.

        Raises:
            ValueError: A vector has an unknown name or another dimension than its column.
            ContainerChangedError: The table was altered after it was read; nothing was done.
        """

        async def write(connection: aiosqlite.Connection) -> None:
            await self._store.check_unchanged(connection, container)
            ticket = await containers.touch(connection, container, seqs=len(changes))
            await write_rows(connection, container, changes, ticket)
            await containers.shorten_log(connection, container, ticket.revision)

        await self._file.write(write, size=size)

    async def delete(self, container: Container, ranges: Sequence[KeyRange]) -> None:
        """Delete every row whose key lies in one of the ranges, in one transaction.

        Raises:
            ContainerChangedError: The table was altered after it was read; nothing was done.
        """

        async def delete(connection: aiosqlite.Connection) -> None:
            await self._store.check_unchanged(connection, container)
            ticket = await containers.touch(connection, container)
            for place in ranges:
                await delete_range(connection, container, place, ticket.revision)
            await containers.shorten_log(connection, container, ticket.revision)

        await self._file.write(delete, reserved=True)

    async def has_more_than(self, container: Container, count: int) -> bool:
        """Return whether a table has more rows than so many; counts no further."""
        return await containers.read_container(
            self._file, container, partial(has_more_than, container=container, count=count)
        )

    async def last_row(self, container: Container) -> int:
        """Return the greatest row number of a table; 0 when it is empty."""
        return await containers.read_container(self._file, container, partial(last_row, container=container))

    async def fill_indexes(self, container: Container, extract: Extract, place: Slice) -> int | None:
        """Enter some rows into the indexes that are building, in a short transaction of its own.

        Args:
            container: The table.
            extract: Gives the values that a row is found by.
            place: Which rows.

        Returns:
            Where the next slice goes on; None when every row was seen.

        Raises:
            ContainerChangedError: The table was altered after it was read; nothing was done.
            ContainerMissingError: It was dropped.
            CorruptStoreError: A row cannot be read.
        """

        async def fill(connection: aiosqlite.Connection) -> int | None:
            await self._store.check_unchanged(connection, container)
            await containers.check_exists(connection, container)
            return await fill_indexes(connection, container, extract, place)

        return await self._file.write(fill)

    async def empty_dropped(self, container: Container, rows: int) -> bool:
        """Remove some of what dropped indexes have left, in a short transaction of its own.

        Args:
            container: The table, as it is or as it was.
            rows: How many rows at most.

        Returns:
            Whether there may be more of it; False when the table was dropped, too.
        """

        async def empty(connection: aiosqlite.Connection) -> bool:
            found = await containers.find_container(connection, container.keyspace, container.name)
            return found is not None and found.id == container.id and await empty_slice(connection, found, rows)

        return await self._file.write(empty)

    def scan(
        self,
        container: Container,
        query: RowQuery,
        *,
        after: str | None = None,
        vectors: Sequence[str] = (),
        chunk: int = CHUNK,
    ) -> AsyncGenerator[list[Item], None]:
        """Yield the matching rows in the order of their keys, in lists of 1 to ``chunk``.

        The scan is no snapshot: every row that is there from beginning to end comes exactly once, whatever is written
        meanwhile. Nothing is held between the lists, so the caller may stop or pause at any of them.

        Args:
            container: The table.
            query: Which rows, and in which direction.
            after: Only rows behind this key, in that direction: the last one of the page before.
            vectors: Names of the vectors wanted.
            chunk: The most rows in one list; ask for a page's size plus one when only a page is wanted.
        """
        return scan_rows(self._file, container, query, after=after, vectors=vectors, chunk=chunk)

    async def search(
        self, container: Container, vector: str, query: Vector, k: int, among: RowQuery | None = None
    ) -> list[Hit]:
        """Return the ``k`` rows nearest to ``query``, among those that match: most similar first, then older first."""
        allowed = await self._allowed(container, among)
        return await self._store.searching.nearest(container, vector, query, k, allowed)

    async def search_words(
        self, container: Container, text: str, query: TermQuery, k: int, among: RowQuery | None = None
    ) -> list[int]:
        """Return the row numbers of the ``k`` rows whose text matches best: by BM25, then older first."""
        allowed = await self._allowed(container, among)
        return await self._store.searching.by_words(container, text, query, k, allowed)

    async def _allowed(self, container: Container, query: RowQuery | None) -> NDArray[np.int64] | None:
        if query is None:
            return None
        find = partial(matching_row_seqs, self._file, container, query)
        return await self._store.searching.allowed(container, query.question, find)
