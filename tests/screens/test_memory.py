"""What the console keeps of the pages and dialogs that were open: nothing."""

from __future__ import annotations

import gc
from collections import Counter

import pytest
from textual.widget import Widget

from screens.kit.app_base import Console
from tests.screens.conftest import MakeConsole
from tests.support.console import articles
from tests.support.walker import Walker

FEW = 600
"""Objects that a round may add, since caches fill up: a widget that is kept has more, with its styles and lines."""

WARM = 3
"""Rounds after which everything that is made once has been made."""

ROUNDS: dict[str, tuple[int, tuple[str, ...]]] = {
    "pages": (20, ("1", "2", "3", "4", "5")),
    "the palette": (8, ("ctrl+p", "escape")),
    "a provider's page": (8, ("2", "enter", "escape")),
    "a dialog": (8, ("1", "n", "escape")),
    "the focus": (8, ("3", "tab", "tab", "tab")),
}


def alive(console: Console) -> tuple[Counter[str], int]:
    """Return the widgets that exist, by class, and how many objects there are in all."""
    console.workspace.activity.clear()  # it keeps the last commands on purpose
    gc.collect()
    objects = gc.get_objects()
    return Counter(type(one).__name__ for one in objects if isinstance(one, Widget)), len(objects)


@pytest.mark.parametrize("name", ROUNDS)
async def test_the_console_keeps_nothing_of_what_was_open(name: str, console: MakeConsole) -> None:
    rounds, keys = ROUNDS[name]
    app = console(articles)
    async with app.run_test(size=(80, 24)) as pilot:
        user = Walker(pilot)

        async def walk(times: int) -> None:
            for _ in range(times):
                await user.press_fast(*keys)

        await walk(WARM)
        await user.press_fast("1")
        widgets, objects = alive(app)
        await walk(rounds)
        await user.press_fast("1")
        widgets_after, objects_after = alive(app)
    kept = {kind: count for kind, count in (widgets_after - widgets).items() if count >= rounds}
    assert kept == {}  # what is kept grows with each round; a widget or two may still be on their way out
    assert objects_after - objects < rounds * FEW
