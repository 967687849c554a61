"""The rows of connections in ``catalog.db``: where databases are, beside the credential that carries the token."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.catalog.rows import CONNECTION, read_time, time_text
from storage.sqlite.row_access import RowReader, RowWriter


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    """A connection to databases elsewhere.

    Attributes:
        name: Unique.
        kind: Such as ``endpoint``.
        address: Where it leads.
        settings: All else that is needed to get there; nothing secret.
        production: Whether it is marked as production.
        read_only: Whether nothing may be changed through it.
        created_at: With a time zone.
        masked: What may be shown of its token; empty when it has none. Read only: it is that of the credential.
    """

    name: str
    kind: str
    address: str
    settings: Mapping[str, Any]
    production: bool
    read_only: bool
    created_at: datetime
    masked: str = ""


class ConnectionReader(RowReader):
    """Reads connections."""

    async def connections(self) -> list[ConnectionRow]:
        """Return all of them, by name."""
        sql = """
            SELECT n.name, n.kind, n.address, n.settings, n.production, n.read_only, n.created_at, c.masked
            FROM connection AS n LEFT JOIN credential AS c ON c.provider = ? AND c.name = n.name
            ORDER BY n.name COLLATE NOCASE, n.name
        """
        return [
            ConnectionRow(
                name,
                kind,
                address,
                json.loads(settings),
                bool(production),
                bool(read_only),
                read_time(at),
                masked or "",
            )
            for name, kind, address, settings, production, read_only, at, masked in await self._rows(sql, (CONNECTION,))
        ]


class ConnectionWriter(RowWriter):
    """Changes connections."""

    async def put_connection(self, row: ConnectionRow) -> None:
        """Write a connection, in place of one of its name; its credential is not touched."""
        sql = """
            INSERT INTO connection (name, kind, address, settings, production, read_only, created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, address = excluded.address,
                settings = excluded.settings, production = excluded.production, read_only = excluded.read_only
        """
        settings = json.dumps(row.settings, ensure_ascii=False, sort_keys=True)
        at = time_text(row.created_at)
        await self._change(sql, (row.name, row.kind, row.address, settings, row.production, row.read_only, at))

    async def delete_connection(self, name: str) -> bool:
        """Remove a connection with its credential; False when there was none."""
        await self._change("DELETE FROM credential WHERE provider = ? AND name = ?", (CONNECTION, name))
        return await self._change("DELETE FROM connection WHERE name = ?", (name,)) == 1
