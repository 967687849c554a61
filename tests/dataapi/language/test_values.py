"""How values are named and shown in messages, whatever their size."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given

from astrolabe.dataapi.language.values import LONGEST_SHOWN, nests_deeper, shown, type_name
from tests.dataapi.language.refusals import deep
from tests.dataapi.language.strategies import values


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (None, "Null"),
        (True, "Boolean"),
        (1, "Number"),
        (0.5, "Number"),
        (Decimal(1), "Number"),
        ("", "String"),
        ([], "Array"),
        ({}, "Object"),
    ],
)
def test_types_are_named_as_json_names_them(value: object, name: str) -> None:
    assert type_name(value) == name


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", '"a"'),
        (Decimal("1.50"), "1.50"),
        (None, "null"),
        ([1, "ä"], '[1, "ä"]'),
        ({"a": True}, '{"a": true}'),
        (list(range(1000)), "(Array of 1000 members)"),
        (deep(10_000), "(Array of 1 members)"),
        (deep(10_000, array=False), "(Object of 1 members)"),
        ("x" * 10_000, '"' + "x" * 78 + "…"),
    ],
)
def test_values_are_shown_as_short_json(value: object, text: str) -> None:
    assert shown(value) == text


@given(values)
def test_what_is_shown_is_never_long(value: object) -> None:
    assert len(shown(value)) <= LONGEST_SHOWN


@pytest.mark.parametrize("array", [True, False])
@pytest.mark.parametrize("levels", [0, 1, 16, 17, 5000])
def test_depth_counts_the_value_itself(levels: int, array: bool) -> None:
    value = deep(levels, array=array)
    assert nests_deeper(value, 16) is (levels > 16)
    assert nests_deeper(value, levels) is False
    assert levels == 0 or nests_deeper(value, levels - 1)
