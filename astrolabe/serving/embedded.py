"""uvicorn's server as a part of a program that has its own signals and its own limits on connections."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterator

import uvicorn

from astrolabe.serving.connections import HEADS_IN_TIME, ConnectionBudget, LimitedProtocol
from astrolabe.serving.listener import BACKLOG


class EmbeddedServer(uvicorn.Server):
    """uvicorn's server.

    Args:
        config: Loaded; its protocol class is not looked at.
        budget: Of the connections.

    Attributes:
        ready: Set once it listens.
    """

    def __init__(self, config: uvicorn.Config, budget: ConnectionBudget) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()
        self._budget = budget

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and tell whoever waits for it.

        uvicorn's own way has no limit on the time of a TLS handshake but asyncio's minute.
        """
        self.servers = []
        for listener in sockets or ():
            await self.add(listener, self.config.ssl)
        self.started = True
        self.ready.set()

    async def add(self, listener: socket.socket, context: ssl.SSLContext | None) -> asyncio.Server:
        """Listen on one more socket, with TLS of its own; it is closed with the others."""
        loop = asyncio.get_running_loop()

        def protocol() -> LimitedProtocol:
            return LimitedProtocol(self.config, self.server_state, self.lifespan.state, loop, budget=self._budget)

        seconds = HEADS_IN_TIME if context is not None else None
        server = await loop.create_server(
            protocol, sock=listener, backlog=BACKLOG, ssl=context, ssl_handshake_timeout=seconds
        )
        self.servers.append(server)
        return server
