"""The server that the console runs: on its own workspace and event loop, until it is stopped or the console is left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from astrolabe.errors import UsageError
from astrolabe.serving.options import ServerOptions
from astrolabe.workspace import Workspace

if TYPE_CHECKING:
    from astrolabe.serving.server import DataApiServer


class ServerControl:
    """Starts and stops the server, and knows what became of it.

    Attributes:
        options: What the next start begins with, and what the running one was started with.
        since: When it was started; None while it does not run.
        problem: Why the last start failed; empty after one that did not.
    """

    def __init__(self, options: ServerOptions, *, now: Callable[[], datetime], changed: Callable[[], None]) -> None:
        """Begin without a running server.

        Args:
            options: What the settings say.
            now: The clock.
            changed: Called after each start and stop.
        """
        self.options = options
        self.since: datetime | None = None
        self.problem = ""
        self._now = now
        self._changed = changed
        self._server: DataApiServer | None = None

    @property
    def running(self) -> bool:
        """Whether requests are answered."""
        return self._server is not None and self._server.running

    @property
    def address(self) -> str:
        """Where it answers; empty while it does not run."""
        return self._server.address if self._server is not None else ""

    @property
    def requests(self) -> int:
        """How many requests were answered since the start."""
        return self._server.traffic.requests if self._server is not None else 0

    @property
    def failed(self) -> int:
        """How many of them were answered with an error."""
        return self._server.traffic.failed if self._server is not None else 0

    @property
    def last_error(self) -> str:
        """The newest error it answered with; may hold foreign text."""
        return self._server.traffic.last_error if self._server is not None else ""

    async def start(self, workspace: Workspace, options: ServerOptions) -> str:
        """Start the server and return its address.

        Raises:
            UsageError: It runs already, or would answer other machines without a token.
            ServerError: The address is taken, or the certificate cannot be used.
            NotFoundError: The default database of the settings does not exist.
        """
        # Imported at the first start: it takes time that the console's own start can spare.
        from astrolabe.serving.server import DataApiServer  # noqa: PLC0415

        if self.running:
            raise UsageError(f"The server runs already, on {self.address}.", hint="Stop it first.")
        # Here is nowhere to show what differs, so nothing is sent to another server: `astrolabe serve` compares.
        options = replace(options, compare=None)
        server = DataApiServer(workspace, options)
        try:
            await server.start()
        except Exception as error:
            self.problem = str(error)
            raise
        self._server, self.options, self.problem = server, options, ""
        self.since = self._now()
        self._changed()
        return server.address

    async def stop(self) -> None:
        """Finish the requests that have begun and stop; harmless when it does not run."""
        server, self._server, self.since = self._server, None, None
        if server is not None:
            await server.stop()
            self._changed()
