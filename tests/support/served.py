"""The server on a free port, in a thread with an event loop of its own, so that clients may block or not."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
from pydantic import SecretStr

from astrolabe.portal.organization import CredentialDraft, DatabaseDraft
from astrolabe.providers.rerank.engine import RerankerAccess
from astrolabe.serving.options import ServerOptions
from astrolabe.serving.server import DataApiServer
from astrolabe.workspace import Workspace, WorkspaceOptions
from tests.support.provider_server import ProviderServer
from tests.support.waiting import LONGEST_WAIT

TOKEN = "AstraCS:tests:sentinel-Vb3Kq8"
DATABASE = "library"
KEYSPACE = "default_keyspace"
PROVIDER = "huggingfaceDedicated"
CREDENTIAL = "hf-main"
PROVIDER_KEY = "hf_sentinel-Zq7Wm4Tx9"

T = TypeVar("T")


@dataclass(frozen=True)
class Served:
    """A running server."""

    address: str
    workspace: Workspace
    server: DataApiServer
    provider: ProviderServer
    loop: asyncio.AbstractEventLoop

    def post(
        self,
        path: str,
        content: bytes | str | None = None,
        *,
        json: object = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """Post to a path with the token and, unless ``headers`` say otherwise, as JSON."""
        sent = {"Token": TOKEN, "Content-Type": "application/json"} | (headers or {})
        return httpx.post(
            self.address + path,
            content=content,
            json=json,
            headers={name: value for name, value in sent.items() if value},
            timeout=LONGEST_WAIT,
        )

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the server's own loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(LONGEST_WAIT)


Prepare = Callable[[Workspace], Coroutine[Any, Any, None]]


async def prepare_library(workspace: Workspace) -> None:
    """Create one database that may use one credential."""
    database = await workspace.create_database(DatabaseDraft(DATABASE))
    draft = CredentialDraft(PROVIDER, CREDENTIAL, SecretStr(PROVIDER_KEY), (database.id,))
    await workspace.integrations.add_credential(draft)


class _Thread:
    """A server, from its start to its end, in a thread."""

    def __init__(self, folder: Path, options: ServerOptions, prepare: Prepare, *, reranking: bool = False) -> None:
        self._folder = folder
        self._reranking = reranking
        self._options = options
        self._prepare = prepare
        self._ready: Future[Served] = Future()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._main, name="served")

    def start(self) -> Served:
        """Return the running server, or raise why it does not run."""
        self._thread.start()
        return self._ready.result(LONGEST_WAIT)

    def end(self, running: Served) -> None:
        """Stop it."""
        running.loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(20)

    def _main(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # a thread's boundary: the test must not wait for ever
            if self._ready.done():
                raise
            self._ready.set_exception(error)

    async def _serve(self) -> None:
        async with ProviderServer(dimension=8, key=PROVIDER_KEY) as provider:
            urls = {PROVIDER: f"{provider.url}/embeddings"}
            rerankers = {"nvidia": RerankerAccess(f"{provider.url}/ranking")} if self._reranking else {}
            options = WorkspaceOptions(self._folder, provider_urls=urls, rerankers=rerankers)
            async with Workspace.opened(options) as workspace:
                await self._prepare(workspace)
                server = DataApiServer(workspace, self._options)
                await server.start()
                self._ready.set_result(Served(server.address, workspace, server, provider, asyncio.get_running_loop()))
                try:
                    await self._stop.wait()
                finally:
                    await server.stop()


@contextmanager
def served(
    folder: Path, options: ServerOptions | None = None, *, prepare: Prepare = prepare_library, reranking: bool = False
) -> Iterator[Served]:
    """Serve a new data folder; :data:`TOKEN` is the one accepted token unless ``options`` say otherwise.

    With ``reranking`` the loopback provider is a reranking model, too, and wants :data:`PROVIDER_KEY`.
    """
    thread = _Thread(folder, options or ServerOptions(port=0, token=SecretStr(TOKEN)), prepare, reranking=reranking)
    running = thread.start()
    try:
        yield running
    finally:
        thread.end(running)
