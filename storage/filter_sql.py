"""Filters as SQL over the column ``body``: a condition that every match satisfies; Python decides what is left."""

from __future__ import annotations

import re
from dataclasses import dataclass

from storage.filters import All, AnyOf, Comparison, Filter, Operator

_PLAIN_NAME = re.compile(r"[ !#-\[\]-~]+")


@dataclass(frozen=True, slots=True)
class Narrowing:
    """A condition for a WHERE clause.

    Attributes:
        sql: The condition, parenthesised, with ``?`` placeholders; its value is 0 or 1, never NULL.
        parameters: Values of the placeholders, in order.
        exact: The condition is equivalent to the filter: nothing is left for Python to decide.
    """

    sql: str
    parameters: tuple[str | int | float, ...]
    exact: bool


def narrow(where: Filter, column: str = "body") -> Narrowing | None:
    """Return a condition that every matching row satisfies, or None when nothing can be said.

    Args:
        where: The filter.
        column: The SQL expression of the JSON text, such as ``body`` or ``i.body``; trusted, never from a request.
    """
    if isinstance(where, All):
        return _all([narrow(part, column) for part in where.parts])
    if isinstance(where, AnyOf):
        return _any([narrow(part, column) for part in where.parts])
    return _comparison(where, column)


def _all(parts: list[Narrowing | None]) -> Narrowing | None:
    known = [part for part in parts if part is not None]
    if not parts:
        return Narrowing("(1)", (), exact=True)
    if not known:
        return None
    return _joined(known, " AND ", exact=len(known) == len(parts) and all(part.exact for part in known))


def _any(parts: list[Narrowing | None]) -> Narrowing | None:
    if not parts:
        return Narrowing("(0)", (), exact=True)
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    return _joined(known, " OR ", exact=all(part.exact for part in known))


def _joined(parts: list[Narrowing], word: str, *, exact: bool) -> Narrowing:
    parameters = tuple(value for part in parts for value in part.parameters)
    return Narrowing("(" + word.join(part.sql for part in parts) + ")", parameters, exact)


def _comparison(where: Comparison, column: str) -> Narrowing | None:
    if not all(_PLAIN_NAME.fullmatch(name) and not name.isdigit() for name in where.path):
        return None
    path = "$" + "".join(f'."{name}"' for name in where.path)
    if where.operator is Operator.EXISTS:
        wanted = "IS NOT NULL" if where.operand else "IS NULL"
        return Narrowing(f"(json_type({column}, ?) {wanted})", (path,), exact=True)
    return None
