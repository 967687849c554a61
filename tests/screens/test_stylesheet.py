"""Styles are parsed once: a page that was open before opens without reading any of them again."""

from __future__ import annotations

import pytest
from textual.css import parse as parse_module
from textual.css import stylesheet

from tests.screens.conftest import MakeConsole
from tests.support.console import articles
from tests.support.walker import Walker
from tui.theme import DAY

PLACES = ("1", "s", "1", "2", "3", "4", "5", "1", "l", "escape", "ctrl+p", "escape", "f1", "escape")
"""Keys that open every place, a page behind one, a dialog, the palette and the help."""


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What has been parsed: the beginning of each source."""
    begun: list[str] = []
    parse = parse_module.parse

    def noted(scope: str, css: str, *args: object, **named: object) -> object:
        begun.append(css[:60])
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
