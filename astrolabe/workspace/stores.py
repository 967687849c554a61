"""The open databases: opened when they are used, and closed when others need the room.

A store has connections, threads and an index of vectors. Only so many are open at once; beyond, the one that was not
used for the longest time is closed, and never one that somebody is using.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from storage.errors import StorageError, StoreBusyError
from storage.sqlite.busy_retry import uninterrupted

PATIENCE = 30.0
"""Seconds that opening a database waits for another one to be out of use."""


class Closable(Protocol):
    """What can be open: a store, or more around it."""

    async def close(self) -> None:
        """Close it."""
        ...


_T = TypeVar("_T", bound=Closable)


@dataclass(eq=False, slots=True)
class _Slot(Generic[_T]):
    """One database: what is open of it, how many use it, and the lock of its opening and closing."""

    opened: _T | None = None
    users: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class StorePool(Generic[_T]):
    """Lends the stores of databases; belongs to one event loop.

    Args:
        opener: Opens the store of a database, and whatever goes with it, by its id.
        most: How many may be open at once.
    """

    def __init__(self, opener: Callable[[str], Awaitable[_T]], most: int) -> None:
        self._opener = opener
        self._most = most
        self._slots: dict[str, _Slot[_T]] = {}  # in the order of their last use
        self._open = 0
        self._closed = False
        self._waiting: set[asyncio.Future[None]] = set()

    @property
    def open_ids(self) -> Collection[str]:
        """The databases whose stores are open, the one used last at the end."""
        return [key for key, slot in self._slots.items() if slot.opened is not None]

    @asynccontextmanager
    async def lease(self, database_id: str) -> AsyncIterator[_T]:
        """Lend a store for a block, opened if it is not; it stays open until the block ends. Do not nest blocks.

        Raises:
            StorageError: It cannot be opened, too many others are in use for too long, or all were closed for good.
            AstrolabeError: What the opener raises.
        """
        slot = self._slots.pop(database_id, None) or _Slot[_T]()
        self._slots[database_id] = slot
        slot.users += 1
        try:
            yield await self._opened(database_id, slot)
        finally:
            slot.users -= 1
            self._let_go(database_id, slot)

    async def close(self, database_id: str) -> None:
        """Close a database's store, whoever uses it."""
        slot = self._slots.get(database_id)
        if slot is not None:
            async with slot.lock:
                await self._close(database_id, slot)

    @asynccontextmanager
    async def shut(self, database_id: str) -> AsyncIterator[None]:
        """Close a database's store, whoever uses it, and keep it closed for a block."""
        slot = self._slots.setdefault(database_id, _Slot[_T]())
        slot.users += 1
        try:
            async with slot.lock:
                await self._close(database_id, slot)
                yield
        finally:
            slot.users -= 1
            self._let_go(database_id, slot)

    async def close_others(self, known: Collection[str]) -> None:
        """Close the stores of databases that are not known any more."""
        for gone in set(self.open_ids) - set(known):
            await self.close(gone)

    async def close_all(self) -> None:
        """Close every store for good, also those being opened; the first error is raised at the end."""
        self._closed = True
        errors = []
        for key in list(self._slots):
            try:
                await self.close(key)
            except Exception as error:  # noqa: BLE001 - the others are to be closed all the same
                errors.append(error)
        if errors:
            raise errors[0]

    async def _opened(self, database_id: str, slot: _Slot[_T]) -> _T:
        """Return the open store. Opening holds the lock of this database alone, so a slow file blocks no other."""
        if slot.opened is not None and not slot.lock.locked():
            return slot.opened
        async with slot.lock:
            if slot.opened is None:
                self._check_open()
                await self._make_room()
                try:
                    self._check_open()  # the wait for room may have outlived the pool
                    slot.opened = await self._opener(database_id)
                except BaseException:
                    self._open -= 1
                    raise
            return slot.opened

    def _check_open(self) -> None:
        if self._closed:
            raise StorageError("The databases are closed: the program is ending.")

    async def _make_room(self) -> None:
        """Wait until one more may be open, and count it.

        Raises:
            StoreBusyError: All that may be open are in use, for too long.
        """
        end = asyncio.get_running_loop().time() + PATIENCE
        while self._open >= self._most:
            idle = self._oldest_idle()
            if idle is not None:
                await self.close(idle)
                continue
            try:
                async with asyncio.timeout_at(end):
                    await self._something_happens()
            except TimeoutError as error:
                raise _all_in_use(self._most) from error
        self._open += 1

    def _oldest_idle(self) -> str | None:
        """Return the open database that was not used for the longest time; None when all are in use."""
        idle = (key for key, slot in self._slots.items() if slot.opened and not slot.users and not slot.lock.locked())
        return next(idle, None)

    async def _something_happens(self) -> None:
        """Wait until a store is out of use or closed."""
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.add(waiting)
        try:
            await waiting
        finally:
            self._waiting.discard(waiting)

    async def _close(self, database_id: str, slot: _Slot[_T]) -> None:
        opened, slot.opened = slot.opened, None
        if opened is None:
            return
        try:
            await uninterrupted(opened.close())
        finally:
            self._open -= 1
            self._let_go(database_id, slot)

    def _let_go(self, database_id: str, slot: _Slot[_T]) -> None:
        """Forget a slot that nobody needs, and tell those who wait for room."""
        if slot.opened is None and not slot.users and self._slots.get(database_id) is slot:
            del self._slots[database_id]
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)


def _all_in_use(most: int) -> StoreBusyError:
    return StoreBusyError(
        f"As many databases are in use as may be open at once ({most}).",
        hint="Try again, or raise the limit of descriptors before the program is started: `ulimit -n 4096`.",
    )
