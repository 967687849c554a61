"""Vectors of requests: read fast, and never as anything but what was sent."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage import jsontext
from storage.jsontext import DuplicateKeyError, LongNumberError, loads_request
from storage.large_json import TooManyValuesError

TEN = "[0.5,-1.25,1e-7,3.0,0.1,0.2,0.30000000000000004,1E+2,-0.0,7.5]"
PLAIN = f"[{'0.5,' * 20}0.25]"
SAME = "[0.5, -1.25,\n1E-07,3.0 ,0.1,0.2,\t0.30000000000000004,100.0,-0.0,0.0000075]"


def exactly(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return a value with its numbers as digits and their place."""
    if isinstance(value, dict):
        return {name: exactly(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [exactly(inner) for inner in value]
    return Decimal(str(value)).as_tuple() if isinstance(value, float | Decimal) else value


def kind(text: str) -> type:
    """Return what the numbers of a vector are read as."""
    return type(loads_request(f'{{"a": {{"$vector": {text}}}}}')["a"]["$vector"][-1])


@pytest.mark.parametrize(
    ("vector", "expected"),
    [
        (SAME, float),
        (TEN, Decimal),  # 1E+2 has one digit, a float has four
        (SAME.replace("0.1,", "0.10,"), Decimal),
        (SAME.replace("0.1,", "0.1000000000000000055511151231257827,"), Decimal),
        (SAME.replace("0.1,", "1e-500,"), Decimal),
        (SAME.replace("0.1,", "1,"), Decimal),
        ("[" + "1," * 20 + "12345678901234567890123]", int),
        ("[0.5]", Decimal),
    ],
)
def test_an_array_is_read_as_floats_where_these_have_its_digits(vector: str, expected: type) -> None:
    assert kind(vector) is expected
    assert exactly(loads_request(f'{{"$vector": {vector}}}')["$vector"]) == exactly(jsontext.loads(vector))


@pytest.mark.parametrize(
    "text",
    [
        f'{{"$vector":{SAME},"d":0.10,"e":[{{"$vector":{SAME}}},{{"a":{{"$vector" : {SAME}}}}}]}}',
        f'{{"a\\"$vector":{SAME}}}',
        f'{{"x":"\\"$vector\\":{PLAIN}","y":"$vector"}}',
        f'{{"$vector":"{"0" * 24}.0","b":{{"$vector":{SAME}}}}}',
        f'{{"$vector":[{SAME}]}}',
        f'["$vector",{SAME}]',
        '{"$vector":[' + ",".join(["0.5"] * 50_000) + "]}",
    ],
)
def test_everything_else_is_read_as_ever(text: str) -> None:
    assert exactly(loads_request(text)) == exactly(jsontext.loads(text))


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (f'{{"$vector":{SAME},"$vector":{SAME}}}', DuplicateKeyError),
        (f'{{"a":1,"$vector":{SAME},"a":1}}', DuplicateKeyError),
        (f'{{"$vector":{SAME[:-1]},0.{"1" * 200}]}}', LongNumberError),
        (f'{{"$vector":{SAME},"b":{"1" * 200}}}', LongNumberError),
        ('{"$vector":[' * 3000, ValueError),
    ],
)
def test_what_is_refused_elsewhere_is_refused(text: str, error: type[Exception]) -> None:
    with pytest.raises((error, RecursionError)):
        loads_request(text)


@pytest.mark.parametrize("text", [f'{{"$vector":{SAME}, oh}}', f'{{"$vector":{SAME}', f'{{"$vector":{SAME[:-1]},]}}'])
def test_what_is_no_json_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(ValueError, match="char") as found:
        loads_request(text)
    with pytest.raises(ValueError, match="char") as expected:
        jsontext.loads(text)
    assert str(found.value) == str(expected.value)


def test_values_of_vectors_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsontext, "MOST_VALUES", 70_000)
    one = json.dumps({"$vector": [0.5] * 4_000})
    rest = json.dumps(["x"] * 40_000)
    assert len(loads_request(f"[{','.join([one] * 5)},{rest}]")) == 6
    with pytest.raises(TooManyValuesError):
        loads_request(f"[{','.join([one] * 10)},{rest}]")


numbers = st.floats(allow_nan=False, allow_infinity=False) | st.floats(width=32, allow_nan=False, allow_infinity=False)
tokens = numbers.map(repr) | st.decimals(-9, 9, places=3).map(str) | st.integers(-(2**70), 2**70).map(str)
documents = st.lists(st.lists(numbers.map(repr), min_size=8, max_size=12) | st.lists(tokens, max_size=12), max_size=4)


@settings(max_examples=40, deadline=None)
@given(documents)
def test_vectors_come_as_they_were_sent(vectors: list[list[str]]) -> None:
    parts = [f'{{"n":1.10,"$vector":[{",".join(vector)}]}}' for vector in vectors]
    text = f"[{','.join(parts)}]"
    assert exactly(loads_request(text)) == exactly(jsontext.loads(text))
