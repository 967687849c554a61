"""Filters that name rows by their keys: those of updateOne, deleteOne and deleteMany."""

from __future__ import annotations

from dataclasses import dataclass

from astrolabe.dataapi.engine.definitions.naming import with_types
from astrolabe.dataapi.engine.definitions.table_definition import TableDefinition
from astrolabe.dataapi.engine.rows.filters import (
    RANGES,
    RowFilter,
    Test,
    bind,
    conjunction,
    has_or,
    parse_row_filter,
    tests_in,
)
from astrolabe.dataapi.engine.rows.notes import key_gaps
from astrolabe.dataapi.engine.rows.queries import key_ranges
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.name_lists import cut, listed
from astrolabe.dataapi.language.tables.scalars import Stored
from astrolabe.dataapi.protocol import JsonValue
from astrolabe.errors import DataApiError
from storage.filters.tree import Operator
from storage.rows.shapes import KeyRange


def one_key(table: TableDefinition, name: str, clause: JsonValue) -> dict[str, Stored]:
    """Return the stored values of the key of the one row that a filter names.

    Raises:
        DataApiError: It does not name every column of the key with ``$eq``, or names others.
    """
    where = _parsed(table, name, clause)
    tests = list(tests_in(where))
    if not tests:
        raise data_api_error(
            "MISSING_FILTER_FOR_UPDATE_DELETE",
            f"The command needs a filter on the primary key of the table {name}: {with_types(table.key_columns)}.\n\n"
            "Resend the command with one.",
        )
    _check_only_keys(table, name, tests)
    odd = [test for test in tests if test.operator is not Operator.EQ]
    if odd:
        raise data_api_error(
            "UNSUPPORTED_FILTER_FOR_UPDATE_ONE_DELETE_ONE",
            f"updateOne and deleteOne compare the columns of the primary key with '$eq' alone; '{odd[0].operator}' is "
            f"used on '{cut(odd[0].column)}'.\n\nName the values of one row and resend the command.",
        )
    missing = [column for column in table.primary_key.columns if column not in {test.column for test in tests}]
    if missing:
        raise data_api_error(
            "MISSING_FULL_PRIMARY_KEY_FOR_UPDATE_DELETE",
            f"updateOne and deleteOne need all columns of the primary key of the table {name}: "
            f"{with_types(table.key_columns)}. Missing: {with_types(table.columns, missing)}.\n\n"
            "Name the values of one row and resend the command.",
        )
    found = [test for test in conjunction(bind(where, table, name)) if isinstance(test, Test)]
    _check_once(found)
    return {test.column: test.operand for test in found}


def ranges_of_keys(table: TableDefinition, name: str, clause: JsonValue) -> tuple[KeyRange, ...] | None:
    """Return where the rows lie that a filter names by their keys; None for a filter without comparisons: all rows.

    Raises:
        DataApiError: It does not restrict the columns of the key from the left, or names others.
    """
    where = _parsed(table, name, clause)
    tests = list(tests_in(where))
    if not tests:
        return None
    _check_only_keys(table, name, tests)
    missing, gaps = key_gaps(table, [test.column for test in tests])
    if missing or gaps:
        raise data_api_error(
            "INVALID_PRIMARY_KEY_FILTER",
            f"The filter must have all partition columns of the table {name}, and of its other key columns the first "
            f"ones: {with_types(table.key_columns)}. Missing: {with_types(table.columns, missing)}; behind a gap: "
            f"{with_types(table.columns, gaps)}.\n\nCorrect the filter and resend the command.",
        )
    bound = bind(where, table, name)
    _check_restrictions(table, name, [test for test in conjunction(bound) if isinstance(test, Test)])
    found = key_ranges(table, bound)
    if found is None or found.rest.parts:
        raise _not_deletable(name, "it leads to too many ranges of keys")
    return found.ranges


def _parsed(table: TableDefinition, name: str, clause: JsonValue) -> RowFilter:
    where = parse_row_filter(clause, table, name)
    if has_or(where):
        raise data_api_error(
            "UNSUPPORTED_DATABASE_QUERY",
            f"Rows of the table {name} are changed by their keys, which '$or' cannot name.\n\n"
            "Use '$in', or several commands.",
        )
    return where


def _check_only_keys(table: TableDefinition, name: str, tests: list[Test]) -> None:
    others = list(dict.fromkeys(test.column for test in tests if test.column not in table.primary_key.columns))
    if others:
        raise data_api_error(
            "UNSUPPORTED_NON_PRIMARY_KEY_FILTER_FOR_UPDATE_DELETE",
            f"Rows of the table {name} are changed by their keys: {with_types(table.key_columns)}. These columns are "
            f"not of it: {listed(others)}.\n\nLeave them out and resend the command.",
        )


def _check_once(tests: list[Test]) -> None:
    columns = [test.column for test in tests]
    twice = next((column for column in columns if columns.count(column) > 1), None)
    if twice is not None:
        raise data_api_error(
            "INVALID_DATABASE_QUERY",
            f"The filter compares the column '{cut(twice)}' with several values, and a row has one.\n\n"
            "Correct the filter and resend the command.",
        )


@dataclass(frozen=True, slots=True)
class _Allowed:
    """What the last column that a filter restricts may be compared with."""

    partition: bool
    last: bool

    def permits(self, operator: Operator) -> bool:
        """Whether the database can delete by it."""
        if operator in {Operator.EQ, Operator.IN}:
            return True
        return operator in RANGES and self.last and not self.partition


def _check_restrictions(table: TableDefinition, name: str, tests: list[Test]) -> None:
    """Refuse comparisons that do not lead to ranges of keys: only the last column may have a range."""
    key = table.primary_key
    restricted = [column for column in key.columns if any(test.column == column for test in tests)]
    for test in tests:
        allowed = _Allowed(test.column in key.partition_by, test.column == restricted[-1])
        if not allowed.permits(test.operator):
            raise _not_deletable(name, f"'{test.operator}' cannot be used there on '{cut(test.column)}'")


def _not_deletable(name: str, problem: str) -> DataApiError:
    return data_api_error(
        "INVALID_DATABASE_QUERY",
        f"Rows of the table {name} cannot be deleted by this filter: {problem}. Partitions are named by '$eq' or "
        "'$in', and the last column of the key that is restricted may have a range.\n\nCorrect it and resend it.",
    )
