"""Rows of a CSV file: the first record names the fields, each further one is an object of texts."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from astrolabe.errors import LoadError
from astrolabe.loading.formats.rows import Row, RowFault
from astrolabe.loading.formats.source import SourceFile, advance, fault_at

DELIMITERS = ",;\t|"
"""What may separate fields, the likeliest first."""

_NAMED_DELIMITER = re.compile(r"(?i:sep)=([,;|\t])")

_LONGEST_FIELD = 4_000_000
"""Characters; a document is not longer, and an unclosed quote must not swallow the rest of a large file."""


def csv_rows(source: SourceFile, delimiter: str, *, spaced: bool = False) -> Iterator[Row]:
    """Yield a row for each record after the header; blank lines are no records.

    A record with another number of fields than the header is a row with a fault. A first line ``sep=;``, by which Excel
    names the delimiter, is no record either.

    Args:
        source: The file.
        delimiter: What separates the fields; one character.
        spaced: A space after the delimiter belongs to no field.

    Raises:
        LoadError: There is no header, it names a field twice, or the quotes of a record are wrong: where the next
            record begins is then unknown.
    """
    records = _records(source, delimiter, spaced=spaced)
    header = next(records, None)
    if header is not None and delimiter_named_by(header.text) == delimiter:
        header = next(records, None)
    if header is None:
        raise fault_at(source.path, "there is no header with the fields' names", line=1)
    names = _field_names(header, source.path)
    for number, record in enumerate(records):
        if len(record.cells) == len(names):
            yield Row(number, record.line, dict(zip(names, record.cells, strict=True)))
        else:
            line, fault = _wrong_count(record, len(names), delimiter)
            yield Row(number, line, None, fault)


def delimiter_named_by(line: str) -> str | None:
    """Return the delimiter that a first line names for Excel, as in ``sep=;``; None for any other line."""
    found = _NAMED_DELIMITER.fullmatch(line.rstrip("\r\n"))
    return found[1] if found else None


@dataclass(frozen=True, slots=True)
class _Record:
    """One record: its cells, the line that it begins on, and its text with the line ends inside."""

    cells: list[str]
    line: int
    text: str


class _Lines:
    """The file's lines, remembering those of the record that is being read."""

    def __init__(self, source: SourceFile) -> None:
        self._lines = source.lines()
        self.pending: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.pending.append(line)
        return line


def _records(source: SourceFile, delimiter: str, *, spaced: bool) -> Iterator[_Record]:
    csv.field_size_limit(_LONGEST_FIELD)
    lines = _Lines(source)
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=spaced, strict=True)
    while True:
        line = reader.line_num + 1
        lines.pending.clear()
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise _wrong_quotes(source.path, line, "".join(lines.pending), delimiter) from error
        if cells is None:
            return
        if cells:
            yield _Record(cells, line, "".join(lines.pending))


def _field_names(header: _Record, path: Path) -> list[str]:
    """Return the header's names; one that is blank (a table's row numbers, often) is called after its position."""
    names = [name.strip() or f"column_{position}" for position, name in enumerate(header.cells, start=1)]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise fault_at(
            path, f"the header names the field '{twice}' twice", line=header.line, hint="Give each field its own name."
        )
    return names


def _wrong_count(record: _Record, expected: int, delimiter: str) -> tuple[int, RowFault]:
    """Return where the record departs from the header, and the fault: the first field too many, or the end."""
    found = len(record.cells)
    text = record.text.rstrip("\r\n")
    at = _scan(text, delimiter).starts[expected] if found > expected else len(text)
    line, column = advance((record.line, 1), text[:at])
    fields = "field" if found == 1 else "fields"
    return line, RowFault(f"{found} {fields}, but the header names {expected}", column, text)


def _wrong_quotes(path: Path, line: int, text: str, delimiter: str) -> LoadError:
    scan = _scan(text, delimiter)
    line, column = advance((line, 1), text[: scan.stop])
    if scan.state is _State.CLOSED:
        reason = "there is text between the closing quote and the next delimiter"
        return fault_at(path, reason, line=line, column=column, hint='Write a quote inside a quoted field twice: "".')
    if scan.state is _State.QUOTED:
        within = f" within {_LONGEST_FIELD:,} characters" if len(text) > _LONGEST_FIELD else ""
        return fault_at(path, f"the quote that opens here is not closed{within}", line=line, column=column)
    return fault_at(path, f"a field is longer than {_LONGEST_FIELD:,} characters", line=line, column=column)


class _State(Enum):
    """Where in a field the scan is."""

    START = auto()
    PLAIN = auto()
    QUOTED = auto()
    CLOSED = auto()


@dataclass(frozen=True, slots=True)
class _Scan:
    """Where the fields of a record's text start, the state at the stop, and the offset of the stop.

    The stop is the opening quote in state QUOTED, the character that should not be there in state CLOSED, and the start
    of the last field otherwise.
    """

    starts: list[int]
    state: _State
    stop: int


def _scan(text: str, delimiter: str) -> _Scan:
    """Go through a record once more, character by character, to find the place of a fault; only for bad records."""
    starts, state = [0], _State.START
    for offset, character in enumerate(text):
        if state is _State.QUOTED:
            state = _State.CLOSED if character == '"' else state
        elif character == delimiter:
            starts.append(offset + 1)
            state = _State.START
        elif character == '"' and state is not _State.PLAIN:
            state = _State.QUOTED
        elif state is _State.CLOSED and character not in "\r\n":
            return _Scan(starts, state, offset)
        elif character not in "\r\n":
            state = _State.PLAIN
    return _Scan(starts, state if state is _State.QUOTED else _State.PLAIN, starts[-1])
