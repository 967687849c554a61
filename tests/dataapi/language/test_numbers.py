"""Floats become the decimals that JSON shows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from astrolabe.dataapi.language.numbers import exactly, spelling
from storage import jsontext
from tests.dataapi.language.refusals import deep, refused


def test_floats_become_decimals_wherever_they_stand() -> None:
    given_value = {"a": 0.1, "b": [1.5, {"c": 1e22}], "d": (1, 2.0), "e": True, "f": "0.1", "g": 7, "h": None}
    assert repr(exactly(given_value)) == repr(
        {
            "a": Decimal("0.1"),
            "b": [Decimal("1.5"), {"c": Decimal(10000000000000000000000)}],
            "d": [1, Decimal(2)],
            "e": True,
            "f": "0.1",
            "g": 7,
            "h": None,
        }
    )


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_decimal_shows_the_digits_that_the_float_shows(number: float) -> None:
    assert float(exactly(number)) == number
    assert exactly([number]) == [Decimal(repr(number))]


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        ("1.0", "1"),
        ("2.50", "2.5"),
        ("-0.0", "0"),
        ("-1.10", "-1.1"),
        ("1e3", "1000"),
        ("1.50E+2", "150"),
        ("1E-7", "0.0000001"),
        ("1.230e-10", "0.000000000123"),
        ("0.12345678901234567890123456789012345678900", "0.123456789012345678901234567890123456789"),
        ("1E+99", "1" + 99 * "0"),
        ("1E+400", "1E+400"),
        ("1E-400", "1E-400"),
    ],
)
def test_a_number_has_one_spelling(sent: str, answered: str) -> None:
    number = exactly(Decimal(sent))
    assert isinstance(number, Decimal)
    assert jsontext.dumps({"n": number}) == f'{{"n":{answered}}}'
    assert jsontext.dumps(jsontext.loads(f"[{answered}]")) == f"[{answered}]"


def test_a_whole_decimal_is_still_told_from_a_whole_number() -> None:
    assert spelling([1, {"a": Decimal("2.5")}]) == spelling([1, {"a": Decimal("2.5")}])
    assert spelling([1]) != spelling([Decimal(1)])
    assert spelling(1) != spelling(2)


def test_decimals_keep_every_digit() -> None:
    number = Decimal("0.1234567890123456789012345678901234567890123456789012")
    assert exactly({"a": number})["a"] is number


def test_the_value_given_is_not_changed() -> None:
    inner: dict[str, Any] = {"b": [0.5]}
    exactly({"a": inner})
    assert inner == {"b": [0.5]}
    assert type(inner["b"][0]) is float


def test_vectors_are_left_alone() -> None:
    array = np.array([0.5], np.float32)
    assert exactly({"$vector": [0.1]}) == {"$vector": [0.1]}
    assert exactly({"documents": [{"$vector": array}]})["documents"][0]["$vector"] is array


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), Decimal("NaN"), Decimal("-Infinity"), {1: "a"}, {"a": {1, 2}}, [b"x"], object()],
)
def test_what_json_does_not_have_is_refused(value: object) -> None:
    with refused("REQUEST_NOT_JSON"):
        exactly({"a": value})


@pytest.mark.parametrize("array", [True, False])
def test_depth_does_not_matter(array: bool) -> None:
    value: Any = exactly({"a": deep(10_000, array=array)})["a"]
    for _ in range(10_000):
        value = value[0] if array else value["a"]
    assert value == 1
