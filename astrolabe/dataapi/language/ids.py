"""Document ids: which JSON values may be one, the key they are stored under, and how missing ones are made."""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import StrEnum

from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.values import ejson_name, ejson_problem, shown, type_name
from storage.filters.matching import is_number, unwrapped
from storage.filters.tree import Instant
from storage.jsontext import has_lone_surrogate

_GREGORIAN_EPOCH = 0x01B21DD213814000
"""100-nanosecond steps between 1582-10-15, where UUID time begins, and 1970-01-01."""

_process_part = secrets.token_bytes(5)
_object_id_counter = secrets.randbelow(2**24)


class DefaultId(StrEnum):
    """``defaultId.type`` of a collection: what a document without an ``_id`` gets."""

    OBJECT_ID = "objectId"
    UUID = "uuid"
    UUID_V6 = "uuidv6"
    UUID_V7 = "uuidv7"


def new_uuid6() -> str:
    """Return a version 6 UUID: the time in 100-nanosecond steps, most significant bits first, then random bits."""
    steps = time.time_ns() // 100 + _GREGORIAN_EPOCH
    high, low = divmod(steps, 1 << 12)
    number = high << 80 | 6 << 76 | (low & 0xFFF) << 64 | 0b10 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=number & (1 << 128) - 1))


def new_uuid7() -> str:
    """Return a version 7 UUID: milliseconds since 1970, then random bits."""
    milliseconds = time.time_ns() // 1_000_000
    number = milliseconds << 80 | 7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=number))


def new_object_id() -> str:
    """Return an ObjectId: seconds since 1970, five bytes fixed for this process, a counter; 24 hexadecimal digits."""
    global _object_id_counter  # noqa: PLW0603 - the counter is what makes the ids of one second differ
    _object_id_counter = (_object_id_counter + 1) % 2**24
    seconds = int(time.time()).to_bytes(4, "big")
    return (seconds + _process_part + _object_id_counter.to_bytes(3, "big")).hex()


_GENERATORS: Mapping[DefaultId, Callable[[], object]] = {
    DefaultId.OBJECT_ID: lambda: {"$objectId": new_object_id()},
    DefaultId.UUID: lambda: {"$uuid": str(uuid.uuid4())},
    DefaultId.UUID_V6: lambda: {"$uuid": new_uuid6()},
    DefaultId.UUID_V7: lambda: {"$uuid": new_uuid7()},
}


def new_id(default: DefaultId | None) -> object:
    """Return a fresh ``_id``: wrapped as the collection's ``defaultId`` says, or the bare text of a random UUID."""
    return _GENERATORS[default]() if default else str(uuid.uuid4())


def check_id(value: object) -> None:
    """Check that a JSON value may be an ``_id``.

    Raises:
        DataApiError: SHRED_BAD_DOCID_TYPE or SHRED_BAD_DOCID_VALUE.
    """
    if isinstance(value, str):
        _check_text_id(value)
        return
    name = ejson_name(value)
    if name in {"$date", "$uuid", "$objectId"} and isinstance(value, Mapping):
        problem = ejson_problem(name, value[name])
        if problem:
            raise data_api_error(
                "SHRED_BAD_DOCID_TYPE",
                f"Bad type for '_id': {problem}.\n\nCorrect the value and resend the command.",
            )
    elif isinstance(value, list | Mapping):
        raise data_api_error(
            "SHRED_BAD_DOCID_TYPE",
            f"'_id' cannot be an {type_name(value)}: {shown(value)}.\n\n"
            "Use a string, number, boolean, null, or one of $date, $uuid and $objectId, and resend the command.",
        )


def _check_text_id(value: str) -> None:
    if not value:
        raise data_api_error(
            "SHRED_BAD_DOCID_VALUE",
            "'_id' cannot be an empty string.\n\n"
            "Give a text, or leave '_id' out to have one made, and resend the command.",
        )
    if has_lone_surrogate(value):
        raise data_api_error(
            "SHRED_BAD_DOCID_VALUE",
            "'_id' has half of a surrogate pair, which is no character.\n\nCorrect the text and resend the command.",
        )


def stored_id(value: object) -> object:
    """Return a valid ``_id`` in the form that is stored and answered: UUIDs and ObjectIds in lower case."""
    name = ejson_name(value)
    return {name: unwrapped(value)} if name in {"$uuid", "$objectId"} else value


def canonical_key(value: object) -> str:
    """Return the key text of a valid ``_id``.

    A letter tells the types apart; ``{"$uuid": s}`` and ``{"$objectId": s}`` share the key of the text ``s``, and
    numbers are spelled by their value, so that 1, 1.0 and 1E0 are one key.
    """
    value = unwrapped(value)
    if value is None:
        return "z"
    if isinstance(value, bool):
        return "b:true" if value else "b:false"
    if isinstance(value, str):
        return f"s:{value}"
    if isinstance(value, Instant):
        return f"d:{value.milliseconds}"
    if isinstance(value, int | Decimal) and is_number(value):
        return f"n:{_number_key(value)}"
    raise TypeError(f"A document id cannot be of the type {type_name(value)}; check_id refuses it.")


def _number_key(value: int | Decimal) -> str:
    """Spell a number by its value: significant digits without trailing zeros, and a power of ten."""
    sign, digits, exponent = Decimal(value).as_tuple()
    if not isinstance(exponent, int):
        raise TypeError("NaN and infinities are no JSON numbers")
    text = "".join(map(str, digits))
    significant = text.rstrip("0")
    if not significant:
        return "0"
    exponent += len(text) - len(significant)
    return f"{'-' if sign else ''}{significant}E{exponent}"
