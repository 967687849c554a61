"""Filters as SQL over a column of JSON text: SQL narrows, Python decides what is left.

For every filter two conditions are built side by side: a *possible* one that every match satisfies, and a *certain* one
that only matches satisfy. Where they are the same the filter is decided by SQL alone. They differ where SQLite knows
less than JSON says: numbers are compared as 64-bit floats, within bounds, because a stored number may have more digits;
arrays and objects are compared by Python; texts end at a NUL.

Bodies are taken to be what the Data API's documents may be, so that ``{"$date": …}`` and the like hold one value of the
right type.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from storage.filters.bounds import Bounds, equal_to_any, in_range
from storage.filters.json_sql import ALWAYS, NEVER, Access, Parameter, access, all_of, any_of, bind, sql
from storage.filters.tree import AnyOf, Comparison, Filter, Operator
from storage.lexical.analyzers import TermQuery
from storage.lexical.fts_terms import expression
from storage.shapes import LEXICAL_FIELD

_MOST_LEVELS = 8
"""Deeper nesting is left to Python: SQLite's parser has a stack of fixed size."""

_MOST_PARAMETERS = 20_000
"""SQLite takes 32,766 in one statement; the caller has some of its own."""

_MOST_ELEMENTS = 20
"""Values of one ``$all`` that SQL looks for."""


@dataclass(frozen=True, slots=True)
class Narrowing:
    """A condition for a WHERE clause.

    Attributes:
        sql: The condition, parenthesised, with ``?`` placeholders; every match satisfies it. Its value is 0 or 1.
        parameters: Values of the placeholders, in order.
        exact: The condition is equivalent to the filter: nothing is left for Python to decide.
        certain: A condition of the same kind that only matches satisfy; "(0)" when nothing is certain.
        certain_parameters: Values of its placeholders.
    """

    sql: str
    parameters: tuple[Parameter, ...]
    exact: bool
    certain: str
    certain_parameters: tuple[Parameter, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """Where the rows of a condition come from; trusted, never from a request.

    Attributes:
        column: The SQL expression of the JSON text, such as ``body`` or ``i.body``.
        row: The expression of the row's number.
        words: The FTS5 table of the rows' lexical texts, by row number; None when there is none.
    """

    column: str = "body"
    row: str = "seq"
    words: str | None = None


_BODY = Source()


def narrow(where: Filter, source: Source = _BODY) -> Narrowing | None:
    """Return a condition that every matching row satisfies, or None when SQL cannot leave out a single row.

    Args:
        where: The filter.
        source: Where the rows come from.
    """
    bounds = _bounds(where, source, 0)
    possible, certain = bounds.possible, bounds.certain
    if (possible == ALWAYS and certain != ALWAYS) or len(possible.parameters) > _MOST_PARAMETERS:
        return None
    if len(possible.parameters) + len(certain.parameters) > _MOST_PARAMETERS:
        certain = NEVER
    return Narrowing(
        f"({possible.text})", possible.parameters, possible == certain, f"({certain.text})", certain.parameters
    )


def _bounds(where: Filter, source: Source, level: int) -> Bounds:
    if isinstance(where, Comparison):
        if where.operator in {Operator.MATCH, Operator.NOT_MATCH}:
            has_words = _has_words(source, where)
            return has_words if where.operator is Operator.MATCH else has_words.opposite()
        place = access(source.column, where.path)
        return Bounds.unknown() if place is None else _COMPARISONS[where.operator](place, where)
    if level > _MOST_LEVELS:
        return Bounds.unknown()
    parts = [_bounds(part, source, level + 1) for part in where.parts]
    join = any_of if isinstance(where, AnyOf) else all_of
    return Bounds(join(part.possible for part in parts), join(part.certain for part in parts))


def _equal(place: Access, where: Comparison) -> Bounds:
    values = where.operand if where.operator in {Operator.IN, Operator.NIN} else (where.operand,)
    return equal_to_any(place, values)


def _exists(place: Access, where: Comparison) -> Bounds:
    bounds = Bounds.exactly(place.row(sql(place.slot.type, " IS NOT NULL")))
    return bounds if where.operand else bounds.opposite()


def _has_all(place: Access, where: Comparison) -> Bounds:
    wanted = [equal_to_any(place, (value,), only_elements=True) for value in where.operand[:_MOST_ELEMENTS]]
    certain = all_of(part.certain for part in wanted) if len(wanted) == len(where.operand) else NEVER
    return Bounds(all_of(part.possible for part in wanted), certain)


def _has_size(place: Access, where: Comparison) -> Bounds:
    size = sql("CASE ", place.slot.type, " WHEN 'array' THEN ", place.slot.length, " = ", bind(where.operand))
    return Bounds.exactly(place.row(sql(size, " ELSE 0 END")))


def _has_words(source: Source, where: Comparison) -> Bounds:
    """Ask the index of words; where there is none, every text has to be read."""
    query: TermQuery = where.operand
    if not query.terms:
        return Bounds.exactly(NEVER)
    if source.words is None or where.path != (LEXICAL_FIELD,):
        place = access(source.column, where.path)
        return Bounds.unknown() if place is None else Bounds(place.row(sql(place.slot.type, " IS 'text'")), NEVER)
    words = source.words
    found = sql("(SELECT rowid FROM ", words, " WHERE ", words, " MATCH ", bind(expression(query)), ")")
    return Bounds.exactly(sql(source.row, " IN ", found))


def _opposite(make: Callable[[Access, Comparison], Bounds]) -> Callable[[Access, Comparison], Bounds]:
    return lambda place, where: make(place, where).opposite()


def _range(place: Access, where: Comparison) -> Bounds:
    return in_range(place, where.operator, where.operand)


_COMPARISONS: Mapping[Operator, Callable[[Access, Comparison], Bounds]] = {
    Operator.EQ: _equal,
    Operator.NE: _opposite(_equal),
    Operator.IN: _equal,
    Operator.NIN: _opposite(_equal),
    Operator.GT: _range,
    Operator.GTE: _range,
    Operator.LT: _range,
    Operator.LTE: _range,
    Operator.EXISTS: _exists,
    Operator.ALL: _has_all,
    Operator.NOT_ALL: _opposite(_has_all),
    Operator.SIZE: _has_size,
    Operator.NOT_SIZE: _opposite(_has_size),
}
