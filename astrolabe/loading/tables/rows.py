"""From a row of a file to the row of a table that is sent, or to the reason why it cannot be."""

from __future__ import annotations

from collections.abc import Mapping

from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.dataapi.language.name_lists import cut
from astrolabe.dataapi.language.tables.order import sort_key
from astrolabe.dataapi.language.tables.problems import ValueProblemError
from astrolabe.dataapi.language.tables.types import ScalarType
from astrolabe.dataapi.language.tables.values import read_value
from astrolabe.dataapi.protocol import Json
from astrolabe.loading.formats.csv_values import with_point
from astrolabe.loading.formats.rows import Row
from astrolabe.loading.prepared import LONGEST_TABLE_ROW, FirstRows, PreparedRow, content_of, measure, unreadable
from astrolabe.loading.tables.conversion import converted, takes_numbers, type_words
from astrolabe.loading.vector_field import with_article
from storage import jsontext
from storage.loads.ledger import FailedRow


class TableRowBuilder:
    """Makes a table's rows of the rows of one file, in the order of the file.

    Attributes:
        embedded: The vector columns that got a text so far.
    """

    def __init__(
        self,
        info: TargetInfo,
        columns: Mapping[str, str],
        repeated: frozenset[int],
        *,
        spelled: bool,
        commas: frozenset[str] = frozenset(),
    ) -> None:
        """Begin at the first row.

        Args:
            info: The table.
            columns: The field of each column.
            repeated: Hashes of the keys that more than one row has.
            spelled: Whether the file has texts only, as CSV: an empty one is a missing field then.
            commas: The fields whose numbers are written with a decimal comma.
        """
        self.embedded: set[str] = set()
        self._info = info
        self._columns = columns
        self._first_rows = FirstRows(repeated)
        self._spelled = spelled
        self._commas = commas

    def build(self, row: Row) -> PreparedRow | FailedRow:
        """Return what is sent of a row, or why nothing is."""
        refused = unreadable(row)
        if refused is not None:
            return refused
        if not isinstance(row.value, dict):
            what = f"the row is {with_article(row.value)}, not an object"
            return FailedRow(row.number, row.line, what, content_of(row.value))
        value = present(row.value, spelled=self._spelled)
        document, size, problems = measured_row(self._info, self._columns, value, self._commas)
        if not problems:
            repetition = self._first_rows.repetition(key_text(self._info, document), row, "key")
            problems += [repetition] if repetition is not None else []
        if problems:
            return FailedRow(row.number, row.line, "; ".join(problems), content_of(value))
        self.embedded.update(name for name in self._info.vectors if isinstance(document.get(name), str))
        return PreparedRow(row.number, row.line, value, document, size)


def present(value: Json, *, spelled: bool) -> Json:
    """Return what a row has; of texts that spell everything out, an empty one is nothing."""
    return {name: text for name, text in value.items() if text != ""} if spelled else value


def measured_row(
    info: TargetInfo, columns: Mapping[str, str], value: Json, commas: frozenset[str] = frozenset()
) -> tuple[Json, int, list[str]]:
    """Return a table's row of a file's row, its size, and why it cannot be sent; arguments as of :func:`table_row`."""
    document, problems = table_row(info, columns, value, commas)
    size, problem = measure(document, LONGEST_TABLE_ROW, "row")
    return document, size, [*problems, *([problem] if problem is not None else [])]


def table_row(
    info: TargetInfo, columns: Mapping[str, str], value: Json, commas: frozenset[str] = frozenset()
) -> tuple[Json, list[str]]:
    """Return a table's row of a file's row, and a clause for each column that cannot take what it gets.

    Args:
        info: The table.
        columns: The field of each column.
        value: The file's row.
        commas: The fields whose numbers are written with a decimal comma.
    """
    document: Json = {}
    problems: list[str] = []
    for column, field in columns.items():
        if field not in value:
            continue
        kind = info.columns[column]
        try:
            given = value[field]
            if field in commas and isinstance(given, str) and takes_numbers(kind):
                given = with_point(given)
            document[column] = converted(kind, given)
        except ValueProblemError as problem:
            problems.append(f"column '{cut(column)}' ({type_words(kind)}): {problem.reason}")
    for column in info.key_columns:
        field = columns.get(column, column)
        if column not in document and field not in value:
            problems.append(f"the field '{cut(field)}' of the key is missing")
        elif column in document and document[column] is None:
            problems.append(f"the field '{cut(field)}' of the key is {'null' if value[field] is None else 'empty'}")
    return document, problems


def key_text(info: TargetInfo, document: Json) -> str | None:
    """Return a text that two rows have in common if they have the same key; None if the key is not whole.

    Args:
        info: The table.
        document: The row by column, its values as the columns take them.
    """
    parts: list[str] = []
    for column in info.key_columns:
        value, kind = document.get(column), info.columns.get(column)
        if value is None or kind is None:
            return None
        if isinstance(kind, ScalarType):
            parts.append(sort_key(kind, read_value(kind, value)).hex())
        else:
            parts.append(jsontext.dumps(value))
    return " ".join(parts)
