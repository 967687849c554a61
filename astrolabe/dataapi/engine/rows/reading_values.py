"""Rows and parts of rows on their way in: from the JSON of a command to stored values, vectors, and texts to embed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from astrolabe.dataapi.engine.definitions.naming import with_types
from astrolabe.dataapi.engine.definitions.table_definition import IndexKind, TableDefinition
from astrolabe.dataapi.engine.rows.images import RowValues
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.name_lists import cut, listed
from astrolabe.dataapi.language.tables.problems import NO_CODEC, ValueProblemError
from astrolabe.dataapi.language.tables.scalars import Stored
from astrolabe.dataapi.language.tables.types import Scalar, ScalarType, VectorType
from astrolabe.dataapi.language.tables.values import read_value
from astrolabe.dataapi.language.values import type_name
from astrolabe.dataapi.language.vectors import check_direction, floats_of, longest, parse_vector
from astrolabe.dataapi.protocol import JsonValue
from astrolabe.errors import DataApiError
from storage.shapes import Vector, VectorValue

Embedded = Mapping[tuple[str, str], Vector]
"""Vectors by vector column and text."""

MISSING_SERVICE = "UNSUPPORTED_VECTORIZE_WHEN_MISSING_VECTORIZE_DEFINITION"


@dataclass(frozen=True, slots=True)
class GivenRow:
    """What a command gives to columns of one row.

    Attributes:
        values: Stored values by column; None takes the value away.
        vectors: Vectors by column; None takes the vector away.
        texts: Texts by vector column: their vectors are to be made.
    """

    values: dict[str, Stored] = field(default_factory=dict)
    vectors: dict[str, VectorValue | None] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    def with_vectors(self, embedded: Embedded) -> RowValues:
        """Return the values with the vectors of the texts."""
        made = {column: VectorValue(embedded[column, text]) for column, text in self.texts.items()}
        return RowValues(self.values, {**self.vectors, **made})


def read_row(table: TableDefinition, name: str, document: JsonValue) -> GivenRow:
    """Read a row that is to be inserted.

    Args:
        table: The table's definition.
        name: Its name, for messages.
        document: The row's JSON, its numbers exact.

    Raises:
        DataApiError: MISSING_PRIMARY_KEY_COLUMNS, UNKNOWN_TABLE_COLUMNS, INVALID_COLUMN_VALUES or
            UNSUPPORTED_VECTORIZE_WHEN_MISSING_VECTORIZE_DEFINITION; INVALID_DATABASE_QUERY for an empty key.
    """
    given = document if isinstance(document, Mapping) else {}
    missing = [column for column in table.primary_key.columns if given.get(column) is None]
    if missing:
        raise data_api_error(
            "MISSING_PRIMARY_KEY_COLUMNS",
            f"A row needs a value for every column of the primary key. The primary key of the table {name} is: "
            f"{with_types(table.key_columns)}. Missing or null: {with_types(table.columns, missing)}.\n\n"
            "Resend the command with these columns.",
        )
    check_known(table, name, given, scope="DOCUMENT", what="the row")
    row, problems = read_columns(table, name, given, scope="DOCUMENT")
    if problems:
        raise data_api_error(
            "INVALID_COLUMN_VALUES",
            f"Columns of the table {name} cannot hold these values: {told(table, problems)}.\n\n"
            "Resend the command with values of the columns' types.",
        )
    _check_key(table, name, row.values)
    return row


def check_known(table: TableDefinition, name: str, given: Mapping[str, Any], *, scope: str, what: str) -> None:
    """Refuse columns that the table does not have.

    Raises:
        DataApiError: UNKNOWN_TABLE_COLUMNS in the given scope.
    """
    unknown = [column for column in given if column not in table.columns]
    if unknown:
        raise data_api_error(
            "UNKNOWN_TABLE_COLUMNS",
            f"{what.capitalize()} has columns that the table {name} does not have: {listed(unknown)}. It has: "
            f"{with_types(table.columns)}.\n\nResend the command with columns of the table.",
            scope=scope,
        )


def read_columns(
    table: TableDefinition, name: str, given: Mapping[str, Any], *, scope: str
) -> tuple[GivenRow, dict[str, str]]:
    """Read the values of columns that the table has; return them, and the problems by column.

    Raises:
        DataApiError: UNSUPPORTED_VECTORIZE_WHEN_MISSING_VECTORIZE_DEFINITION in the given scope; INVALID_DATABASE_QUERY
            for a vector without direction.
    """
    row, problems = GivenRow(), {}
    for column, value in given.items():
        kind = table.columns[column]
        try:
            if not isinstance(kind, VectorType):
                row.values[column] = read_value(kind, value)
            elif isinstance(value, str):
                if table.vectors[column].service is None:
                    raise _no_service(name, column, scope)
                _note_text(row, column, value)
            else:
                _read_vector(row, table, column, kind, value)
        except ValueProblemError as problem:
            problems[column] = problem.reason
    return row, problems


def told(table: TableDefinition, problems: Mapping[str, str]) -> str:
    """Return problems of columns for a message."""
    return "; ".join(f"{with_types(table.columns, [column])}: {reason}" for column, reason in problems.items())


def _no_service(name: str, column: str, scope: str) -> DataApiError:
    return data_api_error(
        MISSING_SERVICE,
        f"The column '{cut(column)}' of the table {name} has no embedding service, so a text cannot be made into its "
        "vector.\n\nGive the vector as an array of numbers, or attach a service with alterTable, and resend it.",
        scope=scope,
    )


def _note_text(row: GivenRow, column: str, text: str) -> None:
    """Note a text that is to be embedded; a blank one means that there is no vector."""
    if text.strip():
        row.texts[column] = text
    else:
        row.vectors[column] = None


def _read_vector(row: GivenRow, table: TableDefinition, column: str, kind: VectorType, value: JsonValue) -> None:
    vector = read_vector(kind, value)
    row.vectors[column] = vector
    if vector is not None and table.indexes_on(column, IndexKind.VECTOR):
        check_direction(vector.data, table.vectors[column].metric)
    if column in table.primary_key.columns and vector is not None:
        row.values[column] = vector.data.astype(str).astype(np.float64).tolist()


def read_vector(kind: VectorType, value: JsonValue) -> VectorValue | None:
    """Read a vector: an array of numbers, or base64 of 32-bit floats; None for null.

    Raises:
        ValueProblemError: It is something else, or of another length.
    """
    if value is None:
        return None
    if not isinstance(value, list | Mapping):
        raise ValueProblemError(NO_CODEC)
    most = longest(kind.dimension)
    try:
        vector = VectorValue(floats_of(value, most)) if isinstance(value, list) else parse_vector(value, most)
    except DataApiError as problem:
        reason = problem.message.partition("\n")[0].rstrip(".").replace("'$vector'", "the vector")
        raise ValueProblemError(reason) from None
    if vector is None or len(vector.data) != kind.dimension:
        length = 0 if vector is None else len(vector.data)
        raise ValueProblemError(f"the vector has {length} numbers, and the column's vectors have {kind.dimension}")
    return VectorValue(vector.data)


def _check_key(table: TableDefinition, name: str, values: Mapping[str, Stored]) -> None:
    """Refuse what the database behind the API cannot have as its only partition column: an empty value."""
    first, *more = table.primary_key.partition_by
    kind = table.columns[first]
    texts = {Scalar.TEXT, Scalar.ASCII, Scalar.BLOB}
    if not more and isinstance(kind, ScalarType) and kind.scalar in texts and not values[first]:
        raise data_api_error(
            "INVALID_DATABASE_QUERY",
            f"The column '{cut(first)}' is the whole partition key of the table {name}, and it must not be empty "
            f"({type_name(values[first])}).\n\nResend the command with a value.",
        )
