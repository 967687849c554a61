"""Badges: words in the top line of every page as long as something is so."""

from __future__ import annotations

from pathlib import Path

from textual.widgets import Static

from astrolabe.providers.simulated.rules import Rule, SimulatedFailure
from astrolabe.workspace import Workspace, WorkspaceOptions
from screens.kit.page import TopLine
from tests.screens.conftest import MakeConsole
from tests.support.console import SceneConsole
from tests.support.steps import settle
from tests.support.waiting import until


def line_of(app: SceneConsole) -> str:
    return f"{app.screen.query_one(TopLine).content} {app.screen.query_one('#badges', Static).content}"


async def test_a_badge_stands_on_every_page_until_it_is_taken_away(console: MakeConsole) -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app.set_badge("one", "lab")
        assert "[lab]" in line_of(app)
        for key in "2345":
            await pilot.press(key)
            await settle(pilot)
            assert "[lab]" in line_of(app)
        app.set_badge("one", None)
        assert "[lab]" not in line_of(app)
        await pilot.press("1")
        await settle(pilot)
        assert "[lab]" not in line_of(app)


async def test_each_badge_is_changed_without_touching_the_others(console: MakeConsole) -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app.set_badge("one", "lab")
        app.set_badge("server", "serving")
        app.set_badge("one", "lab 3")
        await settle(pilot)
        assert "[lab 3]" in line_of(app)
        assert "[serving]" in line_of(app)
        app.set_badge("one", None)
        assert app.badges == ("serving",)


async def test_the_failure_lab_has_a_badge_whoever_switches_it_on(console: MakeConsole, tmp_path: Path) -> None:
    app = console()
    async with (
        app.run_test(size=(80, 24)) as pilot,
        Workspace.opened(WorkspaceOptions(tmp_path / "data")) as another,
    ):
        await settle(pilot)
        assert "[lab]" not in line_of(app)
        await another.lab.switch_on(Rule("openai", SimulatedFailure.BILLING))
        await until(lambda: "[lab]" in line_of(app))
        await another.lab.switch_off()
        await until(lambda: "[lab]" not in line_of(app))
