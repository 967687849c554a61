"""Operands of filter operators: which JSON values each operator takes, and what they become in the filter tree."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from astrolabe.dataapi.language.allowances import allowed, setting_of
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.values import ejson_name, ejson_problem, nests_deeper, shown, type_name
from astrolabe.errors import DataApiError
from storage.filters.matching import is_number, unwrapped
from storage.filters.tree import Instant, Operator

_OF_CHOICES = frozenset({Operator.IN, Operator.NIN, Operator.ALL})
_LONGER_THAN_ANY_ARRAY = Decimal(10**9)


def invalid_filter(problem: str) -> DataApiError:
    """Return the error for a filter that says something the language does not have; ``problem`` is a clause."""
    return data_api_error(
        "FILTER_INVALID_EXPRESSION",
        f"The filter is not valid: {problem}.\n\nCorrect the filter and resend the command.",
    )


def check_choices(operator: Operator, operand: object, path: str) -> None:
    """Refuse more choices than an operator takes; arguments as of :func:`parse_operand`.

    Raises:
        DataApiError: FILTER_INVALID_EXPRESSION.
    """
    most = allowed().filter_values
    if operator in _OF_CHOICES and isinstance(operand, list) and len(operand) > most:
        raise invalid_filter(
            f"'{operator}' on '{path}' has {len(operand)} values, at most {most} are allowed; more with "
            f"{setting_of('filter_values')}"
        )


def parse_operand(operator: Operator, operand: object, path: str) -> object:
    """Return the operand of one comparison as the filter tree holds it.

    Args:
        operator: The operator as written; not one that only De Morgan makes.
        operand: Its JSON value.
        path: The dotted path, for messages.

    Raises:
        DataApiError: FILTER_INVALID_EXPRESSION.
    """
    return _PARSERS[operator](operator, operand, path)


def _any_value(_operator: Operator, operand: object, path: str) -> object:
    """Parse a value to compare with; ``{"$date": n}`` becomes an Instant, other wrapped values stay as they are."""
    deepest = allowed().document_depth
    if nests_deeper(operand, deepest):
        raise invalid_filter(f"the value for '{path}' nests more than {deepest} deep, which no document does")
    _check_names(operand, path)
    if isinstance(operand, Mapping) and ejson_name(operand) == "$date":
        return Instant(operand["$date"])
    return operand


def _check_names(value: object, path: str) -> None:
    """Refuse ``$`` names inside a value, but for extended JSON with a right inner value; its depth is bounded."""
    if isinstance(value, list):
        for element in value:
            _check_names(element, path)
    elif isinstance(value, Mapping):
        name = ejson_name(value)
        if name is not None:
            problem = ejson_problem(name, value[name])
            if problem:
                raise invalid_filter(f"in the value for '{path}', {problem}")
            return
        for member, inner in value.items():
            if member.startswith("$"):
                raise invalid_filter(f"the value for '{path}' has the name {shown(member)}, which is not known there")
            _check_names(inner, path)


def _choices(operator: Operator, operand: object, path: str) -> tuple[object, ...]:
    if not isinstance(operand, list):
        raise invalid_filter(f"'{operator}' on '{path}' needs an array of values, not {type_name(operand)}")
    return tuple(_any_value(operator, choice, path) for choice in operand)


def _all_of(operator: Operator, operand: object, path: str) -> tuple[object, ...]:
    if not isinstance(operand, list) or not operand:
        raise invalid_filter(f"'{operator}' on '{path}' needs an array of at least one value, not {shown(operand)}")
    return tuple(_any_value(operator, wanted, path) for wanted in operand)


def _ordered(operator: Operator, operand: object, path: str) -> object:
    if isinstance(operand, str | bool) or is_number(operand):
        return operand
    if isinstance(operand, Mapping) and ejson_name(operand):
        value = unwrapped(_any_value(operator, operand, path))
        return value["$binary"] if isinstance(value, Mapping) else value
    raise invalid_filter(
        f"'{operator}' on '{path}' needs a number, string, boolean, $date, $uuid, $objectId or $binary, not "
        f"{shown(operand)}"
    )


def _boolean(operator: Operator, operand: object, path: str) -> bool:
    if not isinstance(operand, bool):
        raise invalid_filter(f"'{operator}' on '{path}' needs true or false, not {shown(operand)}")
    return operand


def _size(operator: Operator, operand: object, path: str) -> int:
    if isinstance(operand, int | Decimal) and is_number(operand) and operand >= 0:
        whole = Decimal(operand).to_integral_value()
        if whole == operand:
            return int(min(whole, _LONGER_THAN_ANY_ARRAY))
    raise invalid_filter(f"'{operator}' on '{path}' needs a whole number from 0 on, not {shown(operand)}")


def _text(operator: Operator, operand: object, path: str) -> str:
    if not isinstance(operand, str):
        raise invalid_filter(f"'{operator}' on '{path}' needs a string, not {shown(operand)}")
    return operand


_PARSERS: Mapping[Operator, Callable[[Operator, Any, str], object]] = {
    Operator.EQ: _any_value,
    Operator.NE: _any_value,
    Operator.IN: _choices,
    Operator.NIN: _choices,
    Operator.GT: _ordered,
    Operator.GTE: _ordered,
    Operator.LT: _ordered,
    Operator.LTE: _ordered,
    Operator.EXISTS: _boolean,
    Operator.ALL: _all_of,
    Operator.SIZE: _size,
    Operator.MATCH: _text,
}

WRITTEN_OPERATORS = frozenset(_PARSERS)
"""The operators that a filter may write; the others exist only as results of De Morgan."""
