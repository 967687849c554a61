"""The shapes that a data file is read as: its format, its rows, and what can be wrong with a row."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

LONGEST_ROW = 32_000_000
"""Characters of one row in a file. A document has 4,000,000 at most, and an escaped character takes up to six."""


class FileFormat(StrEnum):
    """The formats that can be loaded."""

    JSON = "JSON"
    JSON_LINES = "JSON Lines"
    CSV = "CSV"


@dataclass(frozen=True, slots=True)
class JsonPlace:
    """Where in a JSON file the rows are, if they are not its elements or objects themselves.

    Attributes:
        path: The keys that lead there from the outermost object; without one it is that object.
        keyed: It is an object whose members are the rows, by their ``_id``; otherwise it is a list.
    """

    path: tuple[str, ...]
    keyed: bool = False


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file that can be loaded, as its first bytes and its name describe it.

    Attributes:
        path: Where it is; absolute.
        format: How it is read.
        size: Bytes.
        delimiter: What separates the fields of a CSV file; one character.
        spaced: A CSV file has a space after each delimiter, which belongs to no field.
        place: Where in a JSON file the rows are; None where they are its elements or objects.
        notes: What was taken for granted about it, as sentences.
    """

    path: Path
    format: FileFormat
    size: int
    delimiter: str = ","
    spaced: bool = False
    place: JsonPlace | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RowFault:
    """Why a row of the file is no JSON value or no CSV record of the right length.

    Attributes:
        reason: A clause that completes "line 7: …"; no full stop.
        column: Column from 1, or None.
        text: The row as it stands in the file.
    """

    reason: str
    column: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file.

    Attributes:
        number: Position among the file's rows, from 0; blank lines are no rows.
        line: The line that it begins on, from 1; for a bad CSV record the line of the fault.
        value: What it holds: any JSON value; for CSV an object of texts (see
            :mod:`~astrolabe.loading.formats.csv_values`).
        fault: Why it could not be read; ``value`` is None then.
    """

    number: int
    line: int
    value: Any
    fault: RowFault | None = None


def row_of(number: int, line: int, value: Any, reason: str | None, text: str) -> Row:  # noqa: ANN401 - JSON is any value
    """Return a row; with a reason why its text, though it could be read, is none."""
    if reason is None:
        return Row(number, line, value)
    return Row(number, line, None, RowFault(reason, None, text))
