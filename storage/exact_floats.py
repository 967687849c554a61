"""Arrays of numbers read as 64-bit floats, where these are written with the very digits that were sent.

The fast parser rounds what a float cannot hold. So what it has read is written again and compared with the text: only
where every number has the same digits, trailing zeros included, are the floats as good as the text.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

import orjson

_FLOATS = {float}
_NO_BLANKS = str.maketrans("", "", " \t\n\r")


def exact_floats(text: str, longest: int) -> list[float] | None:
    """Return the numbers of a JSON array, or None unless each is a float that is written as it stands there.

    An exponent may be spelled in several ways (``1e-7``, ``1E-07``, ``0.0000001``): the digits and their place count.

    Args:
        text: The array.
        longest: Characters that a number may have.
    """
    try:
        values = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(values, list) or set(map(type, values)) != _FLOATS:
        return None
    written = orjson.dumps(values).decode()
    if written == text:
        return values
    given = text.translate(_NO_BLANKS) if " " in text or "\n" in text or "\t" in text or "\r" in text else text
    return values if written == given or _same_digits(written, given, longest) else None


def _same_digits(written: str, given: str, longest: int) -> bool:
    pairs = zip(written[1:-1].split(","), given[1:-1].split(","), strict=True)
    return all(len(there) <= longest and _digits(here) == _digits(there) for here, there in pairs if here != there)


def _digits(number: str) -> object:
    try:
        return Decimal(number).as_tuple()
    except InvalidOperation:
        return None
