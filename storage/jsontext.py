"""JSON text with exact numbers: integers of any length, decimals with every digit they came with.

``1.10`` stays ``1.10`` and a decimal of 52 digits stays whole, because fractions are read as :class:`decimal.Decimal`
and never as binary floats. ``NaN`` and ``Infinity`` are not JSON and are refused in both directions.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

import simplejson

JsonValue: TypeAlias = Any
"""A JSON value: str, bool, None, int, Decimal, list or dict; float too where it is written."""


class DuplicateKeyError(ValueError):
    """An object names the same key twice.

    Attributes:
        key: The key.
    """

    def __init__(self, key: str) -> None:
        super().__init__(f"the key {key!r} stands twice in one object")
        self.key = key


class LongNumberError(ValueError):
    """A number is written with more characters than are accepted.

    Attributes:
        length: How many it has.
    """

    def __init__(self, length: int) -> None:
        super().__init__(f"a number has {length} characters")
        self.length = length


def _without_duplicates(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise DuplicateKeyError(key)
            seen.add(key)
    return found


LONGEST_NUMBER = 100
"""Characters of a number that :func:`loads_request` accepts."""

_DECODER = simplejson.JSONDecoder(parse_float=Decimal)
_STRICT_DECODER = simplejson.JSONDecoder(parse_float=Decimal, object_pairs_hook=_without_duplicates)
_LONG_NUMBER = re.compile(rf"[-+.0-9eE]{{{LONGEST_NUMBER + 1}}}")
_ENCODER = simplejson.JSONEncoder(use_decimal=True, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
_ASCII_ENCODER = simplejson.JSONEncoder(use_decimal=True, allow_nan=False, ensure_ascii=True, separators=(",", ":"))


def loads(text: str, *, unique_keys: bool = False) -> JsonValue:
    """Return the value of a JSON text; numbers are int or Decimal, never float.

    Args:
        text: The whole text; white space around the value is allowed.
        unique_keys: Refuse an object that names a key twice; else the last one counts.

    Raises:
        simplejson.JSONDecodeError: Not JSON; a ValueError that knows line and column.
        DuplicateKeyError: A key stands twice, and ``unique_keys`` was asked for.
        ValueError: An integer of more than 4300 digits, or an exponent beyond 18 digits.
        RecursionError: Nested more than about 1000 deep.
    """
    try:
        return (_STRICT_DECODER if unique_keys else _DECODER).decode(text)
    except InvalidOperation as error:
        raise ValueError("the exponent of a number is out of range") from error


def loads_request(text: str) -> JsonValue:
    """Return the value of a request's JSON text: keys are unique, numbers have at most 100 characters.

    Raises:
        LongNumberError: A number is longer.
        ValueError: What :func:`loads` raises.
        RecursionError: Nested more than about 1000 deep.
    """
    if _LONG_NUMBER.search(text):  # it may be part of a text: only a decoder can tell
        _MEASURING_DECODER.decode(text)
    return loads(text, unique_keys=True)


def _measured(token: str) -> None:
    if len(token) > LONGEST_NUMBER:
        raise LongNumberError(len(token))


_MEASURING_DECODER = simplejson.JSONDecoder(parse_int=_measured, parse_float=_measured)


def dumps(value: JsonValue) -> str:
    """Return the compact JSON text of a value; what UTF-8 cannot hold (lone surrogates) is escaped.

    Raises:
        ValueError: NaN or an infinity, which JSON does not know.
        TypeError: A value that is no JSON type.
    """
    text: str = _ENCODER.encode(value)
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        text = _ASCII_ENCODER.encode(value)
    return text
