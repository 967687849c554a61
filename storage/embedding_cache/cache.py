"""Vectors of texts that were embedded before: a cache in a file of its own, which may be deleted at any time.

Nothing of this file may make an embedding fail: trouble is noted in :attr:`EmbeddingCache.problem`, logged once and
worked around. A damaged file is replaced by an empty one; one that cannot be opened or written is left out of account.
Several processes may use the file at the same time.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from storage.embedding_cache import entries
from storage.errors import CorruptStoreError, StorageError, StoreBusyError, VanishedStoreError
from storage.shapes import Matrix
from storage.sqlite.busy_retry import uninterrupted
from storage.sqlite.reserve import SpaceReserve
from storage.sqlite.store_file import StoreFile
from storage.sqlite.vacuum import give_back_space, used_bytes

DEFAULT_BYTES = 512 * 1024 * 1024
"""How large the file may grow unless a setting says otherwise."""

_BUSY_TIMEOUT = 1.0
_AT_ONCE = 500
"""Entries of one statement or transaction."""

_GATHER_SECONDS = 0.2
"""How long entries wait for others, to be written in one transaction with them."""

_MOST_PENDING = 64 * 1024 * 1024
"""Bytes that wait to be written; when the disk is slower than the providers, entries are dropped."""

_TOUCH_SECONDS = 3600
"""How exactly it is known when an entry was used last; each look-up would be a write otherwise."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CacheFacts:
    """What there is to know about the cache.

    Attributes:
        path: The file.
        entries: Vectors in it.
        size: Bytes of the file that are in use.
        most: Bytes it may grow to.
        hits: Texts whose vector was found, by any program since the cache was cleared.
        misses: Texts whose vector was not found.
        problem: What is wrong with the file, or None.
    """

    path: Path
    entries: int
    size: int
    most: int
    hits: int
    misses: int
    problem: StorageError | None = None


class EmbeddingCache:
    """The cache; opens its file at the first use and belongs to one event loop.

    Args:
        path: The file.
        most_bytes: Size that the oldest entries are evicted at.
        read_only: Look entries up and write nothing; the file is not even created.
        reserve: Space that clearing the cache may use when the disk is full.
        clock: Seconds since the epoch.

    Attributes:
        path: The file.
        problem: The last trouble with the file, or None.
    """

    def __init__(
        self,
        path: Path,
        *,
        most_bytes: int = DEFAULT_BYTES,
        read_only: bool = False,
        reserve: SpaceReserve | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.path = path
        self.problem: StorageError | None = None
        self._most_bytes = most_bytes
        self._read_only = read_only
        self._reserve = reserve
        self._clock = clock
        self._file: StoreFile | None = None
        self._opening = asyncio.Lock()
        self._off = False
        self._writable = not read_only
        self._replaced = False
        self._pending: dict[bytes, bytes] = {}
        self._pending_bytes = 0
        self._touched: set[bytes] = set()
        self._hits = self._misses = 0
        self._writing: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()

    async def find(self, keys: Sequence[bytes], dimension: int) -> dict[bytes, NDArray[np.float32]]:
        """Return the vectors that are there, by key; those waiting to be written are there already."""
        found = {key: data for key in keys if (data := self._pending.get(key)) is not None}
        wanted = [key for key in dict.fromkeys(keys) if key not in found]
        for start in range(0, len(wanted), _AT_ONCE):
            found |= await self._read(wanted[start : start + _AT_ONCE])
        size = dimension * 4
        return {key: np.frombuffer(data, dtype="<f4") for key, data in found.items() if len(data) == size}

    def keep(self, keys: Sequence[bytes], vectors: Matrix) -> None:
        """Keep vectors, one per key; they are written in the background, and found at once."""
        if not self._writable or self._off:
            return
        rows = np.ascontiguousarray(vectors, dtype="<f4")
        for key, row in zip(keys, rows, strict=True):
            if key in self._pending or self._pending_bytes > _MOST_PENDING:
                continue
            data = row.tobytes()
            self._pending[key] = data
            self._pending_bytes += len(data)
        if self._pending and (self._writing is None or self._writing.done()):
            self._writing = asyncio.create_task(self._write_pending())

    def count(self, *, hits: int, misses: int) -> None:
        """Add to the totals; they reach the file with the next write."""
        self._hits += hits
        self._misses += misses

    async def settle(self) -> None:
        """Wait until everything that was kept is written, or given up."""
        self._hurry.set()
        while self._writing is not None and not self._writing.done():
            await asyncio.wait({self._writing})
        self._hurry.clear()
        await self._write({})

    async def facts(self) -> CacheFacts:
        """Return what there is to know; trouble with the file is in it."""
        await self.settle()
        there = size = 0
        hits, misses = self._hits, self._misses
        try:
            file = await self._open() if self.path.exists() else None
            if file is not None:
                async with file.reader() as connection:
                    [(there,)] = await connection.execute_fetchall("SELECT count(*) FROM entry")
                    [(kept_hits, kept_misses)] = await connection.execute_fetchall("SELECT hits, misses FROM total")
                    size = await used_bytes(connection)
                hits, misses = hits + kept_hits, misses + kept_misses
        except (StorageError, sqlite3.Error) as error:
            await self._trouble(error)
        return CacheFacts(self.path, there, size, self._most_bytes, hits, misses, self.problem)

    async def clear(self) -> int:
        """Forget every entry and the totals, and give the space back; return how many there were.

        Raises:
            StorageError: The file cannot be written; a damaged one is replaced.
        """
        await self.settle()
        file = await self._open() if self.path.exists() else None
        if file is None:
            if self.problem is not None:
                raise self.problem
            return 0
        async with file.transaction(reserved=True) as connection:
            async with connection.execute("DELETE FROM entry") as cursor:
                removed = cursor.rowcount
            await connection.execute_fetchall("UPDATE total SET hits = 0, misses = 0")
        self._touched.clear()
        self._hits = self._misses = 0
        await asyncio.to_thread(give_back_space, self.path, _BUSY_TIMEOUT)
        return removed

    async def close(self) -> None:
        """Write what waits and close the file; may be called twice."""
        await self.settle()
        async with self._opening:  # a reader that nobody waits for any more may be opening it
            self._off = True
            file, self._file = self._file, None
            if file is not None:
                await uninterrupted(file.close())

    async def _open(self) -> StoreFile | None:
        """Return the open file; None when there is none to use, and :attr:`problem` says why if it is trouble."""
        async with self._opening:
            if self._file is not None or self._off:
                return self._file
            if self._read_only and not self.path.exists():
                return None
            try:
                self._file = await self._opened()
            except (CorruptStoreError, VanishedStoreError) as error:
                if not await self._replace(error):
                    return None
                try:
                    self._file = await self._opened()
                except StorageError as again:
                    self._give_up(again)
            except StoreBusyError as error:
                self._note(error)
            except StorageError as error:
                self._give_up(error)
            return self._file

    async def _opened(self) -> StoreFile:
        return await StoreFile.open(
            self.path,
            entries.MIGRATIONS,
            readers=2,
            busy_timeout=_BUSY_TIMEOUT,
            pragmas=entries.PRAGMAS,
            read_only=self._read_only,
            reserve=self._reserve,
        )

    async def _read(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        try:
            file = await self._open()
            if file is None:
                return {}
            async with file.reader() as connection:
                rows = await entries.read(connection, keys)
        except (StorageError, sqlite3.Error) as error:
            await self._trouble(error)
            return {}
        old = self._clock() - _TOUCH_SECONDS
        found: dict[bytes, bytes] = {}
        for entry in rows:
            found[entry.key] = entry.data
            if entry.used < old and self._writable:
                self._touched.add(entry.key)
        return found

    async def _write_pending(self) -> None:
        while self._pending:
            if len(self._pending) < _AT_ONCE:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_GATHER_SECONDS):
                        await self._hurry.wait()
            batch = dict(islice(self._pending.items(), _AT_ONCE))
            await self._write(batch)
            for key, data in batch.items():
                if self._pending.pop(key, None) is not None:
                    self._pending_bytes -= len(data)

    async def _write(self, batch: dict[bytes, bytes]) -> None:
        """Write entries, what was used, and the totals in one transaction; never raises for the file's sake."""
        if not self._writable or not (batch or self._touched or self._hits or self._misses):
            return
        touched, hits, misses = set(islice(self._touched, _AT_ONCE)), self._hits, self._misses
        now = int(self._clock())
        try:
            file = await self._open()
            if file is None:
                return
            async with file.transaction() as connection:
                await entries.write(connection, batch, now)
                await entries.touch(connection, touched, now)
                await entries.count(connection, hits, misses)
                await entries.evict(connection, self._most_bytes, at_once=_AT_ONCE // 5)
        except (StorageError, sqlite3.Error) as error:
            await self._trouble(error)
            return
        self._touched -= touched
        self._hits, self._misses = self._hits - hits, self._misses - misses

    async def _trouble(self, error: StorageError | sqlite3.Error) -> None:
        """Note an error of an open file, and decide what becomes of the cache."""
        match error:
            case StoreBusyError():
                self._note(error)
            case (
                CorruptStoreError() | VanishedStoreError() | sqlite3.Error()
            ):  # a statement that does not fit: the file is not ours any more
                async with self._opening:
                    damaged = error if isinstance(error, StorageError) else _unreadable(self.path, error)
                    await self._replace(damaged)
            case _:  # full, or not writable: what is in it can still be read
                self._writable = False
                self._pending.clear()
                self._pending_bytes = 0
                self._note(error)

    async def _replace(self, error: StorageError) -> bool:
        """Remove a damaged file, once; return whether a new one may be made."""
        file, self._file = self._file, None
        if file is not None:
            await file.close()
        another_programs = isinstance(error, CorruptStoreError) and error.__cause__ is None
        if self._read_only or self._replaced or another_programs:
            self._give_up(error)
            return False
        self._replaced = True
        try:
            for suffix in ("", "-wal", "-shm"):
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        except OSError:
            self._give_up(error)
            return False
        self._note(
            StorageError(
                f"The cache of embeddings {self.path} was damaged, and has been replaced by an empty one.",
                path=self.path,
                hint="Nothing is lost but time: texts are embedded again when they are needed.",
            )
        )
        return True

    def _give_up(self, error: StorageError) -> None:
        self._off = True
        self._pending.clear()
        self._pending_bytes = 0
        self._note(error)

    def _note(self, error: StorageError) -> None:
        if self.problem is None or type(self.problem) is not type(error):
            _LOG.warning("The cache of embeddings is not used as it should be: %s", error.message)
        self.problem = error


def _unreadable(path: Path, error: sqlite3.Error) -> StorageError:
    return StorageError(f"The cache of embeddings {path} cannot be used: {error}.", path=path)
