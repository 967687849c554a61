"""Who has written what to a database: so a file that was put back, or has lost writes, is told from what it was before.

A revision's number alone says nothing: a copy that is put back reaches the same numbers again. So each opening of the
file that writes has a random number of its own, and ``meta`` names the one that wrote last; ``past_writer`` remembers
the last revision of the others. A writer never writes a revision twice: it notes its last one on its connection, inside
the transaction, and takes another number when the file does not remember it. So a writer and a revision name one state
of one history (:class:`~storage.vectors.source.Head`), and a file has that state in its history exactly if the last
revision that it knows of this writer is not smaller.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import aiosqlite

from storage.vectors.source import BEGINNING, ContainerState, Head

_WRITER_BITS = 63

MOST_WRITERS = 10_000
"""Writers that are remembered, about; indexes that were saved before the others count as those of another history."""

STATE = """
    SELECT epoch, container.writer, container.revision,
           ?3 > CASE meta.writer
                WHEN ?2 THEN meta.revision
                ELSE coalesce((SELECT revision FROM past_writer WHERE writer = ?2), 0)
                END
    FROM container, meta
    WHERE container.id = ?1
"""
"""A container's state, and whether the file has parted from a head: its number, the head's writer and revision."""

_ME = "CREATE TEMP TABLE IF NOT EXISTS me AS SELECT random() AS writer, 0 AS revision"
"""A connection's own number, and a note of the last revision it has written, which is undone with its writes."""

_LAST = """
    SELECT meta.revision, next_seq, meta.writer, me.writer, me.revision,
           CASE meta.writer
           WHEN me.writer THEN meta.revision
           ELSE (SELECT revision FROM past_writer WHERE writer = me.writer)
           END
    FROM meta, temp.me
"""


@dataclass(frozen=True, slots=True)
class WriteTicket:
    """What a write needs to know, read under the write lock.

    Attributes:
        writer: Who writes.
        revision: The revision that this transaction writes.
        first_seq: The first of the row numbers asked for.
    """

    writer: int
    revision: int
    first_seq: int


async def next_revision(connection: aiosqlite.Connection, *, seqs: int = 0) -> WriteTicket:
    """Take the next revision of the database, and some row numbers; every write transaction does so once."""
    await connection.execute(_ME)
    [(revision, next_seq, latest, me, written, known)] = await connection.execute_fetchall(_LAST)
    if written != (known or 0):
        me, written = _new_writer(), 0
    if latest != me:
        await _remember(connection, latest, revision, anew=not written)
    sql = "UPDATE meta SET revision = ?, next_seq = ?, writer = ?"
    await connection.execute(sql, (revision + 1, next_seq + seqs, me))
    await connection.execute("UPDATE temp.me SET writer = ?, revision = ?", (me, revision + 1))
    return WriteTicket(me, revision + 1, next_seq)


async def _remember(connection: aiosqlite.Connection, writer: int, revision: int, *, anew: bool) -> None:
    """Remember the last revision of a writer that another one follows; now and then, forget the oldest ones."""
    sql = "INSERT INTO past_writer VALUES (?, ?) ON CONFLICT DO UPDATE SET revision = excluded.revision"
    await connection.execute(sql, (writer, revision))
    [(count,)] = await connection.execute_fetchall("SELECT count(*) FROM past_writer") if anew else [(0,)]
    if count > MOST_WRITERS:
        oldest = "SELECT writer FROM past_writer ORDER BY revision LIMIT ?"
        forget = f"DELETE FROM past_writer WHERE writer IN ({oldest})"  # noqa: S608 - our own text
        await connection.execute(forget, (count - MOST_WRITERS // 2,))


def container_state(rows: Sequence[Sequence[int]]) -> ContainerState:
    """Return what :data:`STATE` has found; all zero for a container that was dropped."""
    if not rows:
        return ContainerState(0, BEGINNING)
    [(epoch, writer, revision, parted)] = rows
    return ContainerState(epoch, Head(writer, revision), bool(parted))


def _new_writer() -> int:
    return secrets.randbits(_WRITER_BITS) or 1
