"""Every command in the activity log is code in each language, and one key sends it to the terminal's clipboard."""

from __future__ import annotations

import re
from base64 import b64decode
from typing import Any

from textual.pilot import Pilot

from astrolabe.dataapi.client.snippets import Language, render
from screens.activity.page import ActivityPage
from screens.kit.code import CodeDialog, FormsDialog
from tests.screens.conftest import MakeConsole
from tests.support.console import SceneConsole, articles
from tests.support.state import FILES
from tests.support.steps import loaded, play, press, settle, text
from tests.support.walker import Walker

CLIPBOARD = re.compile(r"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07")
"""What a terminal that takes OSC 52 puts into its clipboard."""

SHOP = ("down", "enter")
LOAD = ("l", text(str(FILES / "articles.csv")), "ctrl+s", loaded)


def clipboard(app: SceneConsole) -> list[str]:
    """Return a list that fills with what is sent to the terminal's clipboard from now on."""
    sent: list[str] = []
    driver = app._driver
    assert driver is not None
    write = driver.write

    def watched(data: str) -> None:
        sent.extend(b64decode(found).decode() for found in CLIPBOARD.findall(data))
        write(data)

    driver.write = watched  # type: ignore[method-assign]
    return sent


async def copies(pilot: Pilot[Any], app: SceneConsole, sent: list[str]) -> None:
    """Open the chosen entry, copy it in every language, and close it."""
    assert isinstance(app.screen, ActivityPage)
    await press(pilot, "enter")
    dialog = app.screen
    assert isinstance(dialog, CodeDialog)
    assert list(dialog.languages) == ["JSON", "curl", "Python", "TypeScript", "Java"]
    for _ in dialog.languages:
        await press(pilot, "c", "tab")
    await press(pilot, "escape")
    assert len(set(sent)) == len(sent)


async def test_every_entry_is_copied_in_all_languages_by_one_key(console: MakeConsole) -> None:
    app = console(articles)
    async with app.run_test() as pilot:
        await play(pilot, (*SHOP, "s", text("something to sit on"), "enter", "5"))
        entries = list(reversed(app.workspace.activity.entries))
        assert {"findCollections", "find"} <= {entry.planned.verb for entry in entries}
        for entry in entries[:4]:
            sent = clipboard(app)
            await copies(pilot, app, sent)
            assert sent == [render(entry.planned, entry.endpoint, language) for language in Language]
            await press(pilot, "down")


async def test_a_language_with_as_many_lines_as_the_one_before_is_drawn(console: MakeConsole) -> None:
    app = console(articles)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        dialog = FormsDialog(["a", "b"], lambda language: f"the text of {language}")
        app.ask(dialog)
        await settle(pilot)
        assert "the text of a" in Walker(pilot).screen
        await press(pilot, "tab")
        assert "the text of b" in Walker(pilot).screen


async def test_loads_and_searches_are_there_with_what_they_sent(console: MakeConsole) -> None:
    app = console(articles)
    async with app.run_test() as pilot:
        await play(pilot, (*SHOP, *LOAD))
        await settle(pilot)
        await play(pilot, ("escape", "s", text("something to sit on"), "enter", "5"))
        commands = {entry.planned.verb: entry.planned for entry in app.workspace.activity.entries}
    assert commands["find"].command["find"]["sort"] == {"$vectorize": "something to sit on"}
    inserted = commands["insertMany"]
    assert inserted.name == "articles"
    assert inserted.command["insertMany"]["documents"]
