"""Where a partition lies: the token that Cassandra's Murmur3 partitioner gives its key.

Rows that nobody put in order come in the order of these tokens, so the same rows come in the same order here and there.
"""

from __future__ import annotations

import base64
import ipaddress
import struct
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from astrolabe.dataapi.language.tables.scalars import MOST_DIGITS, Stored, as_float
from astrolabe.dataapi.language.tables.types import Scalar, ScalarType, VectorType

_MASK = (1 << 64) - 1
_SIGN = 1 << 63
_C1, _C2 = 0x87C37B91114253D5, 0x4CF5AD432745937F
_MIX1, _MIX2 = 0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53
_BLOCK = 16


def token_of(parts: Sequence[tuple[ScalarType | VectorType, Stored]]) -> int:
    """Return the token of a partition key, from -2^63 + 1 to 2^63 - 1.

    Args:
        parts: The types and stored values of the columns that the table is partitioned by, in their order.
    """
    raw = [serialized(kind, stored) for kind, stored in parts]
    if len(raw) == 1:
        return murmur3(raw[0])
    return murmur3(b"".join(len(part).to_bytes(2, "big") + part + b"\x00" for part in raw))


def serialized(kind: ScalarType | VectorType, stored: Stored) -> bytes:
    """Return a value of a key as Cassandra has it on the wire; durations cannot be in a key."""
    if isinstance(kind, VectorType):
        return struct.pack(f">{len(stored)}f", *map(float, stored))
    return _WRITERS[kind.scalar](stored)


def murmur3(raw: bytes) -> int:
    """Return the first half of the 128-bit MurmurHash3, as a signed number, as Cassandra computes it."""
    first = second = 0
    whole = len(raw) - len(raw) % _BLOCK
    for one, other in struct.iter_unpack("<QQ", raw[:whole]):
        first ^= _scrambled(one, _C1, 31, _C2)
        first = ((_rotated(first, 27) + second) * 5 + 0x52DCE729) & _MASK
        second ^= _scrambled(other, _C2, 33, _C1)
        second = ((_rotated(second, 31) + first) * 5 + 0x38495AB5) & _MASK
    tail = raw[whole:]
    if len(tail) > 8:  # noqa: PLR2004 - half a block
        second ^= _scrambled(_tail(tail[8:]), _C2, 33, _C1)
    if tail:
        first ^= _scrambled(_tail(tail[:8]), _C1, 31, _C2)
    first, second = first ^ len(raw), second ^ len(raw)
    first = (first + second) & _MASK
    second = (second + first) & _MASK
    token = (_mixed(first) + _mixed(second)) & _MASK
    if token == _SIGN:
        return _SIGN - 1
    return token - (1 << 64) if token & _SIGN else token


def _tail(raw: bytes) -> int:
    """Return the number of the last bytes; Cassandra takes each byte with its sign."""
    number = 0
    for position, byte in enumerate(raw):
        signed = byte - 256 if byte > 127 else byte  # noqa: PLR2004 - the sign of a byte
        number ^= (signed << (8 * position)) & _MASK
    return number


def _scrambled(number: int, before: int, turn: int, after: int) -> int:
    return (_rotated((number * before) & _MASK, turn) * after) & _MASK


def _rotated(number: int, by: int) -> int:
    return ((number << by) | (number >> (64 - by))) & _MASK


def _mixed(number: int) -> int:
    number = ((number ^ (number >> 33)) * _MIX1) & _MASK
    number = ((number ^ (number >> 33)) * _MIX2) & _MASK
    return number ^ (number >> 33)


def _utf8(stored: Stored) -> bytes:
    raw: bytes = stored.encode("utf-8", "surrogatepass")
    return raw


def _signed(size: int) -> Callable[[Stored], bytes]:
    return lambda stored: int(stored).to_bytes(size, "big", signed=True)


def _varint(stored: Stored) -> bytes:
    number = int(stored)
    bits = (number if number >= 0 else ~number).bit_length()
    return number.to_bytes(bits // 8 + 1, "big", signed=True)


def _decimal(stored: Stored) -> bytes:
    """Return the scale and the digits; equal numbers have one form, so that they are one key."""
    number = Decimal(stored)
    if number.adjusted() < MOST_DIGITS and number == number.to_integral_value():
        return bytes(4) + _varint(number)
    sign, digits, exponent = number.as_tuple()
    shown = "".join(map(str, digits))
    plain = shown.rstrip("0") or "0"
    scale = -(int(exponent) + len(shown) - len(plain))
    unscaled = int(plain) * (-1 if sign else 1)
    return (scale & 0xFFFFFFFF).to_bytes(4, "big") + _varint(unscaled)


_WRITERS: Mapping[Scalar, Callable[[Stored], bytes]] = {
    Scalar.ASCII: _utf8,
    Scalar.BIGINT: _signed(8),
    Scalar.BLOB: base64.b64decode,
    Scalar.BOOLEAN: lambda stored: b"\x01" if stored else b"\x00",
    Scalar.COUNTER: _signed(8),
    Scalar.DATE: lambda stored: (int(stored) + (1 << 31)).to_bytes(4, "big"),
    Scalar.DECIMAL: _decimal,
    Scalar.DOUBLE: lambda stored: struct.pack(">d", as_float(stored)),
    Scalar.FLOAT: lambda stored: struct.pack(">f", as_float(stored)),
    Scalar.INET: lambda stored: ipaddress.ip_address(stored).packed,
    Scalar.INT: _signed(4),
    Scalar.SMALLINT: _signed(2),
    Scalar.TEXT: _utf8,
    Scalar.TIME: _signed(8),
    Scalar.TIMESTAMP: _signed(8),
    Scalar.TIMEUUID: lambda stored: UUID(stored).bytes,
    Scalar.TINYINT: _signed(1),
    Scalar.UUID: lambda stored: UUID(stored).bytes,
    Scalar.VARINT: _varint,
}
