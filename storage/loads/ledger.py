"""The ledger of loads: how far each file got into each collection, and which of its rows failed.

A small SQLite file of its own (``loads.db``). A load writes here after the collection has acknowledged a batch, never
before: after a crash the ledger may lag behind the collection by the batches in flight, and is never ahead of it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import aiosqlite

from storage.errors import ReadOnlyError, StorageError, StoreBusyError
from storage.loads.schema import MIGRATIONS
from storage.sqlite.busy_retry import uninterrupted
from storage.sqlite.reserve import SpaceReserve
from storage.sqlite.store_file import StoreFile

_CHUNK = 200
"""Failed rows that are read at a time."""


class LoadState(StrEnum):
    """How a load stands; one that was killed stays RUNNING."""

    RUNNING = "running"
    STOPPED = "stopped"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class LoadKey:
    """What makes two loads the same: the content, where it goes, and what becomes of its text.

    Attributes:
        database: The database's id.
        keyspace: The keyspace.
        collection: The collection's name.
        vector_field: The Vector Field; empty for none.
        digest: Hash of the file's whole content.
        words: Whether the text is made searchable by words, too.
    """

    database: str
    keyspace: str
    collection: str
    vector_field: str
    digest: str
    words: bool = False


@dataclass(frozen=True, slots=True)
class LoadRecord:
    """A load as the ledger knows it.

    Attributes:
        id: Number in the ledger.
        key: What it loads, and where.
        path: The file, when it was last read.
        size: Its bytes.
        state: How it stands.
        next_row: Rows settled: each row before this one is loaded, was already there, or failed.
        loaded: Of those, the ones that were stored.
        already_there: The ones whose ``_id`` the collection already had.
        failed: The ones that were refused.
        started_at: When it began, seconds since the epoch.
        changed_at: When it was last written to, seconds since the epoch.
    """

    id: int
    key: LoadKey
    path: Path
    size: int
    state: LoadState
    next_row: int
    loaded: int
    already_there: int
    failed: int
    started_at: float
    changed_at: float

    def after(self, settled: Settled) -> LoadRecord:
        """Return the record with one more batch settled, now."""
        return replace(
            self,
            next_row=self.next_row + settled.rows,
            loaded=self.loaded + settled.loaded,
            already_there=self.already_there + settled.already_there,
            failed=self.failed + len(settled.failures),
            changed_at=time.time(),
        )


def place_of_row(row: int, line: int) -> str:
    """Return where a row is, for people.

    Args:
        row: Its number in the file, from 0.
        line: The line that it begins on, from 1.

    Returns:
        The line; and the row's number, from 1, when there are more rows than lines up to there.
    """
    return f"line {line}" if row < line else f"row {row + 1} on line {line}"


@dataclass(frozen=True, slots=True)
class FailedRow:
    """A row that was refused.

    Attributes:
        row: Its number in the file, from 0.
        line: The line that it begins on, from 1.
        reason: Why, as a clause.
        content: The row as JSON text; for a row that is no JSON value, its text as a JSON string.
    """

    row: int
    line: int
    reason: str
    content: str

    @property
    def place(self) -> str:
        """Where the row is, for people; with its number where rows share a line."""
        return place_of_row(self.row, self.line)


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of the rows of one batch.

    Attributes:
        rows: How many rows.
        loaded: Of those, the ones that were stored.
        already_there: The ones whose ``_id`` was taken.
        failures: The others.
    """

    rows: int
    loaded: int
    already_there: int
    failures: tuple[FailedRow, ...] = ()


class LoadLedger:
    """The ledger; its file is opened when it is first needed, so that a damaged one is in nobody's way but a load's.

    Args:
        path: The file.
        read_only: Refuse every use: nothing is loaded.
        reserve: Space that opening it may use when the disk is full.
    """

    def __init__(self, path: Path, *, read_only: bool = False, reserve: SpaceReserve | None = None) -> None:
        self.path = path
        self._read_only = read_only
        self._reserve = reserve
        self._store: StoreFile | None = None
        self._closed = False
        self._opening = asyncio.Lock()

    @classmethod
    async def open(cls, path: Path) -> LoadLedger:
        """Open or create the ledger at once; raises what :meth:`StoreFile.open` raises."""
        ledger = cls(path)
        await ledger._file()
        return ledger

    async def close(self) -> None:
        """Close the file for good; may be called twice."""
        async with self._opening:
            self._closed = True
            store, self._store = self._store, None
            if store is not None:
                await uninterrupted(store.close())

    async def integrity_check(self) -> list[str]:
        """Return what is wrong with the file, a sentence each; empty when it is sound or not there.

        Raises:
            StorageError: It cannot be opened.
        """
        if not await asyncio.to_thread(self.path.exists):
            return []
        return await (await self._file()).integrity_check()

    async def _file(self) -> StoreFile:
        if self._read_only:
            raise ReadOnlyError
        async with self._opening:
            if self._closed:
                raise StorageError(f"{self.path} is closed.", path=self.path)
            if self._store is None:
                self._store = await StoreFile.open(self.path, MIGRATIONS, reserve=self._reserve)
            return self._store

    @property
    def folder(self) -> Path:
        """The folder that the ledger lies in; failed rows are written next to it."""
        return self.path.parent

    async def find(self, key: LoadKey) -> LoadRecord | None:
        """Return the load of that content into that place, if there was one."""
        rows = await self._read(_SAME_KEY, _key_parameters(key))
        return rows[0] if rows else None

    async def unfinished(self, key: LoadKey, path: Path) -> list[LoadRecord]:
        """Return the unfinished loads of another content from the same path into the same place, the newest first."""
        where = (
            "WHERE path = ? AND database = ? AND keyspace = ? AND collection = ? AND digest <> ? AND state <> 'done' "
            "ORDER BY changed_at DESC, id DESC"
        )
        return await self._read(where, (str(path), key.database, key.keyspace, key.collection, key.digest))

    async def same_content(self, key: LoadKey) -> list[LoadRecord]:
        """Return the loads of the same content into the same place that treat its text otherwise, the newest first."""
        where = (
            "WHERE database = ? AND keyspace = ? AND collection = ? AND digest = ? AND (vector_field, words) <> (?, ?) "
            "ORDER BY changed_at DESC, id DESC"
        )
        place = (key.database, key.keyspace, key.collection)
        return await self._read(where, (*place, key.digest, key.vector_field, key.words))

    async def recent(self, limit: int = 20) -> list[LoadRecord]:
        """Return the loads that were written to last, the newest first."""
        return await self._read("ORDER BY changed_at DESC, id DESC LIMIT ?", (limit,))

    async def begin(self, key: LoadKey, path: Path, size: int) -> LoadRecord:
        """Record that a load begins or goes on; its progress so far, if any, is kept."""
        now = time.time()
        sql = """
            INSERT INTO loads (database, keyspace, collection, vector_field, digest, words, path, size, state,
                               started_at, changed_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'running', ?, ?)
            ON CONFLICT (database, keyspace, collection, vector_field, digest, words)
            DO UPDATE SET path = excluded.path, state = 'running', changed_at = excluded.changed_at
        """
        async with (await self._file()).transaction() as connection:
            await connection.execute_fetchall(sql, (*_key_parameters(key), str(path), size, now, now))
            return (await _select(connection, _SAME_KEY, _key_parameters(key)))[0]

    async def restart(self, record: LoadRecord) -> LoadRecord:
        """Forget a load's progress, so that it begins at the first row again."""
        sql = """
            UPDATE loads SET next_row = 0, loaded = 0, already_there = 0, failed = 0, started_at = ?, changed_at = ?
            WHERE id = ?
        """
        now = time.time()
        async with (await self._file()).transaction() as connection:
            await connection.execute_fetchall("DELETE FROM failed_rows WHERE load_id = ?", (record.id,))
            await connection.execute_fetchall(sql, (now, now, record.id))
            return (await _select(connection, "WHERE id = ?", (record.id,)))[0]

    async def settle(self, record: LoadRecord, settled: Settled) -> LoadRecord:
        """Record what became of the batch that begins at the record's next row; durable on return.

        Returns:
            The record as it is now.

        Raises:
            StoreBusyError: Another program has recorded the same rows: it loads the same file.
        """
        after = record.after(settled)
        sql = """
            UPDATE loads SET next_row = ?, loaded = ?, already_there = ?, failed = ?, changed_at = ?
            WHERE id = ? AND next_row = ?
        """
        counts = (after.next_row, after.loaded, after.already_there, after.failed, after.changed_at)
        rows = [(record.id, bad.row, bad.line, bad.reason, bad.content) for bad in settled.failures]
        async with (await self._file()).transaction() as connection:
            async with connection.execute(sql, (*counts, record.id, record.next_row)) as cursor:
                changed = cursor.rowcount
            if changed != 1:
                raise StoreBusyError(
                    "Another program is loading the same file into the same collection.",
                    path=self.path,
                    hint="Let it finish; then start the load again to check that nothing is missing.",
                )
            await connection.executemany("INSERT OR REPLACE INTO failed_rows VALUES (?, ?, ?, ?, ?)", rows)
        return after

    async def finish(self, load_id: int, state: LoadState) -> None:
        """Record how a load ended."""
        async with (await self._file()).transaction() as connection:
            await connection.execute_fetchall(
                "UPDATE loads SET state = ?, changed_at = ? WHERE id = ?", (state.value, time.time(), load_id)
            )

    async def failures(self, load_id: int) -> AsyncIterator[FailedRow]:
        """Yield a load's failed rows in the order of the file."""
        sql = """
            SELECT row, line, reason, content FROM failed_rows WHERE load_id = ? AND row > ? ORDER BY row LIMIT ?
        """
        last = -1
        while True:
            async with (await self._file()).reader() as connection:
                rows = list(await connection.execute_fetchall(sql, (load_id, last, _CHUNK)))
            for row in rows:
                yield FailedRow(*row)
            if len(rows) < _CHUNK:
                return
            last = rows[-1][0]

    async def _read(self, clause: str, parameters: Sequence[Any]) -> list[LoadRecord]:
        async with (await self._file()).reader() as connection:
            return await _select(connection, clause, parameters)


_SELECT = """
    SELECT id, database, keyspace, collection, vector_field, digest, words, path, size, state, next_row, loaded,
           already_there, failed, started_at, changed_at
    FROM loads
"""
_SAME_KEY = """
    WHERE database = ? AND keyspace = ? AND collection = ? AND vector_field = ? AND digest = ? AND words = ?
"""


async def _select(connection: aiosqlite.Connection, clause: str, parameters: Sequence[Any]) -> list[LoadRecord]:
    return [_record(row) for row in await connection.execute_fetchall(_SELECT + clause, parameters)]


def _key_parameters(key: LoadKey) -> tuple[str | bool, ...]:
    return (key.database, key.keyspace, key.collection, key.vector_field, key.digest, key.words)


def _record(row: Sequence[Any]) -> LoadRecord:
    id_, database, keyspace, collection, vector_field, digest, words, path, size, state, *rest = row
    key = LoadKey(database, keyspace, collection, vector_field, digest, bool(words))
    return LoadRecord(id_, key, Path(path), size, LoadState(state), *rest)
