"""What the texts of a CSV file mean, column by column."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astrolabe.loading.formats.csv_values import ColumnKinds, CsvValue


def converted(*cells: str) -> list[CsvValue | None]:
    kinds = ColumnKinds()
    for cell in cells:
        kinds.add({"c": cell})
    return [kinds.convert({"c": cell}).get("c") for cell in cells]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1", "-20", "0"], [1, -20, 0]),
        (["1.50", "2", "1e3"], [Decimal("1.50"), 2, Decimal("1E+3")]),
        ([" 7 ", "8"], [7, 8]),
        (["123456789012345678901234567890"], [123456789012345678901234567890]),
        (["true", "False", "TRUE"], [True, False, True]),
        (["1", "", "2"], [1, None, 2]),
        (["", ""], [None, None]),
    ],
)
def test_a_column_of_numbers_or_booleans_is_converted(cells: list[str], expected: list[CsvValue | None]) -> None:
    found = converted(*cells)
    assert found == expected
    assert [type(value) for value in found] == [type(value) for value in expected]
    assert [str(value) for value in found] == [str(value) for value in expected]


@pytest.mark.parametrize(
    "cells",
    [
        ["12345", "01234"],
        ["1", "n/a"],
        ["true", "1"],
        ["1", "true"],
        ["true", "yes"],
        ["+49", "1"],
        ["NaN"],
        ["1,5"],
        ["0x10"],
        ["1_000"],
        ["٣"],
        ["9" * 101],
        ["[1, 2]"],
    ],
)
def test_one_cell_that_is_something_else_keeps_the_whole_column_text(cells: list[str]) -> None:
    assert converted(*cells) == cells


@given(st.lists(st.text(max_size=8) | st.decimals(allow_nan=False, allow_infinity=False).map(str), max_size=6))
def test_conversion_never_fails_and_loses_no_digit(cells: list[str]) -> None:
    for cell, value in zip(cells, converted(*cells), strict=True):
        if value is None:
            assert cell == ""
        elif isinstance(value, int | Decimal) and not isinstance(value, bool):
            assert Decimal(cell.strip()) == value
        elif isinstance(value, str):
            assert value == cell
