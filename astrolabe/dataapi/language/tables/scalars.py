"""Single values of columns: from the JSON of a command to what is stored, and from there to the JSON of an answer.

What is stored is JSON, too, in one spelling per value:

- text, ascii, uuid, timeuuid: the text; UUIDs in lower case
- inet: the address as the answer shows it
- int and its like, varint, counter: a whole number; date: days, timestamp: milliseconds, time: nanoseconds
- decimal: a number with the digits it came with
- float, double: a number that reads back as the same 32 or 64 bits, or ``"NaN"``, ``"Infinity"``, ``"-Infinity"``
- boolean; blob: base64 text; duration: a list of months, days, nanoseconds
"""

from __future__ import annotations

import base64
import ipaddress
import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal

import numpy as np

from astrolabe.dataapi.language.name_lists import cut
from astrolabe.dataapi.language.tables import calendar
from astrolabe.dataapi.language.tables.durations import Duration, read_duration, write_duration
from astrolabe.dataapi.language.tables.problems import NO_CODEC, ValueProblemError
from astrolabe.dataapi.language.tables.types import Scalar
from astrolabe.dataapi.language.values import decode_base64, type_name
from astrolabe.dataapi.protocol import JsonValue
from storage.filters.matching import is_number

Stored = JsonValue
"""A value as it is stored: JSON with ints, Decimals and floats for numbers."""

MOST_DIGITS = 4000
"""Digits of a varint, which is written out in full."""

_BITS = {Scalar.TINYINT: 8, Scalar.SMALLINT: 16, Scalar.INT: 32, Scalar.BIGINT: 64, Scalar.COUNTER: 64}
_NOT_NUMBERS = ("NaN", "Infinity", "-Infinity")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_VERSION = 14
"""Where a UUID's text has its version."""


def read_scalar(kind: Scalar, value: JsonValue) -> Stored:
    """Return what is stored of a JSON value that is not null.

    Raises:
        ValueProblemError: It does not fit the type.
    """
    return _READERS[kind](kind, value)


def write_scalar(kind: Scalar, stored: Stored) -> JsonValue:
    """Return the JSON of a stored value."""
    writer = _WRITERS.get(kind)
    return writer(stored) if writer is not None else stored


def as_float(stored: Stored) -> float:
    """Return a stored float or double as a Python float, NaN and infinities among them."""
    return float(stored)


def _text(_kind: Scalar, value: JsonValue) -> str:
    if not isinstance(value, str):
        raise ValueProblemError(NO_CODEC)
    return value


def _ascii(kind: Scalar, value: JsonValue) -> str:
    text = _text(kind, value)
    if not text.isascii():
        at = next(position for position, character in enumerate(text) if not character.isascii())
        raise ValueProblemError(
            f"String contains non-ASCII character at index #{at} (length={len(text)}): \\u{ord(text[at]):04X}"
        )
    return text


def _boolean(_kind: Scalar, value: JsonValue) -> bool:
    if not isinstance(value, bool):
        raise ValueProblemError(NO_CODEC)
    return value


def _number(value: JsonValue) -> int | Decimal:
    if not is_number(value):
        raise ValueProblemError(NO_CODEC)
    return Decimal(repr(value)) if isinstance(value, float) else value


def _whole(kind: Scalar, value: JsonValue) -> int:
    number = _number(value)
    if isinstance(number, Decimal):
        if number and number.adjusted() >= MOST_DIGITS:
            raise ValueProblemError(f"the number has more than {MOST_DIGITS} digits")
        if number != number.to_integral_value():
            raise ValueProblemError("Rounding necessary")
        number = int(number)
    bits = _BITS.get(kind)
    if bits is None and abs(number) >= _BEYOND_VARINT:
        raise ValueProblemError(f"the number has more than {MOST_DIGITS} digits")
    if bits is not None and not -(2 ** (bits - 1)) <= number < 2 ** (bits - 1):
        raise ValueProblemError(f"Overflow, value too big for {kind.value.upper()}")
    return number


_BEYOND_VARINT = 10**MOST_DIGITS


def _decimal(_kind: Scalar, value: JsonValue) -> int | Decimal:
    return _number(value)


def _double(_kind: Scalar, value: JsonValue) -> Stored:
    return _binary_number(value, lambda number: number)


def _float(_kind: Scalar, value: JsonValue) -> Stored:
    return _binary_number(value, _nearest_float32)


def _binary_number(value: JsonValue, rounded: Callable[[float], float]) -> Stored:
    if isinstance(value, str):
        if value not in _NOT_NUMBERS:
            raise ValueProblemError('Unsupported String value: only "NaN", "Infinity" and "-Infinity" supported')
        return value
    try:
        number = float(_number(value))
    except OverflowError:
        number = math.copysign(math.inf, value)
    number = rounded(number)
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    return number + 0.0  # minus zero becomes zero, as JSON's numbers have none there


def _nearest_float32(number: float) -> float:
    with np.errstate(over="ignore"):
        single = np.float32(number)
    return float(single) if np.isinf(single) else float(str(single))


def _write_float(stored: Stored) -> JsonValue:
    return stored if isinstance(stored, str) else float(stored)


def _date(kind: Scalar, value: JsonValue) -> int:
    return calendar.read_date(_text(kind, value))


def _time(kind: Scalar, value: JsonValue) -> int:
    return calendar.read_time(_text(kind, value))


def _timestamp(kind: Scalar, value: JsonValue) -> int:
    if isinstance(value, Mapping) and list(value) == ["$date"]:
        milliseconds = value["$date"]
        if not is_number(milliseconds):
            raise ValueProblemError(
                f"Unsupported JSON value type in EJSON $date wrapper ({type_name(milliseconds)}): only NUMBER allowed"
            )
        return calendar.check_milliseconds(_whole(Scalar.VARINT, milliseconds), milliseconds)
    return calendar.read_timestamp(_text(kind, value))


def _duration(kind: Scalar, value: JsonValue) -> list[int]:
    found = read_duration(_text(kind, value))
    return [found.months, found.days, found.nanoseconds]


def _write_duration(stored: Stored) -> str:
    return write_duration(Duration(*map(int, stored)))


def _uuid(kind: Scalar, value: JsonValue) -> str:
    text = _text(kind, value)
    if not _UUID.fullmatch(text):
        raise ValueProblemError(
            f"Invalid String value for type `{kind.value.upper()}`; Invalid UUID string: {cut(text)}"
        )
    if kind is Scalar.TIMEUUID and text[_VERSION] != "1":
        raise ValueProblemError(f"{cut(text)} is not a Type 1 (time-based) UUID")
    return text.lower()


def _inet(kind: Scalar, value: JsonValue) -> str:
    text = _text(kind, value)
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        problem = f"Invalid IP address value '{cut(text)}'"
        raise ValueProblemError(f"Invalid String value for type `INET`; problem: {problem}") from None
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.scope_id is not None:
        raise ValueProblemError(f"Invalid String value for type `INET`; problem: '{cut(text)}' names an interface")
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return ":".join(f"{int(part, 16):x}" for part in address.exploded.split(":"))


def _blob(_kind: Scalar, value: JsonValue) -> str:
    if not isinstance(value, Mapping) or list(value) != ["$binary"]:
        raise ValueProblemError(NO_CODEC)
    inner = value["$binary"]
    if not isinstance(inner, str):
        raise ValueProblemError(
            f"Unsupported JSON value type in EJSON $binary wrapper ({type_name(inner).upper()}): only STRING allowed"
        )
    raw = decode_base64(inner)
    if raw is None:
        raise ValueProblemError(
            "Unsupported JSON value in EJSON $binary wrapper: String not valid Base64-encoded content"
        )
    return base64.b64encode(raw).decode("ascii")


def _write_blob(stored: Stored) -> JsonValue:
    return {"$binary": stored}


_READERS: Mapping[Scalar, Callable[[Scalar, JsonValue], Stored]] = {
    Scalar.ASCII: _ascii,
    Scalar.BIGINT: _whole,
    Scalar.BLOB: _blob,
    Scalar.BOOLEAN: _boolean,
    Scalar.COUNTER: _whole,
    Scalar.DATE: _date,
    Scalar.DECIMAL: _decimal,
    Scalar.DOUBLE: _double,
    Scalar.DURATION: _duration,
    Scalar.FLOAT: _float,
    Scalar.INET: _inet,
    Scalar.INT: _whole,
    Scalar.SMALLINT: _whole,
    Scalar.TEXT: _text,
    Scalar.TIME: _time,
    Scalar.TIMESTAMP: _timestamp,
    Scalar.TIMEUUID: _uuid,
    Scalar.TINYINT: _whole,
    Scalar.UUID: _uuid,
    Scalar.VARINT: _whole,
}
_WRITERS: Mapping[Scalar, Callable[[Stored], JsonValue]] = {
    Scalar.BLOB: _write_blob,
    Scalar.DATE: calendar.write_date,
    Scalar.DOUBLE: _write_float,
    Scalar.DURATION: _write_duration,
    Scalar.FLOAT: _write_float,
    Scalar.TIME: calendar.write_time,
    Scalar.TIMESTAMP: calendar.write_timestamp,
}
