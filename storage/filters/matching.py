"""Whether a document matches a filter: the exact meaning of every operator, decided in Python on a parsed body.

SQL narrows (:mod:`storage.filters.to_sql`), this module decides. The rules that are easy to get wrong:

- A path of names steps through objects by name and through arrays by position; it never fans out over an array.
- Equality with a scalar also holds when the value is an array that has the scalar as an element; arrays and objects
  are compared whole, members in order. Numbers are equal by value (1, 1.0, 1E0).
- Range operators compare values of one type only; a missing value never satisfies them.
- ``$ne``, ``$nin`` and the two negations that De Morgan adds hold for documents without the field.
- ``{"$uuid": s}`` and ``{"$objectId": s}`` are compared as the text ``s`` in lower case.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from storage.filters.tree import All, AnyOf, Filter, Instant, Operator
from storage.lexical.analyzers import TermQuery


class _Missing:
    """The type of :data:`MISSING`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()
"""What :func:`value_at` returns for a path that leads nowhere; JSON null is None."""

Test = Callable[[object, Any], bool]
"""Whether a stored value (or :data:`MISSING`) satisfies an operator with this operand."""

_POSITION = re.compile(r"0|[1-9][0-9]{0,8}")


def as_position(name: str) -> int | None:
    """Return the array position that a path's name stands for, or None; a leading zero makes it a mere name."""
    return int(name) if _POSITION.fullmatch(name) else None


def value_at(body: object, path: Sequence[str]) -> object:
    """Return the value at ``path``, or :data:`MISSING`."""
    value = body
    for name in path:
        if isinstance(value, Mapping):
            if name not in value:
                return MISSING
            value = value[name]
        elif isinstance(value, list):
            position = as_position(name)
            if position is None or position >= len(value):
                return MISSING
            value = value[position]
        else:
            return MISSING
    return value


def unwrapped(value: object) -> object:
    """Return what a stored value is compared as: instants and texts taken out of their ``{"$…": …}`` wrapping.

    Floats become decimals, so that they compare by the digits that JSON shows.
    """
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, Mapping) and len(value) == 1:
        ((name, inner),) = value.items()
        if name == "$date" and isinstance(inner, int) and not isinstance(inner, bool):
            return Instant(inner)
        if name in {"$uuid", "$objectId"} and isinstance(inner, str):
            return inner.lower()
    return value


def is_number(value: object) -> bool:
    """Return whether a value is a JSON number; booleans are not."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def same(left: object, right: object) -> bool:
    """Return whether two JSON values are equal: by type, numbers by value, arrays and objects whole and in order."""
    pairs = [(left, right)]
    while pairs:
        one, other = (unwrapped(value) for value in pairs.pop())
        if isinstance(one, list) and isinstance(other, list):
            if len(one) != len(other):
                return False
            pairs.extend(zip(one, other, strict=True))
        elif isinstance(one, Mapping) and isinstance(other, Mapping):
            if list(one) != list(other):
                return False
            pairs.extend(zip(one.values(), other.values(), strict=True))
        elif not _same_scalar(one, other):
            return False
    return True


def _same_scalar(one: object, other: object) -> bool:
    if is_number(one) and is_number(other):
        return bool(one == other)
    return type(one) is type(other) and bool(one == other)


def identity(value: object) -> tuple[object, ...]:
    """Return a key that two JSON values have in common exactly when they are the same, for sets of them."""
    value = unwrapped(value)
    if isinstance(value, list):
        return (list, *map(identity, value))
    if isinstance(value, Mapping):
        return (Mapping, *((name, identity(inner)) for name, inner in value.items()))
    return ("number" if is_number(value) else type(value), value)


class _Choices:
    """Operands of ``$in`` and ``$all``: a document is looked up in them, however many they are."""

    def __init__(self, operands: Sequence[object]) -> None:
        self.all = frozenset(map(identity, operands))
        scalars = (operand for operand in operands if not isinstance(unwrapped(operand), list | Mapping))
        self._scalars = frozenset(map(identity, scalars))

    def have(self, value: object) -> bool:
        """Return whether a value equals one of them."""
        if value is MISSING:
            return False
        if isinstance(value, list) and any(identity(element) in self._scalars for element in value):
            return True
        return identity(value) in self.all


def _equals(value: object, operand: object) -> bool:
    if value is MISSING:
        return False
    if same(value, operand):
        return True
    if not isinstance(value, list) or isinstance(unwrapped(operand), list | Mapping):
        return False
    return any(same(element, operand) for element in value)


def _is_any_of(value: object, operand: _Choices) -> bool:
    return operand.have(value)


def _has_all(value: object, operand: _Choices) -> bool:
    return isinstance(value, list) and operand.all <= set(map(identity, value))


def _has_size(value: object, operand: int) -> bool:
    return isinstance(value, list) and len(value) == operand


def _has_words(value: object, operand: TermQuery) -> bool:
    return isinstance(value, str) and operand.matches(value)


def _exists(value: object, operand: bool) -> bool:  # noqa: FBT001 - the operand of $exists is a boolean
    return (value is not MISSING) is operand


def _comparable(value: object) -> tuple[str, Any] | None:
    """Return a value's type name and what to compare, or None where ranges have no meaning."""
    value = unwrapped(value)
    if is_number(value):
        return "number", value
    if isinstance(value, str | bool):
        return type(value).__name__, value
    return ("date", value.milliseconds) if isinstance(value, Instant) else None


def _range(compare: Callable[[Any, Any], bool]) -> Test:
    def holds(value: object, operand: object) -> bool:
        left, right = _comparable(value), _comparable(operand)
        return left is not None and right is not None and left[0] == right[0] and compare(left[1], right[1])

    return holds


def _negation(holds: Test) -> Test:
    return lambda value, operand: not holds(value, operand)


_TESTS: Mapping[Operator, Test] = {
    Operator.EQ: _equals,
    Operator.NE: _negation(_equals),
    Operator.IN: _is_any_of,
    Operator.NIN: _negation(_is_any_of),
    Operator.GT: _range(operator.gt),
    Operator.GTE: _range(operator.ge),
    Operator.LT: _range(operator.lt),
    Operator.LTE: _range(operator.le),
    Operator.EXISTS: _exists,
    Operator.ALL: _has_all,
    Operator.NOT_ALL: _negation(_has_all),
    Operator.SIZE: _has_size,
    Operator.NOT_SIZE: _negation(_has_size),
    Operator.MATCH: _has_words,
    Operator.NOT_MATCH: _negation(_has_words),
}


Matcher = Callable[[Mapping[str, Any]], bool]
"""Whether a parsed document matches a filter."""

_OF_CHOICES = frozenset({Operator.IN, Operator.NIN, Operator.ALL, Operator.NOT_ALL})


def matcher(where: Filter) -> Matcher:
    """Return what decides whether a document matches; worth making once for many documents.

    The documents are parsed; numbers are int or Decimal. One whose vector is kept beside the body carries
    ``"$vector": null`` in it, so that ``$exists`` can be answered from the body alone.

    Args:
        where: The filter; its nesting is bounded by the parser that made it.
    """
    if isinstance(where, All | AnyOf):
        decide = all if isinstance(where, All) else any
        parts = [matcher(part) for part in where.parts]
        return lambda body: decide(part(body) for part in parts)
    test, path = _TESTS[where.operator], where.path
    operand = _Choices(where.operand) if where.operator in _OF_CHOICES else where.operand
    return lambda body: test(value_at(body, path), operand)


def matches(where: Filter, body: Mapping[str, Any]) -> bool:
    """Return whether one document matches; see :func:`matcher`."""
    return matcher(where)(body)
