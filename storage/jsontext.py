"""JSON text with exact numbers: integers of any length, decimals with every digit they came with.

``1.10`` stays ``1.10`` and a decimal of 52 digits stays whole, because fractions are read as :class:`decimal.Decimal`
and never as binary floats. Small ones are written in full, ``0.00000001`` and not ``1E-8``. ``NaN`` and ``Infinity``
are not JSON and are refused in both directions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

import simplejson

from storage.large_json import PieceReader
from storage.vector_texts import TakenOut

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
_IN_NUMBERS = b"+-.0123456789Ee"
_NINES = bytes(ord("9") if byte in _IN_NUMBERS else ord(" ") for byte in range(256))
_LONG_NUMBER = b"9" * (LONGEST_NUMBER + 1)

_LARGE = 65_536
"""Characters of a text from which on it is read in pieces."""

MOST_VALUES = 1_000_000
"""Values of a request: a hundred documents with the longest vectors have half as many."""

MOST_FIELDS = 100_000
"""Fields of one object of a request: far more than any command, filter or document may have."""

_SURROGATE = re.compile("[\ud800-\udfff]")

_PLAIN = frozenset({int, float, Decimal, bool, type(None)})
VALUES_AT_ONCE = 500
"""Values that are read or written in well under a millisecond."""

_CHARACTERS_AT_ONCE = 20_000
"""The same in characters."""

_ENCODER = simplejson.JSONEncoder(use_decimal=True, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
_FULL_ENCODER = simplejson.JSONEncoder(
    use_decimal=False,
    allow_nan=False,
    ensure_ascii=False,
    separators=(",", ":"),
    default=lambda value: _written_in_full(value),  # noqa: PLW0108 - defined below
)
"""Asks for every decimal, and is slower for it."""
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
    return _decoded((_STRICT_DECODER if unique_keys else _DECODER).decode, text)


def _decoded(decode: Callable[[str], JsonValue], text: str) -> JsonValue:
    try:
        return decode(text)
    except InvalidOperation as error:
        raise ValueError("the exponent of a number is out of range") from error


def loads_in_pieces(text: str) -> JsonValue:
    """Return what :func:`loads` returns; from a large text other threads get their turns in between.

    Raises:
        ValueError: What :func:`loads` raises.
        RecursionError: Nested more than about 250 deep, where the text is large.
    """
    if len(text) <= _LARGE:
        return loads(text)
    return _decoded(lambda text: PieceReader(text, _DECODER.scan_once, duplicate=DuplicateKeyError).read(), text)


def loads_request(text: str) -> JsonValue:
    """Return the value of a request's JSON text: keys are unique, numbers have at most 100 characters.

    Numbers are int or Decimal, as with :func:`loads`; only those of a ``$vector`` array may all be float, if floats
    have the digits that were sent. Large requests are read in pieces, so this belongs in a thread.

    Raises:
        LongNumberError: A number is longer.
        TooManyValuesError: There are more than :data:`MOST_VALUES`, or more than :data:`MOST_FIELDS` in an object.
        ValueError: What :func:`loads` raises.
        RecursionError: Nested more than about 250 deep.
    """
    return _decoded(_request, text)


def _request(text: str) -> JsonValue:
    taken = TakenOut(text, LONGEST_NUMBER)
    # What is left may have as many values as it has characters.
    if taken.numbers and taken.numbers + min(len(taken.text), _LARGE) <= MOST_VALUES:
        try:
            value = _rest_of_request(taken.text, MOST_VALUES - taken.numbers)
        except (ValueError, InvalidOperation, RecursionError):
            pass  # The whole text says what is wrong, and where.
        else:
            taken.put_back(value)
            return value
    return _rest_of_request(text, MOST_VALUES)


def _rest_of_request(text: str, most_values: int) -> JsonValue:
    if len(text) > _LARGE:
        limits = {"most_values": most_values, "most_fields": MOST_FIELDS}
        return PieceReader(text, _request_piece, duplicate=DuplicateKeyError, **limits).read()
    if _may_have_long_number(text):
        _MEASURING_DECODER.decode(text)
    return _STRICT_DECODER.decode(text)


def _request_piece(text: str, start: int) -> tuple[JsonValue, int]:
    if start == 0 and _may_have_long_number(text):
        _MEASURING_DECODER.scan_once(text, 0)
    value, end = _STRICT_DECODER.scan_once(text, start)
    return value, end


def _may_have_long_number(text: str) -> bool:
    """Tell whether a text has a long row of what numbers are written with; in a text it may be something else."""
    return _LONG_NUMBER in text.encode("utf-8", "surrogatepass").translate(_NINES)


def _measured(token: str) -> None:
    if len(token) > LONGEST_NUMBER:
        raise LongNumberError(len(token))


_MEASURING_DECODER = simplejson.JSONDecoder(parse_int=_measured, parse_float=_measured)


_SURROGATE = re.compile("[\ud800-\udfff]")


def has_lone_surrogate(text: str) -> bool:
    """Return whether a text has half of a surrogate pair: no character, and nothing that UTF-8 can hold.

    A pattern and no loop over letters: twenty million of them would hold up everybody for seconds.
    """
    return not text.isascii() and _SURROGATE.search(text) is not None


def is_small(value: JsonValue) -> bool:
    """Tell, by looking at a few hundred values at most, whether a value is read or written in no time."""
    values, characters = VALUES_AT_ONCE, _CHARACTERS_AT_ONCE
    todo = [value]
    while todo:
        found = todo.pop()
        if isinstance(found, str):
            characters -= len(found)
        elif isinstance(found, dict | list | tuple):
            values -= len(found)
            inner = found.values() if isinstance(found, dict) else found
            if values >= 0 and not _PLAIN.issuperset(map(type, inner)):
                todo.extend(inner)
        if values < 0 or characters < 0:
            return False
    return True


def dumps_in_pieces(value: JsonValue) -> str:
    """Return what :func:`dumps` returns; a large value is put together of small ones.

    The encoder keeps the interpreter's lock while it works. Between two pieces other threads get it.

    Raises:
        ValueError: What :func:`dumps` raises.
    """
    return "".join(_pieces(value))


def _pieces(value: JsonValue) -> Iterator[str]:
    if not isinstance(value, dict | list) or is_small(value):
        yield dumps(value)
    elif isinstance(value, dict):
        for at, (name, inner) in enumerate(value.items()):
            yield f"{',' if at else '{'}{dumps(name)}:"
            yield from _pieces(inner)
        yield "}"
    else:
        yield from _pieces_of_list(value)


def _pieces_of_list(values: list[JsonValue]) -> Iterator[str]:
    mark = "["
    for at in range(0, len(values), VALUES_AT_ONCE):
        part = values[at : at + VALUES_AT_ONCE]
        if is_small(part):
            yield mark + dumps(part)[1:-1]
            mark = ","
        else:
            for inner in part:
                yield mark
                yield from _pieces(inner)
                mark = ","
    yield "]"


def dumps(value: JsonValue) -> str:
    """Return the compact JSON text of a value; what UTF-8 cannot hold (lone surrogates) is escaped.

    Raises:
        ValueError: NaN or an infinity, which JSON does not know.
        TypeError: A value that is no JSON type.
    """
    text: str = _ENCODER.encode(value)
    if "E-" in text:
        text = _FULL_ENCODER.encode(value)
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        text = _ASCII_ENCODER.encode(value)
    return text


def _written_in_full(value: object) -> simplejson.RawJSON:
    """Return the text of a decimal without an exponent, if that is not longer than a number may be.

    Raises:
        TypeError: It is no decimal, and so no JSON value.
    """
    if not isinstance(value, Decimal):
        raise TypeError(f"a value of the type {type(value).__name__} is not JSON")
    text = str(value)
    if "E-" in text and value.adjusted() > -LONGEST_NUMBER:
        full = format(value, "f")
        text = full if len(full) <= LONGEST_NUMBER else text
    return simplejson.RawJSON(text)
