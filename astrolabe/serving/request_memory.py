"""How much of large requests is in memory at once, however many are sent."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

BYTES_KEPT = 128 << 20
"""Bytes of bodies that have come, whole or in part, and are not answered yet."""

BYTES_WORKED_ON = 24 << 20
"""Bytes of larger bodies that are being parsed and executed: as values they take many times their bytes."""

_SMALL = 32_768
"""Bytes of a body that never waits."""


class FullError(Exception):
    """There is no room for more of a body."""


class Share:
    """What one request has of the memory."""

    def __init__(self, memory: RequestMemory) -> None:
        self._memory = memory
        self.taken = 0

    def take(self, size: int) -> None:
        """Take some bytes more.

        Raises:
            FullError: There are not so many.
        """
        if self._memory.kept + size > self._memory.most_kept:
            raise FullError
        self._memory.kept += size
        self.taken += size


class RequestMemory:
    """The memory of one server's requests; belongs to one event loop.

    Args:
        most_kept: Bytes of all bodies together.
        most_worked_on: Bytes of the larger ones that are worked on at once.

    Attributes:
        kept: Bytes of bodies in memory.
    """

    def __init__(self, most_kept: int = BYTES_KEPT, most_worked_on: int = BYTES_WORKED_ON) -> None:
        self.most_kept = most_kept
        self.kept = 0
        self._most = most_worked_on
        self._free = most_worked_on
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @contextmanager
    def share(self) -> Iterator[Share]:
        """Lend a share, which is given back at the end of the block."""
        share = Share(self)
        try:
            yield share
        finally:
            self.kept -= share.taken

    @asynccontextmanager
    async def worked_on(self, size: int) -> AsyncIterator[None]:
        """Wait until a body of so many bytes may be worked on; in the order of their coming, and small ones never."""
        if size <= _SMALL:
            yield
            return
        size = min(size, self._most)
        await self._acquire(size)
        try:
            yield
        finally:
            self._release(size)

    async def _acquire(self, size: int) -> None:
        if not self._waiting and size <= self._free:
            self._free -= size
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((size, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._release(size)
            else:
                self._waiting.remove((size, turn))
                self._admit()
            raise

    def _release(self, size: int) -> None:
        self._free += size
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._free:
            size, turn = self._waiting.popleft()
            if not turn.cancelled():
                self._free -= size
                turn.set_result(None)
