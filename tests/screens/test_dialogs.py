"""What every dialog and every page does, whatever it is about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from textual.screen import ModalScreen
from textual.widgets import Select

from screens.databases.create import CreateDatabaseDialog
from screens.kit.dialog import Dialog
from screens.kit.page import Page
from tests.screens.conftest import MakeConsole
from tests.support.console import SceneConsole
from tests.support.headless import strips
from tests.support.steps import play, press, settle, text


async def test_escape_closes_an_open_list_before_the_dialog(console: MakeConsole) -> None:
    app = console()
    async with app.run_test() as pilot:
        await play(pilot, ("n", text("shop"), "tab", "enter"))
        cloud = app.screen.query_one("#cloud-provider", Select)
        assert app.focused is not cloud, "its list has the focus"
        await press(pilot, "escape")
        assert isinstance(app.screen, CreateDatabaseDialog)
        assert not cloud.expanded
        assert cloud.has_focus
        await press(pilot, "escape")
        assert isinstance(app.screen, Page)


async def test_a_terminal_that_is_too_small_is_said_to_be(console: MakeConsole) -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.resize_terminal(50, 15)
        await press(pilot, "n")
        assert "Please enlarge the terminal" in shown(app)
        await pilot.resize_terminal(80, 24)
        await press(pilot, "n")
        assert isinstance(app.screen, CreateDatabaseDialog)


PLACES = "  1 Databases  2 Integrations  3 Data Explorer  4 Search  5 Activity"


@pytest.mark.parametrize(
    ("width", "badges", "line"),
    [
        (120, ("demo",), f" ✦ Astrolabe{PLACES}  [demo]"),
        (80, (), f" ✦ Astrolabe{PLACES}"),
        (80, ("demo",), f" ✦{PLACES}  [demo]"),
        (
            80,
            ("serving :8181", "lab"),
            " ✦ Astrolabe  1 Databases  2 Integrations  3 Data Explorer  4 Search  5 Activity",
        ),
        (60, ("demo",), " ✦  1 Databases  2  3  4  5  [demo]"),
    ],
)
async def test_the_line_of_places_fits(console: MakeConsole, width: int, badges: tuple[str, ...], line: str) -> None:
    app = console()
    app.environment = replace(app.environment, badges=badges)
    async with app.run_test(size=(width, 24)) as pilot:
        await settle(pilot)
        first, _, heading, *_ = shown(app).splitlines()
        assert first.rstrip() == line
        below = [f"[{badge}]" for badge in badges if f"[{badge}]" not in line]
        assert not below or heading.rstrip().split("  ")[-len(below) :] == below, "there, and whole"


def test_the_style_sheet_knows_every_dialog_for_what_it_is() -> None:
    """A mixin before the dialog's own base would take the look of a dialog from it: no frame, not in the middle."""
    todo: list[type[ModalScreen[Any]]] = [ModalScreen]
    while todo:
        found = todo.pop()
        todo += found.__subclasses__()
        ours = found.__module__.startswith("screens.")
        assert not ours or {"ModalScreen", "Screen"} <= found._css_type_names, found
        assert not issubclass(found, Dialog) or "Dialog" in found._css_type_names, found


def shown(app: SceneConsole) -> str:
    """Return the text on the screen."""
    return "\n".join(strip.text for strip in strips(app))
