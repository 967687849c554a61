"""Keys sort as their types' values do, and partitions lie where Cassandra puts them."""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astrolabe.dataapi.language.tables.order import downwards, sort_key
from astrolabe.dataapi.language.tables.tokens import murmur3, serialized, token_of
from astrolabe.dataapi.language.tables.types import Scalar, ScalarType, UserType, VectorType
from astrolabe.dataapi.language.tables.values import read_value
from tests.contract.replay import recorded

TEXT, INT = ScalarType(Scalar.TEXT), ScalarType(Scalar.INT)
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False) | st.integers()
ORDERS: dict[Scalar, tuple[st.SearchStrategy[Any], Callable[[Any], Any]]] = {
    Scalar.TEXT: (st.text(), lambda value: value.encode("utf-8", "surrogatepass")),
    Scalar.BIGINT: (st.integers(-(2**63), 2**63 - 1), int),
    Scalar.VARINT: (st.integers(), int),
    Scalar.DECIMAL: (DECIMALS, Decimal),
    Scalar.DOUBLE: (st.floats(allow_nan=False, allow_infinity=False).map(lambda number: number + 0.0), float),
    Scalar.FLOAT: (st.floats(width=32, allow_nan=False).map(lambda number: number + 0.0), float),
    Scalar.BOOLEAN: (st.booleans(), bool),
    Scalar.BLOB: (st.binary().map(lambda raw: base64.b64encode(raw).decode()), base64.b64decode),
    Scalar.INET: (st.ip_addresses().map(str), lambda value: ipaddress.ip_address(value).packed),
}
"""By type: values as they are stored, and what Python compares them by."""


@pytest.mark.parametrize("kind", ORDERS)
@given(data=st.data())
def test_keys_sort_as_the_values_do(kind: Scalar, data: st.DataObject) -> None:
    values, order = ORDERS[kind]
    one, other = data.draw(values), data.draw(values)
    first, second = sort_key(ScalarType(kind), one), sort_key(ScalarType(kind), other)
    assert (first < second, first == second) == (order(one) < order(other), order(one) == order(other))


@given(st.lists(st.text(), min_size=2, max_size=2), st.integers(-9, 9), st.integers(-9, 9))
def test_joined_keys_sort_by_the_first_and_then_by_the_next(texts: list[str], one: int, other: int) -> None:
    joined = [sort_key(TEXT, text) + downwards(sort_key(INT, n)) for text, n in zip(texts, (one, other), strict=True)]
    plain = [(text.encode("utf-8", "surrogatepass"), -n) for text, n in zip(texts, (one, other), strict=True)]
    assert (joined[0] < joined[1]) == (plain[0] < plain[1])


@given(st.lists(st.text(), min_size=2, max_size=2))
def test_keys_turned_round_sort_downwards(texts: list[str]) -> None:
    up, down = [sort_key(TEXT, text) for text in texts], [downwards(sort_key(TEXT, text)) for text in texts]
    assert (up[0] < up[1]) == (down[0] > down[1])


def test_infinities_and_nan_have_their_places() -> None:
    values = ["-Infinity", -1.5, 0.0, 1.5, "Infinity", "NaN"]
    for kind in (Scalar.DOUBLE, Scalar.FLOAT):
        keys = [sort_key(ScalarType(kind), value) for value in values]
        assert keys == sorted(keys)


def test_uuids_sort_by_version_and_time_based_ones_by_their_time() -> None:
    ordered = [
        "ffffffff-0000-1000-8000-000000000000",
        "00000000-0001-1000-8000-000000000000",
        "00000000-0000-4000-8000-000000000000",
        "ffffffff-0000-4000-8000-000000000000",
        "00000000-0000-7000-8000-000000000000",
    ]
    keys = [sort_key(ScalarType(Scalar.UUID), text) for text in ordered]
    assert keys == sorted(keys)
    signed = ["00000000-0000-1000-8000-000000000000", "00000000-0000-1000-0000-000000000000"]
    keys = [sort_key(ScalarType(Scalar.TIMEUUID), text) for text in signed]
    assert keys == sorted(keys)


def test_user_types_sort_field_by_field_nothing_first() -> None:
    kind = UserType("address", {"street": TEXT, "zip": INT})
    values = [{}, {"zip": 2}, {"street": "A"}, {"street": "A", "zip": 1}, {"street": "B"}]
    keys = [sort_key(kind, read_value(kind, value)) for value in values]
    assert keys == sorted(keys)
    assert sort_key(kind, ["A"]) == sort_key(kind, ["A", None])


@pytest.mark.parametrize(
    ("kind", "stored", "raw"),
    [
        (Scalar.INT, 1, "00000001"),
        (Scalar.SMALLINT, -3, "fffd"),
        (Scalar.DATE, 0, "80000000"),
        (Scalar.VARINT, 128, "0080"),
        (Scalar.VARINT, -129, "ff7f"),
        (Scalar.DECIMAL, Decimal("12.345"), "000000033039"),
        (Scalar.DECIMAL, Decimal("12.3450"), "000000033039"),
        (Scalar.DECIMAL, 100, "0000000064"),
        (Scalar.DOUBLE, 1.5, "3ff8000000000000"),
        (Scalar.BOOLEAN, True, "01"),
        (Scalar.INET, "127.0.0.1", "7f000001"),
        (Scalar.BLOB, "AQID", "010203"),
        (Scalar.TIMESTAMP, -1, "ffffffffffffffff"),
    ],
)
def test_values_of_keys_are_written_as_cassandra_has_them(kind: Scalar, stored: Any, raw: str) -> None:  # noqa: ANN401 - any value
    assert serialized(ScalarType(kind), stored).hex() == raw


def test_vectors_may_be_keys() -> None:
    assert serialized(VectorType(2), [1.0, -2.0]).hex() == "3f800000c0000000"
    assert sort_key(VectorType(2), [-1.0, 2.0]) < sort_key(VectorType(2), [1.0, -2.0])


def test_murmur3_knows_the_tokens_of_cassandra() -> None:
    assert murmur3(b"") == 0
    assert murmur3(b"123") == -7468325962851647638


@pytest.mark.parametrize(("name", "column"), [("fnd.nofilter", "id"), ("fnd.del.state", "p")])
def test_rows_of_the_recorded_server_came_in_the_order_of_our_tokens(name: str, column: str) -> None:
    found = next(exchange for exchange in recorded("tables") if exchange.name == name)
    tokens = [token_of([(TEXT, row[column])]) for row in found.answer.body["data"]["documents"]]
    assert len(tokens) > 2
    assert all(one <= other for one, other in pairwise(tokens))
