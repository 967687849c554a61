"""Ports of single databases: one that was given stays the database's own, so that programs find it again."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from astrolabe.portal.organization import Database
from astrolabe.workspace import Workspace

_SETTING = "server.port."
_HIGHEST = 65535


async def known_ports(workspace: Workspace, databases: Sequence[Database]) -> dict[str, int]:
    """Return the ports that databases were given, by their ids."""
    found = {database.id: await workspace.setting(_SETTING + database.id) for database in databases}
    return {database_id: int(port) for database_id, port in found.items() if port is not None and port.isdecimal()}


async def keep_port(workspace: Workspace, database_id: str, port: int) -> None:
    """Keep the port of a database."""
    await workspace.put_setting(_SETTING + database_id, str(port))


def next_port(base: int, taken: Collection[int]) -> int:
    """Return the first port above the server's own that no database has; 0, any free one, when that is 0 itself."""
    if base == 0:
        return 0
    return next((port for port in range(base + 1, _HIGHEST + 1) if port not in taken), 0)
