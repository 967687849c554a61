"""Rows of a JSON Lines file: one JSON value on each line; a line that is no JSON does not spoil the others."""

from __future__ import annotations

from collections.abc import Iterator

import simplejson

from astrolabe.loading.formats.json_rows import reason_of
from astrolabe.loading.formats.json_values import JsonReader
from astrolabe.loading.formats.rows import Row, RowFault, row_of
from astrolabe.loading.formats.source import SourceFile


def json_line_rows(source: SourceFile, reader: JsonReader) -> Iterator[Row]:
    """Yield a row for each line that is not blank; what is wrong with a line is told by the row.

    Raises:
        LoadError: The file cannot be read as text.
    """
    number = 0
    for index, line in enumerate(source.lines(), start=1):
        if not line.isspace():
            yield _row(number, index, line.rstrip("\r\n"), reader)
            number += 1


def _row(number: int, line: int, text: str, reader: JsonReader) -> Row:
    try:
        value = reader.decode(text)
    except simplejson.JSONDecodeError as error:
        column, reason = error.pos + 1, reason_of(error)
    except (ValueError, RecursionError) as error:
        column, reason = 1, reason_of(error)
    else:
        return row_of(number, line, value, reader.fault, text)
    return Row(number, line, None, RowFault(reason, column, text))
