"""Sorts of rows: by columns, by a vector column, by a text to be embedded, or by the words of a text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from astrolabe.dataapi.engine.definitions.naming import with_types
from astrolabe.dataapi.engine.definitions.table_definition import IndexKind, TableDefinition
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.name_lists import cut, listed
from astrolabe.dataapi.language.tables.order import downwards, sort_key
from astrolabe.dataapi.language.tables.types import ScalarType, VectorType
from astrolabe.dataapi.language.values import shown, type_name
from astrolabe.dataapi.language.vectors import check_direction, longest, parse_vector
from astrolabe.errors import DataApiError
from storage.filters.matching import is_number
from storage.lexical.analyzers import TermQuery
from storage.shapes import Vector

_TEXTS = ("text", "ascii")


class RowSortKind(Enum):
    """What decides the order of the answer."""

    NONE = auto()
    COLUMNS = auto()
    VECTOR = auto()
    TEXT = auto()
    WORDS = auto()


@dataclass(frozen=True, slots=True)
class RowSort:
    """A sort clause that was understood.

    Attributes:
        kind: The kind of sort.
        columns: For a sort by columns, whether each is descending, from the first to the last.
        column: For the other kinds, the vector or text column.
        vector: For a sort by vector, the vector.
        text: For a sort by a text, the text to embed in *query* mode.
        words: For a sort by words, what is looked for.
    """

    kind: RowSortKind = RowSortKind.NONE
    columns: Mapping[str, bool] | None = None
    column: str = ""
    vector: Vector | None = None
    text: str = ""
    words: TermQuery | None = None

    @property
    def by_vector(self) -> bool:
        """Whether the order is one of similarity."""
        return self.kind in {RowSortKind.VECTOR, RowSortKind.TEXT}

    def order_of(self, table: TableDefinition, body: Mapping[str, Any]) -> tuple[bytes, ...]:
        """Return what a row is compared by in a sort by columns: null comes first, or last in a descending one."""
        keys = []
        for column, descending in (self.columns or {}).items():
            stored = body.get(table.stored_as(column))
            kind = table.columns[column]
            key = b"\x00"
            if isinstance(kind, ScalarType) and stored is not None:
                key = b"\x01" + sort_key(kind, stored)
            keys.append(downwards(key) if descending else key)
        return tuple(keys)


def parse_row_sort(clause: object, table: TableDefinition, name: str) -> RowSort:
    """Read a sort clause.

    Args:
        clause: The JSON of the clause, its numbers exact; None and ``{}`` ask for no order.
        table: The table's definition.
        name: Its name, for messages.

    Raises:
        DataApiError: One of the SORT codes; the codes of vectors.
    """
    if clause is None:
        return RowSort()
    if not isinstance(clause, Mapping):
        raise data_api_error(
            "SORT_CLAUSE_INVALID",
            f"A sort clause must be an object, not {type_name(clause)}: {shown(clause)}.\n\n"
            "Correct it and resend the command.",
        )
    unknown = [column for column in clause if column not in table.columns]
    if unknown:
        raise data_api_error(
            "CANNOT_SORT_UNKNOWN_COLUMNS",
            f"The sort has columns that the table {name} does not have: {listed(unknown)}. It has: "
            f"{with_types(table.columns)}.\n\nResend the command with columns of the table.",
        )
    special = [column for column, value in clause.items() if isinstance(value, str | list | Mapping)]
    if special and len(clause) > 1:
        raise data_api_error(
            "CANNOT_SORT_ON_SPECIAL_WITH_OTHERS",
            f"A sort by a vector or by words has one column; this one has: {listed(clause)}.\n\n"
            "Leave all but one out and resend the command.",
        )
    if special:
        return _special(special[0], clause[special[0]], table, name)
    columns = {column: _is_descending(column, value, table) for column, value in clause.items()}
    return RowSort(RowSortKind.COLUMNS, columns) if columns else RowSort()


def _special(column: str, value: object, table: TableDefinition, name: str) -> RowSort:
    kind = table.columns[column]
    if isinstance(kind, VectorType):
        _check_indexed(column, table, name)
        return _by_text(column, value, table, name) if isinstance(value, str) else _by_vector(column, value, table)
    if isinstance(value, str):
        if kind.name not in _TEXTS:
            raise _no_vector_column("CANNOT_VECTORIZE_SORT_NON_VECTOR_COLUMN", column, table, name)
        return _by_words(column, value, table, name)
    raise _no_vector_column("CANNOT_VECTOR_SORT_NON_VECTOR_COLUMNS", column, table, name)


def _check_indexed(column: str, table: TableDefinition, name: str) -> None:
    if not table.indexes_on(column, IndexKind.VECTOR):
        indexed = [index.column for index in table.indexes.values() if index.kind is IndexKind.VECTOR]
        raise data_api_error(
            "CANNOT_VECTOR_SORT_NON_INDEXED_VECTOR_COLUMNS",
            f"The vector column '{cut(column)}' of the table {name} has no vector index. Indexed are: "
            f"{with_types(table.columns, indexed)}.\n\nCreate an index with createVectorIndex and resend the command.",
        )


def _by_text(column: str, text: str, table: TableDefinition, name: str) -> RowSort:
    if table.vectors[column].service is None:
        raise data_api_error(
            "CANNOT_VECTORIZE_SORT_WHEN_MISSING_VECTORIZE_DEFINITION",
            f"The vector column '{cut(column)}' of the table {name} has no embedding service, so a text cannot be "
            "turned into a vector.\n\nSort by a vector, or attach a service with alterTable, and resend the command.",
        )
    if not text.strip():
        raise _bad_vector(column, "the text is blank")
    return RowSort(RowSortKind.TEXT, column=column, text=text)


def _by_vector(column: str, value: object, table: TableDefinition) -> RowSort:
    wanted = table.vectors[column]
    most = longest(wanted.dimension)
    vector = _binary(column, value, most) if isinstance(value, Mapping) else parse_vector(value, most)
    if vector is None:
        raise _bad_vector(column, "it is null")
    if len(vector.data) != wanted.dimension:
        raise data_api_error(
            "CANNOT_VECTOR_SORT_ON_MISMATCHED_VECTOR_DIMENSIONS",
            f"The vector has {len(vector.data)} numbers, and the vectors of the column '{cut(column)}' have "
            f"{wanted.dimension}.\n\nResend the command with a vector of {wanted.dimension} numbers.",
        )
    check_direction(vector.data, wanted.metric)
    return RowSort(RowSortKind.VECTOR, column=column, vector=vector.data)


def _binary(column: str, value: object, most: int) -> Any:  # noqa: ANN401 - as parse_vector
    try:
        return parse_vector(value, most)
    except DataApiError as problem:
        reason = problem.message.partition("\n")[0].rstrip(".").replace("'$vector'", "the vector")
        raise data_api_error(
            "SORT_CLAUSE_VALUE_INVALID",
            f"The sort value for '{cut(column)}' is not valid: {reason}.\n\nCorrect it and resend the command.",
        ) from problem


def _by_words(column: str, text: str, table: TableDefinition, name: str) -> RowSort:
    analyzer = table.analyzers.get(column)
    if analyzer is None:
        raise data_api_error(
            "CANNOT_LEXICAL_SORT_NON_INDEXED_COLUMNS",
            f"The column '{cut(column)}' of the table {name} has no text index. Text indexes are on: "
            f"{with_types(table.columns, table.analyzers)}.\n\nCreate one with createTextIndex and resend it.",
        )
    return RowSort(RowSortKind.WORDS, column=column, words=analyzer.query(text))


def _is_descending(column: str, value: object, table: TableDefinition) -> bool:
    kind = table.columns[column]
    if isinstance(kind, VectorType):
        raise _bad_vector(column, f"it is {shown(value)}")
    problem = None
    if not is_number(value) or value not in {1, -1}:
        problem = f"its value must be 1 (ascending) or -1 (descending), not {shown(value)}"
    elif not isinstance(kind, ScalarType):
        problem = f"columns of the type {kind.name} have no order"
    if problem is not None:
        raise data_api_error(
            "INVALID_REGULAR_SORT_EXPRESSION",
            f"The sort by the column '{cut(column)}' is not valid: {problem}.\n\nCorrect it and resend the command.",
        )
    return value == -1


def _bad_vector(column: str, problem: str) -> DataApiError:
    return data_api_error(
        "INVALID_VECTOR_SORT_EXPRESSION",
        f"The sort by the vector column '{cut(column)}' needs an array of numbers, $binary, or a text to be embedded; "
        f"{problem}.\n\nCorrect it and resend the command.",
    )


def _no_vector_column(code: str, column: str, table: TableDefinition, name: str) -> DataApiError:
    return data_api_error(
        code,
        f"Only vector columns are sorted by vectors and by texts to be embedded; '{cut(column)}' is none. The table "
        f"{name} has: {with_types(table.columns, table.vector_columns)}.\n\nSort by one of these and resend it.",
    )
