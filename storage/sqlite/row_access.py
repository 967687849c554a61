"""Running a statement inside a block of a store: what every reader and writer of rows has in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import aiosqlite


class RowReader:
    """Reads rows over a connection.

    Args:
        connection: Lent for one block.
    """

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def _rows(self, sql: str, parameters: Iterable[Any] = ()) -> list[Sequence[Any]]:
        try:
            return [tuple(row) for row in await self._connection.execute_fetchall(sql, parameters)]
        except UnicodeEncodeError:
            # A word of the command line that is not UTF-8 arrives with lone surrogates; no row can hold those.
            return []


class RowWriter(RowReader):
    """Reads and changes rows over a connection."""

    async def _change(self, sql: str, parameters: Iterable[Any]) -> int:
        """Run one statement and return how many rows it changed."""
        cursor = await self._connection.execute(sql, parameters)
        changed = cursor.rowcount
        await cursor.close()
        return changed
