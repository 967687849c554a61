"""What tests of the language share: catching the documented errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from astrolabe.errors import DataApiError


@contextmanager
def refused(code: str, *words: str) -> Iterator[None]:
    """Expect a documented error whose message has all the words and ends by saying what to do.

    Args:
        code: The code.
        words: Parts of the message: the path, the value, the limit.
    """
    with pytest.raises(DataApiError) as caught:
        yield
    assert caught.value.code == code, caught.value.message
    for word in words:
        assert word in caught.value.message
    _problem, _, advice = caught.value.message.partition("\n\n")
    assert advice.endswith("."), "a message ends with how to mend it"


def deep(levels: int, *, array: bool = True) -> object:
    """Return arrays or objects inside one another."""
    value: object = 1
    for _ in range(levels):
        value = [value] if array else {"a": value}
    return value
