"""JSON that somebody else wrote: parsed within bounds, and its numbers read as what they are.

``true`` is a number to Python and to numpy; it is none here. A number may also have more digits than a float holds.
"""

from __future__ import annotations

import json
import math

_MOST_MEMORY = 64 * 1024 * 1024
"""Bytes that the objects of a parsed document may take; the largest answer with embeddings takes a quarter."""

_WEIGHTS = {b"{": 200, b":": 110, b"[": 72, b",": 40, b'"': 25}
"""Bytes that each sign brings with it, at most: an object, a member, a list, a value, half a text."""

_WIDEST_CHARACTER = 4


def read_json(body: bytes) -> object:
    """Return the parsed document.

    Raises:
        ValueError: It is not JSON, nested too deeply, or would take too much memory: a few bytes can become many.
    """
    weight = sum(body.count(sign) * each for sign, each in _WEIGHTS.items())
    if not body.isascii():
        weight += len(body) * _WIDEST_CHARACTER
    if weight > _MOST_MEMORY:
        raise ValueError("it has too many parts")
    try:
        parsed: object = json.loads(body)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    return parsed


def finite_number(value: object) -> float | None:
    """Return a JSON number as a float; None for anything else, and for one that no float can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def counted(value: object) -> int | None:
    """Return a JSON number that counts something, 0 or more; None for anything else."""
    number = finite_number(value)
    return int(number) if number is not None and number >= 0 and number.is_integer() else None
