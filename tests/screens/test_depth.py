"""The colours where there are 256, 16 or none, and how well every text of our themes can be read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from rich._palettes import EIGHT_BIT_PALETTE
from rich.color import Color as RichColor
from rich.color import ColorType
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from screens.kit.depth import OPEN, Depth, Entry, Table, depth_of, most_like
from tests.screens.conftest import MakeConsole
from tests.support.console import SceneConsole, articles
from tests.support.headless import strips
from tests.support.steps import play, settle
from tui.theme import DAY_TABLE, NIGHT_TABLE, TABLES

TEXTS = ("foreground", "foreground-muted", "accent", *(role for role in DAY_TABLE if role.startswith("text-")))
GROUNDS = ("background", "surface", "panel")
IN_FIELDS = [
    (text, ground)
    for text in ("foreground", "foreground-muted", "text-disabled")
    for ground in ("field", "field-focus", "field-wrong", "row-open", "row-cursor")
]
ON_COLOUR = [("on-primary", ground) for ground in ("primary", "accent", "error", "success", "warning")]
PAIRS = [*((text, ground) for text in TEXTS for ground in GROUNDS), *ON_COLOUR, ("background", "accent"), *IN_FIELDS]
READABLE = 4.5


def brightness(rgb: tuple[int, int, int]) -> float:
    """Relative luminance, as WCAG 2 defines it."""
    parts = [one / 255 / 12.92 if one / 255 <= 0.03928 else ((one / 255 + 0.055) / 1.055) ** 2.4 for one in rgb]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    low, high = sorted((brightness(one), brightness(other)))
    return (high + 0.05) / (low + 0.05)


def rgb(entry: Entry, depth: Depth) -> tuple[int, int, int]:
    return Color.parse(entry.colour).rgb if depth is Depth.TRUE else EIGHT_BIT_PALETTE[entry.eight_bit]


@pytest.mark.parametrize("depth", [Depth.TRUE, Depth.EIGHT_BIT])
@pytest.mark.parametrize(("table", "pairs"), [(DAY_TABLE, PAIRS), (NIGHT_TABLE, PAIRS[: -len(IN_FIELDS)])])
def test_every_text_can_be_read(table: Table, pairs: list[tuple[str, str]], depth: Depth) -> None:
    found = {pair: contrast(*(rgb(table[role], depth) for role in pair)) for pair in pairs}
    assert {pair: round(ratio, 2) for pair, ratio in found.items() if ratio < READABLE} == {}


@pytest.mark.parametrize("table", [DAY_TABLE, NIGHT_TABLE])
def test_sixteen_colours_put_no_text_on_its_like(table: Table) -> None:
    pairs = [pair for pair in PAIRS if pair[0] != "background"]
    assert [(text, ground) for text, ground in pairs if table[text].text == table[ground].ground] == []


def test_each_colour_of_a_theme_is_in_its_table_once() -> None:
    for table in TABLES.values():
        colours = [entry.colour for entry in table.values()]
        assert len(colours) == len(set(colours)), "a colour is told by what it is"
        assert all(entry.eight_bit >= 16 for entry in table.values()), "the first sixteen are the user's own"


def test_what_is_in_no_table_gets_the_entry_that_looks_most_like_it() -> None:
    assert most_like((0xE4, 0xCA, 0x95), Depth.EIGHT_BIT) != 192, "cream is not chartreuse"
    assert most_like((255, 0, 0), Depth.EIGHT_BIT) == 196
    assert most_like((0, 0, 0), Depth.STANDARD) == 0


def test_the_depth_follows_what_the_terminal_says() -> None:
    assert depth_of("truecolor", no_color=False) is Depth.TRUE
    assert depth_of("256", no_color=False) is Depth.EIGHT_BIT
    assert depth_of("standard", no_color=False) is Depth.STANDARD
    assert depth_of("truecolor", no_color=True) is Depth.NONE


def drawn(app: SceneConsole) -> list[list[Segment]]:
    return [list(strip) for strip in strips(app)]


def styles(lines: list[list[Segment]]) -> Iterator[Style]:
    return (segment.style for line in lines for segment in line if segment.style is not None)


def numbers(style: Style) -> tuple[int | None, int | None]:
    text, ground = style.color, style.bgcolor
    return (text.number if text else None, ground.number if ground else None)


def style_of(lines: list[list[Segment]], text: str) -> Style:
    return next(
        segment.style for line in lines for segment in line if text in segment.text and segment.style is not None
    )


DEPTHS = {
    Depth.EIGHT_BIT: (ColorType.EIGHT_BIT, {"Data Explorer": (223, 236), "shop": (252, 237), "a1": (232, 67)}),
    Depth.STANDARD: (ColorType.STANDARD, {"Data Explorer": (11, 4), "shop": (15, 4), "a1": (0, 6)}),
}


@pytest.mark.parametrize("depth", DEPTHS)
async def test_the_explorer_is_drawn_from_the_palette(console: MakeConsole, depth: Depth) -> None:
    lines = await explorer_drawn(console, depth)
    kind, wanted = DEPTHS[depth]
    colours: list[RichColor] = [
        one for style in styles(lines) for one in (style.color, style.bgcolor) if one is not None and not one.is_default
    ]
    assert {one.type for one in colours} <= {kind, ColorType.STANDARD}, "nothing is left to be rounded"
    body = [lines[3], *lines[6:]]
    assert numbers(style_of(lines[:1], "Data Explorer")) == wanted["Data Explorer"]
    assert numbers(style_of(body, "shop")) == wanted["shop"]
    assert numbers(style_of(body, "a1")) == wanted["a1"]


async def test_without_colour_fields_rows_and_the_cursor_are_told_by_signs(console: MakeConsole) -> None:
    lines = await explorer_drawn(console, Depth.NONE)
    assert all(style.color is None and style.bgcolor is None for style in styles(lines))
    assert style_of(lines[3:4], "shop").underline, "the edges of a field"
    row = next(line for line in lines if any("articles" in segment.text for segment in line))
    assert OPEN in "".join(segment.text for segment in row), "the row that is open"
    assert style_of(lines[6:], "a1").reverse, "the cell under the cursor"


@pytest.mark.parametrize("depth", [Depth.NONE, Depth.STANDARD])
async def test_a_click_means_the_same_in_every_depth(console: MakeConsole, depth: Depth) -> None:
    app = console(articles, depth=depth)
    async with app.run_test(size=(80, 24)) as pilot:
        await play(pilot, ("down", "enter"))
        line = next(place for place, strip in enumerate(strips(app)) if "points" in strip.text)
        await pilot.click(offset=(6, line))
        await settle(pilot)
        assert app.selection.collection == "points"


async def explorer_drawn(console: MakeConsole, depth: Depth) -> list[list[Segment]]:
    """Return the lines of the explorer with the cursor on the first document, as a terminal of that depth gets them."""
    app = console(articles, depth=depth)
    async with app.run_test(size=(80, 24)) as pilot:
        await play(pilot, ("down", "enter", "enter"))
        await settle(pilot)
        return drawn(app)
