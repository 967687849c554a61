"""The rows of connection strings in ``catalog.db``: what each is beyond the credential that carries its secret."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from storage.sqlite.row_access import RowReader, RowWriter


@dataclass(frozen=True, slots=True)
class ConnectionStringRow:
    """A connection string beside its credential, whose name is its identifier.

    Attributes:
        credential_id: Number of the credential.
        name: Unique among connection strings.
        connector: Key of the connector.
        settings: Its settings block, without the secret.
    """

    credential_id: int
    name: str
    connector: str
    settings: Mapping[str, Any]


class ConnectionStringReader(RowReader):
    """Reads connection strings."""

    async def connection_strings(self) -> list[ConnectionStringRow]:
        """Return all of them, by name."""
        sql = "SELECT credential, name, connector, settings FROM connection_string ORDER BY name COLLATE NOCASE, name"
        return [
            ConnectionStringRow(number, name, connector, json.loads(settings))
            for number, name, connector, settings in await self._rows(sql)
        ]


class ConnectionStringWriter(RowWriter):
    """Changes connection strings."""

    async def put_connection_string(self, row: ConnectionStringRow) -> None:
        """Write a connection string beside its credential, in place of what stood there.

        Raises:
            sqlite3.IntegrityError: The name is taken, or there is no such credential; look first, in the same block.
        """
        sql = """
            INSERT INTO connection_string (credential, name, connector, settings) VALUES (?, ?, ?, ?)
            ON CONFLICT (credential) DO UPDATE
            SET name = excluded.name, connector = excluded.connector, settings = excluded.settings
        """
        settings = json.dumps(row.settings, ensure_ascii=False, sort_keys=True)
        await self._change(sql, (row.credential_id, row.name, row.connector, settings))
