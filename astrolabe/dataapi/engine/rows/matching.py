"""Whether a stored row matches a filter: the exact meaning of every operator, by the order of the column's type.

A column without a value never satisfies a comparison; of lists, sets and maps, ``$nin`` and the opposite of ``$all``
hold for rows that have none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from astrolabe.dataapi.engine.definitions.row_layout import entry_key, normalizer
from astrolabe.dataapi.engine.definitions.table_definition import IndexKind, MapPart, TableDefinition, TableIndex
from astrolabe.dataapi.engine.rows.filters import AllOf, RowFilter, Test
from astrolabe.dataapi.language.tables.order import sort_key
from astrolabe.dataapi.language.tables.scalars import Stored
from astrolabe.dataapi.language.tables.types import ColumnType, ElementType, MapType, ScalarType, UserType
from storage.filters.tree import Operator
from storage.rows.shapes import Decide

_COMPARE: Mapping[Operator, Callable[[bytes, Any], bool]] = {
    Operator.EQ: lambda left, right: left == right,
    Operator.NE: lambda left, right: left != right,
    Operator.GT: lambda left, right: left > right,
    Operator.GTE: lambda left, right: left >= right,
    Operator.LT: lambda left, right: left < right,
    Operator.LTE: lambda left, right: left <= right,
    Operator.IN: lambda left, right: left in right,
    Operator.NIN: lambda left, right: left not in right,
}


def decider(table: TableDefinition, where: RowFilter) -> Decide:
    """Return what says of a parsed body whether it matches a bound filter."""
    if isinstance(where, Test):
        return _tester(table, where)
    inner = [decider(table, part) for part in where.parts]
    if isinstance(where, AllOf):
        return lambda body: all(part(body) for part in inner)
    return lambda body: any(part(body) for part in inner)


def comparable(table: TableDefinition, test: Test) -> tuple[TableIndex | None, Callable[[Stored], bytes]]:
    """Return the index that decides how a comparison reads texts, if there is one, and the bytes of a value in it."""
    kind = table.columns[test.column]
    index = index_for(table, test)
    if isinstance(kind, MapType) and test.part is None:
        return index, lambda entry: entry_key(kind, *entry)
    element = _element(kind, test.part)
    prepare = normalizer(index) if index is not None else _as_it_is
    shorten = isinstance(element, UserType)

    def key(stored: Stored) -> bytes:
        found = sort_key(element, prepare(stored))
        return found.rstrip(b"\0") if shorten else found

    return index, key


def index_for(table: TableDefinition, test: Test) -> TableIndex | None:
    """Return the regular index that a comparison is answered from; None when there is none."""
    regular = table.indexes_on(test.column, IndexKind.REGULAR)
    kind = table.columns[test.column]
    if not isinstance(kind, MapType):
        return next(iter(regular), None)
    wanted = {MapPart.ENTRIES, None} if test.part is None else {test.part}
    return next((index for index in regular if index.part in wanted), None)


def _as_it_is(stored: Stored) -> Stored:
    return stored


def _element(kind: ColumnType, part: MapPart | None) -> ElementType:
    if isinstance(kind, MapType):
        return kind.key if part is MapPart.KEYS else kind.value
    if isinstance(kind, ScalarType | UserType):
        return kind
    found: ElementType = getattr(kind, "value")  # noqa: B009 - a list or a set; vectors are refused before
    return found


def _tester(table: TableDefinition, test: Test) -> Decide:
    stored_as = table.stored_as(test.column)
    if test.operator is Operator.MATCH:
        return lambda body: isinstance(body.get(stored_as), str) and test.operand.matches(body[stored_as])
    _, key = comparable(table, test)
    if isinstance(table.columns[test.column], ScalarType):
        return _single(stored_as, test, key)
    return _several(table, stored_as, test, key)


def _single(stored_as: str, test: Test, key: Callable[[Stored], bytes]) -> Decide:
    compare = _COMPARE[test.operator]
    operand = frozenset(map(key, test.operand)) if isinstance(test.operand, tuple) else key(test.operand)

    def decide(body: Mapping[str, Any]) -> bool:
        value = body.get(stored_as)
        return value is not None and compare(key(value), operand)

    return decide


def _several(table: TableDefinition, stored_as: str, test: Test, key: Callable[[Stored], bytes]) -> Decide:
    wanted = set(map(key, test.operand))
    kind = table.columns[test.column]
    every = test.operator in {Operator.ALL, Operator.NOT_ALL}
    negated = test.operator in {Operator.NIN, Operator.NOT_ALL}
    place = {MapPart.KEYS: 0, MapPart.VALUES: 1}.get(test.part) if isinstance(kind, MapType) and test.part else None

    def decide(body: Mapping[str, Any]) -> bool:
        elements = body.get(stored_as) or ()
        has = {key(element if place is None else element[place]) for element in elements}
        return (wanted <= has if every else not wanted.isdisjoint(has)) is not negated

    return decide
