"""JSON text keeps its numbers."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.jsontext import LONGEST_NUMBER, DuplicateKeyError, LongNumberError, dumps, loads, loads_request

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.decimals(allow_nan=False, allow_infinity=False).map(lambda number: number + Decimal("0.0")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    "text",
    [
        "1234567890123456789012345678901234567890123456789012",
        "-0.1234567890123456789012345678901234567890123456789012",
        "1.10",
        "9007199254740993",
        "1E+400",
        '{"z":1,"a":[true,false,null,""]}',
        '"Dvořák \U0001f3bb"',
    ],
)
def test_what_was_written_comes_back_to_the_letter(text: str) -> None:
    assert dumps(loads(text)) == text


@given(values)
def test_every_value_comes_back_equal(value: object) -> None:
    assert loads(dumps(value)) == value


def test_fractions_are_decimals_and_never_binary() -> None:
    assert loads("0.1") == Decimal("0.1")
    assert isinstance(loads("1.0"), Decimal)
    assert isinstance(loads("1"), int)


def test_floats_are_written_in_their_shortest_form() -> None:
    assert dumps([0.1, 1e22]) == "[0.1,1e+22]"


@pytest.mark.parametrize("number", [float("nan"), float("inf"), Decimal("NaN"), Decimal("-Infinity")])
def test_what_is_no_json_number_is_not_written(number: object) -> None:
    with pytest.raises(ValueError, match="compliant"):
        dumps({"a": number})


@pytest.mark.parametrize(
    "text", ["NaN", "[1,]", "", "{", "1 2", '{"a": Infinity}', "1E99999999999999999999", "9" * 4301]
)
def test_what_is_not_json_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        loads(text)


def test_a_lone_surrogate_survives_and_the_text_can_be_stored() -> None:
    text = dumps({"é": "\ud800"})
    assert text.encode()
    assert loads(text) == {"é": "\ud800"}


def test_a_key_that_stands_twice_is_refused_where_asked() -> None:
    assert loads('{"a":1,"a":2}') == {"a": 2}
    with pytest.raises(DuplicateKeyError) as refused:
        loads('[{"b":{"a":1,"c":0,"a":2}}]', unique_keys=True)
    assert refused.value.key == "a"
    assert loads('{"a":1.50,"b":2}', unique_keys=True) == {"a": Decimal("1.50"), "b": 2}


def test_a_request_may_have_numbers_of_a_hundred_characters_and_none_longer() -> None:
    longest = "1" * LONGEST_NUMBER
    assert loads_request(f'{{"n": [{longest}, "{longest}0"]}}') == {"n": [int(longest), longest + "0"]}
    for number in (longest + "0", "0." + longest, "1e" + longest, "-" + longest):
        with pytest.raises(LongNumberError, match=f"{len(number)} characters"):
            loads_request(f'{{"n": {number}}}')
    with pytest.raises(DuplicateKeyError):
        loads_request('{"a": 1, "a": 2}')
