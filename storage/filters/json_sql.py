"""Building blocks for SQL conditions over a JSON column: text with bound values, and access to the value at a path.

Everything that comes from a request is bound, paths included; the text of a condition is made of constants.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from storage.filters.matching import as_position
from storage.jsontext import has_lone_surrogate

Parameter = str | int | float | bytes

_PLAIN_NAME = re.compile(r"(?![0-9]+$)[ !#-\[\]-~]+")
"""Names that SQLite's JSON paths can spell between quotes: printable ASCII without quote and backslash.

SQLite before 3.45 compares a path's name with the name as the JSON text escapes it, so that a letter outside ASCII may
or may not be found; the bodies are written by :mod:`storage.jsontext`, which leaves ASCII letters as they
are. Names of digits also stand for array positions, which a path writes in another way.
"""


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of SQL with the values of its placeholders, in order."""

    text: str
    parameters: tuple[Parameter, ...] = ()


ALWAYS = Sql("1")
NEVER = Sql("0")


def sql(*pieces: str | Sql) -> Sql:
    """Put pieces together in order."""
    parts = [Sql(piece) if isinstance(piece, str) else piece for piece in pieces]
    return Sql("".join(part.text for part in parts), tuple(value for part in parts for value in part.parameters))


def bind(value: Parameter) -> Sql:
    """Return a placeholder for a value."""
    return Sql("?", (value,))


def bind_all(values: Iterable[Parameter]) -> Sql:
    """Return placeholders for values, with commas between them."""
    bound = tuple(values)
    return Sql(", ".join("?" * len(bound)), bound)


def all_of(conditions: Iterable[Sql]) -> Sql:
    """Return the condition that all hold; none at all holds."""
    parts = [condition for condition in conditions if condition != ALWAYS]
    if NEVER in parts:
        return NEVER
    return _joined(parts, " AND ") if parts else ALWAYS


def any_of(conditions: Iterable[Sql]) -> Sql:
    """Return the condition that at least one holds; none at all does not hold."""
    parts = [condition for condition in conditions if condition != NEVER]
    if ALWAYS in parts:
        return ALWAYS
    return _joined(parts, " OR ") if parts else NEVER


def negated(condition: Sql) -> Sql:
    """Return the opposite of a condition that is never NULL."""
    if condition in {ALWAYS, NEVER}:
        return NEVER if condition == ALWAYS else ALWAYS
    return sql("NOT ", condition)


def _joined(parts: list[Sql], word: str) -> Sql:
    if len(parts) == 1:
        return parts[0]
    pieces = [piece for part in parts for piece in (word, part)][1:]
    return sql("(", *pieces, ")")


@dataclass(frozen=True, slots=True)
class Slot:
    """SQL expressions about one JSON value.

    Attributes:
        type: Its type as ``json_type`` names it; NULL when there is no value.
        value: A scalar as SQL value, or an object or array as JSON text.
        raw: The value as it stands in the JSON text, or more of that text where SQLite cannot tell.
        raw_is_value: Whether it is the value alone.
        length: The number of elements of an array.
        holder: The JSON text that the value lies in, and
        path: the SQLite path that leads to it there; empty for the whole.
    """

    type: Sql
    value: Sql
    raw: Sql
    raw_is_value: bool
    length: Sql
    holder: Sql
    path: str

    def member(self, name: str) -> Sql:
        """Return the scalar under a plain name of an object, NULL when there is none."""
        return sql("json_extract(", self.holder, ", ", bind(f'${self.path}."{name}"'), ")")


@dataclass(frozen=True, slots=True)
class Access:
    """How a condition reaches the value at a path of a column.

    Attributes:
        slot: The value.
        element: An element of the value, inside :meth:`has_element`.
    """

    slot: Slot
    element: Slot
    _elements: Sql
    _steps: Sql | None = None

    def row(self, condition: Sql) -> Sql:
        """Turn a condition about the slot into one about the row; it is 0 where the path leads nowhere."""
        if self._steps is None or condition == NEVER:
            return condition
        return sql("EXISTS (SELECT 1 FROM ", self._steps, " AND ", condition, ")")

    def has_element(self, condition: Sql) -> Sql:
        """Return the condition that the array has an element that satisfies a condition about ``element``."""
        if condition == NEVER:
            return NEVER
        return sql("EXISTS (SELECT 1 FROM ", self._elements, " AS e WHERE ", condition, ")")


def access(column: str, path: tuple[str, ...]) -> Access | None:
    """Return the access to a path, or None when SQLite cannot be asked for it."""
    if not path or not all(map(is_plain_text, path)) or "" in path:
        return None
    if all(map(_PLAIN_NAME.fullmatch, path)):
        return _by_path(column, "".join(f'."{name}"' for name in path))
    return _by_steps(column, path)


def is_plain_text(text: str) -> bool:
    """Return whether SQLite compares a text as Python does: no NUL, which ends texts there, and no lone surrogate."""
    return "\0" not in text and not has_lone_surrogate(text)


def _by_path(column: str, path: str) -> Access:
    place = sql(column, ", ", bind(f"${path}"))
    slot = Slot(
        type=sql("json_type(", place, ")"),
        value=sql("json_extract(", place, ")"),
        raw=sql("(", column, " -> ", bind(f"${path}"), ")"),
        raw_is_value=True,
        length=sql("json_array_length(", place, ")"),
        holder=Sql(column),
        path=path,
    )
    raw = sql("(", column, " -> (", bind(f"${path}"), " || '[' || e.key || ']'))")
    return Access(slot, _row_of_each("e", raw, raw_is_value=True), sql("json_each(", place, ")"))


def _by_steps(column: str, path: tuple[str, ...]) -> Access:
    """Reach a value name by name through ``json_each``, which gives names as they are and positions as numbers."""
    tables = [f"json_each({column}) AS s0"]
    for depth in range(1, len(path)):
        above = f"s{depth - 1}"
        inside = f"CASE WHEN {above}.type IN ('object', 'array') THEN {above}.value ELSE '[]' END"
        tables.append(f"json_each({inside}) AS s{depth}")
    keys: list[str | Sql] = []
    for depth, name in enumerate(path):
        position = as_position(name) if depth else None
        names: tuple[Parameter, ...] = (name,) if position is None else (name, position)
        keys += [" AND " if depth else " WHERE ", f"s{depth}.key IN (", bind_all(names), ")"]
    slot = _row_of_each(f"s{len(path) - 1}", Sql(column), raw_is_value=False)
    element = _row_of_each("e", Sql(column), raw_is_value=False)
    return Access(slot, element, sql("json_each(", slot.value, ")"), sql(", ".join(tables), *keys))


def _row_of_each(name: str, raw: Sql, *, raw_is_value: bool) -> Slot:
    value = Sql(f"{name}.value")
    return Slot(
        type=Sql(f"{name}.type"),
        value=value,
        raw=raw,
        raw_is_value=raw_is_value,
        length=sql("json_array_length(", value, ")"),
        holder=value,
        path="",
    )
