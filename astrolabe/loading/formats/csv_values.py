"""What the texts of a CSV file mean: numbers, true and false, nothing; decided for a whole column, not cell by cell.

A column holds numbers only if each of its cells that is not empty is a JSON number; so postal codes and ids with
leading zeros stay text, all of them, and a column does not mix types. An empty cell is a missing field.

Where fields are separated by semicolons, commas are for decimals: ``8,90`` is a number there, and so is ``1.234,50``. A
column in which every comma could just as well mark thousands stays text.
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
_COMMA = re.compile(r"\s*-?(?:(?:0|[1-9][0-9]*)|[1-9][0-9]{0,2}(?:\.[0-9]{3})+),[0-9]+\s*")
_WHOLE = re.compile(r"\s*-?(?:0|[1-9][0-9]*)\s*")
_THOUSANDS = re.compile(r"\s*-?[1-9][0-9]{0,2},[0-9]{3}\s*")
_BOOLEANS = {"true": True, "false": False}


class ColumnKind(StrEnum):
    """What the cells of a column are."""

    EMPTY = "empty"
    NUMBER = "number"
    COMMA = "number with a decimal comma"
    BOOLEAN = "boolean"
    TEXT = "text"


class ColumnKinds:
    """Collects, row by row, what each column holds."""

    def __init__(self, *, commas: bool = False) -> None:
        """Begin with no column.

        Args:
            commas: A comma is for decimals.
        """
        self._commas = commas
        self._kinds: dict[str, ColumnKind] = {}
        self._points: set[str] = set()
        self._certain: set[str] = set()

    def add(self, row: Mapping[str, str]) -> None:
        """Take a row into account."""
        for name, text in row.items():
            known = self._kinds.get(name, ColumnKind.EMPTY)
            if self._commas and text and known is not ColumnKind.TEXT:
                self._note_marks(name, text)
            if known is ColumnKind.TEXT or (known is not ColumnKind.EMPTY and _is_kind(known, text)):
                continue
            found = _kind(text, commas=self._commas)
            if found is not ColumnKind.EMPTY and known is not ColumnKind.EMPTY:
                found = ColumnKind.COMMA if self._are_both(name, known, found) else ColumnKind.TEXT
            self._kinds[name] = found if found is not ColumnKind.EMPTY else known

    @property
    def commas(self) -> frozenset[str]:
        """The columns whose commas are for decimals."""
        return frozenset(name for name in self._kinds if self._meant(name) is ColumnKind.COMMA)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was decided that a reader may not expect, as sentences."""
        columns = [name for name, kind in self._kinds.items() if kind is ColumnKind.COMMA]
        read, left = (", ".join(one for one in columns if (one in self._certain) is sure) for sure in (True, False))
        said = [f"Decimal commas were read as numbers in: {read}."] if read else []
        return (
            (*said, f"The commas may be for thousands or decimals, so these stay texts: {left}.") if left else (*said,)
        )

    def _note_marks(self, name: str, text: str) -> None:
        """Note whether a column has decimal points, and a comma that cannot be one for thousands."""
        if "," in text:
            if _THOUSANDS.fullmatch(text) is None:
                self._certain.add(name)
        elif "." in text or "e" in text.lower():
            self._points.add(name)

    def _are_both(self, name: str, one: ColumnKind, other: ColumnKind) -> bool:
        """Whether a column has whole numbers and numbers with commas."""
        return {one, other} == {ColumnKind.NUMBER, ColumnKind.COMMA} and name not in self._points

    def convert(self, row: Mapping[str, str], *, keep_empty: str | None = None) -> dict[str, CsvValue]:
        """Return the row with the values that its texts mean.

        Args:
            row: Texts by field.
            keep_empty: The field that stays when it is empty; others are left out then.
        """
        return {
            name: _value(text, self._meant(name)) if text else text
            for name, text in row.items()
            if text or name == keep_empty
        }

    def _meant(self, name: str) -> ColumnKind:
        kind = self._kinds.get(name, ColumnKind.TEXT)
        return ColumnKind.TEXT if kind is ColumnKind.COMMA and name not in self._certain else kind


def _kind(text: str, *, commas: bool) -> ColumnKind:
    if text == "":
        return ColumnKind.EMPTY
    kinds = (ColumnKind.NUMBER, ColumnKind.BOOLEAN, *([ColumnKind.COMMA] if commas else []))
    return next((kind for kind in kinds if _is_kind(kind, text)), ColumnKind.TEXT)


def _is_kind(kind: ColumnKind, text: str) -> bool:
    if kind is ColumnKind.NUMBER:
        return len(text) <= _LONGEST_NUMBER and _NUMBER.fullmatch(text) is not None
    if kind is ColumnKind.COMMA:
        return len(text) <= _LONGEST_NUMBER and (_COMMA.fullmatch(text) or _WHOLE.fullmatch(text)) is not None
    return kind is ColumnKind.BOOLEAN and text.strip().lower() in _BOOLEANS


def _value(text: str, kind: ColumnKind) -> CsvValue:
    if kind is ColumnKind.COMMA:
        text = with_point(text)
    if kind in {ColumnKind.NUMBER, ColumnKind.COMMA}:
        return int(text) if _INTEGER.fullmatch(text) else Decimal(text.strip())
    if kind is ColumnKind.BOOLEAN:
        return _BOOLEANS[text.strip().lower()]
    return text


def with_point(text: str) -> str:
    """Return a number that is written with a decimal comma as JSON writes it."""
    return text.replace(".", "").replace(",", ".")
