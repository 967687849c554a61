"""Which columns of a table fit, and how wide each is. Pure functions over widths in terminal cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

GAP = 2
"""Cells between two columns."""

LEAST_CUT = 8
"""Cells that must be left for a column that is only shown in part."""

WIDEST = 40
"""Cells of a column, as long as others want the room too."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A column that is shown.

    Attributes:
        place: Which column it is, from 0.
        start: Where it begins.
        width: Its cells.
    """

    place: int
    start: int
    width: int


def place_columns(widths: Sequence[int], room: int, first: int) -> list[Placed]:
    """Return the columns that are shown, from the left: the first one always, the others from ``first`` on.

    Args:
        widths: The cells that each column wants.
        room: The cells that there are.
        first: The column that stands beside the first one; 1 when nothing is scrolled.
    """
    placed: list[Placed] = []
    used = 0
    for place in (0, *range(max(first, 1), len(widths))):
        if place >= len(widths):
            break
        left = room - used
        width = min(widths[place], WIDEST)
        if place == 0 and len(widths) > 1:  # it stays, so it must leave room for the others
            width = min(width, max(room // 2 - GAP, 1))
        if width > left:
            width = left if left >= LEAST_CUT or not placed else 0
        if width <= 0:
            break
        placed.append(Placed(place, used, width))
        used += width + GAP
    return _shared(placed, widths, room)


def _shared(placed: list[Placed], widths: Sequence[int], room: int) -> list[Placed]:
    """Give the room that is left to the columns that want more than they have."""
    if not placed:
        return placed
    spare = room - placed[-1].start - placed[-1].width
    if spare <= 0 or placed[-1].place != len(widths) - 1:
        return placed
    given: list[Placed] = []
    moved = 0
    wanting = [one for one in placed if widths[one.place] > one.width]
    for one in placed:
        more = 0
        if one in wanting:
            more = min(widths[one.place] - one.width, spare // len(wanting))
            wanting.remove(one)
            spare -= more
        given.append(Placed(one.place, one.start + moved, one.width + more))
        moved += more
    return given


def whole(placed: Sequence[Placed], widths: Sequence[int], column: int) -> bool:
    """Tell whether a column is shown, and as wide as it may be."""
    return any(one.place == column and one.width >= min(widths[column], WIDEST) for one in placed)


def first_for(widths: Sequence[int], room: int, first: int, column: int) -> int:
    """Return the first column to show beside the pinned one, so that ``column`` is to be seen; close to ``first``."""
    if column == 0:
        return 1
    first = min(first, column)
    while first < column and not whole(place_columns(widths, room, first), widths, column):
        first += 1
    return first


def columns_words(placed: Sequence[Placed], count: int) -> str:
    """Return which columns are shown, such as ``‹ columns 3–9 of 14 ›``; the marks say where there are more."""
    moving = [one.place for one in placed if one.place > 0] or [0]
    if len(placed) == count:
        return ""
    low = "‹ " if moving[0] > 1 else ""
    high = " ›" if moving[-1] < count - 1 else ""
    shown_from = moving[0] + 1 if moving[0] > 1 else 1
    last = moving[-1] + 1
    which = f"column {last}" if shown_from == last else f"columns {shown_from}–{last}"
    return f"{low}{which} of {count}{high}"
