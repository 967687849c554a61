"""Testing a connection before and after saving, and leaving every wait for a provider at once, with keys only."""

from __future__ import annotations

import asyncio

from textual.widgets import Input, SelectionList

from screens.console import Section
from tests.support.provider_server import Answer
from tests.support.shop import NAME, NEW, OLD
from tests.support.steps import LONGEST_WAIT
from tests.support.walker import Walker
from tests.walk.conftest import MakeConsole
from tests.walk.test_credentials import at_the_integration, says, secrets_of, words, workspace_of

LOADING = Answer(503, {"error": "Model x is currently loading", "estimated_time": 55.0})


async def shown(user: Walker, text: str) -> None:
    """Wait until the screen says a text, while the work that says it goes on."""
    async with asyncio.timeout(LONGEST_WAIT):
        while text not in words(user):  # noqa: ASYNC110 - the screen has no event
            await asyncio.sleep(0.01)


async def test_a_stored_credential_is_tested_with_what_its_collections_use(console: MakeConsole) -> None:
    async with at_the_integration(console) as (user, server):
        server.script(Answer(401, {"error": "Invalid credentials"}))
        await user.press("m", "t")
        await says(user, "does not work", "HTTP 401", "Invalid credentials", "your request", "Used by", "notes")
        await user.press("ctrl+s")
        await says(user, "The connection works.", "384 found, as configured", "1.000")
        assert secrets_of(server) == [OLD, OLD]
        await user.press("escape")
        await says(user, f"Weather: {NAME}", "authentication, HTTP 401")


async def test_a_key_is_tested_before_it_is_saved_and_nothing_typed_is_lost(console: MakeConsole) -> None:
    async with at_the_integration(console) as (user, server):
        await user.press("a")
        await user.press("f4")
        await says(user, "✗")
        await user.press("shift+tab")
        await user.type("second")
        await user.press("tab")
        await user.type(NEW)
        await user.press("tab", "space", "f4")
        await says(user, "Test connection: second", "Model")
        assert server.requests == [], "the user chooses the model first"
        await user.press("ctrl+s")
        await says(user, "The connection works.")
        assert secrets_of(server) == [NEW]
        await user.press("escape")
        await says(user, "Add API key")
        form = user.pilot.app.screen
        assert form.query_one("#credential-name", Input).value == "second"
        assert form.query_one("#secret", Input).value == NEW
        assert len(form.query_one("#scope", SelectionList).selected) == 1
        assert [one.name for one in (await workspace_of(user).integrations.get("huggingface")).credentials] == [NAME]
        reports = workspace_of(user).engine.weather.reports()
        assert [one.credential for one in reports] == [NAME], "a key that is tried out has no weather"


async def test_a_new_secret_is_tested_in_the_rotate_dialog(console: MakeConsole) -> None:
    async with at_the_integration(console) as (user, server):
        await user.press("r")
        await user.type(NEW)
        await user.press("f4")
        await says(user, f"Test connection: {NAME}", "The connection works.", "Used by")
        assert secrets_of(server) == [NEW]


async def test_escape_leaves_a_test_that_waits_for_a_model(console: MakeConsole) -> None:
    async with at_the_integration(console) as (user, server):
        server.always(LOADING)
        await user.pilot.press("t")
        await shown(user, "is loading the model: 55 s")
        await user.press("escape")
        await says(user, "Stopped; the provider was not waited for.")
        assert len(server.requests) == 1
        await user.press("escape")
        await says(user, "API keys")


async def test_escape_leaves_a_search_that_waits_for_a_model(console: MakeConsole) -> None:
    async with at_the_integration(console) as (user, server):
        server.always(LOADING)
        await user.press("1", "enter", "s")
        await user.type("bicycle")
        await user.pilot.press("enter")
        await shown(user, "is loading the model: 55 s")
        await user.press("escape")
        await says(user, "Stopped. Press enter in the query to search again.")
        await user.pilot.press("enter")
        await shown(user, "Hugging Face - Serverless asked to wait:")
        await user.press("escape")


async def test_a_failed_search_does_not_go_on_searching(console: MakeConsole) -> None:
    async with at_the_integration(console) as (user, server):
        server.always(Answer(401, {"error": "Invalid credentials"}))
        await user.press("1", "enter", "s")
        await user.type("bicycle")
        await user.press("enter")
        await says(user, "The Embedding Provider returned a HTTP client error", "Invalid credentials", "What to do:")
        await user.press("escape")
        await says(user, "The search failed.")


async def test_the_model_on_this_machine_is_tested_at_once(console: MakeConsole) -> None:
    app = console(None, start=Section.INTEGRATIONS)
    async with app.run_test(size=(80, 24)) as pilot:
        user = Walker(pilot)
        await user.press(*("right",) * 9, "enter", "t", "ctrl+s")
        await says(user, "Test connection: Embedded", "computed on this machine", "256 found, as configured")
