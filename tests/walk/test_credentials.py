"""The documents' procedures for scopes, removing, rotating and removing an integration, with keys only."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from astrolabe.workspace import Workspace
from screens.kit.app_base import Section
from tests.support.console import SceneConsole
from tests.support.provider_server import ProviderServer
from tests.support.shop import NAME, NEW, OLD, can_vectorize, shop_with_notes, urls
from tests.support.walker import Walker
from tests.walk.conftest import MakeConsole


@asynccontextmanager
async def at_the_integration(console: MakeConsole) -> AsyncIterator[tuple[Walker, ProviderServer]]:
    """Lend a user who has opened Integrations › Hugging Face - Serverless, with the token expanded."""
    async with ProviderServer() as server:
        app = console(shop_with_notes, start=Section.INTEGRATIONS, urls=urls(server))
        async with app.run_test(size=(80, 24)) as pilot:
            user = Walker(pilot)
            await user.press("right", "right", "enter")
            await says(user, "Hugging Face - Serverless › Active", NAME, "shop", "support")
            server.requests.clear()
            server.arrived.clear()
            yield user, server


def words(user: Walker) -> str:
    """What is on the screen as one line of words: without frames and the breaks that a width makes."""
    return " ".join(re.sub("[│╭╮╰╯─]", " ", user.screen).split())


async def says(user: Walker, *texts: str) -> None:
    """Wait until the screen says all of these, wherever its lines break."""
    await user.until(lambda: all(text in words(user) for text in texts))


def workspace_of(user: Walker) -> Workspace:
    app = user.pilot.app
    assert isinstance(app, SceneConsole)
    return app.workspace


def secrets_of(server: ProviderServer) -> list[str]:
    return [request.headers["authorization"].removeprefix("Bearer ") for request in server.requests]


async def test_a_database_leaves_the_scope_and_comes_back(console: MakeConsole) -> None:
    async with at_the_integration(console) as (user, _):
        workspace = workspace_of(user)
        assert await can_vectorize(workspace)
        await user.press("down", "d")
        await says(user, "Remove scope", "disables $vectorize at once for: shop: default_keyspace.notes")
        await user.type("shop")
        await user.press("ctrl+s")
        await user.until(lambda: "1 database" in user.screen)
        assert not await can_vectorize(workspace)

        await user.press("3")
        await says(user, "⊘ notes", "disabled", "not in the scope")
        await user.press("2", "enter", "m")
        await says(user, "Add database", "Rotate", "Test connection", "Rehearse", "Remove API key")
        await user.press("enter", "space", "ctrl+s")
        await says(user, "2 databases")
        assert await can_vectorize(workspace)


async def test_a_key_is_removed_and_recreated_from_a_form_that_knows_its_name_and_scope(console: MakeConsole) -> None:
    async with at_the_integration(console) as (user, server):
        workspace = workspace_of(user)
        await user.press("m", "d")
        await says(user, "Remove API key", "shop: default_keyspace.notes", "not removed from your account")
        await user.type(NAME)
        await user.press("ctrl+s")
        await says(user, "Inactive", "Press a to add the integration")
        assert not await can_vectorize(workspace)

        await user.press("a")
        await says(user, f"{NAME} was removed; its name and scope are filled in")
        await user.type(NEW)
        await user.press("shift+tab", "end", "x", "ctrl+s")
        await says(user, f"Collections wait for: {NAME}", "They cannot detect a replacement of another")
        assert not (await workspace.integrations.get("huggingface")).credentials, "pointed out before it is saved"
        await user.press("backspace", "ctrl+s")
        await says(user, "Active", NAME, "2 databases")
        server.requests.clear()
        assert await can_vectorize(workspace)
        assert secrets_of(server) == [NEW]


async def test_a_key_is_rotated_in_one_step(console: MakeConsole) -> None:
    async with at_the_integration(console) as (user, server):
        workspace = workspace_of(user)
        await user.press("m", "r")
        await says(user, f"Rotate {NAME}", "The name stays, and so does the scope: shop, support")
        await user.type(NEW)
        server.key = OLD  # the provider does not know the new one yet
        await user.press("ctrl+s")
        await says(user, "✗")
        assert await can_vectorize(workspace), "the old secret is still in use"
        server.key = NEW
        await user.press("ctrl+s")
        await says(user, "› Active", "2 databases", "••••••••02==")
        server.requests.clear()
        assert await can_vectorize(workspace)
        assert secrets_of(server) == [NEW]


async def test_rehearsing_changes_nothing_and_removing_the_integration_does_what_it_said(console: MakeConsole) -> None:
    async with at_the_integration(console) as (user, _):
        workspace = workspace_of(user)
        await user.press("m", "h")
        await says(user, "Rehearse", "1 stops", "✗ stops", "default_keyspace.notes")
        await user.choose("remove it, then")
        await says(user, "1 goes on", "New name", "Scope afterwards")
        await user.press("tab", "end", "x")
        await says(user, "1 stops")
        assert await can_vectorize(workspace)
        await user.press("escape", "x")
        await says(user, "Remove integration: Hugging Face - Serverless", NAME, "shop: default_keyspace.notes")
        await user.type("Hugging Face - Serverless")
        await user.press("ctrl+s")
        await says(user, "Inactive")
        assert not await can_vectorize(workspace)
        await user.press("5", "a")
        await says(user, "Audit trail", "removed credential", f"huggingface/{NAME}", "created database")


async def test_a_secret_may_stay_in_a_variable(console: MakeConsole) -> None:
    async with at_the_integration(console) as (user, _):
        await user.press("m", "r", "tab", "tab")
        await user.choose("environment")
        await says(user, "Environment variable")
        await user.press("shift+tab", "space", "shift+tab")
        await user.type("HF_NOT_SET_HERE")
        await user.press("ctrl+s")
        await says(user, "$HF_NOT_SET_HERE")
        assert not await can_vectorize(workspace_of(user))


async def test_another_program_is_seen_and_of_two_changes_one_wins(console: MakeConsole) -> None:
    async with at_the_integration(console) as (user, _):
        integrations = workspace_of(user).integrations
        await user.press("m", "d")
        await says(user, "Remove API key")
        (credential,) = (await integrations.get("huggingface")).credentials
        await integrations.remove_from_scope("huggingface", NAME, credential.databases[0].id)
        await user.type(NAME)
        await user.press("ctrl+s")
        await says(user, "has been changed by another window or program")
        await user.press("escape")
        await says(user, "1 database")
