"""JSON texts as exact values, and what a text may say that no row can hold: a key twice, or NaN.

What ``mongoexport`` writes (MongoDB's Extended JSON) is read as the Data API spells it: ``$oid`` as ``$objectId``,
``$numberLong`` and its like as numbers, the text of a ``$date`` as milliseconds.
"""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import simplejson

DECODER = simplejson.JSONDecoder(parse_float=Decimal)
"""Strict JSON with exact numbers; NaN and Infinity are errors."""

_INTEGER = re.compile(r"-?[0-9]{1,100}")
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_LONGEST_NUMBER = 100


class JsonReader:
    """Decodes one value after the other.

    Attributes:
        fault: Why the value that was decoded last is no row, as a clause; None if nothing is wrong with it.
        translated: The operators of MongoDB's Extended JSON that were met.
    """

    def __init__(self) -> None:
        self.fault: str | None = None
        self.translated: set[str] = set()
        self._decoder = simplejson.JSONDecoder(
            parse_float=Decimal, parse_constant=self._constant, object_pairs_hook=self._object, allow_nan=True
        )

    def decode(self, text: str) -> Any:  # noqa: ANN401 - JSON is any value
        """Return the value of a whole text.

        Raises:
            ValueError: It is no JSON, or a number in it has too many digits.
            RecursionError: It is nested too deeply.
        """
        self.fault = None
        return self._decoder.decode(text)

    def decode_at(self, text: str, start: int) -> tuple[Any, int]:
        """Return the value that begins at an offset, and the offset of its end; raises what :meth:`decode` does."""
        self.fault = None
        value, end = self._decoder.raw_decode(text, start)
        return value, end

    def _constant(self, name: str) -> None:
        self._blame(f"{name} is no JSON; write null, or leave the field out")

    def _object(self, pairs: Sequence[tuple[str, Any]]) -> Any:  # noqa: ANN401 - JSON is any value
        found = dict(pairs)
        if len(found) != len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            self._blame(f"the key '{twice}' is there twice in one object")
        if len(pairs) == 1:
            ((name, value),) = pairs
            translate = _TRANSLATIONS.get(name)
            meant = translate(value) if translate is not None else None
            if meant is not None:
                self.translated.add(name)
                return meant
        return found

    def _blame(self, reason: str) -> None:
        self.fault = self.fault or reason


def _object_id(value: object) -> object | None:
    return {"$objectId": value} if isinstance(value, str) else None


def _integer(value: object) -> object | None:
    return int(value) if isinstance(value, str) and _INTEGER.fullmatch(value) else None


def _number(value: object) -> object | None:
    if isinstance(value, str) and len(value) <= _LONGEST_NUMBER and _NUMBER.fullmatch(value):
        return Decimal(value)
    return None


def _date(value: object) -> object | None:
    """Return the milliseconds of a date's text; a number of them is what the Data API takes already."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    passed = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return {"$date": (passed.days * 86_400 + passed.seconds) * 1000 + passed.microseconds // 1000}


def _uuid(value: object) -> object | None:
    """Return the UUID of a binary value of that kind; other binary values have no place in a document."""
    if not isinstance(value, dict) or value.get("subType") not in {"03", "04", "3", "4"}:
        return None
    try:
        return {"$uuid": str(uuid.UUID(bytes=base64.b64decode(str(value.get("base64")), validate=True)))}
    except (ValueError, binascii.Error):
        return None


_TRANSLATIONS: dict[str, Callable[[object], object | None]] = {
    "$oid": _object_id,
    "$numberLong": _integer,
    "$numberInt": _integer,
    "$numberDouble": _number,
    "$numberDecimal": _number,
    "$date": _date,
    "$binary": _uuid,
}
"""What each operator's value means; None where it is left as it stands."""
