r"""What verbs print: data on stdout in the chosen format, narration on stderr.

In tables, and whenever stdout is a terminal, no foreign text reaches it unneutralised. JSON stays exact even then:
what a terminal might act on is written as ``\\uXXXX``.
"""

from __future__ import annotations

import csv
import io
import re
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any

import simplejson

from astrolabe.errors import AstrolabeError, Owner
from astrolabe.text.safe_text import VIEWER_LIMIT, cell_width, display_text, fit, show_value

Row = Mapping[str, Any]
"""One line of output: names and JSON values, in the order of the columns."""

_GAP = "  "
_WIDEST = 60
"""Characters of a value that a table shows; the other formats have all."""

_NARROWEST = 6
"""Cells that a column keeps when a table does not fit the terminal."""

_UNBREAKABLE = re.compile(r"(?:`[^`]*`|[^\s`]|`)+\s*|\s+")
"""A word, or a command in backticks, with the spaces behind it."""

_LEAST_PROSE = 24
"""Cells below which a column of prose is not worth having beside the others."""

_INDENT = " " * 4

_NOT_FOR_TERMINALS = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class Format(StrEnum):
    """How data is written on stdout."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"


def say(message: str) -> None:
    """Tell the person at the terminal something, on stderr; the message may hold foreign text."""
    if sys.stderr is None:  # in a process started with stderr closed
        return
    text = display_text(message, limit=VIEWER_LIMIT, multiline=True)
    if sys.stderr.isatty():
        width = shutil.get_terminal_size().columns
        text = "\n".join(part for line in text.split("\n") for part in wrapped(line, width))
    sys.stderr.write(text + "\n")


def wrapped(text: str, width: int) -> list[str]:
    """Break a line between words; what stands in backticks is a command to copy and stays in one piece.

    Args:
        text: Safe text, one line.
        width: Cells of a line; a word that is longer stays whole, over the edge.
    """
    lines = [""]
    for word in _UNBREAKABLE.findall(text):
        if lines[-1] and cell_width(lines[-1] + word.rstrip()) > width:
            lines.append("")
        lines[-1] += word
    return [line.rstrip() for line in lines]


def emit(lines: Iterable[str]) -> None:
    """Write lines of data on stdout, each with its line end, and flush them.

    Raises:
        BrokenPipeError: The reader has gone.
        AstrolabeError: The data cannot be written; the disk is full, say.
    """
    if sys.stdout is None:
        raise AstrolabeError("The output cannot be written: stdout is closed.", owner=Owner.REQUEST)
    try:
        for line in lines:
            sys.stdout.write(line + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise AstrolabeError(f"The output cannot be written: {error.strerror}.", owner=Owner.MACHINE) from error


def write_rows(rows: Sequence[Row], form: Format, *, empty: str = "", whole: bool = False) -> None:
    """Write rows on stdout.

    Args:
        rows: What to write; the columns are all names in order of first appearance.
        form: The format.
        empty: What is said on stderr in place of a table without rows.
        whole: Cut nothing in a table; on a terminal its last column is prose, and breaks between words.
    """
    terminal = shutil.get_terminal_size().columns if sys.stdout and sys.stdout.isatty() else None
    if form is Format.JSON:
        emit([to_json(list(rows), indent=2)])
    elif form is Format.JSONL:
        emit(to_json(row) for row in rows)
    elif form is Format.CSV:
        emit(_csv_lines(rows, neutral=terminal is not None))
    elif rows:
        _write_table(rows, terminal, whole=whole)
    elif empty:
        say(empty)


def to_json(value: object, *, indent: int | None = None) -> str:
    """Return a value as JSON: numbers keep their digits, and nothing in it can move a terminal's cursor."""
    text = str(simplejson.dumps(value, use_decimal=True, ensure_ascii=False, indent=indent, default=str))
    return _NOT_FOR_TERMINALS.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _write_table(rows: Sequence[Row], terminal: int | None, *, whole: bool) -> None:
    columns = _columns(rows)
    if whole:
        lines = list(table_lines(rows, columns, limit=VIEWER_LIMIT))
        too_wide = terminal is not None and any(cell_width(line) > terminal for line in lines)
        emit(_prose_lines(rows, columns, terminal) if terminal is not None and too_wide else lines)
        return
    fitting = columns if terminal is None else columns[: max((terminal + len(_GAP)) // (_NARROWEST + len(_GAP)), 1)]
    emit(table_lines(rows, fitting, terminal))
    if len(fitting) < len(columns):
        say(f"{len(columns) - len(fitting)} more fields do not fit; --format json shows them.")


def _prose_lines(rows: Sequence[Row], columns: Sequence[str], width: int) -> Iterable[str]:
    """Yield the lines of a table whose last column breaks between words, beside the others or below them."""
    *names, last = columns
    left = list(table_lines(rows, names, limit=VIEWER_LIMIT))
    beside = max(cell_width(line) for line in left) + len(_GAP)
    texts = [display_text(last), *(_shown(row.get(last), VIEWER_LIMIT) for row in rows)]
    if width - beside < _LEAST_PROSE:
        for line, text in zip(left, texts, strict=True):
            yield line
            yield from (_INDENT + part for part in wrapped(text, width - len(_INDENT)) if part)
        return
    for line, text in zip(left, texts, strict=True):
        first, *others = wrapped(text, width - beside)
        yield (fit(line, beside) + first).rstrip()
        yield from (" " * beside + part for part in others)


def table_lines(
    rows: Sequence[Row], columns: Sequence[str], width: int | None = None, *, limit: int = _WIDEST
) -> Iterable[str]:
    """Yield the lines of a table, its heading first.

    Args:
        rows: What to show.
        columns: The names to show, in order.
        width: Cells of a line; a wider table is cut in its widest columns. None: as wide as need be.
        limit: Most characters of one value.
    """
    table = [[display_text(column, limit=limit) for column in columns]]
    table += [[_shown(row.get(column), limit) for column in columns] for row in rows]
    widths = [max(cell_width(line[index]) for line in table) for index in range(len(columns))]
    if width is not None:
        widths = _shrunk(widths, width - len(_GAP) * (len(columns) - 1))
    to_right = [_is_numeric(rows, column) for column in columns]
    for line in table:
        cells = zip(line, widths, to_right, strict=True)
        yield _GAP.join(_cell(text, size, to_right=right) for text, size, right in cells).rstrip()


def _shown(value: object, limit: int) -> str:
    return "" if value is None else show_value(value, limit=limit)


def _cell(text: str, width: int, *, to_right: bool) -> str:
    fitted = fit(text, width)
    return " " * (len(fitted) - len(fitted.rstrip())) + fitted.rstrip() if to_right else fitted


def _columns(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _is_numeric(rows: Sequence[Row], column: str) -> bool:
    values = [row[column] for row in rows if row.get(column) is not None]
    return bool(values) and all(isinstance(v, int | float | Decimal) and not isinstance(v, bool) for v in values)


def _shrunk(widths: Sequence[int], room: int) -> list[int]:
    """Cut the widest columns to one common width, so that the table fits or all are as narrow as they may be."""
    cap = max(widths)
    while cap > _NARROWEST and sum(min(size, cap) for size in widths) > room:
        cap -= 1
    return [min(size, cap) for size in widths]


def _csv_lines(rows: Sequence[Row], *, neutral: bool) -> Iterable[str]:
    columns = _columns(rows)
    heading: Row = {column: column for column in columns}
    for row in (heading, *rows) if columns else ():
        cells = [_csv_cell(row.get(column)) for column in columns]
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="").writerow(
            [display_text(cell, limit=VIEWER_LIMIT) for cell in cells] if neutral else cells
        )
        yield buffer.getvalue()


def _csv_cell(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else to_json(value)
