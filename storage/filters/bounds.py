"""What SQL can say about one value: the possible and the certain condition of equality and of ranges."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from storage import jsontext
from storage.filters.json_sql import (
    ALWAYS,
    NEVER,
    Access,
    Parameter,
    Slot,
    Sql,
    all_of,
    any_of,
    bind,
    bind_all,
    is_plain_text,
    negated,
    sql,
)
from storage.filters.matching import is_number, unwrapped
from storage.filters.tree import Instant, Operator

_RELATIVE_ERROR = 1e-9
"""Far more than what reading decimals as 64-bit floats, here and in SQLite, can be off by."""

_ABSOLUTE_ERROR = 1e-300
_LARGEST = 1.7e308
_INT64 = 2**63

_ESCAPED_NUL = "\\u0000"
"""How JSON text spells a NUL inside a string; only a backslash before ``u0000`` in the text itself looks the same."""

_TEXT_WRAPPINGS = ("$uuid", "$objectId")


@dataclass(frozen=True, slots=True)
class Bounds:
    """A condition that every match satisfies and one that only matches satisfy."""

    possible: Sql
    certain: Sql

    @classmethod
    def exactly(cls, condition: Sql) -> Bounds:
        """Return the bounds of what SQL decides alone."""
        return cls(condition, condition)

    @classmethod
    def unknown(cls) -> Bounds:
        """Return the bounds of what SQL can say nothing about."""
        return cls(ALWAYS, NEVER)

    def opposite(self) -> Bounds:
        """Return the bounds of the negation."""
        return Bounds(negated(self.certain), negated(self.possible))


@dataclass(slots=True)
class _Wanted:
    """Operands of an equality, by kind."""

    texts: list[str] = field(default_factory=list)
    odd_texts: bool = False
    numbers: list[Decimal] = field(default_factory=list)
    instants: list[int] = field(default_factory=list)
    constants: list[str] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    objects: bool = False

    def add(self, operand: object) -> None:
        """Sort an operand in."""
        value = unwrapped(operand)
        if isinstance(value, str):
            self.odd_texts |= not is_plain_text(value)
            self.texts += [value] if is_plain_text(value) else []
        elif value is None or isinstance(value, bool):
            self.constants.append(jsontext.dumps(value))
        elif isinstance(value, int | Decimal):
            self.numbers.append(Decimal(value))
        elif isinstance(value, Instant):
            self.instants.append(value.milliseconds)
        elif isinstance(value, list):
            self.lengths.append(len(value))
        elif isinstance(value, Mapping):
            self.objects = True


def equal_to_any(place: Access, operands: Sequence[object], *, only_elements: bool = False) -> Bounds:
    """Return the bounds of being equal to one of the operands, or being an array that has one as an element.

    Args:
        place: The value.
        operands: What it may be equal to; arrays and objects count as wholes, never as elements.
        only_elements: Only an array counts, and arrays and objects too as elements: what ``$all`` asks for.
    """
    wanted, scalars = _Wanted(), _Wanted()
    for operand in operands:
        wanted.add(operand)
        if only_elements or not isinstance(unwrapped(operand), list | Mapping):
            scalars.add(operand)
    conditions = []
    for certain in (False, True):
        elements = place.has_element(_case(place.element, _branches(place.element, scalars, certain=certain)))
        whole = {} if only_elements else _branches(place.slot, wanted, certain=certain)
        whole["array"] = any_of([whole.get("array", NEVER), elements])
        conditions.append(place.row(_case(place.slot, whole)))
    return Bounds(*conditions)


def _case(slot: Slot, branches: Mapping[str, Sql]) -> Sql:
    """Return the condition that holds where the one for the value's type does; 0 for other types and no value."""
    whens = [sql(f" WHEN '{name}' THEN ", test) for name, test in branches.items() if test != NEVER]
    return sql("CASE ", slot.type, *whens, " ELSE 0 END") if whens else NEVER


def _branches(slot: Slot, wanted: _Wanted, *, certain: bool) -> dict[str, Sql]:
    """Return the test for each JSON type, the value taken as a whole."""
    numbers = _certain_number(slot, wanted.numbers) if certain else _possible_number(slot, wanted.numbers)
    branches = dict.fromkeys(wanted.constants, ALWAYS)
    branches["text"] = _text_test(slot, wanted, certain=certain)
    branches["integer"] = numbers
    branches["real"] = numbers
    branches["array"] = _array_test(slot, wanted, certain=certain)
    branches["object"] = _object_test(slot, wanted, certain=certain)
    return branches


def _text_test(slot: Slot, wanted: _Wanted, *, certain: bool) -> Sql:
    if wanted.odd_texts and not certain:
        return ALWAYS
    sure = [text for text in wanted.texts if _ESCAPED_NUL not in text]
    if certain or (sure == wanted.texts and slot.raw_is_value):
        return all_of([_among(slot.value, sure), sql("instr(", slot.raw, f", '{_ESCAPED_NUL}') = 0")])
    return _among(slot.value, wanted.texts)


def _array_test(slot: Slot, wanted: _Wanted, *, certain: bool) -> Sql:
    lengths = [length for length in wanted.lengths if length == 0 or not certain]
    return _among(slot.length, lengths)


def _object_test(slot: Slot, wanted: _Wanted, *, certain: bool) -> Sql:
    if not certain and (wanted.objects or wanted.odd_texts):
        return ALWAYS
    tests = [_among(_caseless(slot, name), wanted.texts) for name in _TEXT_WRAPPINGS]
    return any_of([*tests, _among(slot.member("$date"), wanted.instants)])


def _caseless(slot: Slot, name: str) -> Sql:
    """Return the text of a UUID or ObjectId as it is compared; both are hexadecimal, so that SQLite's ASCII will do."""
    return sql("lower(", slot.member(name), ")")


def _among(value: Sql, choices: Sequence[Parameter]) -> Sql:
    """Return the condition that an expression is one of the choices; 0 where it is NULL."""
    if not choices:
        return NEVER
    if len(choices) == 1:
        return sql("(", value, " IS ", bind(choices[0]), ")")
    return sql("ifnull(", value, " IN (SELECT value FROM json_each(", bind(jsontext.dumps(list(choices))), ")), 0)")


def _around(number: Decimal) -> tuple[float, float]:
    """Return 64-bit floats below and above everything that SQLite may take for the number."""
    exact = float(number)
    near = max(-_LARGEST, min(_LARGEST, exact))
    margin = abs(near) * _RELATIVE_ERROR + _ABSOLUTE_ERROR
    low, high = near - margin, near + margin
    return (low if exact >= -_LARGEST else -math.inf), (high if exact <= _LARGEST else math.inf)


def _as_int64(number: Decimal) -> int | None:
    """Return a whole number that SQLite holds exactly, or None."""
    if -_INT64 <= number < _INT64 and number == number.to_integral_value():
        return int(number)
    return None


def _possible_number(slot: Slot, numbers: Sequence[Decimal]) -> Sql:
    ranges = map(_around, numbers)
    return any_of(sql("(", slot.value, " BETWEEN ", bind(low), " AND ", bind(high), ")") for low, high in ranges)


def _certain_number(slot: Slot, numbers: Sequence[Decimal]) -> Sql:
    """Return the test for what SQLite holds without rounding: 64-bit integers."""
    whole = [found for found in map(_as_int64, numbers) if found is not None]
    if not whole:
        return NEVER
    return sql("(typeof(", slot.value, ") = 'integer' AND ", slot.value, " IN (", bind_all(whole), "))")


def in_range(place: Access, operator: Operator, operand: object) -> Bounds:
    """Return the bounds of a range operator; values of another type than the operand's never satisfy it."""
    value = unwrapped(operand)
    if isinstance(value, bool):
        kept = [constant for constant in (False, True) if _COMPARE[operator](constant, value)]
        return Bounds.exactly(place.row(_case(place.slot, {jsontext.dumps(constant): ALWAYS for constant in kept})))
    if is_number(value) and isinstance(value, int | Decimal):
        tests = [_number_range(place.slot, operator, Decimal(value), certain=certain) for certain in (False, True)]
        return Bounds(*(place.row(_case(place.slot, {"integer": test, "real": test})) for test in tests))
    if isinstance(value, str):
        return _text_range(place, operator, value)
    if isinstance(value, Instant):
        test = sql("ifnull(", place.slot.member("$date"), f" {_SIGNS[operator]} ", bind(value.milliseconds), ", 0)")
        return Bounds.exactly(place.row(_case(place.slot, {"object": test})))
    return Bounds.exactly(NEVER)


_SIGNS = {Operator.GT: ">", Operator.GTE: ">=", Operator.LT: "<", Operator.LTE: "<="}

_COMPARE = {
    Operator.GT: lambda left, right: left > right,
    Operator.GTE: lambda left, right: left >= right,
    Operator.LT: lambda left, right: left < right,
    Operator.LTE: lambda left, right: left <= right,
}


def _number_range(slot: Slot, operator: Operator, number: Decimal, *, certain: bool) -> Sql:
    low, high = _around(number)
    upwards = operator in {Operator.GT, Operator.GTE}
    if certain:
        test = sql(slot.value, " > ", bind(high)) if upwards else sql(slot.value, " < ", bind(low))
    else:
        test = sql(slot.value, " >= ", bind(low)) if upwards else sql(slot.value, " <= ", bind(high))
    whole = _as_int64(number)
    if whole is None:
        return test
    exact = sql(slot.value, f" {_SIGNS[operator]} ", bind(whole))
    return sql("CASE typeof(", slot.value, ") WHEN 'integer' THEN ", exact, " ELSE ", test, " END")


def _text_range(place: Access, operator: Operator, text: str) -> Bounds:
    """Return the bounds of a range of texts.

    SQLite sees a text with a NUL only up to there. What it sees sorts directly before the whole text, so only texts
    that look equal to the operand are in doubt: for ``$gt`` they are possible, for ``$lte`` not certain.
    """
    if not is_plain_text(text):
        return Bounds(place.row(_case(place.slot, {"text": ALWAYS, "object": ALWAYS})), NEVER)
    signs = {Operator.GT: (">=", ">"), Operator.LTE: ("<=", "<")}.get(operator, (_SIGNS[operator],) * 2)
    wrapped = any_of(
        sql("ifnull(", _caseless(place.slot, name), f" {_SIGNS[operator]} ", bind(text), ", 0)")
        for name in _TEXT_WRAPPINGS
    )
    tests = [{"text": sql(place.slot.value, f" {sign} ", bind(text)), "object": wrapped} for sign in signs]
    return Bounds(*(place.row(_case(place.slot, test)) for test in tests))
