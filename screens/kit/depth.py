"""The colours of a terminal: what a theme's colour becomes where there are 256 of them, 16, or none.

Each theme of our own says for each of its colours which entry of the smaller palettes stands for it. The framework
would round: cream becomes chartreuse. Only what is mixed while drawing, such as the page behind a dialog, and the
colours of the framework's themes get the entry that looks most like them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from functools import cache, lru_cache

from rich._palettes import EIGHT_BIT_PALETTE, STANDARD_PALETTE
from rich.color import Color as RichColor
from rich.color import ColorType
from rich.segment import Segment
from rich.style import Style
from textual.color import Color, rgb_to_lab
from textual.filter import LineFilter

OPEN = "›"
"""Stands at the beginning of the row under the cursor where there is no colour to show it."""


class Depth(Enum):
    """How many colours there are."""

    TRUE = "truecolor"
    EIGHT_BIT = "256"
    STANDARD = "standard"
    NONE = "none"


class Sign(StrEnum):
    """What shows, without colour, that something has a background of its own."""

    NOTHING = ""
    REVERSE = "reverse"
    EDGES = "underline"
    ROW = "underline, with a mark before it"


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands for a colour of a theme.

    Attributes:
        colour: The colour, as ``#rrggbb``.
        eight_bit: Its number among 256, from 16 on: those below are the user's own.
        text: Its number among 16 as the colour of a text.
        ground: Its number among 16 as a background.
        sign: What stands for it as a background where there is no colour.
    """

    colour: str
    eight_bit: int
    text: int
    ground: int
    sign: Sign = Sign.NOTHING


_DIMMED = 8
"""The entry for a text that would be as dark as what it stands on."""

Table = Mapping[str, Entry]
"""A theme's entries by the name of the colour."""


def depth_of(color_system: str | None, *, no_color: bool) -> Depth:
    """Return how many colours a terminal has, by the word that the framework has for it."""
    if no_color:
        return Depth.NONE
    found = {"truecolor": Depth.TRUE, "256": Depth.EIGHT_BIT}
    return found.get(color_system or "", Depth.STANDARD)


class DepthFilter(LineFilter):
    """Draws every line in the colours that there are."""

    def __init__(self, depth: Depth, table: Table) -> None:
        """Draw for a terminal.

        Args:
            depth: How many colours it has.
            table: The entries of the theme; empty for a theme without a table.
        """
        super().__init__(enabled=depth is not Depth.TRUE)
        self.depth = depth
        by_colour = {Color.parse(entry.colour).rgb: entry for entry in table.values()}

        @lru_cache(4096)
        def drawn(style: Style) -> tuple[Style, Sign]:
            return _drawn(style, depth, by_colour)

        self._drawn = drawn

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 - the framework's
        """Return the segments in the colours that there are."""
        found: list[Segment] = []
        for segment in segments:
            if segment.control or segment.style is None:
                found.append(segment)
                continue
            style, sign = self._drawn(segment.style)
            text = segment.text
            if sign is Sign.ROW and not any(one.text.strip() for one in found) and text[:1] == " ":
                text = OPEN + text[1:]
            found.append(Segment(text, style, segment.control))
        return found


def _drawn(style: Style, depth: Depth, table: Mapping[tuple[int, int, int], Entry]) -> tuple[Style, Sign]:
    """Return a style in the colours that there are, and the sign for a background that cannot be shown."""
    if depth is not Depth.NONE:
        text = _entry_of(style.color, depth, table, ground=False)
        ground = _entry_of(style.bgcolor, depth, table, ground=True)
        if text is not None and ground is not None and text.number == ground.number:  # what is dimmed is still there
            text = RichColor.from_ansi(_DIMMED)
        return style + Style.from_color(text, ground), Sign.NOTHING
    under = _rgb(style.bgcolor)
    entry = table.get(under) if under is not None else None
    sign = entry.sign if entry is not None else Sign.NOTHING
    signed = Style(reverse=True) if sign is Sign.REVERSE else Style(underline=True) if sign else Style.null()
    return style.without_color + signed + Style.from_meta(style.meta), sign  # what a click does is no colour


def _rgb(color: RichColor | None) -> tuple[int, int, int] | None:
    return tuple(color.triplet) if color is not None and color.triplet is not None else None  # type: ignore[return-value]


def _entry_of(
    color: RichColor | None, depth: Depth, table: Mapping[tuple[int, int, int], Entry], *, ground: bool
) -> RichColor | None:
    rgb = _rgb(color)
    if color is None or rgb is None or color.type is not ColorType.TRUECOLOR:
        return color  # the terminal's own
    entry = table.get(rgb)
    if depth is Depth.EIGHT_BIT:
        return RichColor.from_ansi(entry.eight_bit if entry is not None else most_like(rgb, depth))
    if entry is None:
        return RichColor.from_ansi(most_like(rgb, depth))
    return RichColor.from_ansi(entry.ground if ground else entry.text)


@cache
def _palette(depth: Depth) -> tuple[tuple[int, tuple[float, float, float]], ...]:
    eight_bit = depth is Depth.EIGHT_BIT
    numbers = range(16, 256) if eight_bit else range(16)
    palette = EIGHT_BIT_PALETTE if eight_bit else STANDARD_PALETTE
    return tuple((number, _lab(palette[number])) for number in numbers)


@lru_cache(4096)
def most_like(rgb: tuple[int, int, int], depth: Depth) -> int:
    """Return the number of the entry that looks most like a colour."""
    wanted = _lab(rgb)
    return min(
        _palette(depth), key=lambda one: sum((have - want) ** 2 for have, want in zip(one[1], wanted, strict=True))
    )[0]


def _lab(rgb: tuple[int, int, int]) -> tuple[float, float, float]:
    found = rgb_to_lab(Color(*rgb))
    return found.L, found.a, found.b
