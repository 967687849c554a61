"""What the texts of a CSV file mean: numbers, true and false, nothing; decided for a whole column, not cell by cell.

A column holds numbers only if each of its cells that is not empty is a JSON number; so postal codes and ids with
leading zeros stay text, all of them, and a column does not mix types. An empty cell is a missing field.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

CsvValue = str | int | Decimal | bool

_LONGEST_NUMBER = 100
"""Characters; the Data API takes no longer number."""

_NUMBER = re.compile(r"\s*-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\s*")
_INTEGER = re.compile(r"\s*-?[0-9]+\s*")
_BOOLEANS = {"true": True, "false": False}


class ColumnKind(StrEnum):
    """What the cells of a column are."""

    EMPTY = "empty"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TEXT = "text"


class ColumnKinds:
    """Collects, row by row, what each column holds."""

    def __init__(self) -> None:
        self._kinds: dict[str, ColumnKind] = {}

    def add(self, row: Mapping[str, str]) -> None:
        """Take a row into account."""
        for name, text in row.items():
            known = self._kinds.get(name, ColumnKind.EMPTY)
            if known is ColumnKind.TEXT or (known is not ColumnKind.EMPTY and _is_kind(known, text)):
                continue
            found = _kind(text)
            if found is not ColumnKind.EMPTY:
                found = found if known is ColumnKind.EMPTY else ColumnKind.TEXT
            self._kinds[name] = found if found is not ColumnKind.EMPTY else known

    def convert(self, row: Mapping[str, str], *, keep_empty: str | None = None) -> dict[str, CsvValue]:
        """Return the row with the values that its texts mean.

        Args:
            row: Texts by field.
            keep_empty: The field that stays when it is empty; others are left out then.
        """
        return {
            name: _value(text, self._kinds.get(name, ColumnKind.TEXT)) if text else text
            for name, text in row.items()
            if text or name == keep_empty
        }


def _kind(text: str) -> ColumnKind:
    if text == "":
        return ColumnKind.EMPTY
    return next((kind for kind in (ColumnKind.NUMBER, ColumnKind.BOOLEAN) if _is_kind(kind, text)), ColumnKind.TEXT)


def _is_kind(kind: ColumnKind, text: str) -> bool:
    if kind is ColumnKind.NUMBER:
        return len(text) <= _LONGEST_NUMBER and _NUMBER.fullmatch(text) is not None
    return kind is ColumnKind.BOOLEAN and text.strip().lower() in _BOOLEANS


def _value(text: str, kind: ColumnKind) -> CsvValue:
    if kind is ColumnKind.NUMBER:
        return int(text) if _INTEGER.fullmatch(text) else Decimal(text.strip())
    if kind is ColumnKind.BOOLEAN:
        return _BOOLEANS[text.strip().lower()]
    return text
