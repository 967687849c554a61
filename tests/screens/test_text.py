"""Foreign text made safe: what is shown, and what is copied or saved."""

from __future__ import annotations

import json
import tracemalloc
import unicodedata
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astrolabe.text.safe_text import VIEWER_LIMIT, cell_width, display_text, fit, show_json, show_value, whole_json
from tests.support.hostile import HUGE, STRINGS, SURROGATE, nested

ANY_TEXT = st.text(st.characters(codec=None))
"""Surrogates and control characters too."""

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | ANY_TEXT,
    lambda parts: st.lists(parts, max_size=4) | st.dictionaries(ANY_TEXT, parts, max_size=4),
    max_leaves=12,
)


def acts(text: str) -> bool:
    return any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in text)


@given(ANY_TEXT)
def test_one_line_is_one_line_that_no_terminal_acts_on(text: str) -> None:
    shown = display_text(text)
    assert not acts(shown)
    assert len(shown) == min(len(text), 200)


@given(ANY_TEXT, st.integers(1, 40))
def test_what_is_fitted_takes_exactly_that_many_cells(text: str, width: int) -> None:
    assert cell_width(fit(display_text(text), width)) == width


@given(ANY_JSON)
def test_what_is_copied_means_the_same_and_is_safe(value: object) -> None:
    text = whole_json(value)
    assert json.loads(text) == value
    assert not acts(text.replace("\n", ""))


@pytest.mark.parametrize("name", STRINGS)
def test_a_hostile_string_is_copied_exactly(name: str) -> None:
    assert json.loads(whole_json({STRINGS[name]: STRINGS[name]})) == {STRINGS[name]: STRINGS[name]}


def test_numbers_are_copied_with_all_their_digits() -> None:
    assert "12345678901234567890.123456789" in whole_json({"n": Decimal("12345678901234567890.123456789")})


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "null"),
        (SURROGATE, "half \ufffd of a pair"),
        ([1, 2, 3], "[1, 2, 3]"),
        ([0.5] * 1536, "[0.5, 0.5, 0.5, … ×1536]"),
        ({"a": [True, None]}, '{"a": [true, null]}'),
        (Decimal("1.50"), "1.50"),
    ],
)
def test_a_value_in_one_line(value: object, shown: str) -> None:
    assert show_value(value) == shown


def test_an_object_deeper_than_can_be_shown_ends_in_an_ellipsis() -> None:
    assert '"[level 0]"' in show_json(nested(50))
    assert "…" in show_json(nested(100_000))


def test_a_page_of_huge_documents_is_shown_without_writing_it_out() -> None:
    page = [{"text": HUGE, "list": ["y" * 1000] * 5000, HUGE: 1}] * 50
    tracemalloc.start()
    shown = show_json(page)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(shown) == VIEWER_LIMIT
    assert peak < 100 * VIEWER_LIMIT
