"""Numbers as JSON shows them, in one form.

Floats become the decimals that their shortest text spells, so that no digit is invented; decimals lose trailing zeros
and a negative zero its sign. Every command passes through :func:`exactly` before anything looks into it.
"""

from __future__ import annotations

import decimal
import math
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from typing import Any

from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.special_fields import VECTOR
from astrolabe.errors import DataApiError
from storage.filters.matching import identity, is_number
from storage.gil_yield import Turns
from storage.jsontext import LONGEST_NUMBER

_WHOLE = decimal.Context(prec=decimal.MAX_PREC, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN)


def plain(number: Decimal) -> Decimal:
    """Return a finite number without trailing zeros and, unless that takes too many digits, without an exponent.

    1.0 becomes 1, 2.50 becomes 2.5, 1E+2 becomes 100 and -0.0 becomes 0; the type stays, so that the decimal 1 and the
    whole number 1 can still be told apart within a command.
    """
    text = str(number)
    if "." in text and text[-1] != "0" and "E" not in text:
        return number
    if not number:
        return Decimal(0)
    number = number.normalize(_WHOLE)
    if 0 <= number.adjusted() < LONGEST_NUMBER and "E" in str(number):
        return Decimal(format(number, "f"))
    return number


def spelling(value: object) -> tuple[object, ...]:
    """Return a key that two JSON values have in common if they are equal and write the same numbers as decimals.

    ``$addToSet`` tells 1 and 1.0 apart like this. Once stored, a number that is whole is no decimal any more.
    """
    return (identity(value), *_are_decimals(value))


def _are_decimals(value: object) -> Iterator[bool]:
    """Yield for each number inside a value, in order, whether it is a decimal; the depth of documents is bounded."""
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _are_decimals(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _are_decimals(inner)
    elif is_number(value):
        yield isinstance(value, Decimal)


def exactly(value: object, vectors: Collection[str] = ()) -> Any:  # noqa: ANN401 - the same JSON shape as the argument
    """Return a copy of a JSON value with its numbers in their one form; never recurses, however deep the value.

    Whatever stands under ``$vector`` stays as it is: its numbers are 32-bit floats in the end, and there are many.

    Args:
        value: The JSON.
        vectors: Names under which arrays stay as they are, too: the vector columns of a table.

    Raises:
        DataApiError: REQUEST_NOT_JSON for NaN, the infinities, and Python values that JSON does not have.
    """
    root: list[Any] = [value]
    todo: list[tuple[Any, Any]] = [(root, 0)]
    turns = Turns()
    while todo:
        turns.rest()
        holder, place = todo.pop()
        holder[place] = copied = _exact(holder[place])
        todo.extend((copied, inner) for inner in _places_to_look(copied, vectors))
    return root[0]


def _places_to_look(value: object, vectors: Collection[str]) -> Iterator[object]:
    """Yield the positions or names of the members that :func:`exactly` still has to look at."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for place, inner in members:
        is_vector = place == VECTOR or (place in vectors and isinstance(inner, list))
        if type(inner) not in {str, int, bool, type(None)} and not is_vector:
            yield place


def _exact(value: object) -> object:
    if isinstance(value, float):
        if math.isfinite(value):
            return plain(Decimal(repr(value)))
        raise _not_json(f"the number {value}")
    if isinstance(value, Decimal):
        if value.is_finite():
            return plain(value)
        raise _not_json(f"the number {value}")
    if isinstance(value, list | tuple):
        return list(value)
    if isinstance(value, Mapping):
        if not all(isinstance(name, str) for name in value):
            raise _not_json("an object with a name that is not a string")
        return dict(value)
    if value is None or isinstance(value, str | int):
        return value
    raise _not_json(f"a value of the Python type '{type(value).__name__}'")


def _not_json(what: str) -> DataApiError:
    return data_api_error(
        "REQUEST_NOT_JSON",
        f"The request has {what}, which JSON does not know.\n\nReplace it and resend the command.",
    )
