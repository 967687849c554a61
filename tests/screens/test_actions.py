"""The one registry of actions: what is declared once is right everywhere it turns up."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
import re
import string
from collections import defaultdict
from collections.abc import Callable

import pytest
from textual.binding import Binding
from textual.command import CommandList
from textual.dom import DOMNode
from textual.pilot import Pilot

import screens
from screens.databases.create import CreateDatabaseDialog
from screens.kit.actions import REGISTRY, Action, action_of, register
from screens.kit.app_base import Section
from screens.kit.help import HelpDialog, live_keys
from screens.kit.page import Page
from tests.screens.conftest import MakeConsole
from tests.support.console import articles, three_databases
from tests.support.steps import play, press, settle
from tests.support.waiting import LONGEST_WAIT
from tui.app import AstrolabeApp

LONGEST_LABEL = 18
"""Characters that a label may take in the footer."""

SAFE_KEYS = (
    frozenset(string.ascii_letters + string.digits)
    | {f"f{number}" for number in range(1, 11)}
    | {f"ctrl+{letter}" for letter in set(string.ascii_lowercase) - set("himjzbac")}
    | {"enter", "escape", "tab", "shift+tab", "up", "down", "left", "right", "home", "end", "pageup", "pagedown"}
    | {"slash", "question_mark", "left_square_bracket", "right_square_bracket", "space", "minus", "plus", "asterisk"}
    | {"less_than_sign", "greater_than_sign"}
    | {"ctrl+z"}  # what a terminal would do with it is what it does here
)
"""Keys that arrive as themselves over SSH and in tmux, and that no terminal keeps for itself."""

TAKES_TURNS = {frozenset({"integration.activate", "integration.add"})}
"""Actions that share a key because only one of them is offered at a time."""


def import_all_screens() -> None:
    for module in pkgutil.walk_packages(screens.__path__, "screens."):
        importlib.import_module(module.name)


import_all_screens()


def subclasses(base: type) -> set[type]:
    children: list[type] = base.__subclasses__()
    return {base}.union(*map(subclasses, children))


OWNERS = sorted(
    (owner for owner in subclasses(DOMNode) if owner.__module__.startswith(("screens.", "tui."))),
    key=lambda owner: owner.__qualname__,
)
PAGES = [owner for owner in OWNERS if issubclass(owner, Page) and owner is not Page]


def own_bindings(owner: type) -> list[Binding]:
    """Return the bindings that a class declares itself."""
    return [binding for binding in vars(owner).get("BINDINGS", ()) if isinstance(binding, Binding)]


def keys_of(action: Action) -> list[str]:
    return action.keys.split(",")


@pytest.mark.parametrize("action", REGISTRY.values(), ids=lambda action: action.id)
class TestDeclaration:
    def test_its_id_names_a_place_and_a_verb(self, action: Action) -> None:
        assert re.fullmatch(r"[a-z]+\.[a-z]+(-[a-z]+)*", action.id)

    def test_its_label_fits_the_footer(self, action: Action) -> None:
        assert 0 < len(action.label) <= LONGEST_LABEL

    def test_its_help_is_a_sentence(self, action: Action) -> None:
        assert re.fullmatch(r"[A-Z][^\n]{8,90}\.", action.help)

    def test_its_keys_survive_ssh(self, action: Action) -> None:
        assert set(keys_of(action)) <= SAFE_KEYS

    def test_somebody_performs_it(self, action: Action) -> None:
        owners = [owner for owner in OWNERS if any(one.id == action.id for one in own_bindings(owner))]
        assert owners, "declared, but bound nowhere"
        for owner in owners:
            assert callable(getattr(owner, f"action_{action.method}", None)), owner


def test_an_id_means_one_action() -> None:
    known = next(iter(REGISTRY.values()))
    with pytest.raises(ValueError, match="two actions are called"):
        register(Action(known.id, "z", "Other", "Do something else."))


@pytest.mark.parametrize("owner", [owner for owner in OWNERS if own_bindings(owner)], ids=lambda owner: owner.__name__)
def test_a_key_means_one_thing_in_one_place(owner: type) -> None:
    bound: dict[str, set[str]] = defaultdict(set)
    for binding in own_bindings(owner):
        for key in binding.key.split(","):
            bound[key].add(binding.id or binding.action)
    assert [ids for ids in bound.values() if len(ids) > 1 and frozenset(ids) not in TAKES_TURNS] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.__name__)
def test_a_page_leaves_the_keys_that_work_everywhere_alone(page: type[Page]) -> None:
    everywhere = {key for owner in (AstrolabeApp, Page) for one in own_bindings(owner) for key in one.key.split(",")}
    own = {key for binding in own_bindings(page) for key in binding.key.split(",")}
    assert own & everywhere == set()


@pytest.mark.parametrize("section", Section)
async def test_the_help_lists_what_works_here_now(console: MakeConsole, section: Section) -> None:
    app = console(articles, start=section)
    async with app.run_test(size=(120, 60)) as pilot:
        await settle(pilot)
        page = app.screen
        expected = {
            action.help
            for active in page.active_bindings.values()
            if active.enabled and (action := action_of(active.binding)) is not None
        }
        await press(pilot, "f1")
        assert isinstance(app.screen, HelpDialog)
        listed = {text for _, rows in live_keys(page) for _, text in rows}
        assert expected <= listed
        assert {"Leave the console.", "Go to Search."} <= listed
        await press(pilot, "f1")
        assert app.screen is page


async def test_the_help_leaves_out_what_cannot_be_done_now(console: MakeConsole) -> None:
    app = console()
    async with app.run_test() as pilot:
        await settle(pilot)
        listed = {text for _, rows in live_keys(app.screen) for _, text in rows}
        assert "Create a database." in listed
        assert "Delete the database and everything in it." not in listed


async def test_a_dialog_has_its_own_help(console: MakeConsole) -> None:
    app = console()
    async with app.run_test() as pilot:
        await play(pilot, ("n", "f1"))
        assert isinstance(app.screen, HelpDialog)
        assert next(group for group, _ in app.screen.groups) == "dialog"
        await press(pilot, "escape", "escape")
        assert isinstance(app.screen, Page)


@pytest.mark.parametrize("section", Section)
async def test_the_palette_offers_what_works_here_now(console: MakeConsole, section: Section) -> None:
    app = console(three_databases, start=section)
    async with app.run_test() as pilot:
        await settle(pilot)
        offered = {command.title for command in app.get_system_commands(app.screen)}
        assert {"Databases", "Integrations", "Data Explorer", "Search", "Activity", "Theme", "Quit"} <= offered
        assert ("New database" in offered) is (section is Section.DATABASES)


async def test_the_palette_carries_an_action_out(console: MakeConsole) -> None:
    app = console()
    async with app.run_test() as pilot:
        await play(pilot, ("ctrl+p",))
        await pilot.press(*"new data")
        await _until(pilot, lambda: app.screen.query_one(CommandList).option_count > 0)
        await pilot.press("down", "enter")
        await _until(pilot, lambda: isinstance(app.screen, CreateDatabaseDialog))


async def _until(pilot: Pilot[int], condition: Callable[[], bool]) -> None:
    """Wait for the palette, which gathers its entries in its own time."""
    async with asyncio.timeout(LONGEST_WAIT):
        while not condition():
            await pilot.pause(0.01)
