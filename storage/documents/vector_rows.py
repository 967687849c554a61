"""Statements on vectors, and the stream of changes that an index catches up from."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence

import aiosqlite
import numpy as np
from numpy.typing import NDArray

from storage import jsontext
from storage.documents.history import STATE, container_state
from storage.documents.schema import Tables
from storage.errors import CorruptStoreError
from storage.shapes import Container, Item, VectorForm, VectorValue
from storage.sqlite.store_file import StoreFile
from storage.vectors.source import BEGINNING, ContainerState, Head, VectorChanges

_LITTLE_ENDIAN = np.dtype("<f4")

_CHUNK_BYTES = 4 << 20
"""Bytes of vectors in one chunk of changes: copied on the event loop in about a millisecond."""

MOST_ROWS = 8192
"""Vectors in one chunk of changes at most, however short they are."""

_INSERT = "INSERT INTO {vector} (name, seq, revision, form, text, data) VALUES (?, ?, ?, ?, ?, ?)"

_ELSE_UPDATE = """
    ON CONFLICT (seq, name) DO UPDATE
    SET revision = excluded.revision, form = excluded.form, text = excluded.text, data = excluded.data
    WHERE data IS NOT excluded.data OR form IS NOT excluded.form OR text IS NOT excluded.text
"""
"""An unchanged vector keeps its revision, so that no index reads it again."""

_VectorRow = tuple[str, int, int, str, str | bytes | None, bytes]
"""Name, row, revision, form, text or rest, data."""


def check_vectors(container: Container, vectors: Mapping[str, VectorValue]) -> None:
    """Refuse vectors that do not belong into a container; the layer above has told the user before.

    Raises:
        ValueError: The name is unknown or the dimension is another.
    """
    for name, value in vectors.items():
        spec = container.vectors.get(name)
        if spec is None or value.data.shape != (spec.dimension,):
            raise ValueError(f"{container.name!r} has no vector {name!r} of shape {value.data.shape}")


async def insert_vectors(connection: aiosqlite.Connection, tables: Tables, items: Sequence[Item]) -> None:
    """Store the vectors of new items."""
    if any(item.vectors for item in items):
        rows = (row for item in items for row in _rows(item.seq, item.revision, item.vectors))
        await connection.executemany(tables.sql(_INSERT), rows)


async def replace_vectors(
    connection: aiosqlite.Connection, tables: Tables, seq: int, revision: int, vectors: Mapping[str, VectorValue]
) -> None:
    """Make an item's vectors those given; what it loses is entered in the removal log."""
    sql = tables.sql("SELECT name FROM {vector} WHERE seq = ?")
    lost = [row[0] for row in await connection.execute_fetchall(sql, (seq,)) if row[0] not in vectors]
    await change_vectors(connection, tables, seq, revision, vectors=vectors, lost=lost)


async def change_vectors(
    connection: aiosqlite.Connection,
    tables: Tables,
    seq: int,
    revision: int,
    *,
    vectors: Mapping[str, VectorValue],
    lost: Sequence[str] = (),
) -> None:
    """Write some vectors of an item and remove others; the rest stays. Removals are entered in the removal log."""
    if lost:
        log = tables.sql("INSERT OR IGNORE INTO {removal} (name, revision, seq) VALUES (?, ?, ?)")
        await connection.executemany(log, [(name, revision, seq) for name in lost])
        sql = tables.sql("DELETE FROM {vector} WHERE seq = ? AND name = ?")
        await connection.executemany(sql, [(seq, name) for name in lost])
    if vectors:
        await connection.executemany(tables.sql(_INSERT + _ELSE_UPDATE), _rows(seq, revision, vectors))


async def remove_vectors(connection: aiosqlite.Connection, tables: Tables, seqs: Sequence[int], revision: int) -> None:
    """Remove every vector of some rows and enter them in the removal log."""
    some = " WHERE seq IN (SELECT value FROM json_each(?))"
    numbers = jsontext.dumps(list(seqs))
    log = tables.sql("INSERT INTO {removal} (name, revision, seq) SELECT name, ?, seq FROM {vector}")
    await connection.execute(log + some, (revision, numbers))
    await connection.execute(tables.sql("DELETE FROM {vector}") + some, (numbers,))


async def with_vectors(
    connection: aiosqlite.Connection, tables: Tables, items: Sequence[Item], names: Sequence[str]
) -> list[Item]:
    """Return the items with the vectors asked for; a name that an item has no vector for is left out.

    Raises:
        CorruptStoreError: A stored vector cannot be read.
    """
    found: dict[int, dict[str, VectorValue]] = {item.seq: {} for item in items}
    sql = tables.sql(
        "SELECT seq, name, form, text, data FROM {vector}"
        " WHERE seq IN (SELECT value FROM json_each(?)) AND name IN (SELECT value FROM json_each(?))"
    )
    parameters = jsontext.dumps(list(found)), jsontext.dumps(list(names))
    for seq, name, form, text, data in await connection.execute_fetchall(sql, parameters):
        found[seq][name] = _value(form, text, data)
    return [Item(item.seq, item.key, item.body, item.revision, found[item.seq]) for item in items]


class VectorRows:
    """The vectors of an open store, as an index sees them: :class:`storage.vectors.source.VectorSource`."""

    def __init__(self, file: StoreFile) -> None:
        self._file = file

    async def state(self, container_id: int, known: Head = BEGINNING) -> ContainerState:
        """Return a container's state, all zero when it was dropped, and whether the file has parted from a head."""
        return container_state(await self._file.lookup(STATE, (container_id, known.writer, known.revision)))

    async def changes(
        self, container_id: int, vector: str, dimension: int, since: int
    ) -> AsyncGenerator[VectorChanges, None]:
        """Stream what changed after revision ``since`` from one snapshot: first what is there, then what is gone.

        The stream of a dropped container is empty.

        Raises:
            CorruptStoreError: A stored vector does not have ``dimension`` numbers.
        """
        tables = Tables(container_id)
        limit = max(1, min(MOST_ROWS, _CHUNK_BYTES // (_LITTLE_ENDIAN.itemsize * dimension)))
        nothing = np.empty(0, np.int64), np.empty((0, dimension), np.float32)
        async with self._file.reader(snapshot=True) as connection:
            rows = list(await connection.execute_fetchall(STATE, (container_id, 0, 0)))
            if not rows:
                return
            head = container_state(rows).head
            sql = tables.sql("SELECT seq, data FROM {vector} WHERE name = ? AND revision > ? ORDER BY revision, id")
            async with connection.execute(sql, (vector, since)) as cursor:
                while rows := list(await cursor.fetchmany(limit)):
                    yield VectorChanges(*_stacked(rows, dimension), nothing[0], head)
            removed = await _removed(connection, tables, vector, since) if since else nothing[0]
            if removed.size:
                yield VectorChanges(*nothing, removed, head)


def numbers_from_text(text: str | None) -> NDArray[np.int64]:
    """Return the row numbers that ``group_concat`` has written: much faster than fetching rows of one number."""
    return np.fromstring(text, dtype=np.int64, sep=",") if text else np.empty(0, np.int64)


async def _removed(connection: aiosqlite.Connection, tables: Tables, vector: str, since: int) -> NDArray[np.int64]:
    """Return the rows that lost the vector after ``since`` and have not got a new one."""
    sql = tables.sql(
        "SELECT group_concat(DISTINCT seq) FROM {removal} AS r WHERE name = ? AND revision > ?"
        " AND NOT EXISTS (SELECT 1 FROM {vector} AS v WHERE v.seq = r.seq AND v.name = r.name)"
    )
    [(text,)] = await connection.execute_fetchall(sql, (vector, since))
    return numbers_from_text(text)


def _rows(seq: int, revision: int, vectors: Mapping[str, VectorValue]) -> Iterator[_VectorRow]:
    for name, value in vectors.items():
        data = np.ascontiguousarray(value.data, dtype=_LITTLE_ENDIAN).tobytes()
        yield name, seq, revision, value.form.value, value.rest if value.text is None else value.text, data


def _value(form: str, more: str | bytes | None, data: bytes) -> VectorValue:
    if isinstance(more, bytes):
        return VectorValue(_floats(data), VectorForm(form), rest=more)
    return VectorValue(_floats(data), VectorForm(form), more)


def _floats(data: bytes) -> NDArray[np.float32]:
    try:
        return np.frombuffer(data, dtype=_LITTLE_ENDIAN).astype(np.float32, copy=False)
    except ValueError as error:
        raise CorruptStoreError("A stored vector is damaged.") from error


def _stacked(rows: Sequence[sqlite3.Row], dimension: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    seqs = np.fromiter((row[0] for row in rows), dtype=np.int64, count=len(rows))
    blobs = [row[1] for row in rows]
    if any(len(blob) != dimension * _LITTLE_ENDIAN.itemsize for blob in blobs):
        raise CorruptStoreError(f"A stored vector does not have {dimension} numbers.")
    return seqs, _floats(b"".join(blobs)).reshape(len(rows), dimension)
