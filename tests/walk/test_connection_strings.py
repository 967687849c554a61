"""From the keyboard: a connection string is made, tested, used by a collection, changed and removed."""

from __future__ import annotations

from pathlib import Path

from textual.widgets import Input, Select

from astrolabe.portal.organization import DatabaseDraft
from astrolabe.workspace import Workspace
from screens.connection_strings.page import ConnectionStringsPage
from screens.kit import test_connection
from screens.kit.app_base import Section
from tests.support.console import Scene, SceneConsole
from tests.support.provider_server import ProviderServer
from tests.support.steps import choose, play, text

KEY = "sk-SENTINEL-walk"


async def one_database(workspace: Workspace) -> None:
    await workspace.create_database(DatabaseDraft("shop"))


def results(app: SceneConsole) -> list[int | None]:
    """Return the dimensions that the test on the screen has found."""
    assert isinstance(app.screen, test_connection.TestConnectionDialog)
    return [one.dimension for one in app.screen.results]


async def test_a_string_is_made_tested_and_used(tmp_path: Path) -> None:
    async with ProviderServer(dimension=8) as server:
        app = SceneConsole(Scene(tmp_path / "data", one_database, Section.INTEGRATIONS))
        async with app.run_test(size=(80, 24)) as pilot:
            form = (text("Mine"), "tab", "tab", choose("openai"), "tab", text(KEY), "tab", text(f"{server.url}/v1"))
            await play(pilot, ("s", "n", *form, "tab", text("any-model"), "f4"))
            assert results(app) == [8]
            assert server.requests[-1].headers["authorization"] == f"Bearer {KEY}"
            await play(pilot, ("escape",))
            app.screen.query_one("#scope").focus()
            await play(pilot, ("space", "ctrl+s"))
            assert isinstance(app.screen, ConnectionStringsPage)
            assert [one.identifier for one in await app.workspace.connection_strings.list()] == ["mine"]
            await play(pilot, ("1", "enter", "c", text("notes"), "tab", "tab", choose("conn")))
            assert str(app.screen.query_one("#model", Select).value) == "any-model"
            app.screen.query_one("#dimension", Input).value = "8"
            await play(pilot, ("ctrl+s",))
            client = await app.workspace.client(await app.workspace.databases.find("shop"))
            (info,) = await client.collections("default_keyspace")
            assert info.service is not None
            assert (info.service.model, info.service.credential_name) == ("any-model", "mine")
            await client.collection("default_keyspace", "notes").insert_one({"$vectorize": "a red bicycle"})
            assert server.texts[-1] == "a red bicycle"


async def test_an_edit_without_a_secret_keeps_it_and_removal_wants_the_name(tmp_path: Path) -> None:
    app = SceneConsole(Scene(tmp_path / "data", one_database, Section.INTEGRATIONS))
    async with app.run_test(size=(80, 24)) as pilot:
        form = (text("Mine"), "tab", "tab", "tab", text(KEY), "tab", "tab", text("m/1"), "ctrl+s")
        await play(pilot, ("s", "n", *form))
        await play(pilot, ("enter", *("tab",) * 4, text("m/2"), "ctrl+s"))
        (string,) = await app.workspace.connection_strings.list()
        assert (string.settings.get("Endpoint"), string.model) == (None, "m/2")
        secret = await app.workspace.connection_strings.secret("mine")
        assert secret is not None
        assert secret.get_secret_value() == KEY
        await play(pilot, ("d", text("Min"), "ctrl+s", "e", "ctrl+s"))
        assert await app.workspace.connection_strings.list() == []
        assert isinstance(app.screen, ConnectionStringsPage)
