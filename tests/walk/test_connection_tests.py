"""Testing a connection before and after saving, and leaving every wait for a provider at once, with keys only."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from textual.widgets import Input, SelectionList

from screens.integrations.rotate_credential import RotateDialog
from screens.kit.app_base import Section
from tests.support.provider_server import Answer
from tests.support.shop import NAME, NEW, OLD
from tests.support.waiting import LONGEST_WAIT
from tests.support.walker import Walker
from tests.walk.conftest import MakeConsole
from tests.walk.test_credentials import at_the_integration, says, secrets_of, words, workspace_of

LOADING = Answer(503, {"error": "Model x is currently loading", "estimated_time": 55.0})
LIMITED = Answer(429, {"error": "Too many requests"}, {"retry-after": "55"})
HELD = Answer(fault="hang")
"""The answer is never sent: only who does not wait for it gets on."""


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


def bicycles_file() -> None:
    Path("bicycles.csv").write_text("_id,text\nr1,a blue bicycle\nr2,a green bicycle\n")


async def begin_load(user: Walker) -> None:
    """Begin to load the file of two bicycles that is in the working directory."""
    await user.press("l")
    await user.type("bicycles.csv")
    await user.sees("a blue bicycle")
    await user.pilot.press("ctrl+s")


@pytest.mark.parametrize("answer", [LOADING, LIMITED, HELD], ids=["loading", "rate limited", "no answer"])
async def test_x_stops_a_load_that_waits_and_it_can_go_on_later(
    console: MakeConsole, tmp_path: Path, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    bicycles_file()
    async with at_the_integration(console) as (user, server):
        server.always(answer)
        await user.press("1", "enter")
        await begin_load(user)
        await server.arrived.wait()
        if answer is not HELD:
            await shown(user, ": 55 s")
        await user.pilot.press("x")
        await shown(user, "Stopped by you.")
        await says(user, "0 loaded", "2 not attempted", "Load the same file into the same collection again")
        server.always(None)
        await user.press("escape")
        await begin_load(user)
        if answer is HELD:
            await says(user, "Done: every row of the file is in the collection.", "2 loaded")
        else:  # the provider's wish outlives the load: nothing is sent before the time it named
            await shown(user, "Hugging Face - Serverless asked to wait:")
            assert len(server.requests) == 1
            await user.pilot.press("x")
            await shown(user, "Stopped by you.")


async def test_escape_leaves_a_search_and_a_test_whose_answer_never_comes(console: MakeConsole) -> None:
    async with at_the_integration(console) as (user, server):
        server.always(HELD)
        await user.pilot.press("t")
        await server.arrived.wait()
        await user.pilot.press("escape")
        await shown(user, "Stopped; the provider was not waited for.")
        await user.press("escape", "1", "enter", "s")
        await user.type("bicycle")
        server.arrived.clear()
        await user.pilot.press("enter")
        await server.arrived.wait()
        await user.pilot.press("escape")
        await shown(user, "Stopped. Press enter in the query to search again.")


async def test_rotating_waits_for_a_model_with_a_countdown_that_escape_ends(console: MakeConsole) -> None:
    async with at_the_integration(console) as (user, server):
        server.always(LOADING)
        await user.press("r")
        await user.type(NEW)
        await user.pilot.press("ctrl+s")
        await shown(user, "is loading the model: 55 s")
        await shown(user, "the old secret stays in use")
        await user.pilot.press("escape")
        await user.until(lambda: not isinstance(user.pilot.app.screen, RotateDialog))
        secret = await workspace_of(user).integrations.read_secret("huggingface", NAME)
        assert secret is not None
        assert secret.get_secret_value() == OLD


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
