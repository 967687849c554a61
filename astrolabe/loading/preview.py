"""What the Load Data dialog shows before anything is loaded: format, fields, first rows, a suggested Vector Field."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

import simplejson

from astrolabe.errors import LoadError
from astrolabe.loading.formats.csv_values import ColumnKinds
from astrolabe.loading.formats.detect import inspect_file
from astrolabe.loading.formats.json_values import DECODER
from astrolabe.loading.formats.readers import FileRows
from astrolabe.loading.formats.rows import FileFormat, Row
from astrolabe.loading.formats.source import fault_at

_SAMPLE_ROWS = 200
"""Rows that fields, types and the suggestion are taken from."""

_SAMPLE_BYTES = 4_000_000
"""Bytes after which the sample is large enough, however few its rows."""


class FieldType(StrEnum):
    """What a field holds in the rows that were looked at."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    VECTOR = "array of numbers"
    ARRAY = "array"
    OBJECT = "object"
    NULL = "null"
    MIXED = "mixed"


@dataclass(frozen=True, slots=True)
class PreviewField:
    """A field of the rows: its name, its type, and the average length of its text in characters (0 if it has none)."""

    name: str
    type: FieldType
    average_text: float = 0


@dataclass(frozen=True, slots=True)
class Preview:
    """The beginning of a file.

    Attributes:
        path: The file, absolute.
        format: How it is read.
        size: Bytes.
        fields: In the order of their first appearance; from the first rows only, others may follow.
        rows: The first rows that are objects, as they will be loaded.
        faults: What is wrong with rows among those that were looked at, as "line 3: …".
        suggested_vector_field: The text field with the longest average text, or None.
        complete: Whether the whole file was looked at.
        notes: What was taken for granted about the file, as sentences.
        names: The fields of the rows that were looked at, those that are empty in all of them among them.
        written: The first rows that are objects as they stand in the file: texts only in CSV.
        commas: The fields whose numbers are written with a decimal comma.
    """

    path: Path
    format: FileFormat
    size: int
    fields: tuple[PreviewField, ...]
    rows: tuple[Mapping[str, Any], ...]
    faults: tuple[str, ...]
    suggested_vector_field: str | None
    complete: bool
    notes: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    written: tuple[Mapping[str, Any], ...] = ()
    commas: frozenset[str] = frozenset()


def preview(path: Path, rows: int = 5, rows_at: str | None = None) -> Preview:
    """Look at the beginning of a file; blocks on the disk.

    Args:
        path: The file.
        rows: How many rows to show.
        rows_at: As for :func:`~astrolabe.loading.formats.detect.inspect_file`.

    Raises:
        LoadError: The file cannot be read, is malformed near its beginning, or holds no rows.
    """
    file = inspect_file(path, rows_at)
    with FileRows(file) as reader:
        sample = list(itertools.islice(_within(reader, _SAMPLE_BYTES), _SAMPLE_ROWS))
        complete = next(iter(reader), None) is None if len(sample) < _SAMPLE_ROWS else False
    if not sample:
        raise LoadError(f"{file.path.name} holds no rows.", path=file.path)
    kinds = ColumnKinds(commas=file.delimiter == ";") if file.format is FileFormat.CSV else None
    written: list[Mapping[str, Any]] = [row.value for row in sample if isinstance(row.value, dict)]
    objects = _meant(written, kinds)
    if not objects:
        raise _first_fault(file.path, sample[0])
    fields = _fields(objects, spelled_out=file.format is FileFormat.CSV)
    faults = tuple(f"line {row.line}: {row.fault.reason}" for row in sample if row.fault is not None)
    return Preview(
        file.path,
        file.format,
        file.size,
        fields,
        tuple(objects[:rows]),
        faults,
        suggest_vector_field(fields),
        complete,
        (*file.notes, *reader.notes, *(kinds.notes if kinds is not None else ())),
        names=tuple(dict.fromkeys(name for row in written for name in row)),
        written=tuple(written[:rows]),
        commas=kinds.commas if kinds is not None else frozenset(),
    )


def suggest_vector_field(fields: Iterable[PreviewField]) -> str | None:
    """Return the text field with the longest average text, the first of equals; never ``_id``."""
    texts = [field for field in fields if field.type is FieldType.TEXT and field.name != "_id"]
    return max(texts, key=lambda field: field.average_text).name if texts else None


def _within(reader: FileRows, most_bytes: int) -> Iterable[Row]:
    for row in reader:
        yield row
        if reader.position > most_bytes:
            return


def _meant(written: Sequence[Mapping[str, Any]], kinds: ColumnKinds | None) -> list[Mapping[str, Any]]:
    """Return the rows with the values that their texts mean."""
    if kinds is None:
        return list(written)
    for row in written:
        kinds.add(row)
    return [kinds.convert(row) for row in written]


def _first_fault(path: Path, row: Row) -> LoadError:
    if row.fault is not None:
        return fault_at(path, row.fault.reason, line=row.line, column=row.fault.column)
    return fault_at(path, "this row is not an object, and no other of the first rows is", line=row.line)


def _fields(rows: Sequence[Mapping[str, Any]], *, spelled_out: bool) -> tuple[PreviewField, ...]:
    """Return the fields; ``spelled_out`` when vectors are written as texts, as in CSV."""
    values: dict[str, list[Any]] = {}
    for row in rows:
        for name, value in row.items():
            values.setdefault(name, []).append((spelled_out and numbers_in(value)) or value)
    return tuple(_field(name, found) for name, found in values.items())


def _field(name: str, values: Sequence[Any]) -> PreviewField:
    types = {type_of(value) for value in values} - {FieldType.NULL}
    kind = types.pop() if len(types) == 1 else FieldType.MIXED if types else FieldType.NULL
    texts = [len(value) for value in values if isinstance(value, str)]
    return PreviewField(name, kind, sum(texts) / len(texts) if texts else 0)


def type_of(value: object) -> FieldType:
    """Return the type of one JSON value."""
    if value is None:
        return FieldType.NULL
    if isinstance(value, list):
        return FieldType.VECTOR if is_vector(value) else FieldType.ARRAY
    for kind, type_ in ((bool, FieldType.BOOLEAN), (str, FieldType.TEXT), (dict, FieldType.OBJECT)):
        if isinstance(value, kind):
            return type_
    return FieldType.NUMBER


def numbers_in(value: object) -> list[Any] | None:
    """Return an array of numbers, also one that a text spells out as JSON; None if it is none."""
    if isinstance(value, str):
        if not value.lstrip().startswith("["):
            return None
        try:
            value = DECODER.decode(value)
        except (simplejson.JSONDecodeError, ValueError, RecursionError):
            return None
    return value if isinstance(value, list) and is_vector(value) else None


def is_vector(value: object) -> bool:
    """Whether a JSON value is an array of numbers with at least one in it."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(number, int | float | Decimal) and not isinstance(number, bool) for number in value)
    )
