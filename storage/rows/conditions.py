"""From the parts of a row query to SQL, and which index leads to the rows."""

from __future__ import annotations

from dataclasses import dataclass

from storage.documents.items import Condition
from storage.documents.schema import Tables
from storage.documents.term_rows import word_table
from storage.documents.values import value_column
from storage.filters.bounds import Bounds
from storage.filters.json_sql import NEVER, Sql, all_of, any_of, bind, bind_all, negated, sql
from storage.filters.to_sql import narrow
from storage.filters.tree import Operator
from storage.lexical.fts_terms import expression
from storage.rows.shapes import Every, HasValues, HasWords, Member, Part, Some, Undecided, ValueIs
from storage.shapes import Container

_SIGNS = {
    Operator.EQ: "=",
    Operator.NE: "<>",
    Operator.GT: ">",
    Operator.GTE: ">=",
    Operator.LT: "<",
    Operator.LTE: "<=",
    Operator.IN: "IN",
    Operator.NIN: "NOT IN",
}
_RANGES = frozenset({Operator.GT, Operator.GTE, Operator.LT, Operator.LTE})
_LEADING = _RANGES | {Operator.EQ, Operator.IN}
_MOST_LEVELS = 8
"""Deeper nesting is left to Python: SQLite's parser has a stack of fixed size."""


@dataclass(frozen=True, slots=True)
class RowConditions:
    """A query's condition on the rows of a container, in SQL.

    Attributes:
        possible: Every wanted row satisfies it.
        certain: Only wanted rows satisfy it.
    """

    possible: Condition
    certain: Condition


def conditions(container: Container, where: Part | None, lead: Lead = ()) -> RowConditions:
    """Return the condition of a query.

    Args:
        container: The table.
        where: The query's.
        lead: The parts whose index leads to the rows; the other indexes are not used, whatever SQLite guesses.
    """
    bounds = _Writer(container, lead).bounds(where, 0) if where is not None else Bounds.exactly(Sql("1"))
    possible, certain = (Condition(f"({one.text})", one.parameters) for one in (bounds.possible, bounds.certain))
    return RowConditions(possible, certain)


Lead = tuple[Part, ...]
"""Parts that one index leads to the rows of: one part, or comparisons with the same value from both sides."""


def leads_of(where: Part | None) -> list[Lead]:
    """Return the parts that every wanted row satisfies and that an index leads to: equality first."""
    parts = where.parts if isinstance(where, Every) else (where,)
    found = [part for part in parts if isinstance(part, HasWords | ValueIs | HasValues) and _leads(part)]
    equal = [(part,) for part in found if isinstance(part, ValueIs) and part.operator is Operator.EQ]
    ranges: dict[str, Lead] = {}
    for part in found:
        if isinstance(part, ValueIs) and part.operator in _RANGES:
            ranges[part.name] = (*ranges.get(part.name, ()), part)
    others = [(part,) for part in found if not isinstance(part, ValueIs) or part.operator is Operator.IN]
    return [*equal, *others, *ranges.values()]


def in_key_order(lead: Lead) -> bool:
    """Return whether an index gives rows in the order of their keys: those of one value are."""
    return all(isinstance(part, ValueIs) and part.operator is Operator.EQ for part in lead)


def _leads(part: HasWords | ValueIs | HasValues) -> bool:
    if isinstance(part, ValueIs):
        return part.operator in _LEADING
    return isinstance(part, HasWords) or not part.negated


@dataclass(frozen=True, slots=True)
class _Writer:
    container: Container
    lead: Lead

    @property
    def tables(self) -> Tables:
        return Tables.of(self.container)

    def _leads(self, part: Part) -> bool:
        return any(part is one for one in self.lead)

    def bounds(self, part: Part, level: int) -> Bounds:
        if isinstance(part, Every | Some):
            if level > _MOST_LEVELS:
                return Bounds.unknown()
            inner = [self.bounds(one, level + 1) for one in part.parts]
            join = all_of if isinstance(part, Every) else any_of
            return Bounds(join(one.possible for one in inner), join(one.certain for one in inner))
        if isinstance(part, Undecided):
            return Bounds.unknown()
        if isinstance(part, Member):
            return _member(part)
        if isinstance(part, ValueIs):
            return Bounds.exactly(self._value(part))
        return Bounds.exactly(self._words(part) if isinstance(part, HasWords) else self._values(part))

    def _value(self, part: ValueIs) -> Sql:
        column = value_column(self.container.values[part.name])
        leads = self._leads(part)
        operand = sql("(", bind_all(part.operand), ")") if isinstance(part.operand, tuple) else bind(part.operand)
        test = sql(column if leads else f"+{column}", f" {_SIGNS[part.operator]} ", operand)
        return test if leads else sql("ifnull(", test, ", 0)")

    def _values(self, part: HasValues) -> Sql:
        number = self.container.values[part.name].number
        every = list(dict.fromkeys(part.values))
        tests = [self._entry(number, value, leads=self._leads(part)) for value in every]
        found = (all_of if part.every else any_of)(tests)
        return negated(found) if part.negated else found

    def _entry(self, number: int, value: bytes, *, leads: bool) -> Sql:
        table = self.tables.sql("{entry}")
        place = sql(f"FROM {table} AS e WHERE e.number = {number:d} AND e.value = ", bind(value))
        if leads:
            return sql("seq IN (SELECT e.seq ", place, ")")
        return sql("EXISTS (SELECT 1 ", place, self.tables.sql(" AND e.key = {item}.key)"))

    def _words(self, part: HasWords) -> Sql:
        if not part.query.terms:
            return NEVER
        table = word_table(self.tables, part.name)
        found = f"seq IN (SELECT rowid FROM {table} WHERE {table} MATCH "  # noqa: S608 - our table
        return sql(found, bind(expression(part.query)), ")")


def _member(part: Member) -> Bounds:
    found = narrow(part.where)
    if found is None:
        return Bounds.unknown()
    return Bounds(Sql(found.sql, found.parameters), Sql(found.certain, found.certain_parameters))
