"""Styles are parsed once, and what is new on the screen is styled as seldom as can be."""

from __future__ import annotations

from collections import Counter

import pytest
from textual.css import parse as parse_module
from textual.css import stylesheet
from textual.dom import DOMNode

from tests.screens.conftest import MakeConsole
from tests.support.console import articles
from tests.support.walker import Walker
from tui.stylesheet import KeptStylesheet, parsed_with
from tui.theme import DAY

PLACES = ("1", "s", "1", "2", "3", "4", "5", "1", "l", "escape", "ctrl+p", "escape", "f1", "escape")
"""Keys that open every place, a page behind one, a dialog, the palette and the help."""


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What has been parsed, by a program that has just begun: each source with its rank among the others."""
    parsed_with.cache_clear()
    begun: list[str] = []
    parse = parse_module.parse

    def noted(scope: str, css: str, *args: object, **named: object) -> object:
        begun.append(f"{named.get('tie_breaker')} {scope} {css}")
        return parse(scope, css, *args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(stylesheet, "parse", noted)
    return begun


async def test_a_page_that_was_open_before_parses_nothing(console: MakeConsole, parsed: list[str]) -> None:
    app = console(articles)
    async with app.run_test(size=(80, 24)) as pilot:
        user = Walker(pilot)
        await user.press(*PLACES)
        parsed.clear()
        await user.press(*PLACES)
        assert parsed == []


async def test_no_style_is_parsed_twice(console: MakeConsole, parsed: list[str]) -> None:
    app = console(articles)
    async with app.run_test(size=(80, 24)) as pilot:
        await Walker(pilot).press(*PLACES)
    assert [css for css, times in Counter(parsed).items() if times > 1] == []


async def test_a_theme_that_was_shown_before_parses_nothing(console: MakeConsole, parsed: list[str]) -> None:
    app = console(articles)
    async with app.run_test(size=(80, 24)) as pilot:
        user, night = Walker(pilot), app.theme
        for theme in (DAY.name, night):
            app.theme = theme
            await user.press("escape")
        parsed.clear()
        app.theme = DAY.name
        await user.press("escape")
        assert parsed == []


@pytest.mark.parametrize("keys", [("1", "n"), ("2",)], ids=["dialog", "page"])
async def test_what_is_opened_is_not_styled_twice(
    console: MakeConsole, keys: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    styled = Counter[DOMNode]()
    apply = KeptStylesheet.apply

    def noted(self: KeptStylesheet, node: DOMNode, **named: object) -> None:
        styled[node] += 1
        apply(self, node, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(KeptStylesheet, "apply", noted)
    app = console(articles)
    async with app.run_test(size=(80, 24)) as pilot:
        await Walker(pilot).press(*keys)
        times = [styled[node] for node in app.screen.walk_children()]
    assert sum(times) < 2 * len(times)  # some carry a class only once they have the focus or a value


async def test_another_theme_has_everything_parsed_with_its_colours(console: MakeConsole, parsed: list[str]) -> None:
    app = console(articles)
    async with app.run_test(size=(80, 24)) as pilot:
        user = Walker(pilot)
        background = app.screen.styles.background
        parsed.clear()
        app.theme = DAY.name
        await user.press("escape")
        assert parsed != []
        assert app.screen.styles.background != background
