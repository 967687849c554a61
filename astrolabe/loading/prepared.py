"""A row that can be sent, one that cannot, and what both kinds of destinations ask of it."""

from __future__ import annotations

from dataclasses import dataclass

import simplejson

from astrolabe.dataapi.protocol import Json
from astrolabe.loading.formats.rows import Row
from storage.loads.ledger import FailedRow, place_of_row

LONGEST_DOCUMENT = 4_000_000
"""Characters of a document as JSON text."""

LONGEST_TABLE_ROW = 16_000_000
"""Characters of a table's row as JSON text; a request has 20 MB at most."""

_DEEPEST = 64
"""Levels that a document may be nested here; the collection's own rule is stricter and is told in its own words."""

_ENCODER = simplejson.JSONEncoder(ensure_ascii=False)

_TOO_DEEP = f"it is nested more than {_DEEPEST} levels deep"


@dataclass(frozen=True, slots=True)
class PreparedRow:
    """A row as the document, or the table's row, that will be sent.

    Attributes:
        row: Its number in the file, from 0.
        line: The line that it begins on.
        value: The row as it was read.
        document: What is sent: with its ``_id`` and ``$vectorize`` or ``$vector`` in place, or by column.
        size: Bytes of the document as JSON text.
    """

    row: int
    line: int
    value: Json
    document: Json
    size: int

    def failed(self, reason: str) -> FailedRow:
        """Return the row as one that was refused."""
        return FailedRow(self.row, self.line, reason, content_of(self.value))


class FirstRows:
    """The rows that first had a key which more than one row has; asked row by row in the order of the file."""

    def __init__(self, repeated: frozenset[int]) -> None:
        """Remember nothing yet; ``repeated`` has the hashes of the keys in question."""
        self._repeated = repeated
        self._rows: dict[str, tuple[int, int]] = {}

    def repetition(self, key: str | None, row: Row, what: str) -> str | None:
        """Return a reason when an earlier row has the same key, called ``what``; remembers this one otherwise."""
        if key is None or hash(key) not in self._repeated:
            return None
        number, line = self._rows.setdefault(key, (row.number, row.line))
        return None if number == row.number else f"{place_of_row(number, line)} has the same {what}"


def unreadable(row: Row) -> FailedRow | None:
    """Return a row that could not be read as one that was refused; None for one that could."""
    if row.fault is None:
        return None
    place = f" (column {row.fault.column})" if row.fault.column is not None else ""
    return FailedRow(row.number, row.line, row.fault.reason + place, simplejson.dumps(row.fault.text))


def measure(document: Json, most: int, what: str) -> tuple[int, str | None]:
    """Return the document's length as JSON in UTF-8 bytes, and why it cannot be sent, if so.

    Args:
        document: What is to be sent.
        most: How many characters it may have.
        what: What it is, for the reason.
    """
    try:
        text = _ENCODER.encode(document)
        size = len(text.encode("utf-8"))
    except UnicodeEncodeError:
        return 0, "a text in it has half of a surrogate pair, which is no character"
    except RecursionError:
        return 0, _TOO_DEEP
    if len(text) > most:
        return size, f"it has {len(text):,} characters; a {what} has {most:,} at most"
    if text.count("{") + text.count("[") > _DEEPEST and _depth(document) > _DEEPEST:
        return size, _TOO_DEEP
    return size, None


def content_of(value: object) -> str:
    """Return a row as JSON text for the failures file."""
    try:
        return simplejson.dumps(value)
    except RecursionError:
        return simplejson.dumps("(nested too deeply to be written)")


def _depth(value: object) -> int:
    """Return how many arrays and objects lie within one another, the value itself included."""
    level, depth = [value], 0
    while level := [one for one in level if isinstance(one, dict | list)]:
        depth += 1
        level = [inner for one in level for inner in (one.values() if isinstance(one, dict) else one)]
    return depth
