"""The server: bound, started and stopped inside a running event loop, with the workspace that somebody else opened."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import sys
import time
from collections.abc import Callable
from pathlib import Path

import uvicorn

if sys.platform != "win32":
    import resource

from astrolabe.errors import UsageError
from astrolabe.providers.catalogue.address import is_loopback
from astrolabe.serving.addresses import chosen
from astrolabe.serving.app import DataApiApp, Policy
from astrolabe.serving.authorization import Gate
from astrolabe.serving.comparison import Compared, Comparison
from astrolabe.serving.connections import ConnectionBudget
from astrolabe.serving.doors import Doors
from astrolabe.serving.embedded import EmbeddedServer
from astrolabe.serving.interpreter import ServingInterpreter
from astrolabe.serving.listener import Places, ServerError, listen
from astrolabe.serving.options import ServerOptions
from astrolabe.serving.records import Report
from astrolabe.serving.traffic import Traffic
from astrolabe.workspace import Workspace, base_address
from storage.sqlite.busy_retry import uninterrupted

GRACE = 10
"""Seconds that requests have to finish when the server is stopped."""

_IDLE = 30

log = logging.getLogger(__name__)


class DataApiServer:
    """The Data API on a port.

    Args:
        workspace: Open; it outlives the server.
        options: Where to listen and whom to answer.
        report: Is told of every request.
        compared: Is told of every request that another server was sent, too.

    Attributes:
        comparison: With another server; None when there is none, or it was never started.
        traffic: What it has answered.
        doors: The ports beside its own.
    """

    def __init__(
        self,
        workspace: Workspace,
        options: ServerOptions,
        report: Report | None = None,
        compared: Callable[[Compared], None] = lambda _compared: None,
    ) -> None:
        self._workspace = workspace
        self._options = options
        self._report = report
        self._compared = compared
        self.comparison: Comparison | None = None
        self.traffic = Traffic()
        self.doors = Doors(workspace, options, Places(options.connections))
        self._server: EmbeddedServer | None = None
        self._running: asyncio.Task[None] | None = None
        self._following: asyncio.Task[None] | None = None
        self._port = options.port
        self._interpreter = ServingInterpreter()

    @property
    def address(self) -> str:
        """Where it answers, such as ``http://127.0.0.1:8181``."""
        return self.address_of(self._port)

    def address_of(self, port: int) -> str:
        """Return the address of one of its ports."""
        return base_address(self._options.host, port, tls=self._options.certificate is not None)

    @property
    def running(self) -> bool:
        """Whether it has been started and not stopped."""
        return self._running is not None and not self._running.done()

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._server.server_state.connections) if self._server is not None else 0

    async def start(self) -> None:
        """Listen; requests are answered when this returns.

        Raises:
            UsageError: No token is required, and the address is not on loopback; the one token is blank; a key
                without a certificate; or what is to be compared with another server is not clear.
            ServerError: The address is taken or not one of this machine, or the certificate cannot be used.
            NotFoundError: There is no database of the name given.
        """
        self._check()
        if self._options.database is not None:
            await self._workspace.databases.find(self._options.database)
        self.comparison = await self._comparing()
        context = await asyncio.to_thread(self._tls)
        budget = ConnectionBudget(self._options.connections, _descriptors(), time.monotonic)
        places = Places(budget.whole)
        self.doors = Doors(self._workspace, self._options, places)
        server = EmbeddedServer(self._config(context), budget)
        listener = listen(self._options.host, self._options.port, places)
        self._port = int(listener.getsockname()[1])
        self._interpreter.begin()
        try:
            await self._run(server, listener)
            await self.doors.open(server, self._options.port, context)
        except BaseException:
            listener.close()
            await uninterrupted(self._ended())
            raise
        if self._options.port_per_database or self._options.astra_port is not None:
            follow = self.doors.follow(server, self._options.port, context)
            self._following = asyncio.create_task(follow, name="doors-of-databases")
        if self.comparison is not None:
            self.comparison.start()
        self._interpreter.freeze()
        log.info("Serving on %s.", self.address)

    async def _run(self, server: EmbeddedServer, listener: socket.socket) -> None:
        """Begin to answer.

        Raises:
            ServerError: uvicorn gave up before it answered.
        """
        self._server = server
        self._running = asyncio.create_task(server.serve([listener]), name="data-api-server")
        ready = asyncio.create_task(server.ready.wait())
        try:
            await asyncio.wait([self._running, ready], return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
        if not server.ready.is_set():
            reason = self._running.exception() if not self._running.cancelled() else None
            raise ServerError("The server ended before it answered a request.") from reason

    async def _ended(self) -> None:
        """Wait for the server's end, and give the interpreter back what it was."""
        following, self._following = self._following, None
        if following is not None:
            following.cancel()
            await asyncio.wait([following])
        server, running = self._server, self._running
        self._server = self._running = None
        if server is not None and running is not None:
            server.should_exit = True
            if not server.ready.is_set():
                running.cancel()
            await asyncio.wait([running])
        self._interpreter.end()

    async def wait(self) -> None:
        """Return when the server has ended."""
        if self._running is not None:
            await asyncio.shield(self._running)

    async def stop(self) -> None:
        """Take no more requests, finish those that have begun, and close; harmless when it is not running."""
        running = self._running
        if running is None:
            return
        if self.comparison is not None:
            await self.comparison.hold_nobody()
        await self._ended()
        if self.comparison is not None:
            await self.comparison.stop(GRACE)
        log.info("Stopped serving on %s.", self.address)
        running.result()

    def _check(self) -> None:
        options = self._options
        if options.key is not None and options.certificate is None:
            raise UsageError("A key was given without a certificate.", hint="Give the file of the certificate, too.")
        if options.token is not None and not options.token.get_secret_value().strip():
            raise UsageError(
                "The token is blank, so it would keep nobody out.", hint="Leave it out, or make one and give it."
            )
        if not options.require_token and not is_loopback(options.host):
            raise UsageError(
                f"Serving without a token is possible on this machine only, and {options.host} can be reached from "
                "others.",
                hint="Listen on 127.0.0.1, or require a token, and make one for each program that may ask.",
            )

    async def _comparing(self) -> Comparison | None:
        options = self._options
        if options.compare is None:
            return None
        database = chosen(await self._workspace.databases.list(), options.database)
        if database is None:
            raise UsageError(
                "One database is compared with another server, and there is none here, or several.",
                hint="Name it: `astrolabe serve --compare URL --database NAME`.",
            )
        return Comparison(
            database.id,
            options.compare,
            options.compare_token,
            allow_plain_http=options.allow_plain_http,
            report=self._compared,
        )

    def _tls(self) -> ssl.SSLContext | None:
        options = self._options
        if options.certificate is None:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(options.certificate, options.key)
        except (ssl.SSLError, ValueError) as error:
            raise _unusable(options.certificate, "it is not a PEM certificate with its key") from error
        except OSError as error:
            raise _unusable(options.certificate, error.strerror or type(error).__name__) from error
        return context

    def _config(self, context: ssl.SSLContext | None) -> uvicorn.Config:
        options = self._options
        gate = Gate(
            self._workspace.tokens,
            only=options.token,
            open_to_all=not options.require_token,
            hosts=(options.host, *options.host_names),
        )
        policy = Policy(
            options.database,
            options.patience,
            options.body_seconds,
            options.largest_request,
            options.requests_per_second,
            self.doors.ports.get,
        )
        config = uvicorn.Config(
            DataApiApp(self._workspace, gate, policy, self.traffic, report=self._report, comparison=self.comparison),
            ws="none",
            lifespan="off",
            log_config=None,
            log_level=logging.CRITICAL,  # what it would report is in our own logs, or is noise of strangers
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=_IDLE,
            timeout_graceful_shutdown=GRACE,
        )
        config.load()
        config.ssl = context
        return config


def _descriptors() -> int | None:
    """Return how many descriptors the process may have; None where there is no limit, or none that can be asked."""
    if sys.platform == "win32":
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft


def _unusable(certificate: Path, reason: str) -> ServerError:
    return ServerError(f"The certificate {certificate} cannot be used: {reason}.")


__all__ = ["DataApiServer", "ServerError"]
