"""Projections of rows: which columns are returned."""

from __future__ import annotations

from collections.abc import Mapping

from astrolabe.dataapi.engine.definitions.naming import with_types
from astrolabe.dataapi.engine.definitions.table_definition import TableDefinition
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.name_lists import cut, listed
from astrolabe.dataapi.language.projection import EVERYTHING
from astrolabe.dataapi.language.tables.types import ColumnType
from astrolabe.dataapi.language.values import shown, type_name
from astrolabe.errors import DataApiError
from storage.filters.matching import is_number


def parse_row_projection(clause: object, table: TableDefinition, name: str) -> dict[str, ColumnType]:
    """Return the columns that a projection asks for, with their types, in the order of the definition.

    Args:
        clause: The JSON of the clause; null, ``{}`` and ``{"*": 1}`` ask for all columns, and so does a string.
        table: The table's definition.
        name: Its name, for messages.

    Raises:
        DataApiError: UNSUPPORTED_PROJECTION_DEFINITION, UNSUPPORTED_PROJECTION_PARAM or UNKNOWN_TABLE_COLUMNS.
    """
    if clause is None or isinstance(clause, str):
        return dict(table.columns)
    if not isinstance(clause, Mapping):
        raise data_api_error(
            "UNSUPPORTED_PROJECTION_DEFINITION",
            f"A projection must be an object, not {type_name(clause)}: {shown(clause)}.\n\n"
            "Correct it and resend the command.",
        )
    wanted = {column: _is_wanted(column, value) for column, value in clause.items()}
    if not wanted or wanted == {EVERYTHING: True}:
        return dict(table.columns)
    including = next(iter(wanted.values()))
    odd = next((column for column, value in wanted.items() if value is not including), None)
    if odd is not None:
        raise _bad_param(f"the column '{cut(odd)}' is {'excluded' if including else 'included'}, the one before is not")
    columns = {column: kind for column, kind in table.columns.items() if (column in wanted) is including}
    if not columns or wanted == {EVERYTHING: False}:
        raise data_api_error(
            "UNKNOWN_TABLE_COLUMNS",
            f"The projection leaves no column of the table {name}: it names {listed(wanted)}. The table has: "
            f"{with_types(table.columns)}.\n\nResend the command with columns of the table.",
            scope="PROJECTION",
        )
    return columns


def _is_wanted(column: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    if is_number(value):
        return value != 0
    raise _bad_param(f"the value for '{cut(column)}' must be a number or a boolean, not {type_name(value)}")


def _bad_param(problem: str) -> DataApiError:
    return data_api_error(
        "UNSUPPORTED_PROJECTION_PARAM",
        f"The projection is not valid: {problem}.\n\nInclude columns or exclude columns, and resend the command.",
    )
