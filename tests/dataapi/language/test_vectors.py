"""``$vector`` values: every row of the contract's table, and the way back to JSON."""

from __future__ import annotations

import base64
import struct
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from astrolabe.dataapi.language.document_rules import prepare_document
from astrolabe.dataapi.language.vectors import (
    check_direction,
    encode_binary,
    floats_to_json,
    longest,
    parse_vector,
    same_vector,
    vector_to_json,
)
from storage import jsontext
from storage.shapes import Metric, VectorForm, VectorValue
from tests.dataapi.language.refusals import deep, refused
from tests.support.rules import document_rules

RULES = document_rules(dimension=3)


def binary(*numbers: float) -> dict[str, str]:
    return {"$binary": base64.b64encode(struct.pack(f">{len(numbers)}f", *numbers)).decode()}


def parsed(value: object) -> VectorValue:
    vector = parse_vector(value, longest(3))
    assert vector is not None
    return vector


def test_an_array_becomes_32_bit_floats() -> None:
    vector = parsed([1.0, Decimal("0.5"), -2.25])
    assert (vector.data.dtype, vector.data.tolist()) == (np.dtype(np.float32), [1.0, 0.5, -2.25])
    assert (vector.form, vector.text) == (VectorForm.WIDENED, None)


def test_binary_is_big_endian_and_comes_back_as_binary() -> None:
    value = binary(0.1, -2.5, 3e10)
    vector = parsed(value)
    np.testing.assert_array_equal(vector.data, np.array([0.1, -2.5, 3e10], np.float32))
    assert vector.form is VectorForm.BINARY
    assert vector_to_json(vector) == value


def test_null_is_no_vector() -> None:
    assert parse_vector(None, longest(3)) is None


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ([], "SHRED_BAD_VECTOR_SIZE"),
        ({"$binary": ""}, "SHRED_BAD_VECTOR_SIZE"),
        ([1, "2"], "SHRED_BAD_VECTOR_VALUE"),
        ([1, True], "SHRED_BAD_VECTOR_VALUE"),
        ([1, None], "SHRED_BAD_VECTOR_VALUE"),
        ([1, [2]], "SHRED_BAD_VECTOR_VALUE"),
        ([1, deep(10_000)], "SHRED_BAD_VECTOR_VALUE"),
        ([1, Decimal("1E39")], "SHRED_BAD_VECTOR_VALUE"),
        ([1, 10**400], "SHRED_BAD_VECTOR_VALUE"),
        ("text", "SHRED_BAD_DOCUMENT_VECTOR_TYPE"),
        (1, "SHRED_BAD_DOCUMENT_VECTOR_TYPE"),
        (True, "SHRED_BAD_DOCUMENT_VECTOR_TYPE"),
        ({"a": 1}, "SHRED_BAD_DOCUMENT_VECTOR_TYPE"),
        ({}, "SHRED_BAD_DOCUMENT_VECTOR_TYPE"),
        ({"$binary": "AAAA", "a": 1}, "SHRED_BAD_FIELD_NAME"),
        ({"$binary": 5}, "SHRED_BAD_BINARY_VECTOR_VALUE"),
        ({"$binary": None}, "SHRED_BAD_BINARY_VECTOR_VALUE"),
        ({"$binary": "not base64"}, "SHRED_BAD_BINARY_VECTOR_VALUE"),
        ({"$binary": "AAA"}, "SHRED_BAD_BINARY_VECTOR_VALUE"),
        ({"$binary": "AAAA"}, "SHRED_BAD_BINARY_VECTOR_VALUE"),
        ({"$binary": "ä"}, "SHRED_BAD_BINARY_VECTOR_VALUE"),
        (binary(1.0, float("nan")), "SHRED_BAD_BINARY_VECTOR_VALUE"),
        (binary(1.0, float("inf")), "SHRED_BAD_BINARY_VECTOR_VALUE"),
        ([0] * 4097, "SHRED_DOC_LIMIT_VIOLATION"),
    ],
)
def test_other_values_are_refused(value: object, code: str) -> None:
    with refused(code, "'$vector'"):
        parse_vector(value, longest(3))


def test_4096_numbers_are_allowed() -> None:
    assert parsed([1] * 4096).data.shape == (4096,)


@pytest.mark.parametrize("value", [[1, 2], [1, 2, 3, 4], binary(1, 2)])
def test_the_wrong_length_is_a_failure_of_the_document(value: object) -> None:
    with refused("INVALID_VECTOR_LENGTH", "3"):
        prepare_document({"$vector": value}, RULES)


@pytest.mark.parametrize("value", [[1, 2, 3], None, "x", binary(1, 2, 3)])
def test_a_collection_without_vectors_takes_none(value: object) -> None:
    with refused("VECTOR_SEARCH_NOT_SUPPORTED", "ks.c"):
        prepare_document({"$vector": value}, document_rules())


def test_zero_vectors_have_no_cosine() -> None:
    with refused("INVALID_DATABASE_QUERY", "cosine"):
        prepare_document({"$vector": [0, 0, Decimal("1E-30")]}, RULES)


@pytest.mark.parametrize("metric", [Metric.DOT_PRODUCT, Metric.EUCLIDEAN])
def test_zero_vectors_are_fine_elsewhere(metric: Metric) -> None:
    check_direction(np.zeros(3, np.float32), metric)


def test_small_vectors_keep_their_direction() -> None:
    check_direction(np.array([1e-20, 0, 1e-5], np.float32), Metric.COSINE)


@pytest.mark.parametrize(
    ("text", "form", "kept"),
    [
        ("[0.5,1.0,-2.5]", VectorForm.WIDENED, False),
        ("[0.10000000149011612, 16777216.0]", VectorForm.WIDENED, False),
        ("[0.0,-0.0]", VectorForm.WIDENED, False),
        ("[0.1,1.0,-2.5]", VectorForm.ARRAY, False),
        ("[0.12345679]", VectorForm.ARRAY, False),
        ("[3.4028235E+38]", VectorForm.ARRAY, False),
        ("[0.123456789]", VectorForm.DOUBLE, False),
        ("[0.1,0.30000000000000004,0.0,-1e-7]", VectorForm.DOUBLE, False),
        ("[0.100,1.0]", VectorForm.ARRAY, True),
        ("[0.5,1E0]", VectorForm.ARRAY, True),
        ("[0.1,1,-2.5]", VectorForm.ARRAY, True),
        ("[0.1000000000000000055511151231257827]", VectorForm.ARRAY, True),
        ("[0.1000000000000000000000000000000001]", VectorForm.ARRAY, True),
        ("[16777217]", VectorForm.ARRAY, True),
        ("[1E-50,1.5]", VectorForm.ARRAY, True),
    ],
)
def test_an_array_is_kept_in_the_shortest_form_that_gives_its_digits_back(
    text: str, form: VectorForm, kept: bool
) -> None:
    vector = parsed(jsontext.loads(text))
    assert (vector.form, vector.text is not None) == (form, kept)
    shown = jsontext.loads(jsontext.dumps(vector_to_json(vector)))
    assert [digits(number) for number in shown] == [digits(number) for number in jsontext.loads(text)]


def digits(number: object) -> object:
    return Decimal(str(number)).as_tuple()


finite = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(st.lists(finite, min_size=1, max_size=5))
def test_binary_vectors_come_back_bit_by_bit(numbers: list[float]) -> None:
    assert vector_to_json(parsed(binary(*numbers))) == binary(*numbers)


decimals = st.decimals(-1000, 1000, allow_nan=False, places=12) | st.decimals(-1, 1, allow_nan=False, places=4)


@given(st.lists(decimals | st.integers(-(2**40), 2**40) | finite, min_size=1, max_size=5))
def test_arrays_come_back_with_their_values(numbers: list[Any]) -> None:
    shown: Any = vector_to_json(parsed(numbers))
    assert list(map(digits, shown)) == list(map(digits, numbers))


@given(st.lists(st.floats(-3e38, 3e38) | st.floats(-1, 1) | finite, min_size=1, max_size=5))
def test_floats_come_back_digit_by_digit(numbers: list[float]) -> None:
    shown: Any = vector_to_json(parsed(numbers))
    assert list(map(digits, shown)) == list(map(digits, numbers))
    again: Any = vector_to_json(parsed([Decimal(str(number)) for number in numbers]))
    assert list(map(digits, again)) == list(map(digits, numbers))


@given(st.lists(finite, min_size=1, max_size=5))
def test_computed_vectors_are_shown_with_the_fewest_digits(numbers: list[float]) -> None:
    data = np.array(numbers, np.float32)
    shown = floats_to_json(data)
    np.testing.assert_array_equal(np.array(shown, np.float32), data)
    assert [str(np.float32(number)) for number in shown] == [str(number) for number in data]


def test_a_computed_vector_is_taken_as_it_is() -> None:
    data = np.array([0.1, 0.2], np.float32)
    vector = parsed(data)
    assert (vector.data.tolist(), vector.text) == (data.tolist(), None)
    assert vector_to_json(vector) == [0.1, 0.2]
    assert encode_binary(data) == binary(*data)["$binary"]


def test_vectors_are_the_same_when_they_read_back_alike() -> None:
    assert same_vector(None, None)
    assert same_vector(parsed([1, 2]), parsed([1, 2]))
    assert same_vector(parsed([Decimal("0.5")]), parsed([0.5]))
    assert not same_vector(parsed([1, 2]), None)
    assert not same_vector(parsed([1, 2]), parsed([1, 3]))
    assert not same_vector(parsed([1, 2]), parsed([1, 2, 3]))
    assert not same_vector(parsed([1, 2]), parsed(binary(1, 2)))
    assert not same_vector(parsed([Decimal("0.123456789")]), parsed([Decimal("0.12345679")]))


def test_a_vector_that_an_earlier_version_kept_as_text_is_the_same() -> None:
    data = np.array([0.123456789], np.float32)
    earlier = VectorValue(data, VectorForm.ARRAY, "[0.123456789]")
    assert same_vector(earlier, parsed([0.123456789]))
    assert not same_vector(earlier, parsed([0.1234567891]))
    assert same_vector(VectorValue(np.array([0.5], np.float32)), parsed([0.5]))
