"""Saving what a dialog shows: it asks where, replaces nothing unasked, and keeps what was typed when it fails."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from textual.widgets import Input

from screens.kit.documents_pane import DocumentDialog
from screens.kit.save_dialog import SaveDialog
from tests.screens.conftest import MakeConsole
from tests.support.console import ARTICLES, SceneConsole, articles, hugging_face
from tests.support.steps import Step, play, press, text

COMMAND = ("down", "enter", "c", text("reviews"), "f2")
DOCUMENT = ("down", "enter", "enter", "enter")


async def test_the_suggested_name_follows_the_language(console: MakeConsole) -> None:
    app = console(articles)
    suggested = []
    async with app.run_test() as pilot:
        await play(pilot, COMMAND)
        for _ in range(5):
            await press(pilot, "w")
            suggested.append(typed(app))
            await press(pilot, "escape", "tab")
    assert suggested == [
        "create-collection.json",
        "create-collection.sh",
        "create-collection.py",
        "create-collection.mts",
        "Example.java",
    ]


async def test_what_is_shown_is_written_for_its_owner_alone(console: MakeConsole) -> None:
    app = console(articles)
    async with app.run_test() as pilot:
        await play(pilot, (*COMMAND, "tab", "tab", "w", "ctrl+s"))
        assert not isinstance(app.screen, SaveDialog)
    assert "database.create_collection(" in read("create-collection.py")
    assert mode("create-collection.py") == 0o600


async def test_a_file_that_is_there_is_replaced_only_when_submitted_again(console: MakeConsole) -> None:
    write("document.json")
    app = console(articles)
    async with app.run_test() as pilot:
        await play(pilot, (*DOCUMENT, "w", "ctrl+s"))
        assert "^s again replaces it" in problem(app)
        assert typed(app) == "document.json"
        assert read("document.json") == "mine"
        await press(pilot, "ctrl+s")
        assert isinstance(app.screen, DocumentDialog)
    assert str(ARTICLES[0]["title"]) in read("document.json")


async def test_another_file_that_is_there_is_asked_about_anew(console: MakeConsole) -> None:
    for name in ("document.json", "other.json"):
        write(name)
    app = console(articles)
    async with app.run_test() as pilot:
        await play(pilot, (*DOCUMENT, "w", "ctrl+s", "home", "shift+end", text("other.json"), "ctrl+s"))
        assert typed(app) == "other.json"
        assert "^s again replaces it" in problem(app)
    assert [read(name) for name in ("document.json", "other.json")] == ["mine", "mine"]


async def test_the_home_folder_can_be_written_short(console: MakeConsole) -> None:
    Path.home().mkdir()
    app = console(articles)
    async with app.run_test() as pilot:
        await play(pilot, (*DOCUMENT, "w", text("~/kept.json"), "ctrl+s"))
    assert (Path.home() / "kept.json").is_file()


async def test_what_cannot_be_written_says_why_and_keeps_the_path(console: MakeConsole) -> None:
    os.mkdir("a-folder")  # noqa: PTH102 - beside a pipe
    os.mkfifo("a-pipe")
    assert "No such file or directory" in await refused(console, "no/such/folder.json")
    assert "is a folder" in await refused(console, "a-folder", "ctrl+s")
    assert "a device or a pipe" in await refused(console, "a-pipe", "ctrl+s")
    assert "cannot be written" in await refused(console, "n" * 300)


async def refused(console: MakeConsole, path: str, *more: Step) -> str:
    """Return what is said when a document is saved to ``path``."""
    app = console(None if os.path.exists("data") else articles)  # noqa: PTH110, ASYNC240 - one look at a local file
    async with app.run_test() as pilot:
        await play(pilot, (*DOCUMENT, "w", text(path), "ctrl+s", *more))
        assert typed(app) == path
        return problem(app)


async def test_the_audit_trail_is_saved_where_the_user_wants_it(console: MakeConsole) -> None:
    app = console(hugging_face)
    async with app.run_test() as pilot:
        await play(pilot, ("5", "a", "e"))
        assert typed(app) == "astrolabe-audit.csv"
        await press(pilot, "ctrl+s", "w")
        assert typed(app) == "astrolabe-audit.jsonl"
    assert "webstore-prod" in read("astrolabe-audit.csv")


def typed(app: SceneConsole) -> str:
    """Return the path in the dialog that asks for one."""
    assert isinstance(app.screen, SaveDialog)
    return app.screen.query_one("#file", Input).value


def problem(app: SceneConsole) -> str:
    """Return what the dialog says about the path."""
    assert isinstance(app.screen, SaveDialog)
    return app.screen.fields()["file"].problem


def write(name: str) -> None:
    """Make a file that is the user's own."""
    Path(name).write_text("mine", encoding="utf-8")


def read(name: str) -> str:
    """Return the text of a file."""
    return Path(name).read_text("utf-8")


def mode(name: str) -> int:
    """Return who may do what with a file."""
    return stat.S_IMODE(Path(name).stat().st_mode)
