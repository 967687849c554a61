"""Filtered reads: SQL narrows, Python decides.

:func:`storage.filter_sql.narrow` gives a condition that every match satisfies; what it lets through is parsed and
decided by :func:`storage.matching.matches`, on a worker thread and a chunk at a time, unless the condition is exact.
Counts and row numbers come from SQL alone where it is exact.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from storage import jsontext
from storage.connection import StoreFile
from storage.containers import reading
from storage.errors import CorruptStoreError
from storage.filter_sql import narrow
from storage.filters import Filter
from storage.items import fetch_items, find_seqs
from storage.matching import matches
from storage.model import Container, Item
from storage.schema import Tables
from storage.vector_rows import numbers_from_text, with_vectors

CHUNK = 200
"""Items in one list unless the caller says otherwise."""

_EVERYTHING = "1"
"""The condition that every item satisfies."""

_SEQS_PER_STATEMENT = 20_000
"""Row numbers parsed at once on the event loop: about two milliseconds."""

_LARGEST_CHUNK = 4000
"""Candidates are read in growing chunks up to this many while few of them match."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which items of a container are wanted, as SQL and as what is left to decide.

    Attributes:
        container: Where to look.
        condition: SQL over the columns of an item's table that every wanted item satisfies.
        parameters: Its parameters.
        undecided: The filter that Python has to decide; None when the condition is equivalent.
    """

    container: Container
    condition: str
    parameters: tuple[Any, ...]
    undecided: Filter | None

    @classmethod
    def of(cls, container: Container, where: Filter | None) -> Selection:
        """Return the selection for a filter; None selects everything."""
        narrowing = None if where is None else narrow(where)
        if narrowing is None:
            return cls(container, _EVERYTHING, (), where)
        return cls(container, narrowing.sql, narrowing.parameters, None if narrowing.exact else where)

    @property
    def tables(self) -> Tables:
        """The container's tables."""
        return Tables.of(self.container)

    def but(self, condition: str, *parameters: object) -> Selection:
        """Return the same selection under one more condition."""
        parameters = (*self.parameters, *parameters)
        return Selection(self.container, f"{self.condition} AND {condition}", parameters, self.undecided)

    async def decide(self, candidates: list[Item]) -> list[Item]:
        """Return the candidates that match; on a worker thread, because parsing a chunk takes milliseconds.

        Raises:
            CorruptStoreError: A body is not JSON.
        """
        if self.undecided is None or not candidates:
            return candidates
        return await asyncio.to_thread(_matching, self.undecided, candidates)


async def scan_items(
    file: StoreFile,
    container: Container,
    where: Filter | None,
    *,
    after: int = 0,
    vectors: Sequence[str] = (),
    chunk: int = CHUNK,
    keys: Sequence[str] | None = None,
) -> AsyncGenerator[list[Item], None]:
    """Yield the matching items in insertion order, in lists of 1 to ``chunk``; no connection is held between them.

    Args:
        file: The store.
        container: Where to look.
        where: The filter; None for all.
        after: Only items with a greater row number.
        vectors: Names of the vectors wanted.
        chunk: The most items in one list.
        keys: Only items with these keys, found through the unique index.
    """
    for part in await _parts(file, Selection.of(container, where), chunk, keys):
        position, size, more = after, chunk, True
        while more:
            candidates, matched, more = await _read(file, part.but("seq > ?", position), size, vectors)
            position = candidates[-1].seq if candidates else position
            for start in range(0, len(matched), chunk):
                yield matched[start : start + chunk]
            size = chunk if len(matched) >= chunk else min(size * 2, max(chunk, _LARGEST_CHUNK))


async def count_items(
    file: StoreFile,
    container: Container,
    where: Filter | None,
    *,
    limit: int | None = None,
    keys: Sequence[str] | None = None,
) -> int:
    """Return how many items match, counting no further than ``limit``; arguments as in :func:`scan_items`."""
    selection = Selection.of(container, where)
    if selection.undecided is None and keys is None:
        return await _count_by_sql(file, selection, limit)
    total = 0
    async with aclosing(scan_items(file, container, where, keys=keys)) as chunks:
        async for items in chunks:
            total += len(items)
            if limit is not None and total >= limit:
                return limit
    return total


async def matching_seqs(
    file: StoreFile, container: Container, where: Filter | None, keys: Sequence[str] | None = None
) -> NDArray[np.int64]:
    """Return the row numbers of the matching items, ascending; arguments as in :func:`scan_items`."""
    selection = Selection.of(container, where)
    if selection.undecided is None and keys is None:
        return np.concatenate([seqs async for seqs in _seqs_by_sql(file, selection)])
    chunks = scan_items(file, container, where, keys=keys)
    return np.array([item.seq async for items in chunks for item in items], dtype=np.int64)


async def _count_by_sql(file: StoreFile, selection: Selection, limit: int | None) -> int:
    if limit is None:
        sql = selection.tables.sql("SELECT count(*) FROM {item}")
        sql += "" if selection.condition == _EVERYTHING else f" WHERE {selection.condition}"
        parameters = selection.parameters
    else:
        sql = selection.tables.sql("SELECT count(*) FROM (SELECT 1 FROM {item} WHERE ")
        sql += f"{selection.condition} LIMIT ?)"
        parameters = (*selection.parameters, limit)
    async with reading(file, selection.container) as connection:
        [(number,)] = await connection.execute_fetchall(sql, parameters)
        return int(number)


async def _seqs_by_sql(file: StoreFile, selection: Selection) -> AsyncIterator[NDArray[np.int64]]:
    """Yield one or more arrays; in pieces, because a million numbers take too long to parse on the event loop."""
    sql = selection.tables.sql("SELECT group_concat(seq) FROM (SELECT seq FROM {item} WHERE ")
    sql += f"{selection.condition} AND seq > ? ORDER BY seq LIMIT {_SEQS_PER_STATEMENT})"
    position = 0
    while True:
        async with reading(file, selection.container) as connection:
            [(text,)] = await connection.execute_fetchall(sql, (*selection.parameters, position))
        seqs = np.sort(numbers_from_text(text))
        yield seqs
        if seqs.size < _SEQS_PER_STATEMENT:
            return
        position = int(seqs[-1])


async def _parts(file: StoreFile, selection: Selection, chunk: int, keys: Sequence[str] | None) -> list[Selection]:
    """Return the selections that together are wanted, in order: one, or one for every ``chunk`` rows that keys name."""
    if keys is None:
        return [selection]
    async with reading(file, selection.container) as connection:
        seqs = sorted(seq for _, seq in await find_seqs(connection, selection.tables, keys))
    condition = "seq IN (SELECT value FROM json_each(?))"
    return [selection.but(condition, jsontext.dumps(seqs[at : at + chunk])) for at in range(0, len(seqs), chunk)]


async def _read(
    file: StoreFile, selection: Selection, size: int, vectors: Sequence[str]
) -> tuple[list[Item], list[Item], bool]:
    """Read candidates and decide: the candidates, the matches with their vectors, and whether there may be more."""
    tables = selection.tables
    async with reading(file, selection.container, snapshot=bool(vectors)) as connection:
        candidates, more = await fetch_items(connection, tables, selection.condition, selection.parameters, limit=size)
        matched = await selection.decide(candidates)
        if vectors and matched:
            matched = await with_vectors(connection, tables, matched, vectors)
    return candidates, matched, more


def _matching(where: Filter, items: list[Item]) -> list[Item]:
    return [item for item in items if matches(where, parse_body(item))]


def parse_body(item: Item) -> dict[str, Any]:
    """Return an item's body as JSON objects with exact numbers.

    Raises:
        CorruptStoreError: The body is not a JSON object.
    """
    try:
        body = jsontext.loads(item.body)
    except (ValueError, RecursionError) as error:
        raise CorruptStoreError(f"The document in row {item.seq} cannot be read: {error}.") from error
    if not isinstance(body, dict):
        raise CorruptStoreError(f"The document in row {item.seq} is not an object.")
    return body
