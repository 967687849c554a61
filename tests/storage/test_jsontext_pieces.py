"""Large JSON in pieces: the same text as in one go, and small values are told from large ones."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage import jsontext
from storage.jsontext import LONGEST_NUMBER, LongNumberError, dumps, dumps_in_pieces, is_small, loads_request

scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just(Decimal("1.10"))
values: st.SearchStrategy[Any] = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=3), inner, max_size=6)
)


@settings(max_examples=150, deadline=None)
@given(values, st.integers(0, 8))
def test_pieces_make_the_same_text(value: Any, size: int) -> None:  # noqa: ANN401 - any JSON
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jsontext, "VALUES_AT_ONCE", size or 1)
        assert dumps_in_pieces(value) == dumps(value)


@pytest.mark.parametrize(
    ("value", "small"),
    [
        ({"filter": {"_id": 1}}, True),
        (["x"] * 400, True),
        (["x"] * 600, False),
        ({"a": [[1] * 100] * 10}, False),
        ({"a": "x" * 100_000}, False),
        (dict.fromkeys(map(str, range(1000)), 1), False),
    ],
)
def test_small_values_are_told_from_large_ones(value: object, small: bool) -> None:
    assert is_small(value) is small


@pytest.mark.parametrize("padding", [0, 2_000_000], ids=["small", "large"])
def test_a_large_request_is_read_like_a_small_one(padding: int) -> None:
    text = '{"a": [1, -2.50, 1e5], "b": "' + "x" * padding + '", "c": {"d": 12345678901234567890}}'
    value = loads_request(text)
    assert value["a"] == [1, Decimal("-2.50"), Decimal("1e5")]
    assert str(value["a"][1]) == "-2.50"
    assert value["c"] == {"d": 12345678901234567890}
    with pytest.raises(ValueError, match="twice"):
        loads_request(text[:-2] + ', "d": 1}}')
    with pytest.raises(ValueError, match="exponent"):
        loads_request(text[:-1] + ', "e": 1e9999999999999999999}')


def test_long_numbers_are_refused_and_long_digits_in_texts_are_not() -> None:
    digits = "9" * (LONGEST_NUMBER + 1)
    assert loads_request(f'["{digits}"]') == [digits]
    assert loads_request(f"[{digits[1:]}]") == [int(digits[1:])]
    for number in (digits, f"-{digits[1:]}", f"1.{digits}", f"1{'0' * 99}e5"):
        with pytest.raises(LongNumberError):
            loads_request(f'{{"é": {number}}}')
