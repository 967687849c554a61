"""Every place that shows data is shown hostile data: nothing crashes, acts, or reaches the terminal."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from astrolabe.dataapi.client.command_builders import collection_options
from astrolabe.errors import LoadError, ProviderError, ProviderFailure, ProviderReply
from astrolabe.portal.organization import DEFAULT_KEYSPACE, DatabaseDraft
from astrolabe.text.safe_text import display_text
from astrolabe.workspace import Workspace
from screens.kit.app_base import Section
from screens.kit.error_dialog import ErrorDialog
from tests.support.console import EMBEDDED, SceneConsole
from tests.support.headless import strips
from tests.support.steps import settle
from tests.support.walker import Walker
from tests.walk.conftest import MakeConsole

ESC, C1_CSI, BELL = "\x1b", "\x9b", "\x07"

HOSTILE = {
    "markup that closes nothing": "[/foo] and [/]",
    "a link that quits": "[@click=app.app_leave]quit[/]",
    "a style": "[red on blue]x[/red on blue]",
    "a title": f"{ESC}]0;owned{BELL}",
    "the clipboard": f"{ESC}]52;c;cm0gLXJmIC8={ESC}\\",
    "a colour": f"{ESC}[31mred{C1_CSI}2J",
    "the other direction": "abc\u202efdp.exe\u2066x\u2069",
    "wide": "漢字かな交じり文 한국어",
    "emoji": "👩‍👩‍👧‍👦 🇺🇳 ✊🏿",
    "combining": "Z̷̢̛͔͍a̶l̵g̸o̷",
    "controls": "".join(map(chr, range(32))) + "\x7f\x85\u2028\u2029",
    "half a pair": "\ud800 lone",
    "a private one": "\ue000\U000f0000",
    "braces": "{0} %s %n $(reboot) `id` ${HOME}",
    "nothing": "",
}
"""Each kind of attack by what it tries."""

DATABASE = "[@click=app.app_leave]db[/foo]"
"""A name that the rules allow."""


def nested(depth: int) -> object:
    value: object = HOSTILE["a title"]
    for level in range(depth):
        value = {"[/x]": value} if level % 2 else [value]
    return value


def without_lone_surrogates(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def hostile_documents() -> list[dict[str, object]]:
    documents: list[dict[str, object]] = [
        {"_id": f"{place}{without_lone_surrogates(text)[:30]}", "value": without_lone_surrogates(text), "list": [text]}
        for place, text in enumerate(HOSTILE.values())
    ]
    documents.append({"_id": "keys", **{text: 1 for text in HOSTILE.values() if text and "$" not in text}})
    documents.append({"_id": "deep", "deep": nested(10), "none": None, "yes": True, "number": 10**40})
    documents.append({"_id": "large", "text": f"{ESC}[2J" * 90_000})
    return documents


async def hostile_workspace(workspace: Workspace) -> None:
    database = await workspace.create_database(DatabaseDraft(DATABASE))
    client = await workspace.client(database)
    await client.create_collection(
        DEFAULT_KEYSPACE, "things", collection_options(service=EMBEDDED, indexing={"deny": ["*"]})
    )
    collection = client.collection(DEFAULT_KEYSPACE, "things")
    for document in hostile_documents():
        text = {"$vectorize": HOSTILE["a link that quits"]}
        outcome = await collection.insert_many([{**document, **text}])
        assert outcome.inserted_ids or document["_id"] == "keys" or "\ud800" in json.dumps(document, ensure_ascii=False)


def is_control(char: str) -> bool:
    return ord(char) < 32 or 0x7F <= ord(char) < 0xA0 or char in "\u202e\u2066"


def assert_harmless(app: SceneConsole) -> None:
    """No control character of the data is in what is drawn, and nothing that is drawn can be clicked to act."""
    assert app.return_code is None, "an action of the data was carried out"
    for strip in strips(app):
        for segment in strip:
            bad = [
                char for char in segment.text if ord(char) < 32 or 0x7F <= ord(char) < 0xA0 or char in "\u202e\u2066"
            ]
            assert not bad, f"{bad!r} would reach the terminal in {segment.text!r}"
            meta = segment.style.meta if segment.style is not None else {}
            actions = [value for name, value in meta.items() if name.startswith("@")]
            assert not any("leave" in str(action) for action in actions), f"{segment.text!r} acts: {actions}"


@asynccontextmanager
async def walking(app: SceneConsole, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Walker]:
    async with app.run_test(size=size, notifications=True) as pilot:
        user = Walker(pilot)
        await settle(user.pilot)
        yield user
        assert_harmless(app)


@pytest.mark.parametrize(("size", "documents"), [((80, 24), len(hostile_documents())), ((120, 40), 4)])
async def test_documents_in_every_view(console: MakeConsole, size: tuple[int, int], documents: int) -> None:
    app = console(hostile_workspace, start=Section.EXPLORER)
    async with walking(app, size) as user:
        await user.sees("things")
        assert_harmless(app)
        await user.press("enter")
        for _ in range(documents):
            await user.press("enter")
            assert_harmless(app)
            await user.press("escape", "down")
        await user.press("v")
        assert_harmless(app)
        await user.press("1")
        assert_harmless(app)


async def test_search_results_commands_and_activity(console: MakeConsole) -> None:
    app = console(hostile_workspace, start=Section.EXPLORER)
    async with walking(app) as user:
        await user.sees("things")
        await user.press("s")
        await user.type("[red] quit [")
        await user.press("f2")
        assert_harmless(app)
        await user.press("tab", "escape", "enter")
        await user.sees("10 results")
        assert_harmless(app)
        await user.press("5", "enter")
        assert_harmless(app)
        await user.press("escape")


async def test_a_filter_that_is_an_attack_is_refused_in_words(console: MakeConsole) -> None:
    app = console(hostile_workspace, start=Section.EXPLORER)
    async with walking(app) as user:
        await user.sees("things")
        await user.press("s", "tab")
        app.screen.query_one("#filter").value = '{"[/foo]": ' + HOSTILE["a title"]  # type: ignore[attr-defined]
        await user.press("enter")
        await user.sees("Filter: Not JSON")
        assert_harmless(app)


@pytest.mark.parametrize("kind", HOSTILE)
async def test_notices_and_errors(console: MakeConsole, kind: str) -> None:
    app = console()
    text = HOSTILE[kind] or "x"
    async with walking(app) as user:
        app.tell(text, title=text)
        await settle(user.pilot)
        assert_harmless(app)
        app.report(
            ProviderError(
                f"The provider said {text}",
                provider=text,
                failure=ProviderFailure.BAD_REQUEST,
                reply=ProviderReply(400, text),
                hint=text,
            )
        )
        await settle(user.pilot)
        assert isinstance(app.screen, ErrorDialog)
        assert_harmless(app)
        app.report(LoadError(text, path=Path(without_lone_surrogates(text).replace("\0", "") or "x"), line=1, column=1))
        await settle(user.pilot)
        app.report(RuntimeError(text))
        await settle(user.pilot)
        assert_harmless(app)


async def test_a_file_with_hostile_name_fields_and_rows(console: MakeConsole, tmp_path: Path) -> None:
    folder = tmp_path / "[@click=app.app_leave]f"
    folder.mkdir()
    path = folder / "a.jsonl"
    names = [text for text in HOSTILE.values() if text and "\ud800" not in text]
    rows = [{name: name for name in names}, {"text": "fine"}, {"text": HOSTILE["the clipboard"]}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    app = console(hostile_workspace, start=Section.EXPLORER)
    async with walking(app) as user:
        await user.sees("things")
        await user.press("l")
        app.screen.query_one("#file").value = str(path)  # type: ignore[attr-defined]
        await user.sees("Vector Field", "JSON Lines")
        assert_harmless(app)
        await user.press("f2")
        assert_harmless(app)
        await user.press("escape", "ctrl+s")
        await user.sees("loaded")
        assert_harmless(app)
        await user.press("escape")


def test_ten_megabytes_are_shortened_before_they_are_drawn() -> None:
    shown = display_text(HOSTILE["a title"] * 1_000_000, limit=200)
    assert len(shown) == 200
    assert ESC not in shown


@pytest.mark.parametrize("kind", HOSTILE)
def test_display_text_leaves_nothing_that_a_terminal_acts_on(kind: str) -> None:
    for multiline in (False, True):
        shown = display_text(HOSTILE[kind], multiline=multiline)
        allowed = {"\n", "\t"} if multiline else set()
        assert not [char for char in shown if (ord(char) < 32 and char not in allowed) or 0x7F <= ord(char) < 0xA0]
        shown.encode("utf-8")  # no lone surrogate is left
