"""The server that the console runs: started, seen, asked by a real client, and stopped."""

from __future__ import annotations

import socket
from typing import Any

import httpx
import pytest
from textual.screen import Screen
from textual.widgets import Checkbox, Input, SelectionList, Static, TextArea

from astrolabe.dataapi.protocol import Json
from screens.kit.grid import Grid
from screens.kit.viewer import Viewer
from screens.server.server_dialogs import LeaveDialog, StartServerDialog
from tests.screens.conftest import MakeConsole
from tests.support.console import SceneConsole, three_databases
from tests.support.steps import press, settle, typed

BODY: Json = {"findEmbeddingProviders": {}}


def words(app: SceneConsole, selector: str) -> str:
    return str(app.screen.query_one(selector, Static).content)


def is_shown(app: SceneConsole, kind: type[Screen[Any]]) -> bool:
    return isinstance(app.screen, kind)


async def ask(address: str, token: str | None = None) -> int:
    """Send one command; return the status."""
    headers = {"Token": token} if token else {}
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.post(f"{address}/databases/shop/v1", json=BODY, headers=headers)).status_code


async def test_a_server_is_started_asked_shown_and_stopped(console: MakeConsole) -> None:
    app = console(three_databases)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "f7", "n")
        app.screen.query_one("#name", Input).value = "shop-frontend"
        app.screen.query_one("#may-only-read", Checkbox).value = True
        app.screen.query_one("#scope", SelectionList).select_all()
        await press(pilot, "ctrl+s")
        assert is_shown(app, Viewer)
        token = app.screen.query_one("#text", TextArea).text
        assert token.startswith("AstraCS:")
        await press(pilot, "escape")
        (made,) = await app.workspace.tokens.list()
        assert made.read_only
        assert len(made.databases or ()) == 3
        assert [str(cell) for cell in app.screen.query_one(Grid).get_row(made.id)][:2] == ["shop-frontend", "read"]
        await press(pilot, "s")
        assert is_shown(app, StartServerDialog)
        app.screen.query_one("#port", Input).value = "0"
        await press(pilot, "ctrl+s")
        address = app.server.address
        assert f"[serving :{address.rpartition(':')[2]}]" in str(app.screen.query_one("#badges", Static).content)
        assert await ask(address, token) == 200
        assert await ask(address) == 401
        await press(pilot, "f5")
        shown = words(app, "#server-state")
        assert address in shown
        assert f"{address}/databases/shop" in shown
        assert "2 requests, 1 with an error" in shown
        assert token not in shown
        await press(pilot, "x")
        assert "serving" not in str(app.screen.query_one("#badges", Static).content)
        with pytest.raises(httpx.ConnectError):
            await ask(address, token)


async def test_a_revoked_token_is_refused(console: MakeConsole) -> None:
    app = console(three_databases)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        _, secret = await app.workspace.tokens.create("old")
        await press(pilot, "f7", "s")
        app.screen.query_one("#port", Input).value = "0"
        await press(pilot, "ctrl+s")
        assert await ask(app.server.address, secret.get_secret_value()) == 200
        await press(pilot, "d")
        await press(pilot, *typed("old"), "ctrl+s")
        assert await app.workspace.tokens.list() == []
        assert await ask(app.server.address, secret.get_secret_value()) == 401


async def test_a_taken_port_and_an_open_door_are_refused_in_the_dialog(console: MakeConsole) -> None:
    app = console(three_databases)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        async with app.run_test(size=(80, 24)) as pilot:
            await settle(pilot)
            await press(pilot, "f7", "s")
            app.screen.query_one("#port", Input).value = str(taken.getsockname()[1])
            await press(pilot, "ctrl+s")
            assert "Nothing can listen" in words(app, "#message")
            app.screen.query_one("#host", Input).value = "0.0.0.0"  # noqa: S104 - it is refused
            app.screen.query_one("#require-token", Checkbox).value = False
            await press(pilot, "ctrl+s")
            assert "without a token" in words(app, "#message")
            await press(pilot, "escape")
            assert "without a token" in words(app, "#server-state")
            assert app.badges == ()


async def test_leaving_asks_while_the_server_runs_and_stops_it(
    console: MakeConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = console(three_databases)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "f7", "s")
        app.screen.query_one("#port", Input).value = "0"
        await press(pilot, "ctrl+s", "ctrl+q")
        assert is_shown(app, LeaveDialog)
        await press(pilot, "escape")
        address = app.server.address
        assert await ask(address) == 401
        left: list[int] = []
        monkeypatch.setattr(app, "exit", left.append)
        await press(pilot, "ctrl+q")
        await press(pilot, "ctrl+s")
        assert left == [0]
        with pytest.raises(httpx.ConnectError):
            await ask(address)
