"""Values of a file as a table's columns take them.

A file's texts mean what the column says: ``12`` is a number in a column of numbers and a text in one of texts. What a
column cannot take is refused here, with the reason; nothing is guessed that would lose something.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import simplejson

from astrolabe.dataapi.language.name_lists import cut
from astrolabe.dataapi.language.tables.problems import NO_CODEC, ValueProblemError
from astrolabe.dataapi.language.tables.scalars import MOST_DIGITS
from astrolabe.dataapi.language.tables.types import (
    TEXTS,
    ColumnType,
    ListType,
    MapType,
    Scalar,
    ScalarType,
    SetType,
    UserType,
    VectorType,
)
from astrolabe.dataapi.language.tables.values import read_value
from astrolabe.dataapi.protocol import JsonValue
from astrolabe.loading.formats.json_values import DECODER
from astrolabe.loading.preview import numbers_in
from astrolabe.loading.vector_field import with_article
from storage.filters.matching import is_number

_LONGEST_NUMBER = MOST_DIGITS + 200
_DIGITS = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,6})?")
_NOT_NUMBERS = {
    "nan": "NaN",
    "inf": "Infinity",
    "+inf": "Infinity",
    "infinity": "Infinity",
    "+infinity": "Infinity",
    "-inf": "-Infinity",
    "-infinity": "-Infinity",
}
_BOOLEANS = {
    **dict.fromkeys(("true", "t", "yes", "y", "1"), True),
    **dict.fromkeys(("false", "f", "no", "n", "0"), False),
}
_TIMESTAMP = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})(?:[Tt ](?P<clock>[0-9]{2}:[0-9]{2})(?P<seconds>:[0-9]{2}(?:\.[0-9]*)?)?)?"
    r" ?(?P<zone>[Zz]|UTC|[+-][0-9]{2}:?[0-9]{2})?"
)
_FLOATS = frozenset({Scalar.FLOAT, Scalar.DOUBLE})
_WHOLE = frozenset({Scalar.TINYINT, Scalar.SMALLINT, Scalar.INT, Scalar.BIGINT, Scalar.VARINT, Scalar.COUNTER})
_HOUR_AND_MINUTE = 5
"""Characters of an offset with its sign and without its colon."""


def converted(kind: ColumnType, value: JsonValue) -> JsonValue:
    """Return a file's value as a column takes it; None for null and for a blank text that is no text there.

    A text for a column of vectors with a service stays a text, which is embedded.

    Raises:
        ValueProblemError: The column cannot take it; the reason is a clause.
    """
    if value is None or (isinstance(value, str) and not value.strip() and not _holds_texts(kind)):
        return None
    if isinstance(kind, VectorType):
        return _vector(kind, value)
    made = _made(kind, value)
    try:
        read_value(kind, made)
    except ValueProblemError as problem:
        if problem.reason == NO_CODEC:
            raise _no(kind, value) from None
        raise
    return made


def takes_numbers(kind: ColumnType) -> bool:
    """Whether a column takes single numbers."""
    return isinstance(kind, ScalarType) and kind.scalar in {*_WHOLE, *_FLOATS, Scalar.DECIMAL}


def type_words(kind: ColumnType) -> str:
    """Return a column's type in short: ``int``, ``map<text, int>``, ``vector(256)``."""
    if isinstance(kind, VectorType):
        return f"vector({kind.dimension})"
    if isinstance(kind, UserType):
        return kind.udt
    if isinstance(kind, MapType):
        return f"map<{type_words(kind.key)}, {type_words(kind.value)}>"
    return f"{kind.name}<{type_words(kind.value)}>" if isinstance(kind, ListType | SetType) else kind.name


def _made(kind: ColumnType, value: JsonValue) -> JsonValue:
    """Return the value in the form that the type takes, if it looks like one; else as it is."""
    if isinstance(kind, ScalarType):
        return _SCALARS.get(kind.scalar, _stripped)(value)
    if isinstance(value, str):
        value = _spelled_out(kind, value)
    if isinstance(kind, MapType):
        return _map(kind, value)
    if isinstance(kind, UserType):
        fields = value if isinstance(value, Mapping) else {}
        known = {name: _part(kind.fields[name], inner) for name, inner in fields.items() if name in kind.fields}
        return {**fields, **known} if isinstance(value, Mapping) else value
    if isinstance(kind, ListType | SetType) and isinstance(value, list):
        return [_part(kind.value, one) for one in value]
    return value


def _part(kind: ScalarType | UserType, value: JsonValue) -> JsonValue:
    return None if value is None else _made(kind, value)


def _map(kind: MapType, value: JsonValue) -> JsonValue:
    """Return the pairs of a map; an object's keys are texts, whatever the column's keys are."""
    if isinstance(value, Mapping):
        pairs = [[_part(kind.key, key), _part(kind.value, inner)] for key, inner in value.items()]
        return pairs if kind.key.scalar not in TEXTS and pairs else {str(key): inner for key, inner in pairs}
    if isinstance(value, list) and all(isinstance(pair, list) and len(pair) == 2 for pair in value):  # noqa: PLR2004
        return [[_part(kind.key, key), _part(kind.value, inner)] for key, inner in value]
    return value


def _spelled_out(kind: ColumnType, text: str) -> JsonValue:
    """Return the JSON that a text spells out.

    Raises:
        ValueProblemError: It is no JSON.
    """
    try:
        return DECODER.decode(text)
    except (simplejson.JSONDecodeError, ValueError, RecursionError):
        wanted = "an array" if isinstance(kind, ListType | SetType) else "an object"
        raise ValueProblemError(f"the text is no JSON; {wanted} is needed: {cut(text)}") from None


def _vector(kind: VectorType, value: JsonValue) -> JsonValue:
    numbers = numbers_in(value)
    if numbers is not None:
        if len(numbers) != kind.dimension:
            raise ValueProblemError(f"the vector has {len(numbers):,} numbers; {kind.dimension:,} are needed")
        return numbers
    if isinstance(value, Mapping) and list(value) == ["$binary"]:
        return dict(value)
    if isinstance(value, str) and kind.service is not None:
        return value
    if kind.service is not None:
        raise ValueProblemError(f"it is {with_article(value)}; a text or an array of numbers is needed")
    raise ValueProblemError(f"it is {with_article(value)}; without an embedding service numbers are needed")


def _text(value: JsonValue) -> JsonValue:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if is_number(value) else value


def _number(value: JsonValue) -> JsonValue:
    if not isinstance(value, str):
        return value
    text = value.strip()
    if len(text) > _LONGEST_NUMBER or not _NUMBER.fullmatch(text):
        raise ValueProblemError(f"'{cut(text)}' is no number")
    return int(text) if _DIGITS.fullmatch(text) and len(text) <= MOST_DIGITS else Decimal(text)


def _whole(value: JsonValue) -> JsonValue:
    number = _number(value)
    if not isinstance(number, Decimal) or number.adjusted() >= MOST_DIGITS:
        return number
    if number != number.to_integral_value():
        raise ValueProblemError(f"{cut(str(number))} is no whole number")
    return int(number)


def _binary_number(value: JsonValue) -> JsonValue:
    named = _NOT_NUMBERS.get(value.strip().lower()) if isinstance(value, str) else None
    return named or _number(value)


def _boolean(value: JsonValue) -> JsonValue:
    if isinstance(value, str):
        found = _BOOLEANS.get(value.strip().lower())
        if found is None:
            raise ValueProblemError(f"'{cut(value)}' is neither true nor false")
        return found
    return bool(value) if is_number(value) and value in (0, 1) else value


def _timestamp(value: JsonValue) -> JsonValue:
    """Return a timestamp: of a day its midnight, without an offset in UTC, of a number its milliseconds."""
    if is_number(value):
        return {"$date": value}
    if not isinstance(value, str):
        return value
    text = value.strip()
    found = _TIMESTAMP.fullmatch(text)
    if found is None:
        return text
    zone = found["zone"] or "Z"
    zone = "Z" if zone in {"z", "Z", "UTC"} else zone
    zone = f"{zone[:3]}:{zone[3:]}" if len(zone) == _HOUR_AND_MINUTE else zone
    return f"{found['day']}T{found['clock'] or '00:00'}{found['seconds'] or ':00'}{zone}"


def _uuid(value: JsonValue) -> JsonValue:
    return _stripped(value["$uuid"] if isinstance(value, Mapping) and list(value) == ["$uuid"] else value)


def _blob(value: JsonValue) -> JsonValue:
    """Return bytes: texts have them in base64, or as hexadecimal digits after ``0x``."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text[:2].lower() != "0x":
        return {"$binary": text}
    try:
        return {"$binary": base64.b64encode(bytes.fromhex(text[2:])).decode("ascii")}
    except ValueError:
        raise ValueProblemError("there is something else than hexadecimal digits after 0x") from None


def _stripped(value: JsonValue) -> JsonValue:
    return value.strip() if isinstance(value, str) else value


def _holds_texts(kind: ColumnType) -> bool:
    return isinstance(kind, ScalarType) and kind.scalar in TEXTS


def _no(kind: ColumnType, value: Any) -> ValueProblemError:  # noqa: ANN401 - JSON is any value
    return ValueProblemError(f"{with_article(value)} is no {type_words(kind)}")


_SCALARS: Mapping[Scalar, Callable[[JsonValue], JsonValue]] = {
    **dict.fromkeys(TEXTS, _text),
    **dict.fromkeys(_WHOLE, _whole),
    **dict.fromkeys(_FLOATS, _binary_number),
    Scalar.DECIMAL: _number,
    Scalar.BOOLEAN: _boolean,
    Scalar.TIMESTAMP: _timestamp,
    Scalar.UUID: _uuid,
    Scalar.TIMEUUID: _uuid,
    Scalar.BLOB: _blob,
}
"""What makes values of single types; the others have no spaces around them."""
