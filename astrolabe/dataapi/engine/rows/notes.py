"""Warnings about how a read has to be carried out: what it cannot use of the key and of the indexes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from astrolabe.dataapi.engine.definitions.naming import with_types
from astrolabe.dataapi.engine.definitions.table_definition import IndexKind, TableDefinition
from astrolabe.dataapi.engine.rows.filters import RANGES, RowFilter, Test, tests_in
from astrolabe.dataapi.engine.rows.matching import index_for
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.name_lists import listed
from astrolabe.dataapi.language.tables.types import Scalar, ScalarType
from astrolabe.dataapi.protocol import Json
from astrolabe.errors import DataApiError
from storage.filters.tree import Operator

_SLOW = "The rows of the table {name} are looked through one after the other, which takes long in a large table."

_NOT_BY_INEQUALITY = frozenset(
    {Scalar.ASCII, Scalar.BLOB, Scalar.BOOLEAN, Scalar.DURATION, Scalar.TEXT, Scalar.TIMEUUID, Scalar.UUID}
)
_NOT_BY_RANGE = frozenset({Scalar.ASCII, Scalar.BOOLEAN, Scalar.TEXT, Scalar.TIMEUUID, Scalar.UUID})


def warnings_json(warnings: Iterable[DataApiError]) -> Json:
    """Return the member of ``status`` that holds warnings; nothing for none."""
    objects = [warning.to_object() for warning in warnings]
    return {"warnings": objects} if objects else {}


def zero_filters(name: str) -> DataApiError:
    """Warn that every row is read."""
    return data_api_error(
        "ZERO_FILTER_OPERATIONS",
        f"The filter is empty, so every row of the table {name} is read. For large tables, filter by the primary key "
        "or by indexed columns.",
    )


def filter_warnings(table: TableDefinition, name: str, where: RowFilter) -> list[DataApiError]:
    """Return the warnings about a filter that has comparisons; its values need not be bound."""
    tests = list(tests_in(where))
    columns = list(dict.fromkeys(test.column for test in tests))
    if set(columns) <= set(table.primary_key.columns):
        found = _incomplete_key(table, name, columns)
    else:
        found = [*_missing_index(table, name, tests), *_of_little_use(table, name, tests)]
    return found or _retried(table, name, tests)


def _incomplete_key(table: TableDefinition, name: str, columns: Sequence[str]) -> list[DataApiError]:
    missing, gaps = key_gaps(table, columns)
    if not missing and not gaps:
        return []
    return [
        data_api_error(
            "INCOMPLETE_PRIMARY_KEY_FILTER",
            f"The filter is about a part of the primary key only. The key of the table {name} is: "
            f"{with_types(table.key_columns)}. Missing of its partition: {with_types(table.columns, missing)}; not "
            f"from the left of its order: {with_types(table.columns, gaps)}. {_SLOW.format(name=name)}",
        )
    ]


def key_gaps(table: TableDefinition, columns: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the partition columns that are missing among some columns, and the clustering columns behind a gap."""
    given = set(columns)
    missing = [column for column in table.primary_key.partition_by if column not in given]
    sort = list(table.primary_key.partition_sort)
    first_missing = next((at for at, column in enumerate(sort) if column not in given), len(sort))
    return missing, [column for column in sort[first_missing:] if column in given]


def _missing_index(table: TableDefinition, name: str, tests: Sequence[Test]) -> list[DataApiError]:
    missing = list(dict.fromkeys(test.column for test in tests if not _is_indexed(table, test)))
    if not missing:
        return []
    indexed = listed(dict.fromkeys(index.column for index in table.indexes.values()))
    return [
        data_api_error(
            "MISSING_INDEX",
            f"The filter has columns of the table {name} that are not indexed: {listed(missing)}. Indexed are: "
            f"{indexed}. {_SLOW.format(name=name)}",
        )
    ]


def _is_indexed(table: TableDefinition, test: Test) -> bool:
    if isinstance(table.columns[test.column], ScalarType):
        return bool(table.indexes_on(test.column))
    return index_for(table, test) is not None


def _of_little_use(table: TableDefinition, name: str, tests: Sequence[Test]) -> list[DataApiError]:
    """Warn of operators that an index is of no use for, on columns that have one."""
    kinds: list[tuple[str, frozenset[Operator], frozenset[Scalar], str]] = [
        ("NOT_EQUALS_UNSUPPORTED_BY_INDEXING", frozenset({Operator.NE}), _NOT_BY_INEQUALITY, "'$ne'"),
        ("COMPARISON_FILTER_UNSUPPORTED_BY_INDEXING", RANGES, _NOT_BY_RANGE, "'$gt', '$gte', '$lt' and '$lte'"),
        ("NOT_IN_FILTER_UNSUPPORTED_BY_INDEXING", frozenset({Operator.NIN}), _NOT_BY_INEQUALITY, "'$nin'"),
    ]
    found = []
    for code, operators, scalars, shown in kinds:
        columns = dict.fromkeys(
            test.column
            for test in tests
            if test.operator in operators and _is_of(table, test, scalars) and table.indexes_on(test.column)
        )
        if columns:
            message = (
                f"An index is of no use for {shown} on columns of these types: {with_types(table.columns, columns)}."
            )
            found.append(data_api_error(code, f"{message} {_SLOW.format(name=name)}"))
    return found


def _is_of(table: TableDefinition, test: Test, scalars: frozenset[Scalar]) -> bool:
    kind = table.columns[test.column]
    return isinstance(kind, ScalarType) and kind.scalar in scalars


def _retried(table: TableDefinition, name: str, tests: Sequence[Test]) -> list[DataApiError]:
    """Warn of what the database behind the API refuses at first: choices of a column, ranges of a partition."""
    partition = set(table.primary_key.partition_by)
    key = set(table.primary_key.columns)
    scalars = [test for test in tests if isinstance(table.columns[test.column], ScalarType)]
    choices = any(test.operator is Operator.IN and len(test.operand) > 1 and test.column not in key for test in scalars)
    if not choices and not any(test.column in partition and test.operator in RANGES for test in scalars):
        return []
    return [
        data_api_error(
            "QUERY_RETRIED_DUE_TO_INDEXING",
            f"Neither the primary key nor an index of the table {name} leads to the rows of this filter at once. "
            f"{_SLOW.format(name=name)}",
        )
    ]


def text_indexed(table: TableDefinition) -> list[str]:
    """Return the columns that are found by their words."""
    return [index.column for index in table.indexes.values() if index.kind is IndexKind.TEXT]


def in_memory(code: str, table: TableDefinition, name: str, columns: Iterable[str]) -> DataApiError:
    """Warn that rows are put in order after they were read; ``code`` says why."""
    return data_api_error(
        code,
        f"{_WHY[code]} The rows of the table {name} are sorted in memory by: {listed(columns)}. On disk they "
        f"are in the order of: {with_types(table.columns, table.primary_key.partition_sort)}, in each partition of: "
        f"{with_types(table.columns, table.primary_key.partition_by)}.",
    )


_WHY = {
    "IN_MEMORY_SORTING_DUE_SKIP_OPTIONS": "The option 'skip' needs all rows before those that are returned.",
    "IN_MEMORY_SORTING_DUE_TO_NON_PARTITION_SORTING": "The sort has columns that partitions are not sorted by.",
    "IN_MEMORY_SORTING_DUE_TO_OUT_OF_ORDER_PARTITION_SORTING": (
        "The sort has the columns that partitions are sorted by in another order."
    ),
    "IN_MEMORY_SORTING_DUE_TO_PARTITION_KEY_NOT_RESTRICTED": "The filter does not name one partition with '$eq'.",
}
