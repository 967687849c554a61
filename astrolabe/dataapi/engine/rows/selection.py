"""Which rows a read is about, in which order, and everything that speaks against reading them so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from astrolabe.dataapi.engine.rows.filters import (
    AnyOf,
    RowFilter,
    Test,
    bind,
    conjunction,
    parse_row_filter,
    tests_in,
)
from astrolabe.dataapi.engine.rows.notes import filter_warnings, in_memory, zero_filters
from astrolabe.dataapi.engine.rows.projections import parse_row_projection
from astrolabe.dataapi.engine.rows.queries import row_query
from astrolabe.dataapi.engine.rows.sorting import RowSort, RowSortKind, parse_row_sort
from astrolabe.dataapi.engine.target import Target
from astrolabe.dataapi.language.allowances import allowed, setting_of
from astrolabe.dataapi.language.commands import invalid_field
from astrolabe.dataapi.language.commands.collection_commands import Find, FindOne, FindOptions
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.name_lists import cut, listed
from astrolabe.dataapi.language.tables.types import ColumnType
from astrolabe.errors import DataApiError
from storage.filters.tree import Operator
from storage.rows.shapes import RowQuery


@dataclass(slots=True)
class RowSelection:
    """What a read asks for.

    Attributes:
        target: The table.
        columns: The columns to return, with their types.
        where: The filter; its values are read by :meth:`bind`.
        sort: The order.
        in_memory: Whether rows have to be put in order after they were read.
        descending: Whether partitions are read from their end.
        warnings: What speaks against it.
    """

    target: Target
    columns: Mapping[str, ColumnType]
    where: RowFilter
    sort: RowSort
    in_memory: bool = False
    descending: bool = False
    warnings: list[DataApiError] = field(default_factory=list)

    @property
    def has_filter(self) -> bool:
        """Whether the filter has a comparison."""
        return any(True for _ in tests_in(self.where))

    def bind(self) -> None:
        """Read the values of the filter.

        Raises:
            DataApiError: One of the codes of filters' values.
        """
        self.where = bind(self.where, self.target.table, self.target.name)
        _check_alternatives(self.where, self.target)

    @property
    def query(self) -> RowQuery:
        """What the store is asked, once the filter is bound."""
        return row_query(self.target.table, self.where, descending=self.descending)

    @property
    def among(self) -> RowQuery | None:
        """What a search by vector or by words chooses from; None for all rows."""
        return self.query if self.has_filter else None


def select_rows(target: Target, command: Find | FindOne, options: FindOptions) -> RowSelection:
    """Read filter, sort and projection, and check them against each other and against the options.

    Raises:
        DataApiError: One of the codes of filters, sorts and projections.
    """
    table, name = target.table, target.name
    where = parse_row_filter(command.where, table, name)
    sort = parse_row_sort(command.sort, table, name)
    selection = RowSelection(target, parse_row_projection(command.projection, table, name), where, sort)
    _check_options(selection, options)
    _plan_sort(selection, options)
    if selection.has_filter:
        selection.warnings += filter_warnings(table, name, where)
    elif not sort.by_vector:
        selection.warnings.append(zero_filters(name))
    if selection.in_memory and options.page_state is not None:
        raise data_api_error(
            "UNSUPPORTED_PAGINATION_WITH_IN_MEMORY_SORTING",
            f"The rows of the table {name} are put in order in memory for this sort, and are one page: 'pageState' "
            "cannot be used with it.\n\nLeave one of them out, or sort by the columns that partitions are sorted by.",
        )
    return selection


def _check_options(selection: RowSelection, options: FindOptions) -> None:
    sort = selection.sort
    if sort.kind is RowSortKind.NONE and options.skip:
        raise invalid_field("command.options.skip", options.skip, "skip options should be used with sort clause")
    special = sort.by_vector or sort.kind is RowSortKind.WORDS
    kind = "VECTOR" if sort.by_vector else "LEXICAL"
    if special and options.skip is not None:
        raise data_api_error(
            f"CANNOT_{kind}_SORT_WITH_SKIP_OPTION",
            f"The sort by the column '{cut(sort.column)}' returns the best rows, so 'skip' cannot be used with it.\n\n"
            "Resend the command without 'skip'.",
        )
    most = allowed().found_documents
    if special and options.limit is not None and options.limit > most:
        raise data_api_error(
            "CANNOT_VECTOR_SORT_WITH_LIMIT_EXCEEDS_MAX",
            f"The sort by the column '{cut(sort.column)}' returns {most} rows at most, and the limit is "
            f"{options.limit}.\n\nResend the command with a smaller limit, or allow more: "
            f"{setting_of('found_documents')}.",
        )


def _plan_sort(selection: RowSelection, options: FindOptions) -> None:
    """Decide whether partitions lie in the order of a sort by columns already."""
    sort, table = selection.sort, selection.target.table
    if sort.kind is not RowSortKind.COLUMNS or sort.columns is None:
        return
    code = _why_in_memory(selection, sort.columns, options)
    if code is not None:
        selection.in_memory = True
        selection.warnings.append(in_memory(code, table, selection.target.name, sort.columns))
        return
    order = table.primary_key.partition_sort
    turned = {(order[column] < 0) is not descending for column, descending in sort.columns.items()}
    if len(turned) > 1:
        raise data_api_error(
            "INVALID_DATABASE_QUERY",
            f"The partitions of the table {selection.target.name} are sorted by {listed(order)}, and are read forwards "
            f"or backwards as a whole; the sort by {listed(sort.columns)} turns a part of them round.\n\n"
            "Sort by all of them in their direction, or by all of them against it, and resend the command.",
        )
    selection.descending = turned == {True}


def _why_in_memory(selection: RowSelection, columns: Mapping[str, bool], options: FindOptions) -> str | None:
    key = selection.target.table.primary_key
    if options.skip:
        return "IN_MEMORY_SORTING_DUE_SKIP_OPTIONS"
    if any(column not in key.partition_sort for column in columns):
        return "IN_MEMORY_SORTING_DUE_TO_NON_PARTITION_SORTING"
    if list(columns) != list(key.partition_sort)[: len(columns)]:
        return "IN_MEMORY_SORTING_DUE_TO_OUT_OF_ORDER_PARTITION_SORTING"
    equal = {
        part.column for part in conjunction(selection.where) if isinstance(part, Test) and part.operator is Operator.EQ
    }
    if not equal.issuperset(key.partition_by):
        return "IN_MEMORY_SORTING_DUE_TO_PARTITION_KEY_NOT_RESTRICTED"
    return None


def _check_alternatives(where: RowFilter, target: Target) -> None:
    """Refuse columns of the key among alternatives, as the database behind the API does."""
    if isinstance(where, Test):
        return
    if isinstance(where, AnyOf) and len(where.parts) > 1:
        keys = target.table.primary_key.columns
        found = list(dict.fromkeys(test.column for test in tests_in(where) if test.column in keys))
        if found:
            raise data_api_error(
                "INVALID_DATABASE_QUERY",
                f"Columns of the primary key cannot stand under '$or': {listed(found)}, of the table {target.name}.\n\n"
                "Use '$in' for several values of a column, and resend the command.",
            )
    for part in where.parts:
        _check_alternatives(part, target)
