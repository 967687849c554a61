"""The filter tree: what the layers above ask for, free of JSON spelling.

``$not`` never appears: the parser rewrites it with De Morgan, because the rules for missing fields follow the flipped
operators. Values are plain Python: str, bool, None, int, Decimal, dict, list; a ``{"$date": n}`` is :class:`Instant`,
the words of a ``$match`` are a :class:`~storage.lexical.analyzers.TermQuery`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Operator(StrEnum):
    """Comparison operators of a filter; NOT_ALL, NOT_SIZE and NOT_MATCH exist only as results of De Morgan."""

    EQ = "$eq"
    NE = "$ne"
    IN = "$in"
    NIN = "$nin"
    GT = "$gt"
    GTE = "$gte"
    LT = "$lt"
    LTE = "$lte"
    EXISTS = "$exists"
    ALL = "$all"
    NOT_ALL = "not $all"
    SIZE = "$size"
    NOT_SIZE = "not $size"
    MATCH = "$match"
    NOT_MATCH = "not $match"


@dataclass(frozen=True, slots=True)
class Instant:
    """A ``{"$date": milliseconds}`` value."""

    milliseconds: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison: a path of names (a name of digits also addresses an array element), an operator, an operand."""

    path: tuple[str, ...]
    operator: Operator
    operand: Any


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds; holds when there are no parts."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds; never holds when there are no parts."""

    parts: tuple[Filter, ...]


Filter = Comparison | All | AnyOf


def filter_size(where: Filter) -> int:
    """Return about how much a filter holds: its parts, and the values that they compare with."""
    if isinstance(where, Comparison):
        operand = where.operand
        return 1 + (len(operand) if isinstance(operand, tuple | list | dict) else 0)
    return 1 + sum(map(filter_size, where.parts))
