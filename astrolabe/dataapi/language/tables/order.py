"""The order of values: bytes that sort as the type's values do, whatever the database compares them with.

No key of a type is the beginning of another one, so the bytes of several values may be joined. To sort downwards, all
bytes are turned round (:func:`downwards`). The orders are Cassandra's: text by its UTF-8 bytes, NaN after everything,
UUIDs by version and then, where they carry a time, by it.
"""

from __future__ import annotations

import base64
import ipaddress
import math
import struct
from collections.abc import Callable, Mapping
from decimal import Decimal
from itertools import zip_longest
from uuid import UUID

from astrolabe.dataapi.language.tables.scalars import Stored, as_float
from astrolabe.dataapi.language.tables.types import ElementType, Scalar, ScalarType, VectorType

_TURNED = bytes(255 - byte for byte in range(256))
_ABSENT, _PRESENT = b"\x00", b"\x01"
_END, _ESCAPED_ZERO = b"\x00\x00", b"\x00\xff"
_SIGN_64, _SIGN_32 = 1 << 63, 1 << 31
_ALL_64, _ALL_32 = (1 << 64) - 1, (1 << 32) - 1
_TIME_BASED = 1
_SIGN_OF_BYTES = 0x8080808080808080
_ZERO_BYTE = 0x80


def sort_key(kind: ElementType | VectorType, stored: Stored) -> bytes:
    """Return bytes that sort as the values of a type do.

    Args:
        kind: A single value's, a user-defined or a vector's type. Durations have an order only so that equal ones are
            found.
        stored: The value as it is stored, not null; a vector's is a sequence of floats.
    """
    if isinstance(kind, VectorType):
        return b"".join(_float_key(float(number), 4) for number in stored)
    if isinstance(kind, ScalarType):
        return _KEYS[kind.scalar](stored)
    fields = zip_longest(kind.fields.values(), stored)
    return b"".join(_ABSENT if value is None else _PRESENT + sort_key(inner, value) for inner, value in fields)


def downwards(key: bytes) -> bytes:
    """Return the key turned round, so that what sorts first sorts last."""
    return key.translate(_TURNED)


def _text_key(stored: Stored) -> bytes:
    return _delimited(stored.encode("utf-8", "surrogatepass"))


def _delimited(raw: bytes) -> bytes:
    """Return bytes of any length with an end: zeros inside are told from it."""
    return raw.replace(b"\x00", _ESCAPED_ZERO) + _END


def _whole_key(stored: Stored) -> bytes:
    """64 bits hold every whole number but a varint."""
    return (int(stored) + _SIGN_64).to_bytes(8, "big")


def _number_key(stored: Stored) -> bytes:
    """Return the sign, the exponent and the digits of a number of any size; equal numbers have equal keys."""
    number = Decimal(stored)
    if not number:
        return bytes([_ZERO_BYTE])
    sign, digits, _ = number.as_tuple()
    shown = "".join(map(str, digits)).rstrip("0")
    exponent = (number.adjusted() + _SIGN_64).to_bytes(8, "big")
    magnitude = exponent + shown.encode("ascii") + b"\x00"
    return bytes([_ZERO_BYTE - 1]) + downwards(magnitude) if sign else bytes([_ZERO_BYTE + 1]) + magnitude


def _boolean_key(stored: Stored) -> bytes:
    return b"\x01" if stored else b"\x00"


def _double_key(stored: Stored) -> bytes:
    return _float_key(as_float(stored), 8)


def _single_key(stored: Stored) -> bytes:
    return _float_key(as_float(stored), 4)


def _float_key(number: float, size: int) -> bytes:
    """Return the bits of a float, turned so that they sort: NaN last of all."""
    single = size == 4  # noqa: PLR2004 - bytes of a 32-bit float
    (bits,) = (
        struct.unpack(">I", struct.pack(">f", number)) if single else struct.unpack(">Q", struct.pack(">d", number))
    )
    sign, every = (_SIGN_32, _ALL_32) if single else (_SIGN_64, _ALL_64)
    if math.isnan(number):
        bits = every - sign
    return int(bits ^ (every if bits & sign else sign)).to_bytes(size, "big")


def _uuid_key(stored: Stored) -> bytes:
    """Return the version, then the time where the UUID carries one, then the rest."""
    found = UUID(stored)
    version = (found.int >> 76) & 0xF
    high = found.time if version == _TIME_BASED else found.int >> 64
    return bytes([version]) + high.to_bytes(8, "big") + (found.int & _ALL_64).to_bytes(8, "big")


def _timeuuid_key(stored: Stored) -> bytes:
    """Return the time, then the rest by its bytes, which have signs here."""
    found = UUID(stored)
    return found.time.to_bytes(8, "big") + ((found.int & _ALL_64) ^ _SIGN_OF_BYTES).to_bytes(8, "big")


def _inet_key(stored: Stored) -> bytes:
    return _delimited(ipaddress.ip_address(stored).packed)


def _blob_key(stored: Stored) -> bytes:
    return _delimited(base64.b64decode(stored))


def _duration_key(stored: Stored) -> bytes:
    return b"".join(map(_whole_key, stored))


_KEYS: Mapping[Scalar, Callable[[Stored], bytes]] = {
    Scalar.ASCII: _text_key,
    Scalar.BIGINT: _whole_key,
    Scalar.BLOB: _blob_key,
    Scalar.BOOLEAN: _boolean_key,
    Scalar.COUNTER: _whole_key,
    Scalar.DATE: _whole_key,
    Scalar.DECIMAL: _number_key,
    Scalar.DOUBLE: _double_key,
    Scalar.DURATION: _duration_key,
    Scalar.FLOAT: _single_key,
    Scalar.INET: _inet_key,
    Scalar.INT: _whole_key,
    Scalar.SMALLINT: _whole_key,
    Scalar.TEXT: _text_key,
    Scalar.TIME: _whole_key,
    Scalar.TIMESTAMP: _whole_key,
    Scalar.TIMEUUID: _timeuuid_key,
    Scalar.TINYINT: _whole_key,
    Scalar.UUID: _uuid_key,
    Scalar.VARINT: _number_key,
}
