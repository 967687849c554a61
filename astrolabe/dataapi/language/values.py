"""JSON values: their names in messages, how deep they nest, and the extended JSON forms such as ``{"$date": …}``."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping

import simplejson

from astrolabe.dataapi.language.allowances import setting_of
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.errors import DataApiError
from storage.filters.matching import is_number

LONGEST_SHOWN = 80
"""Characters of a value that a message quotes."""

_DEEPEST_SHOWN = 16
"""Objects and arrays inside one another that a message quotes."""

EJSON_NAMES = frozenset({"$date", "$uuid", "$objectId", "$binary"})
"""Names that, alone in an object, make it a value of its own type."""

_INT64 = 2**63
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_OBJECT_ID = re.compile(r"[0-9a-f]{24}", re.IGNORECASE)


def type_name(value: object) -> str:
    """Return the JSON type of a value as messages name it: Null, Boolean, Number, String, Array or Object."""
    if value is None:
        return "Null"
    if isinstance(value, bool):
        return "Boolean"
    if is_number(value):
        return "Number"
    if isinstance(value, str):
        return "String"
    return "Array" if isinstance(value, list) else "Object"


def shown(value: object) -> str:
    """Return a value as JSON for a message, cut to :data:`LONGEST_SHOWN` characters, whatever its size or depth."""
    if isinstance(value, str):
        value = value[: LONGEST_SHOWN + 1]
    elif isinstance(value, list | Mapping) and (len(value) > LONGEST_SHOWN or nests_deeper(value, _DEEPEST_SHOWN)):
        return f"({type_name(value)} of {len(value)} members)"
    text: str = simplejson.dumps(
        value, use_decimal=True, ensure_ascii=False, default=lambda other: type(other).__name__
    )
    text = text.encode("utf-8", "backslashreplace").decode()  # half a surrogate pair can be written nowhere
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"


def nests_deeper(value: object, limit: int) -> bool:
    """Return whether objects and arrays lie more than ``limit`` deep; the value itself is the first. Never recurses."""
    level = [value]
    for _ in range(limit + 1):
        holders = [part for part in level if isinstance(part, list | Mapping)]
        if not holders:
            return False
        level = [inner for part in holders for inner in (part if isinstance(part, list) else part.values())]
    return True


def count_values(value: object, most: int) -> int:
    """Return how many values a value is, with all that lies inside it; once that is more than ``most``, no more are."""
    todo, found = [value], 0
    while todo and found <= most:
        found += 1
        part = todo.pop()
        if isinstance(part, list | Mapping):
            if found + len(todo) + len(part) > most:
                return most + 1
            todo.extend(part if isinstance(part, list) else part.values())
    return found


def count_characters(value: object) -> int:
    """Return how many characters the texts and names inside a value have; it is bounded in its number of values."""
    todo, found = [value], 0
    while todo:
        part = todo.pop()
        if isinstance(part, str):
            found += len(part)
        elif isinstance(part, list | Mapping):
            todo.extend(part)
            if isinstance(part, Mapping):
                todo.extend(part.values())
    return found


def ejson_name(value: object) -> str | None:
    """Return the ``$`` name of an extended JSON value, or None; only objects with exactly one member count."""
    if isinstance(value, Mapping) and len(value) == 1:
        name = next(iter(value))
        if name in EJSON_NAMES:
            return str(name)
    return None


def _date_problem(inner: object) -> str | None:
    if isinstance(inner, int) and not isinstance(inner, bool) and -_INT64 <= inner < _INT64:
        return None
    return "must be a whole number of milliseconds since 1970-01-01T00:00Z that fits 64 bits"


def _uuid_problem(inner: object) -> str | None:
    if isinstance(inner, str) and _UUID.fullmatch(inner):
        return None
    return "must be the text of a UUID, 36 characters with its hyphens"


def _object_id_problem(inner: object) -> str | None:
    return None if isinstance(inner, str) and _OBJECT_ID.fullmatch(inner) else "must be a text of 24 hexadecimal digits"


def _binary_problem(inner: object) -> str | None:
    return (
        None if isinstance(inner, str) and decode_base64(inner) is not None else "must be base64 text with its padding"
    )


_PROBLEMS: Mapping[str, Callable[[object], str | None]] = {
    "$date": _date_problem,
    "$uuid": _uuid_problem,
    "$objectId": _object_id_problem,
    "$binary": _binary_problem,
}


def decode_base64(text: str) -> bytes | None:
    """Return the bytes of strict base64 text, or None when it is not base64."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def ejson_problem(name: str, inner: object) -> str | None:
    """Return what is wrong with the inner value of ``{name: inner}``, with the value itself; None when it is right."""
    problem = _PROBLEMS[name](inner)
    return problem and f"the value of '{name}' {problem}, not {shown(inner)}"


def limit_violation(message: str, limit: str | None = None) -> DataApiError:
    """Return the error for a document that exceeds a limit.

    Args:
        message: Which one, where, and by how much.
        limit: The setting that moves it; None for a limit that nothing moves.
    """
    otherwise = f", or allow more: {setting_of(limit)}" if limit else ""
    return data_api_error(
        "SHRED_DOC_LIMIT_VIOLATION",
        f"The document exceeds a limit: {message}.\n\nMake it smaller and resend the command{otherwise}.",
    )
