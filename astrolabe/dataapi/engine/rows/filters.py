"""Filters on rows: from the JSON of a ``filter`` clause to a tree of comparisons with columns.

Reading has two steps, because warnings about a filter go with the answer even where its values turn out not to fit:
:func:`parse_row_filter` reads the shape, :func:`bind` the values. ``$not`` is rewritten while parsing: below it every
operator is replaced by its opposite, and ``$and`` and ``$or`` change places.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from astrolabe.dataapi.engine.definitions.naming import with_types
from astrolabe.dataapi.engine.definitions.table_definition import IndexKind, MapPart, TableDefinition
from astrolabe.dataapi.language.allowances import allowed
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.filter_operands import WRITTEN_OPERATORS, check_choices, invalid_filter
from astrolabe.dataapi.language.filters import MAX_CLAUSES, MAX_NESTING, too_many_comparisons
from astrolabe.dataapi.language.name_lists import cut, listed
from astrolabe.dataapi.language.tables.problems import NO_CODEC, ValueProblemError
from astrolabe.dataapi.language.tables.scalars import Stored
from astrolabe.dataapi.language.tables.types import (
    ColumnType,
    ElementType,
    ListType,
    MapType,
    Scalar,
    ScalarType,
    SetType,
)
from astrolabe.dataapi.language.tables.values import read_operand
from astrolabe.dataapi.language.values import ejson_name, shown, type_name
from astrolabe.errors import DataApiError
from storage.filters.tree import Operator

OPPOSITES: Mapping[Operator, Operator] = {
    Operator.EQ: Operator.NE,
    Operator.NE: Operator.EQ,
    Operator.IN: Operator.NIN,
    Operator.NIN: Operator.IN,
    Operator.GT: Operator.LTE,
    Operator.LTE: Operator.GT,
    Operator.GTE: Operator.LT,
    Operator.LT: Operator.GTE,
    Operator.ALL: Operator.NOT_ALL,
}
RANGES = frozenset({Operator.GT, Operator.GTE, Operator.LT, Operator.LTE})
OF_SEVERAL = frozenset({Operator.IN, Operator.NIN, Operator.ALL})
_OF_SINGLE = frozenset({Operator.EQ, Operator.NE, Operator.IN, Operator.NIN, Operator.MATCH, *RANGES})
_PARTS = {MapPart.KEYS.value: MapPart.KEYS, MapPart.VALUES.value: MapPart.VALUES}
_PAIR = 2


@dataclass(frozen=True, slots=True)
class Test:
    """A comparison with a column.

    Attributes:
        column: The column.
        operator: For lists, sets and maps IN, NIN, ALL or NOT_ALL, about their elements.
        operand: As it came; after :func:`bind` stored values: one, a tuple for IN and the like, words for MATCH.
        part: For a map, what of it: its keys, values, or (None) entries.
    """

    column: str
    operator: Operator
    operand: Any
    part: MapPart | None = None


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds; holds when there are no parts."""

    parts: tuple[RowFilter, ...] = ()


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[RowFilter, ...]


RowFilter = Test | AllOf | AnyOf


def tests_in(where: RowFilter) -> Iterator[Test]:
    """Yield every comparison of a filter."""
    if isinstance(where, Test):
        yield where
    else:
        for part in where.parts:
            yield from tests_in(part)


def conjunction(where: RowFilter) -> list[RowFilter]:
    """Return the parts that every match satisfies, those of nested conjunctions too."""
    if isinstance(where, AllOf):
        return [inner for part in where.parts for inner in conjunction(part)]
    return [where]


def has_or(where: RowFilter) -> bool:
    """Return whether a filter has alternatives."""
    if isinstance(where, Test):
        return False
    return (isinstance(where, AnyOf) and len(where.parts) > 1) or any(map(has_or, where.parts))


@dataclass(frozen=True, slots=True)
class _Scope:
    depth: int = 0
    negated: bool = False


def parse_row_filter(clause: object, table: TableDefinition, name: str) -> RowFilter:
    """Read the shape of a filter clause.

    Args:
        clause: The JSON of the clause, its numbers exact; None and ``{}`` match every row.
        table: The table's definition.
        name: Its name, for messages.

    Returns:
        The tree, free of ``$not``; of bounded size. Its operands are still as they came.

    Raises:
        DataApiError: One of the FILTER codes.
    """
    if clause is None:
        return AllOf()
    where = _Parser(table).parse(clause, _Scope())
    _check_columns(where, table, name)
    return where


@dataclass(slots=True)
class _Parser:
    """Reads one clause and counts its comparisons and filters."""

    table: TableDefinition
    comparisons: int = 0
    clauses: int = 0

    def parse(self, clause: object, scope: _Scope) -> RowFilter:
        """Read one filter object."""
        if not isinstance(clause, Mapping):
            raise data_api_error(
                "FILTER_UNSUPPORTED_DATA_TYPE",
                f"A filter must be an object, not {type_name(clause)}: {shown(clause)}.\n\n"
                "Correct the filter and resend the command.",
            )
        self.clauses += 1
        if self.clauses > MAX_CLAUSES or scope.depth > MAX_NESTING:
            raise invalid_filter(f"it has more than {MAX_CLAUSES} filters inside it, or more than {MAX_NESTING} levels")
        parts: list[RowFilter] = []
        for name, value in clause.items():
            if name in {"$and", "$or"}:
                parts.append(self._logical(name, value, scope))
            elif name == "$not":
                parts.append(self.parse(value, _Scope(scope.depth + 1, negated=not scope.negated)))
            else:
                parts.extend(self._column(name, value, scope))
        return _joined(parts, any_of=scope.negated)

    def _logical(self, name: str, value: object, scope: _Scope) -> RowFilter:
        if not isinstance(value, list):
            raise invalid_filter(f"'{name}' needs an array of filters, not {type_name(value)}")
        parts = [self.parse(part, replace(scope, depth=scope.depth + 1)) for part in value]
        return _joined(parts, any_of=(name == "$or") is not scope.negated)

    def _column(self, name: str, value: object, scope: _Scope) -> list[Test]:
        if name.startswith("$") and name not in self.table.columns:
            raise invalid_filter(f"{shown(name)} is no column, and none of '$and', '$or' and '$not'")
        if isinstance(value, list):
            raise invalid_filter(f"cannot filter on '{cut(name)}' by array type")
        kind = self.table.columns.get(name)
        tests = [test if not scope.negated else _opposite(test) for test in _tests(name, kind, value)]
        self.comparisons += len(tests)
        if self.comparisons > allowed().filter_comparisons:
            raise too_many_comparisons()
        return tests


def _joined(parts: list[RowFilter], *, any_of: bool) -> RowFilter:
    if len(parts) == 1:
        return parts[0]
    return AnyOf(tuple(parts)) if any_of and parts else AllOf(tuple(parts))


def _opposite(test: Test) -> Test:
    opposite = OPPOSITES.get(test.operator)
    if opposite is None:
        raise invalid_filter(f"cannot use '$not' to invert '{test.operator}' operator")
    return replace(test, operator=opposite)


def _tests(name: str, kind: ColumnType | None, value: object) -> list[Test]:
    """Return the comparisons written for a column; a bare value is ``$eq``."""
    of_many = isinstance(kind, ListType | SetType | MapType)
    if not isinstance(value, Mapping) or ejson_name(value):
        return [Test(name, Operator.EQ, value)]
    if of_many:
        return [test for member, inner in value.items() for test in _tests_of_many(name, kind, member, inner)]
    if not value or not all(member.startswith("$") for member in value):
        raise _object_value(name)
    return [_single(name, member, operand) for member, operand in value.items()]


def _single(name: str, member: str, operand: object) -> Test:
    if member not in WRITTEN_OPERATORS:
        raise _unknown_operator(member)
    operator = Operator(member)
    if operator not in _OF_SINGLE:
        raise data_api_error(
            "FILTER_UNSUPPORTED_OPERATOR",
            f"'{member}' cannot be used on the column '{cut(name)}'; '$eq', '$ne', '$in', '$nin', '$gt' and the like "
            "can.\n\nUse one of these and resend the command.",
        )
    if operator is Operator.MATCH and not isinstance(operand, str):
        raise invalid_filter(f"'{member}' on '{cut(name)}' needs a string, not {shown(operand)}")
    if operator not in OF_SEVERAL and isinstance(operand, Mapping) and not ejson_name(operand):
        raise _object_value(name)
    return Test(name, operator, _choices(name, operator, operand))


def _tests_of_many(name: str, kind: ColumnType | None, member: str, inner: object) -> list[Test]:
    """Return the comparisons with the elements of a list or set, or with entries, keys or values of a map."""
    part = _PARTS.get(member) if isinstance(kind, MapType) else None
    if part is None:
        return [_of_many(name, member, inner, None)]
    if not isinstance(inner, Mapping) or not inner:
        raise _bad_for_many(name, f"'{member}' needs an object with an operator, not {shown(inner)}")
    return [_of_many(name, operator, operand, part) for operator, operand in inner.items()]


def _of_many(name: str, member: str, operand: object, part: MapPart | None) -> Test:
    if member not in OF_SEVERAL:
        raise _bad_for_many(name, f"'{cut(member)}' is not among its operators")
    return Test(name, Operator(member), _choices(name, Operator(member), operand), part)


def _choices(name: str, operator: Operator, operand: object) -> object:
    if operator in OF_SEVERAL:
        if not isinstance(operand, list):
            raise invalid_filter(f"'{operator}' on '{cut(name)}' needs an array of values, not {type_name(operand)}")
        check_choices(operator, operand, name)
    return operand


def _object_value(name: str) -> DataApiError:
    return data_api_error(
        "FILTER_UNSUPPORTED_DATA_TYPE",
        f"A filter cannot compare the column '{cut(name)}' with an object.\n\n"
        "Correct the filter and resend the command.",
    )


def _unknown_operator(name: str) -> DataApiError:
    return data_api_error(
        "FILTER_UNSUPPORTED_OPERATOR",
        f"The filter operator {shown(name)} is not known. Known are: {', '.join(sorted(WRITTEN_OPERATORS))}.\n\n"
        "Use one of these and resend the command.",
    )


def _bad_for_many(name: str, problem: str) -> DataApiError:
    return data_api_error(
        "INVALID_MAP_SET_LIST_FILTER",
        f"The filter on the column '{cut(name)}' is not valid: {problem}. Lists, sets and maps are filtered by '$in', "
        "'$nin' and '$all'; a map's '$keys' and '$values' too, such as {\"m\": {\"$keys\": {\"$in\": [\"k\"]}}}.\n\n"
        "Correct the filter and resend the command.",
    )


def _check_columns(where: RowFilter, table: TableDefinition, name: str) -> None:
    """Refuse what no column can be filtered by; the first kind of problem is the answer."""
    tests = list(tests_in(where))
    unknown = list(dict.fromkeys(test.column for test in tests if test.column not in table.columns))
    if unknown:
        raise data_api_error(
            "UNKNOWN_TABLE_COLUMNS",
            f"The filter has columns that the table {name} does not have: {listed(unknown)}. It has: "
            f"{with_types(table.columns)}.\n\nResend the command with columns of the table.",
            scope="FILTER",
        )
    columns = {test.column: table.columns[test.column] for test in tests}
    never = [column for column, kind in columns.items() if not _can_be_filtered(kind)]
    if never:
        raise data_api_error(
            "UNSUPPORTED_FILTERING_FOR_COLUMN_TYPES",
            f"Columns of these types cannot be filtered by: {with_types(table.columns, never)}.\n\n"
            "Filter by other columns and resend the command.",
        )
    for test in tests:
        _check_type(test, table, name)


def _can_be_filtered(kind: ColumnType) -> bool:
    return isinstance(kind, ScalarType | ListType | SetType | MapType)


def _check_type(test: Test, table: TableDefinition, name: str) -> None:
    kind = table.columns[test.column]
    if isinstance(kind, ScalarType) and kind.scalar is Scalar.DURATION and test.operator in RANGES:
        raise data_api_error(
            "UNSUPPORTED_COMPARISON_FILTER_AGAINST_DURATION",
            f"Durations have no order, so '{test.operator}' cannot be used on the column '{cut(test.column)}'.\n\n"
            "Use '$eq' or '$ne' and resend the command.",
        )
    if test.operator is Operator.MATCH and not table.indexes_on(test.column, IndexKind.TEXT):
        indexed = with_types(table.columns, table.analyzers)
        raise data_api_error(
            "CANNOT_LEXICAL_FILTER_NON_INDEXED_COLUMNS",
            f"'$match' needs a text index, and the column '{cut(test.column)}' of the table {name} has none. Text "
            f"indexes are on: {indexed}.\n\nCreate one with createTextIndex, or filter by other columns.",
        )


def bind(where: RowFilter, table: TableDefinition, name: str) -> RowFilter:
    """Read the values of a parsed filter.

    Raises:
        DataApiError: INVALID_FILTER_COLUMN_VALUES, or UNSUPPORTED_DATABASE_QUERY for no values at all.
    """
    if not isinstance(where, Test):
        return replace(where, parts=tuple(bind(part, table, name) for part in where.parts))
    if where.operator is Operator.MATCH:
        return replace(where, operand=table.analyzers[where.column].query(where.operand))
    try:
        return replace(where, operand=_bound(where, table.columns[where.column]))
    except ValueProblemError as problem:
        raise data_api_error(
            "INVALID_FILTER_COLUMN_VALUES",
            f"The filter compares a column of the table {name} with a value that it cannot have: "
            f"{with_types(table.columns, [where.column])}: {problem.reason}.\n\n"
            "Resend the command with values of the column's type.",
        ) from problem


def _bound(test: Test, kind: ColumnType) -> Any:  # noqa: ANN401 - one stored value, or several
    if isinstance(kind, ScalarType) and kind.scalar is Scalar.BLOB:
        raise ValueProblemError("blobs cannot be compared in filters")
    if test.operator not in {*OF_SEVERAL, Operator.NOT_ALL}:
        return _value(kind if isinstance(kind, ScalarType) else None, test.operand)
    if not test.operand:
        raise data_api_error(
            "UNSUPPORTED_DATABASE_QUERY",
            f"'{test.operator}' on the column '{cut(test.column)}' has no values, and the database needs one at least."
            "\n\nGive it values, or leave it out, and resend the command.",
        )
    return tuple(_choice(kind, test.part, value) for value in test.operand)


def _choice(kind: ColumnType, part: MapPart | None, value: object) -> Stored:
    """Read what is compared with one value, one element, or one entry, key or value of a map."""
    if isinstance(kind, MapType) and part is None:
        if not isinstance(value, list) or len(value) != _PAIR:
            raise ValueProblemError("an entry of a map is an array of its key and its value")
        return [_value(kind.key, value[0]), _value(kind.value, value[1])]
    if isinstance(kind, MapType):
        return _value(kind.key if part is MapPart.KEYS else kind.value, value)
    return _value(kind.value if isinstance(kind, ListType | SetType) else kind, value)


def _value(kind: ColumnType | ElementType | None, value: object) -> Stored:
    if kind is None:
        raise ValueProblemError(NO_CODEC)
    if value is None:
        raise ValueProblemError("null equals nothing, so it cannot be compared with")
    return read_operand(kind, value)
