"""Numbers as JSON shows them: floats become the decimals that their shortest text spells, so that no digit is invented.

Every command passes through :func:`exactly` before anything looks into it; requests that were parsed with decimals come
out as they went in.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.special_fields import VECTOR
from astrolabe.errors import DataApiError


def exactly(value: object) -> Any:  # noqa: ANN401 - the same JSON shape as the argument
    """Return a copy of a JSON value in which every float is a Decimal; never recurses, however deep the value.

    Whatever stands under ``$vector`` stays as it is: its numbers are 32-bit floats in the end, and there are many.

    Raises:
        DataApiError: REQUEST_NOT_JSON for NaN, the infinities, and Python values that JSON does not have.
    """
    root: list[Any] = [value]
    todo: list[tuple[Any, Any]] = [(root, 0)]
    while todo:
        holder, place = todo.pop()
        holder[place] = copied = _exact(holder[place])
        todo.extend((copied, inner) for inner in _places_to_look(copied))
    return root[0]


def _places_to_look(value: object) -> Iterator[object]:
    """Yield the positions or names of the members that :func:`exactly` still has to look at."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for place, inner in members:
        if type(inner) not in {str, int, bool, type(None)} and place != VECTOR:
            yield place


def _exact(value: object) -> object:
    if isinstance(value, float):
        if math.isfinite(value):
            return Decimal(repr(value))
        raise _not_json(f"the number {value}")
    if isinstance(value, Decimal) and not value.is_finite():
        raise _not_json(f"the number {value}")
    if isinstance(value, list | tuple):
        return list(value)
    if isinstance(value, Mapping):
        if not all(isinstance(name, str) for name in value):
            raise _not_json("an object with a name that is not a string")
        return dict(value)
    if value is None or isinstance(value, str | int | Decimal):
        return value
    raise _not_json(f"a value of the Python type '{type(value).__name__}'")


def _not_json(what: str) -> DataApiError:
    return data_api_error(
        "REQUEST_NOT_JSON",
        f"The request has {what}, which JSON does not know.\n\nReplace it and resend the command.",
    )
