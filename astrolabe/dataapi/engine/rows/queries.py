"""From a bound filter to what the store is asked: ranges of keys, what its indexes decide, and what is left.

Where the columns of the key are restricted from the left, rows are found by ranges of keys and nothing of these
comparisons is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product

from astrolabe.dataapi.engine.definitions.row_layout import as_text, clustering_part, partition_prefix
from astrolabe.dataapi.engine.definitions.table_definition import TableDefinition
from astrolabe.dataapi.engine.rows.filters import RANGES, AllOf, AnyOf, RowFilter, Test, conjunction
from astrolabe.dataapi.engine.rows.matching import comparable, decider
from astrolabe.dataapi.language.tables.order import sort_key
from astrolabe.dataapi.language.tables.scalars import Stored
from astrolabe.dataapi.language.tables.types import Scalar, ScalarType
from storage.filters.tree import All, Comparison, Operator
from storage.rows.shapes import (
    BEYOND,
    Every,
    HasValues,
    HasWords,
    KeyRange,
    Member,
    Part,
    RowQuery,
    Some,
    Undecided,
    ValueIs,
)

MOST_RANGES = 1000
"""Ranges that the choices of several ``$in`` may lead to; with more of them the rows are looked through."""

_WHOLE = frozenset(
    {
        Scalar.BIGINT,
        Scalar.COUNTER,
        Scalar.DATE,
        Scalar.INT,
        Scalar.SMALLINT,
        Scalar.TIME,
        Scalar.TIMESTAMP,
        Scalar.TINYINT,
        Scalar.VARINT,
    }
)
_FLOATS = frozenset({Scalar.FLOAT, Scalar.DOUBLE})
_NOT_NUMBERS = ("NaN", "Infinity", "-Infinity")
_SORTED_AS_JSON = frozenset({*_WHOLE, Scalar.ASCII, Scalar.TEXT, Scalar.BOOLEAN, Scalar.DECIMAL})
"""Types whose stored values sort as JSON's do."""

_EQUAL_AS_JSON = _SORTED_AS_JSON | _FLOATS | {Scalar.INET, Scalar.TIMEUUID, Scalar.UUID}


def row_query(table: TableDefinition, where: RowFilter, *, descending: bool = False) -> RowQuery:
    """Return the query of a bound filter."""
    found = key_ranges(table, where)
    rest = where if found is None else found.rest
    parts = conjunction(rest)
    if not parts:
        return RowQuery(ranges=None if found is None else found.ranges, question=repr(where), descending=descending)
    return RowQuery(
        ranges=None if found is None else found.ranges,
        where=_part(table, AllOf(tuple(parts))),
        decide=decider(table, rest),
        question=repr(where),
        descending=descending,
    )


@dataclass(frozen=True, slots=True)
class FoundRanges:
    """Where the rows of a filter lie, and what of it that does not say.

    Attributes:
        ranges: Ascending, apart from each other.
        rest: What is left of the filter.
    """

    ranges: tuple[KeyRange, ...]
    rest: AllOf


@dataclass(slots=True)
class _Restriction:
    """What the comparisons with one column of the key allow.

    Attributes:
        values: The values; None for any.
        ranges: Range comparisons.
        used: The comparisons that these come from.
    """

    values: dict[bytes, Stored] | None = None
    ranges: list[Test] = field(default_factory=list)
    used: list[Test] = field(default_factory=list)


def key_ranges(table: TableDefinition, where: RowFilter) -> FoundRanges | None:
    """Return the ranges of keys that a bound filter leads to; None when it does not restrict every partition column."""
    parts = conjunction(where)
    restrictions = {column: _restriction(table, column, parts) for column in table.primary_key.columns}
    first = [restrictions[column] for column in table.primary_key.partition_by]
    if any(one.values is None for one in first):
        return None
    used = [test for one in first for test in one.used if test.operator not in RANGES]
    choices = [list((one.values or {}).values()) for one in first]
    if _combinations(choices) > MOST_RANGES:
        return None
    prefixes = [partition_prefix(table, values) for values in product(*choices)]
    places = [KeyRange.beginning(as_text(prefix)) for prefix in prefixes]
    for column in table.primary_key.partition_sort:
        one = restrictions[column]
        values = [clustering_part(table, column, value) for value in (one.values or {}).values()]
        if one.values is None or len(prefixes) * max(len(values), 1) > MOST_RANGES:
            places = _cut_by_ranges(table, column, prefixes, one.ranges) if one.ranges else places
            used += one.ranges
            break
        used += [test for test in one.used if test.operator not in RANGES]
        prefixes = [prefix + value for prefix in prefixes for value in values]
        places = [KeyRange.beginning(as_text(prefix)) for prefix in prefixes]
    rest = tuple(part for part in parts if not any(part is test for test in used))
    return FoundRanges(tuple(sorted(places, key=lambda place: place.low)), AllOf(rest))


def _combinations(choices: Sequence[Sequence[Stored]]) -> int:
    total = 1
    for values in choices:
        total *= len(values)
    return total


def _restriction(table: TableDefinition, column: str, parts: Sequence[RowFilter]) -> _Restriction:
    found = _Restriction()
    for test in parts:
        if not isinstance(test, Test) or test.column != column:
            continue
        if test.operator in {Operator.EQ, Operator.IN}:
            values = test.operand if test.operator is Operator.IN else (test.operand,)
            keyed = {_plain_key(table, column, value): value for value in values}
            known = found.values
            found.values = keyed if known is None else {key: value for key, value in known.items() if key in keyed}
            found.used.append(test)
        elif test.operator in RANGES:
            found.ranges.append(test)
            found.used.append(test)
    return found


def _plain_key(table: TableDefinition, column: str, value: Stored) -> bytes:
    kind = table.columns[column]
    if not isinstance(kind, ScalarType):
        raise TypeError(f"the column {column!r} cannot be filtered by")
    return sort_key(kind, value)


def _cut_by_ranges(
    table: TableDefinition, column: str, prefixes: Sequence[bytes], tests: Sequence[Test]
) -> list[KeyRange]:
    """Return the ranges of some beginnings cut by comparisons with the next clustering column."""
    descending = table.primary_key.partition_sort[column] < 0
    places = []
    for prefix in prefixes:
        low, high = as_text(prefix), as_text(prefix) + BEYOND
        for test in tests:
            edge = as_text(prefix + clustering_part(table, column, test.operand))
            upwards = (test.operator in {Operator.GT, Operator.GTE}) is not descending
            beyond = test.operator in ({Operator.GT, Operator.LTE} if not descending else {Operator.LT, Operator.GTE})
            edge += BEYOND if beyond else ""
            low, high = (max(low, edge), high) if upwards else (low, min(high, edge))
        places.append(KeyRange(low, high))
    return places


def _part(table: TableDefinition, where: RowFilter) -> Part:
    if not isinstance(where, Test):
        parts = tuple(_part(table, part) for part in where.parts)
        if isinstance(where, AnyOf):
            return Some(parts)
        return parts[0] if len(parts) == 1 else Every(parts)
    if where.operator is Operator.MATCH:
        return HasWords(table.stored_as(where.column), where.operand)
    index, key = comparable(table, where)
    kind = table.columns[where.column]
    if index is None:
        return _unindexed(table, where) if isinstance(kind, ScalarType) else Undecided()
    operand = tuple(map(key, where.operand)) if isinstance(where.operand, tuple) else key(where.operand)
    if isinstance(kind, ScalarType):
        return ValueIs(index.name, where.operator, operand)
    return HasValues(
        index.name,
        operand if isinstance(operand, tuple) else (operand,),
        every=where.operator in {Operator.ALL, Operator.NOT_ALL},
        negated=where.operator in {Operator.NIN, Operator.NOT_ALL},
    )


def _unindexed(table: TableDefinition, test: Test) -> Part:
    """Return what the database can say of a value that stands in the row alone, compared as JSON."""
    kind = table.columns[test.column]
    scalar = kind.scalar if isinstance(kind, ScalarType) else None
    path = (table.stored_as(test.column),)
    operand = list(test.operand) if isinstance(test.operand, tuple) else test.operand
    exists = Comparison(path, Operator.EXISTS, operand=True)
    if test.operator in RANGES:
        if scalar in _FLOATS:
            odd = Member(Comparison(path, Operator.IN, list(_NOT_NUMBERS)))
            near = Member(Comparison(path, test.operator, operand)) if operand not in _NOT_NUMBERS else Member(exists)
            return Every((Some((near, odd)), Undecided()))
        return Member(Comparison(path, test.operator, operand)) if scalar in _SORTED_AS_JSON else Undecided()
    if scalar not in _EQUAL_AS_JSON:
        return Undecided()
    compared = Comparison(path, test.operator, operand)
    return Member(All((exists, compared)) if test.operator in {Operator.NE, Operator.NIN} else compared)
