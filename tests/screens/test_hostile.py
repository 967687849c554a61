"""Hostile strings where only a damaged store, a shared folder or a strange file could put them.

What the rules let through (documents, filters, answers of providers) is in ``tests/hostile``.
"""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from textual.widgets import Input

from astrolabe.dataapi.activity import ActivityEntry, Outcome
from astrolabe.dataapi.client.command_builders import CollectionTarget, PlannedCommand, plan_find, plan_insert_many
from astrolabe.errors import AstrolabeError, LoadError
from astrolabe.loading.load_plan import LoadPhase, LoadProgress, LoadSummary
from screens.kit.code import CodeDialog
from screens.kit.documents_pane import DocumentDialog
from screens.kit.path_input import complete
from storage.loads.ledger import FailedRow
from tests.screens.conftest import MakeConsole
from tests.support import loads
from tests.support.console import SceneConsole, Templates, articles, three_databases
from tests.support.headless import strips
from tests.support.hostile import (
    CLIPBOARD,
    HUGE,
    NAMES,
    STRINGS,
    SURROGATE,
    beyond_the_rules,
    faults,
    nested,
    rename_everything,
)
from tests.support.steps import Step, failing_with, loaded, play, press, settle, take

EVERYTHING = "".join(text for name, text in STRINGS.items() if name != "long")
"""All of them in one."""


async def walk(app: SceneConsole, *steps: Step, size: tuple[int, int] = (80, 24)) -> None:
    """Carry out the steps and look at the screen after each."""
    async with app.run_test(size=size, notifications=True) as pilot:
        await settle(pilot)
        for step in ("f5", *steps):
            await take(pilot, step)
            assert faults(app) == [], f"after {step}"
        assert app.return_code is None, "an action of the data was carried out"


@pytest.fixture
def renamed(console: MakeConsole, templates: Templates, tmp_path: Path) -> SceneConsole:
    """A console on a data folder in which every name is hostile."""
    templates.copy(articles, tmp_path / "data")
    rename_everything(tmp_path / "data")
    return console()


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_names_of_databases_keyspaces_and_collections(renamed: SceneConsole, size: tuple[int, int]) -> None:
    explorer = ("enter", "shift+tab", "enter", "end", "escape", "shift+tab", "enter", "down", "enter")
    await walk(renamed, "d", "escape", "down", "enter", *explorer, size=size)


async def test_names_in_the_dialogs_of_a_collection(renamed: SceneConsole) -> None:
    async with renamed.run_test() as pilot:
        await settle(pilot)
        for database in await renamed.workspace.databases.list():
            renamed.select(database)
            for step in ("1", "3", "d", "f2", "escape", "escape", "c", "f1", "escape", "escape", "y", "escape", "s"):
                await press(pilot, step)
                assert faults(renamed) == [], (database.name, step)


async def test_names_of_credentials_and_of_what_is_in_their_scope(renamed: SceneConsole) -> None:
    tree = ("2", "right", "enter", "space", "down", "d", "escape", "up", "d", "escape", "b", "escape")
    await walk(renamed, *tree, "m", "r", "escape", "h", "tab", "escape", "a", "escape", "x", "escape")


async def test_names_in_the_audit_trail(renamed: SceneConsole) -> None:
    await walk(renamed, "5", "a", "enter", "escape", "down", "enter")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_documents_beyond_the_rules(console: MakeConsole, size: tuple[int, int]) -> None:
    read = [step for _ in range(4) for step in ("enter", "escape", "down")]
    await walk(console(beyond_the_rules), "down", "enter", "enter", *read, "v", "v", "s", "enter", "v", size=size)


@pytest.mark.parametrize(
    "entry",
    [
        ActivityEntry(
            datetime(2026, 11, 20, tzinfo=UTC),
            EVERYTHING,
            plan_find(CollectionTarget(EVERYTHING, EVERYTHING), filter={EVERYTHING: EVERYTHING}),
            12.5,
            Outcome.ERROR,
            EVERYTHING,
            EVERYTHING,
            endpoint=f"https://{EVERYTHING}",
        ),
        ActivityEntry(
            datetime(2026, 11, 20, tzinfo=UTC), "", PlannedCommand({CLIPBOARD: {}}, None, None), 1, Outcome.OK
        ),
    ],
    ids=["strings", "command"],
)
async def test_activity(console: MakeConsole, entry: ActivityEntry) -> None:
    app = console()
    async with app.run_test() as pilot:
        await settle(pilot)
        app.workspace.activity.add(entry)
        for step in ("5", "enter", "tab", "tab", "shift+tab", "w", "c"):
            await press(pilot, step)
            assert faults(app) == []


async def test_a_command_as_code(console: MakeConsole) -> None:
    app = console()
    async with app.run_test() as pilot:
        await settle(pilot)
        planned = plan_insert_many(CollectionTarget(EVERYTHING, EVERYTHING), [{EVERYTHING: nested()}, {"a": SURROGATE}])
        app.ask(CodeDialog(planned, f"https://{EVERYTHING}"))
        for step in ("tab", "tab", "tab", "tab", "c", "w"):
            await press(pilot, step)
            assert faults(app) == []


@pytest.mark.parametrize("text", [EVERYTHING, SURROGATE, HUGE], ids=["strings", "surrogate", "huge"])
async def test_words_of_errors_in_dialogs_and_notices(console: MakeConsole, text: str) -> None:
    app = console(three_databases)
    async with app.run_test() as pilot:
        app.report(AstrolabeError(text, hint=text))
        app.report(ValueError(text))
        app.tell(text, title=text)
        for step in ("c", "w", "escape", "escape", "c", "escape", "n"):
            await press(pilot, step)
            assert faults(app) == []
        await play(pilot, (*"books", failing_with(AstrolabeError(text, hint=text))))
        assert faults(app) == []


LOADS: dict[str, LoadProgress | LoadSummary | LoadError] = {
    "checking": LoadProgress(LoadPhase.CHECKING, done=1, waiting=EVERYTHING),
    "done": LoadSummary(
        Path(EVERYTHING.replace("\0", "")),
        total=3,
        loaded=1,
        already_there=0,
        failed=1,
        not_attempted=1,
        problem=AstrolabeError(EVERYTHING, hint=SURROGATE),
        notes=(EVERYTHING,),
        failures=(FailedRow(1, 2, EVERYTHING, EVERYTHING),),
        failures_file=Path(CLIPBOARD),
    ),
    "error": LoadError(EVERYTHING, hint=SURROGATE),
}


@pytest.mark.parametrize("state", LOADS)
async def test_progress_and_end_of_a_load(console: MakeConsole, state: str) -> None:
    await walk(console(articles), "down", "enter", loads.following(LOADS[state]))


@pytest.mark.parametrize("name", [f"[@click=app.leave]x{CLIPBOARD}\u202e漢字", "a\nb", "\udcff\udcfe"])
async def test_a_file_with_a_hostile_name(console: MakeConsole, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    path = folder / f"{name}.json".replace("/", "")
    path.write_text(json.dumps([{"_id": "1", **{text: text for text in NAMES}}]))
    app = console(articles)
    async with app.run_test(notifications=True) as pilot:
        await play(pilot, ("down", "enter", "l"))
        app.screen.query_one("#file", Input).value = f"{folder}/"
        await play(pilot, ("end", "tab"))
        assert app.screen.query_one("#file", Input).value == str(path)
        assert faults(app) == []
        for step in ("tab", "tab", "enter", "escape", "f2", "escape", "ctrl+s", loaded, "escape"):
            await take(pilot, step)
            assert faults(app) == [], step


def test_a_file_name_that_is_no_text_can_be_completed(tmp_path: Path) -> None:
    (tmp_path / "\udcff.csv").touch()
    assert complete(f"{tmp_path}/") == f"{tmp_path}/\udcff.csv"


async def test_a_document_is_copied_exactly_and_as_safe_text(console: MakeConsole) -> None:
    app = console()
    async with app.run_test() as pilot:
        document = {"_id": CLIPBOARD, "text": f"\u202e{SURROGATE}"}
        app.ask(DocumentDialog(document))
        await play(pilot, ("c",))
        assert json.loads(app.clipboard) == document
        base64.b64encode(app.clipboard.encode("utf-8"))
        assert faults(app) == []


async def test_a_click_on_data_is_only_a_click(console: MakeConsole) -> None:
    app = console(three_databases)
    async with app.run_test(notifications=True) as pilot:
        await settle(pilot)
        app.tell(STRINGS["live link"])
        app.report(AstrolabeError(STRINGS["live link"]))
        await settle(pilot)
        lines = [strip.text for strip in strips(app)]
        places = [(line.index(STRINGS["live link"]) + 19, number) for number, line in enumerate(lines) if "@cl" in line]
        assert len(places) >= 2
        for place in places:
            await pilot.click(offset=place)
        assert app.return_code is None
