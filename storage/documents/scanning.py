"""Filtered reads: SQL narrows, Python decides.

:func:`storage.filters.to_sql.narrow` gives a condition that every match satisfies, and one that only matches satisfy.
What lies between them is parsed and decided by :func:`storage.filters.matching.matches`, on the reader's thread and a
chunk at a time; the rest is decided by SQL alone, so that counts and row numbers mostly come without a document being
read.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

import aiosqlite
import numpy as np
from numpy.typing import NDArray

from storage import jsontext
from storage.documents.containers import read_container
from storage.documents.items import (
    EVERYTHING,
    KEYS_PER_STATEMENT,
    NOTHING,
    Candidate,
    Condition,
    fetch_candidates,
    find_seqs,
)
from storage.documents.schema import Tables
from storage.documents.term_rows import word_table
from storage.documents.vector_rows import numbers_from_text, with_vectors
from storage.errors import CorruptStoreError
from storage.filters.json_sql import Parameter
from storage.filters.matching import matcher
from storage.filters.to_sql import Source, narrow
from storage.filters.tree import Filter, filter_size
from storage.gil_yield import in_thread, in_turns
from storage.shapes import LEXICAL_FIELD, Container, Item
from storage.sqlite.store_file import StoreFile

CHUNK = 200
"""Items in one list unless the caller says otherwise."""

SEQS_PER_STATEMENT = 20_000
"""Row numbers parsed at once on the event loop: about two milliseconds."""

_SMALL_FILTER = 100
"""Parts and values of a filter whose SQL is made in no time."""

_LARGEST_CHUNK = 4000
"""Candidates are read in growing chunks up to this many while few of them match."""


@dataclass(frozen=True, slots=True)
class ItemSelection:
    """Which items of a container are wanted, as SQL and as what is left to decide.

    Attributes:
        container: Where to look.
        where: The filter; None for everything.
        possible: Every wanted item satisfies it.
        certain: Only wanted items satisfy it; None when ``possible`` says it all.
        place: The rows to look at.
        named: They are few: those that keys name.
    """

    container: Container
    where: Filter | None
    possible: Condition
    certain: Condition | None
    place: Condition = EVERYTHING
    named: bool = False

    @property
    def whole(self) -> bool:
        """Whether the whole table may have to be read to find the items."""
        return self.where is not None and not self.named

    @classmethod
    def of(cls, container: Container, where: Filter | None) -> ItemSelection:
        """Return the selection for a filter; None selects everything."""
        if where is None:
            return cls(container, None, EVERYTHING, None)
        narrowing = narrow(where, Source(words=word_table(Tables.of(container), LEXICAL_FIELD)))
        if narrowing is None:
            return cls(container, where, EVERYTHING, NOTHING)
        certain = None if narrowing.exact else Condition(narrowing.certain, narrowing.certain_parameters)
        return cls(container, where, Condition(narrowing.sql, narrowing.parameters), certain)

    @property
    def tables(self) -> Tables:
        """The container's tables."""
        return Tables.of(self.container)

    @property
    def condition(self) -> Condition:
        """What SQL looks for."""
        return self.place.also(self.possible)

    def within(self, sql: str, *parameters: str | int) -> ItemSelection:
        """Return the same selection among fewer rows."""
        return replace(self, place=self.place.also(Condition(sql, parameters)))

    @property
    def decided(self) -> ItemSelection:
        """The part that SQL decides alone."""
        return self if self.certain is None else replace(self, possible=self.certain, certain=None)

    @property
    def undecided(self) -> ItemSelection | None:
        """The part that Python has to decide; None when there is none."""
        if self.certain is None or self.certain == NOTHING:
            return None if self.certain is None else self
        rest = self.possible.also(Condition(f"(NOT {self.certain.sql})", self.certain.parameters))
        return replace(self, possible=rest, certain=NOTHING)

    def decide(self, candidates: list[Candidate]) -> list[Item]:
        """Return the candidates that match; not on the event loop, because parsing a chunk takes milliseconds.

        Raises:
            CorruptStoreError: A body is not JSON.
        """
        holds = matcher(self.where) if self.where is not None else None
        return [
            candidate.item
            for candidate in in_turns(candidates)
            if candidate.certain or holds is None or holds(parse_body(candidate.item))
        ]


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
    for part in await _parts(file, container, where, chunk, keys):
        async with aclosing(_scan(file, part, after, vectors, chunk)) as lists:
            async for items in lists:
                yield items


async def count_items(
    file: StoreFile,
    container: Container,
    where: Filter | None,
    *,
    limit: int | None = None,
    keys: Sequence[str] | None = None,
) -> int:
    """Return how many items match, counting no further than ``limit``; arguments as in :func:`scan_items`."""
    total = 0
    for part in await _parts(file, container, where, CHUNK, keys):
        left = None if limit is None else limit - total
        total += await _count_by_sql(file, part.decided, left)
        if total == limit or part.undecided is None:
            continue
        async with aclosing(_scan(file, part.undecided, 0, (), CHUNK)) as lists:
            async for items in lists:
                total += len(items)
                if limit is not None and total >= limit:
                    return limit
    return total


async def matching_seqs(
    file: StoreFile, container: Container, where: Filter | None, keys: Sequence[str] | None = None
) -> NDArray[np.int64]:
    """Return the row numbers of the matching items, ascending; arguments as in :func:`scan_items`."""
    found = [np.empty(0, np.int64)]
    for part in await _parts(file, container, where, CHUNK, keys):
        found += [seqs async for seqs in _seqs_by_sql(file, part.decided)]
        if part.undecided is not None:
            lists = _scan(file, part.undecided, 0, (), CHUNK)
            found.append(np.array([item.seq async for items in lists for item in items], np.int64))
    return np.sort(np.concatenate(found))


async def _scan(
    file: StoreFile, selection: ItemSelection, after: int, vectors: Sequence[str], chunk: int
) -> AsyncGenerator[list[Item], None]:
    position, size, more = after, chunk, True
    while more:
        candidates, matched, more = await _read(file, selection.within("seq > ?", position), size, vectors)
        position = candidates[-1].item.seq if candidates else position
        for start in range(0, len(matched), chunk):
            yield matched[start : start + chunk]
        size = chunk if len(matched) >= chunk else min(size * 2, max(chunk, _LARGEST_CHUNK))


async def _count_by_sql(file: StoreFile, selection: ItemSelection, limit: int | None) -> int:
    """Count what satisfies the ``possible`` condition."""
    if selection.possible == NOTHING or limit == 0:
        return 0
    condition = selection.condition
    parameters = condition.parameters
    if limit is not None:
        sql = selection.tables.sql("SELECT count(*) FROM (SELECT 1 FROM {item} WHERE ")
        sql += f"{condition.sql} LIMIT ?)"
        parameters = (*parameters, limit)
    else:
        sql = selection.tables.sql("SELECT count(*) FROM {item}")
        # Without a condition SQLite counts pages, not rows.
        sql += "" if condition == EVERYTHING else f" WHERE {condition.sql}"
    [(number,)] = await _fetch(file, selection, sql, parameters)
    return int(number)


async def _seqs_by_sql(file: StoreFile, selection: ItemSelection) -> AsyncGenerator[NDArray[np.int64], None]:
    """Yield arrays; in pieces, because a million numbers take too long to parse on the event loop."""
    if selection.possible == NOTHING:
        return
    position = 0
    while True:
        condition = selection.within("seq > ?", position).condition
        sql = selection.tables.sql("SELECT group_concat(seq) FROM (SELECT seq FROM {item} WHERE ")
        sql += f"{condition.sql} ORDER BY seq LIMIT {SEQS_PER_STATEMENT})"
        [(text,)] = await _fetch(file, selection, sql, condition.parameters)
        seqs = numbers_from_text(text)
        yield seqs
        if seqs.size < SEQS_PER_STATEMENT:
            return
        position = int(seqs.max())


async def _fetch(
    file: StoreFile, selection: ItemSelection, sql: str, parameters: Sequence[Parameter]
) -> list[tuple[Any, ...]]:
    async def rows(connection: aiosqlite.Connection) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await connection.execute_fetchall(sql, parameters)]

    return await read_container(file, selection.container, rows, whole=selection.whole)


async def _parts(
    file: StoreFile, container: Container, where: Filter | None, chunk: int, keys: Sequence[str] | None
) -> list[ItemSelection]:
    """Return the selections that together are wanted, in order: one, or one for every ``chunk`` rows that keys name."""
    if where is None or filter_size(where) <= _SMALL_FILTER:
        selection = ItemSelection.of(container, where)
    else:
        selection = await in_thread(ItemSelection.of, container, where)
    if keys is None:
        return [selection]
    selection = replace(selection, named=True)
    if len(keys) <= KEYS_PER_STATEMENT:
        return [selection.within(f"key IN ({','.join('?' * len(keys))})", *keys)]

    async def rows(connection: aiosqlite.Connection) -> list[int]:
        return sorted(seq for _, seq in await find_seqs(connection, selection.tables, keys))

    seqs = await read_container(file, selection.container, rows)
    numbers = [jsontext.dumps(seqs[at : at + chunk]) for at in range(0, len(seqs), chunk)]
    return [selection.within("seq IN (SELECT value FROM json_each(?))", part) for part in numbers]


async def _read(
    file: StoreFile, selection: ItemSelection, size: int, vectors: Sequence[str]
) -> tuple[list[Candidate], list[Item], bool]:
    """Read candidates and decide: the candidates, the matches with their vectors, and whether there may be more."""
    tables = selection.tables

    async def chunk(connection: aiosqlite.Connection) -> tuple[list[Candidate], list[Item], bool]:
        candidates, more = await fetch_candidates(
            connection, tables, selection.condition, selection.certain, limit=size
        )
        matched = selection.decide(candidates)
        if vectors and matched:
            matched = await with_vectors(connection, tables, matched, vectors)
        return candidates, matched, more

    return await read_container(file, selection.container, chunk, snapshot=bool(vectors), whole=selection.whole)


def parse_body(item: Item) -> dict[str, Any]:
    """Return an item's body as JSON objects with exact numbers.

    Raises:
        CorruptStoreError: The body is not a JSON object.
    """
    try:
        body = jsontext.loads_in_pieces(item.body)
    except (ValueError, RecursionError) as error:
        raise CorruptStoreError(f"The document in row {item.seq} cannot be read: {error}.") from error
    if not isinstance(body, dict):
        raise CorruptStoreError(f"The document in row {item.seq} is not an object.")
    return body
