"""Which tables of one database have indexes that this program is filling."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

ROWS_AT_ONCE = 500
"""Rows of one slice. A table that has no more gets its index in the transaction that makes it."""


@dataclass(frozen=True, slots=True)
class IndexBuilds:
    """The work in progress, by the number of the table.

    Attributes:
        tasks: Each fills the indexes of one table, and returns what has stopped it, or None.
        given_up: Tables whose indexes could not be filled; the next start of the program tries again.
    """

    tasks: dict[int, asyncio.Task[Exception | None]] = field(default_factory=dict)
    given_up: set[int] = field(default_factory=set)

    async def stop(self) -> None:
        """End the work in progress, each at the end of its slice; the next start goes on with it."""
        tasks = list(self.tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
