"""The doors beside the server's own address: a port for each database, and TLS under Astra DB's host names."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field

from astrolabe.portal.organization import Database
from astrolabe.serving.authority import Authority
from astrolabe.serving.embedded import EmbeddedServer
from astrolabe.serving.listener import Places, ServerError, listen
from astrolabe.serving.options import ServerOptions
from astrolabe.serving.ports import keep_port, known_ports, next_port
from astrolabe.workspace import Workspace

_LOOKS = 1.0
"""Seconds between two looks at whether there are other databases."""

_MOST_TRIED = 20

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Doors:
    """Opens ports while the server runs, and closes those of databases that are gone.

    Args:
        workspace: Open.
        options: Which doors there are.
        places: Connections of all doors together.

    Attributes:
        ports: Database ids, by the port that leads to them.
        astra_port: The port of Astra DB's host names; None while it is not open.
        renewed: Whether programs have to read the authority's certificate anew.
    """

    workspace: Workspace
    options: ServerOptions
    places: Places
    ports: dict[int, str] = field(default_factory=dict)
    astra_port: int | None = None
    renewed: bool = False
    _open: dict[str, asyncio.Server] = field(default_factory=dict)
    _context: ssl.SSLContext | None = None
    _seen: list[Database] = field(default_factory=list)

    async def open(self, server: EmbeddedServer, base: int, context: ssl.SSLContext | None) -> None:
        """Open all doors.

        Args:
            server: Listens already.
            base: Its own port as it was asked for; 0 for any.
            context: Its TLS, which the ports of databases have, too.

        Raises:
            ServerError: The port of Astra DB's host names cannot be had, or its certificate not be made.
        """
        databases = await self.workspace.databases.list()
        await self._open_ports(server, base, context, databases)
        if self.options.astra_port is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.minimum_version = ssl.TLSVersion.TLSv1_2
            await self._certify(databases)
            listener = listen(self.options.host, self.options.astra_port, self.places)
            self.astra_port = int(listener.getsockname()[1])
            await server.add(listener, self._context)
        self._seen = list(databases)

    async def follow(self, server: EmbeddedServer, base: int, context: ssl.SSLContext | None) -> None:
        """Look for databases that were created or deleted, until cancelled."""
        while True:
            await asyncio.sleep(_LOOKS)
            try:
                databases = await self.workspace.databases.list()
                if databases != self._seen:
                    await self._open_ports(server, base, context, databases)
                    if self._context is not None:
                        await self._certify(databases)
                    self._seen = list(databases)
            except Exception:  # the boundary of a task that nobody waits for; the next look may do better
                log.exception("The ports of databases could not be brought up to date.")

    def port_of(self, database: Database) -> int | None:
        """Return the port of a database; None when it has none."""
        return next((port for port, database_id in self.ports.items() if database_id == database.id), None)

    async def _open_ports(
        self, server: EmbeddedServer, base: int, context: ssl.SSLContext | None, databases: Sequence[Database]
    ) -> None:
        if not self.options.port_per_database:
            return
        for gone in self._open.keys() - {database.id for database in databases}:
            self._open.pop(gone).close()
            for port in [port for port, owner in self.ports.items() if owner == gone]:
                del self.ports[port]
        known = await known_ports(self.workspace, databases) if base else {}
        for database in sorted(databases, key=lambda database: (database.created_at, database.id)):
            if database.id not in self._open:
                await self._open_port(server, base, context, database, known)

    async def _open_port(
        self,
        server: EmbeddedServer,
        base: int,
        context: ssl.SSLContext | None,
        database: Database,
        known: dict[str, int],
    ) -> None:
        """Open the port that a database had before, or the next one that is free."""
        taken = {base, *known.values(), *self.ports}
        wanted = known.get(database.id) or next_port(base, taken)
        for _ in range(_MOST_TRIED):
            try:
                listener = listen(self.options.host, wanted, self.places)
                break
            except ServerError as error:
                log.warning("%s", error.message)
                taken.add(wanted)
                wanted = next_port(base, taken)
        else:
            raise ServerError(f"There is no free port for the database {database.name} above {base}.")
        port = int(listener.getsockname()[1])
        self._open[database.id] = await server.add(listener, context)
        self.ports[port] = database.id
        if base and known.get(database.id) != port:
            known[database.id] = port
            await keep_port(self.workspace, database.id, port)

    async def _certify(self, databases: Sequence[Database]) -> None:
        """Have a certificate for these databases, and show it from the next connection on.

        Raises:
            ServerError: It cannot be made.
        """
        authority, context = Authority(self.workspace.options.data_dir), self._context
        try:
            renewed = await asyncio.to_thread(authority.prepare, databases)
            if context is not None:
                await asyncio.to_thread(context.load_cert_chain, authority.server)
        except (OSError, ValueError) as error:
            raise ServerError(
                f"The certificate of the server cannot be made in {authority.folder}: {error}.",
                hint="`astrolabe authority remove` removes what is there; the next start makes it anew.",
            ) from error
        self.renewed = self.renewed or renewed
