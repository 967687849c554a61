"""Every column of a table can be reached, whatever its width and that of the terminal."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from screens.kit.table_layout import GAP, LEAST_CUT, WIDEST, columns_words, first_for, place_columns, whole

WIDTHS = st.lists(st.integers(1, 300), min_size=1, max_size=30)


@given(widths=WIDTHS, room=st.integers(1, 200), column=st.integers(0, 29), first=st.integers(1, 29))
def test_every_column_is_shown_when_the_cursor_goes_there(
    widths: list[int], room: int, column: int, first: int
) -> None:
    column %= len(widths)
    placed = place_columns(widths, room, first_for(widths, room, first, column))
    if room >= 2 * LEAST_CUT:
        assert column in [one.place for one in placed]
    if room >= 2 * (WIDEST + GAP):
        assert whole(placed, widths, column)
    assert placed[0].place == 0
    for one, other in pairwise(placed):
        assert one.start + one.width < other.start
    assert placed[-1].start + placed[-1].width <= max(room, 8)


def test_the_label_says_where_there_are_more() -> None:
    widths = [4] * 14
    assert columns_words(place_columns(widths, 200, 1), 14) == ""
    assert columns_words(place_columns(widths, 22, 1), 14) == "columns 1–4 of 14 ›"
    assert columns_words(place_columns(widths, 22, 2), 14) == "‹ columns 3–5 of 14 ›"
    assert columns_words(place_columns(widths, 22, 11), 14) == "‹ columns 12–14 of 14"
    assert columns_words(place_columns([4, 40, 40], 46, 2), 3) == "‹ column 3 of 3"


def test_texts_share_the_room_that_is_left() -> None:
    placed = place_columns([4, 100, 100], 120, 1)
    assert [one.width for one in placed] == [4, 56, 56]
    assert [one.start for one in placed] == [0, 6, 64]
