"""Doors to databases behind an endpoint: a scripted one on loopback, and this program's own server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from astrolabe.dataapi.engine.limits import DatabaseLimits
from astrolabe.portal.organization import DatabaseDraft
from astrolabe.providers.catalogue.catalogue import load_catalogue
from astrolabe.remote.door import RemoteDataApi
from astrolabe.remote.line import Line, Patience
from astrolabe.remote.token import Token
from astrolabe.serving.options import ServerOptions
from astrolabe.serving.server import DataApiServer
from astrolabe.workspace import Workspace, WorkspaceOptions
from tests.support.fake_time import FakeTime
from tests.support.provider_server import ProviderServer

TOKEN = "AstraCS:remote:sentinel-Wm4Tx9Zq7"
CATALOGUE = load_catalogue()


@dataclass
class Scripted:
    """An endpoint that answers what it is told, and the door to it; no time passes between its tries."""

    server: ProviderServer
    line: Line
    api: RemoteDataApi
    time: FakeTime


@asynccontextmanager
async def scripted(*, secret: str = TOKEN, user: str = "", patience: Patience | None = None) -> AsyncIterator[Scripted]:
    """Lend a scripted endpoint."""
    time = FakeTime()
    async with ProviderServer() as server:
        token = Token.of(SecretStr(secret), user)
        line = Line(server.url, token, patience=patience, clock=time.clock, sleep=time.sleep)
        try:
            yield Scripted(server, line, RemoteDataApi(line, server.url, CATALOGUE), time)
        finally:
            await line.close()


@dataclass
class Beside:
    """One workspace with two databases: ``here`` is reached in process, ``there`` through its server."""

    workspace: Workspace
    address: str
    line: Line
    there: RemoteDataApi


@asynccontextmanager
async def beside(folder: Path, *, limits: DatabaseLimits | None = None) -> AsyncIterator[Beside]:
    """Serve a new data folder with the databases ``here`` and ``there``."""
    options = WorkspaceOptions(folder, limits=limits or DatabaseLimits())
    async with Workspace.opened(options) as workspace:
        for name in ("here", "there"):
            await workspace.create_database(DatabaseDraft(name))
        server = DataApiServer(workspace, ServerOptions(port=0, token=SecretStr(TOKEN), database="there"))
        await server.start()
        line = Line(server.address, Token.of(SecretStr(TOKEN)))
        try:
            yield Beside(workspace, server.address, line, RemoteDataApi(line, server.address, workspace.catalogue))
        finally:
            await line.close()
            await server.stop()
