"""Starting and failing to start: what the server takes from the process it gives back."""

from __future__ import annotations

import asyncio
import socket
import sys
from pathlib import Path

import pytest

from astrolabe.serving.embedded import EmbeddedServer
from astrolabe.serving.options import ServerOptions
from astrolabe.serving.server import DataApiServer, ServerError
from astrolabe.workspace import Workspace, WorkspaceOptions


async def test_a_server_that_fails_to_start_restores_the_switch_interval(tmp_path: Path) -> None:
    before = sys.getswitchinterval()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        async with Workspace.opened(WorkspaceOptions(tmp_path / "data")) as workspace:
            server = DataApiServer(workspace, ServerOptions(port=taken.getsockname()[1], require_token=False))
            with pytest.raises(ServerError, match="Nothing can listen"):
                await server.start()
            assert sys.getswitchinterval() == before
            assert not server.running


async def test_a_server_that_ends_while_it_starts_restores_the_switch_interval(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise OSError("no more descriptors")

    monkeypatch.setattr(EmbeddedServer, "startup", fail)
    before = sys.getswitchinterval()
    async with Workspace.opened(WorkspaceOptions(tmp_path / "data")) as workspace:
        server = DataApiServer(workspace, ServerOptions(port=0, require_token=False))
        with pytest.raises(ServerError, match="ended before it answered"):
            await server.start()
        assert sys.getswitchinterval() == before
        assert not server.running
        await server.stop()


async def test_a_start_that_is_cancelled_restores_the_switch_interval(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starting = asyncio.Event()

    async def never_ready(*_: object, **__: object) -> None:
        starting.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(EmbeddedServer, "startup", never_ready)
    before = sys.getswitchinterval()
    async with Workspace.opened(WorkspaceOptions(tmp_path / "data")) as workspace:
        server = DataApiServer(workspace, ServerOptions(port=0, require_token=False))
        task = asyncio.create_task(server.start())
        await starting.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert sys.getswitchinterval() == before
        assert not server.running


async def test_a_server_that_was_stopped_restores_the_switch_interval(tmp_path: Path) -> None:
    before = sys.getswitchinterval()
    async with Workspace.opened(WorkspaceOptions(tmp_path / "data")) as workspace:
        server = DataApiServer(workspace, ServerOptions(port=0, require_token=False))
        await server.start()
        assert sys.getswitchinterval() <= before
        await server.stop()
        assert sys.getswitchinterval() == before
