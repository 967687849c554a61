"""Which tables of one database have indexes that this program is filling."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from storage.errors import StorageError

ROWS_AT_ONCE = 500
"""Rows of one slice. A table that has no more gets its index in the transaction that makes it."""


@dataclass(frozen=True, slots=True)
class IndexBuilds:
    """The work in progress, by the number of the table.

    Attributes:
        tasks: Each fills the indexes of one table, and returns what has stopped it, or None.
        given_up: Tables whose indexes could not be filled; the next start of the program tries again.
    """

    tasks: dict[int, asyncio.Task[StorageError | None]] = field(default_factory=dict)
    given_up: set[int] = field(default_factory=set)
