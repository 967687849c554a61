"""Reading rows in the order of their keys.

A query is read along one index: a range of keys, the rows of one indexed value, or, where an index leads to few rows,
its rows put in order. Where it leads to many, reading along the keys finds enough of them soon, and in order.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import aiosqlite
import numpy as np
from numpy.typing import NDArray

from storage.documents.containers import check_indexes, read_container
from storage.documents.items import EVERYTHING, NOTHING, Candidate, Condition, fetch_candidates
from storage.documents.scanning import CHUNK, parse_body
from storage.documents.schema import Tables
from storage.documents.vector_rows import numbers_from_text, with_vectors
from storage.gil_yield import in_turns
from storage.rows.conditions import Lead, RowConditions, conditions, in_key_order, leads_of
from storage.rows.shapes import Every, KeyRange, RowQuery
from storage.shapes import Container, Item
from storage.sqlite.store_file import StoreFile
from storage.sqlite.threaded import Block

T = TypeVar("T")

_FEW = 2000
"""Rows that are put in order for every page, rather than being looked for along the keys."""

_LARGEST_CHUNK = 4000
"""Candidates are read in growing chunks up to this many while few of them are wanted."""

_ALL = (KeyRange(),)


@dataclass(frozen=True, slots=True)
class _Plan:
    """How a query is read.

    Attributes:
        container: The table.
        query: The query.
        lead: The parts whose index leads to the rows; none to go along the keys.
    """

    container: Container
    query: RowQuery
    lead: Lead = ()

    @property
    def conditions(self) -> RowConditions:
        """What SQL looks for."""
        return conditions(self.container, self.query.where, self.lead)

    @property
    def ranges(self) -> Sequence[KeyRange]:
        """Where to look, in the direction of the query."""
        ranges = [found for found in (_ALL if self.query.ranges is None else self.query.ranges) if not found.empty]
        return ranges[::-1] if self.query.descending else ranges

    @property
    def whole(self) -> bool:
        """Whether all of the table may have to be read."""
        return not self.lead and self.query.ranges is None


async def scan_rows(
    file: StoreFile,
    container: Container,
    query: RowQuery,
    *,
    after: str | None = None,
    vectors: Sequence[str] = (),
    chunk: int = CHUNK,
) -> AsyncGenerator[list[Item], None]:
    """Yield the matching rows in the order of their keys, in lists of 1 to ``chunk``; nothing is held between them.

    Args:
        file: The store.
        container: The table.
        query: Which rows, and in which direction.
        after: Only rows behind this key, in the direction of the query.
        vectors: Names of the vectors wanted.
        chunk: The most rows in one list.
    """
    plan = await _plan(file, container, query)
    ranges = list(plan.ranges if after is None else _behind(plan.ranges, after, descending=query.descending))
    size = chunk
    while ranges:
        matched, ranges = await _step(file, plan, ranges, size, vectors)
        for start in range(0, len(matched), chunk):
            yield matched[start : start + chunk]
        size = chunk if len(matched) >= chunk else min(size * 2, max(chunk, _LARGEST_CHUNK))


async def matching_row_seqs(file: StoreFile, container: Container, query: RowQuery) -> NDArray[np.int64]:
    """Return the row numbers of the matching rows, ascending."""
    leads = leads_of(query.where) if query.ranges is None else []
    plan = _Plan(container, replace(query, descending=False), leads[0] if leads else ())
    tables = Tables.of(container)
    sure, open_ = plan.conditions.certain, _undecided(plan.conditions)

    async def decided(connection: aiosqlite.Connection) -> NDArray[np.int64]:
        sql = tables.sql("SELECT group_concat(seq) FROM (SELECT seq FROM {item} WHERE ")
        condition = sure.also(_within(plan.ranges))
        [(text,)] = await connection.execute_fetchall(f"{sql}{condition.sql})", condition.parameters)
        return numbers_from_text(text)

    found = await _read(file, container, decided, whole=plan.whole)
    if open_ is not None:
        rest = [item.seq async for items in scan_rows(file, container, query) for item in items]
        found = np.unique(np.concatenate([found, np.array(rest, np.int64)]))
    return np.sort(found)


async def _plan(file: StoreFile, container: Container, query: RowQuery) -> _Plan:
    """Choose the index to read along."""
    plan = _Plan(container, query)
    leads = leads_of(query.where)
    if leads and in_key_order(leads[0]):
        return replace(plan, lead=leads[0])
    if query.ranges is not None:
        return plan
    for lead in leads:
        if await _leads_to_few(file, container, lead):
            return replace(plan, lead=lead)
    return plan


async def _leads_to_few(file: StoreFile, container: Container, lead: Lead) -> bool:
    condition = conditions(container, Every(lead), lead).possible
    sql = Tables.of(container).sql("SELECT count(*) FROM (SELECT 1 FROM {item} WHERE ")

    async def count(connection: aiosqlite.Connection) -> int:
        [(found,)] = await connection.execute_fetchall(f"{sql}{condition.sql} LIMIT {_FEW + 1})", condition.parameters)
        return int(found)

    return await _read(file, container, count) <= _FEW


async def _step(
    file: StoreFile, plan: _Plan, ranges: list[KeyRange], size: int, vectors: Sequence[str]
) -> tuple[list[Item], list[KeyRange]]:
    """Read candidates and decide: the matches with their vectors, and where to go on."""
    tables = Tables.of(plan.container)

    async def step(connection: aiosqlite.Connection) -> tuple[list[Item], list[KeyRange]]:
        candidates: list[Candidate] = []
        left = list(ranges)
        while left and len(candidates) < size:
            limit = size - len(candidates)
            part, more = await _candidates(connection, plan, left[0], limit)
            candidates += part
            last = part[-1].item.key if part else None
            rest = _cut(left[0], last, descending=plan.query.descending) if more and last is not None else None
            left[:1] = [rest] if rest is not None else []
            if rest is not None and more and len(part) < limit:
                break  # Large bodies: what has been read is enough for now.
        matched = _decide(candidates, plan.query)
        if vectors and matched:
            matched = await with_vectors(connection, tables, matched, vectors)
        return matched, left

    return await _read(file, plan.container, step, snapshot=bool(vectors), whole=plan.whole)


async def _read(
    file: StoreFile, container: Container, block: Block[T], *, snapshot: bool = False, whole: bool = False
) -> T:
    """Read as :func:`read_container` does; ContainerChangedError if an index was dropped before it was read."""

    async def checked(connection: aiosqlite.Connection) -> T:
        found = await block(connection)
        await check_indexes(connection, container)
        return found

    return await read_container(file, container, checked, snapshot=snapshot, whole=whole)


async def _candidates(
    connection: aiosqlite.Connection, plan: _Plan, place: KeyRange, limit: int
) -> tuple[list[Candidate], bool]:
    found = plan.conditions
    possible = found.possible
    certain = found.certain if plan.query.decide is not None and found.certain != possible else None
    tables = Tables.of(plan.container)
    direction = " DESC" if plan.query.descending else ""
    if in_key_order(plan.lead):
        condition = possible.also(_in_range(place))
        return await fetch_candidates(connection, tables, condition, certain, limit=limit, order=f"key{direction}")
    # The rows of the index are put in order by their keys alone; their bodies are read afterwards.
    inner = possible.also(_in_range(place, column="+key"))
    sql = f"seq IN (SELECT seq FROM {{item}} WHERE {inner.sql} ORDER BY +key{direction} LIMIT {limit:d})"  # noqa: S608 - ours
    condition = Condition(tables.sql(sql), inner.parameters)
    return await fetch_candidates(connection, tables, condition, certain, limit=limit, order=f"+key{direction}")


def _decide(candidates: Sequence[Candidate], query: RowQuery) -> list[Item]:
    decide = query.decide
    return [
        candidate.item
        for candidate in in_turns(candidates)
        if candidate.certain or decide is None or decide(parse_body(candidate.item))
    ]


def _in_range(place: KeyRange, column: str = "key") -> Condition:
    condition = Condition(f"({column} >= ?)", (place.low,)) if place.low else EVERYTHING
    return condition if place.high is None else condition.also(Condition(f"({column} < ?)", (place.high,)))


def _within(ranges: Sequence[KeyRange]) -> Condition:
    """Return the condition that a key lies in one of the ranges."""
    parts = [_in_range(place) for place in ranges]
    if not parts or EVERYTHING in parts:
        return EVERYTHING if parts else NOTHING
    sql = " OR ".join(f"({part.sql})" for part in parts)
    return Condition(f"({sql})", tuple(value for part in parts for value in part.parameters))


def _undecided(found: RowConditions) -> Condition | None:
    return None if found.possible == found.certain else found.possible


def _behind(ranges: Sequence[KeyRange], key: str, *, descending: bool) -> list[KeyRange]:
    """Return what of the ranges lies behind a key, in their direction."""
    cut = [_cut(place, key, descending=descending) for place in ranges]
    return [place for place in cut if place is not None]


def _cut(place: KeyRange, key: str, *, descending: bool) -> KeyRange | None:
    """Return what of a range lies behind a key; None for nothing."""
    if descending:
        high = key if place.high is None else min(place.high, key)
        rest = KeyRange(place.low, high)
    else:
        rest = KeyRange(max(place.low, key + "\0"), place.high)
    return None if rest.empty else rest
