"""Which format a file has: its content says, its name decides where the content leaves a choice."""

from __future__ import annotations

import csv
import io
import itertools
from pathlib import Path

import simplejson

from astrolabe.errors import LoadError
from astrolabe.loading.formats.csv_rows import DELIMITERS, delimiter_named_by
from astrolabe.loading.formats.json_place import find_place, place_at
from astrolabe.loading.formats.json_values import DECODER
from astrolabe.loading.formats.rows import DataFile, FileFormat, JsonPlace
from astrolabe.loading.formats.source import SourceFile, fault_at, readable, require_regular_file

_HEAD = 1 << 16
"""Bytes that are looked at."""

_SAMPLE_RECORDS = 20
"""Records that vote for a delimiter."""

_BY_NAME = {
    ".json": FileFormat.JSON,
    ".jsonl": FileFormat.JSON_LINES,
    ".ndjson": FileFormat.JSON_LINES,
    ".csv": FileFormat.CSV,
    ".tsv": FileFormat.CSV,
    ".tab": FileFormat.CSV,
}

_KNOWN_BINARY = {
    b"\x1f\x8b": ("a gzip archive", "Unpack it first: gunzip -k FILE."),
    b"PK\x03\x04": ("a ZIP archive or an Excel workbook", "Unpack it, or save the sheet as CSV."),
    b"PAR1": ("a Parquet file", "Convert it to JSON Lines or CSV first."),
    b"SQLite format 3\x00": ("an SQLite database", "Export the table as CSV first."),
    b"%PDF": ("a PDF document", "Turn its text into JSON Lines or CSV first."),
    b"\xff\xfe": ("UTF-16 text", "Save it as UTF-8, or convert it: iconv -f utf-16 -t utf-8."),
    b"\xfe\xff": ("UTF-16 text", "Save it as UTF-8, or convert it: iconv -f utf-16 -t utf-8."),
}

_FORMATS = "JSON, JSON Lines (one object per line) and CSV can be loaded."


def inspect_file(path: Path, rows_at: str | None = None) -> DataFile:
    """Find out how a file is to be read; looks at its first bytes, and at all of one that is a JSON object.

    Args:
        path: The file.
        rows_at: Where in a JSON file's object the rows are, as ``data.items``, ``.`` for the object itself; None finds
            that out.

    Raises:
        LoadError: The file cannot be read, is empty, is not UTF-8 text, or is in none of the formats.
    """
    path = path.expanduser().absolute()
    with readable(path):
        size = require_regular_file(path).st_size
        with path.open("rb") as file:
            head = file.read(_HEAD)
    _refuse_binary(path, head)
    with SourceFile(path) as source:
        text = _decoded(source, whole=size <= _HEAD)
    if not text.strip():
        raise LoadError(f"{path.name} is empty.", path=path, hint=_FORMATS)
    format_ = _format(path, text)
    if format_ is FileFormat.CSV:
        delimiter = _delimiter(path, text)
        return DataFile(path, format_, size, delimiter, spaced=_is_spaced(text, delimiter))
    if rows_at is not None:
        if format_ is not FileFormat.JSON or not text.lstrip().startswith("{"):
            reason = f"{path.name} is no JSON object, so there is no place '{rows_at}' in it."
            raise LoadError(reason, path=path, hint="Leave the place out.")
        return DataFile(path, format_, size, place=place_at(rows_at))
    place = find_place(path) if format_ is FileFormat.JSON and text.lstrip().startswith("{") else None
    return DataFile(path, format_, size, place=place, notes=_said(place) if place is not None else ())


def _said(place: JsonPlace) -> tuple[str, ...]:
    if place.keyed:
        return ("The file is one object; its members are loaded as rows, each with its name as _id.",)
    return (f"The file is one object; the rows are the list '{'.'.join(place.path)}' in it.",)


def _refuse_binary(path: Path, head: bytes) -> None:
    for magic, (kind, hint) in _KNOWN_BINARY.items():
        if head.startswith(magic):
            raise LoadError(f"{path.name} is {kind}, not UTF-8 text.", path=path, hint=hint)
    if b"\0" in head:
        raise LoadError(f"{path.name} is a binary file.", path=path, hint=_FORMATS)


def _decoded(source: SourceFile, *, whole: bool) -> str:
    """Return the head as text; unless it is the whole file, without its last line, which may be cut."""
    text = source.read(_HEAD)
    cut = -1 if whole else text.rfind("\n")
    return text if cut < 0 else text[: cut + 1]


def _format(path: Path, text: str) -> FileFormat:
    named = _BY_NAME.get(path.suffix.lower())
    start = text.lstrip()
    if start[0] == "[":
        return _format_of_arrays(named, start)
    if start[0] == "{":
        return _format_of_objects(named, start)
    if named is FileFormat.JSON:
        raise fault_at(path, "expected '[' or '{', an array of objects or one object", line=1, column=1, hint=_FORMATS)
    if named is not None:
        return named
    if _is_json(_first_line(start)):
        raise fault_at(path, "expected an object, but there is another JSON value", line=1, column=1, hint=_FORMATS)
    if not any(delimiter in _first_line(start) for delimiter in DELIMITERS):
        raise LoadError(f"{path.name} is neither JSON nor CSV.", path=path, hint=_FORMATS)
    return FileFormat.CSV


def _format_of_arrays(named: FileFormat | None, start: str) -> FileFormat:
    """Tell one array from a CSV header that begins with a bracket, and from an array on each line."""
    line = _first_line(start)
    if named in {None, FileFormat.JSON}:
        return FileFormat.JSON
    if named is FileFormat.CSV:
        return FileFormat.JSON if _is_json(line) else FileFormat.CSV
    return FileFormat.JSON_LINES if _is_json(line) and start[len(line) :].strip() else FileFormat.JSON


def _format_of_objects(named: FileFormat | None, start: str) -> FileFormat:
    """Tell one object, written over several lines perhaps, from one object on each line."""
    line = _first_line(start)
    if line.strip() == "{":
        return FileFormat.JSON
    if not _is_json(line):
        # Written over several lines, or broken: the name says how its faults are best told.
        return named or FileFormat.JSON
    rest = start[len(line) :].strip()
    if named is FileFormat.JSON_LINES or rest:
        return FileFormat.JSON_LINES
    return FileFormat.JSON


def _first_line(text: str) -> str:
    return io.StringIO(text, newline="").readline()


def _is_json(text: str) -> bool:
    try:
        DECODER.decode(text)
    except (simplejson.JSONDecodeError, ValueError, RecursionError):
        return False
    return True


def _delimiter(path: Path, text: str) -> str:
    """Return the delimiter that splits most of the first records into the same number of fields, more than one."""
    named = delimiter_named_by(_first_line(text.lstrip("\ufeff")))
    if named is not None:
        return named
    preferred = "\t" + DELIMITERS if path.suffix.lower() in {".tsv", ".tab"} else DELIMITERS
    scores = {delimiter: _score(text, delimiter) for delimiter in preferred}
    best = max(scores, key=lambda delimiter: scores[delimiter])
    return best if scores[best] > (0, 0) else preferred[0]


def _is_spaced(text: str, delimiter: str) -> bool:
    """Whether there is a space after every delimiter of the first records: it is how the file is written."""
    records = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    cells = [cell for record in itertools.islice(records, _SAMPLE_RECORDS) for cell in record[1:] if cell]
    return bool(cells) and all(cell.startswith(" ") for cell in cells)


def _score(text: str, delimiter: str) -> tuple[int, int]:
    """Return how many records have as many fields as the first, and how many fields those are; 0, 0 for one field."""
    records = filter(None, csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    counts = [len(record) for record in itertools.islice(records, _SAMPLE_RECORDS)]
    if not counts or counts[0] == 1:
        return 0, 0
    return counts.count(counts[0]), counts[0]
