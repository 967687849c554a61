"""What is in the file of the cache of embeddings: entries and totals, and the statements on them.

An entry has the hash that names it, its vector (float32, little-endian) and a checksum of both; one that does not fit
its checksum is no entry. No text and no key ever gets here.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import aiosqlite

from storage.sqlite.migrations import Migration
from storage.sqlite.vacuum import used_bytes

MIGRATIONS = (
    Migration(
        1,
        (
            """
            CREATE TABLE entry (
                id INTEGER PRIMARY KEY,
                key BLOB NOT NULL UNIQUE,
                used INTEGER NOT NULL,
                checksum INTEGER NOT NULL,
                vector BLOB NOT NULL
            ) STRICT
            """,
            "CREATE INDEX entry_used ON entry (used)",
            """
            CREATE TABLE total (
                id INTEGER PRIMARY KEY CHECK (id = 1),
                hits INTEGER NOT NULL,
                misses INTEGER NOT NULL
            ) STRICT
            """,
            "INSERT INTO total (id, hits, misses) VALUES (1, 0, 0)",
        ),
    ),
    # The order of ids is the order of use: an index less to be kept up with every vector.
    Migration(2, ("DROP INDEX entry_used",)),
)

PRAGMAS = ("page_size = 16384", "synchronous = NORMAL", "journal_size_limit = 16777216")
"""Vectors fill pages of this size better, and are written in two thirds of the time. A cache may lose its last entries
with the power; they are embedded again."""

_EVICTED_DOWN_TO = 0.9
"""Share of the size that is left after the oldest entries have gone, so that they do not go one by one."""

_INSERT = "INSERT OR REPLACE INTO entry (key, used, checksum, vector) VALUES "
_TOUCH = "UPDATE entry SET id = (SELECT max(id) + 1 FROM entry), used = ? WHERE key = ?"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: the hash that names it, when it was used last (seconds since the epoch), and the vector's bytes."""

    key: bytes
    used: int
    data: bytes


async def read(connection: aiosqlite.Connection, keys: Sequence[bytes]) -> list[Entry]:
    """Return the sound entries among ``keys``, in no order."""
    marks = ",".join("?" * len(keys))
    sql = f"SELECT key, used, checksum, vector FROM entry WHERE key IN ({marks})"  # noqa: S608 - only marks
    rows = await connection.execute_fetchall(sql, keys)
    return [Entry(key, used, data) for key, used, checksum, data in rows if checksum == _checksum(key, data)]


async def write(connection: aiosqlite.Connection, batch: Mapping[bytes, bytes], now: int) -> None:
    """Write entries: the vectors' bytes by key."""
    if not batch:
        return
    # One statement: each step gives up the interpreter's lock, and gets it back only when others pause.
    values = ", ".join(["(?, ?, ?, ?)"] * len(batch))
    parts = [part for key, data in batch.items() for part in (key, now, _checksum(key, data), data)]
    await connection.execute_fetchall(_INSERT + values, parts)


async def touch(connection: aiosqlite.Connection, keys: Iterable[bytes], now: int) -> None:
    """Note that entries were used."""
    await connection.executemany(_TOUCH, [(now, key) for key in keys])


async def count(connection: aiosqlite.Connection, hits: int, misses: int) -> None:
    """Add to the totals."""
    await connection.execute_fetchall("UPDATE total SET hits = hits + ?, misses = misses + ?", (hits, misses))


async def evict(connection: aiosqlite.Connection, most_bytes: int, *, at_once: int) -> None:
    """Remove the entries that were not used for the longest time, if the file has grown too large."""
    if await used_bytes(connection) <= most_bytes:
        return
    sql = "DELETE FROM entry WHERE id IN (SELECT id FROM entry ORDER BY id LIMIT ?)"
    while await used_bytes(connection) > most_bytes * _EVICTED_DOWN_TO:
        async with connection.execute(sql, (at_once,)) as cursor:
            if not cursor.rowcount:
                return


def _checksum(key: bytes, data: bytes) -> int:
    return zlib.crc32(data, zlib.crc32(key))
