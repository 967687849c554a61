"""Statements on vectors, and the stream of changes that an index catches up from."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncGenerator, Mapping, Sequence

import aiosqlite
import numpy as np
from numpy.typing import NDArray

from storage import jsontext
from storage.connection import StoreFile
from storage.errors import CorruptStoreError
from storage.model import Container, Item, NewItem, VectorForm, VectorValue
from storage.vectors.source import ContainerState, VectorChanges

_LITTLE_ENDIAN = np.dtype("<f4")

_CHUNK_BYTES = 4 << 20
"""Bytes of vectors in one chunk of changes: copied on the event loop in about a millisecond."""

_MOST_ROWS = 8192

_WRITE = """
    INSERT INTO vector (container, name, seq, revision, form, text, data) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (seq, name) DO UPDATE
    SET revision = excluded.revision, form = excluded.form, text = excluded.text, data = excluded.data
    WHERE data IS NOT excluded.data OR form IS NOT excluded.form OR text IS NOT excluded.text
"""
"""An unchanged vector keeps its revision, so that no index reads it again."""

VectorRow = tuple[int, str, int, int, str, str | None, bytes]
"""Container, name, row, revision, form, text, data."""


def check_vectors(container: Container, vectors: Mapping[str, VectorValue]) -> None:
    """Refuse vectors that do not belong into a container; the layer above has told the user before.

    Raises:
        ValueError: The name is unknown or the dimension is another.
    """
    for name, value in vectors.items():
        spec = container.vectors.get(name)
        if spec is None or value.data.shape != (spec.dimension,):
            raise ValueError(f"{container.name!r} has no vector {name!r} of shape {value.data.shape}")


def vector_row(container: Container, name: str, seq: int, revision: int, value: VectorValue) -> VectorRow:
    """Return the row that stores one vector."""
    data = np.ascontiguousarray(value.data, dtype=_LITTLE_ENDIAN).tobytes()
    return container.id, name, seq, revision, value.form.value, value.text, data


async def replace_vectors(
    connection: aiosqlite.Connection, container: Container, seq: int, revision: int, new: NewItem
) -> None:
    """Make an item's vectors those of ``new``; what it loses is entered in the removal log."""
    sql = "SELECT name FROM vector WHERE seq = ?"
    lost = [row[0] for row in await connection.execute_fetchall(sql, (seq,)) if row[0] not in new.vectors]
    if lost:
        marks = [(container.id, name, revision, seq) for name in lost]
        await connection.executemany("INSERT INTO removal (container, name, revision, seq) VALUES (?, ?, ?, ?)", marks)
        await connection.executemany("DELETE FROM vector WHERE seq = ? AND name = ?", [(seq, name) for name in lost])
    if new.vectors:
        rows = [vector_row(container, name, seq, revision, value) for name, value in new.vectors.items()]
        await connection.executemany(_WRITE, rows)


async def remove_vectors(connection: aiosqlite.Connection, seqs: Sequence[int], revision: int) -> None:
    """Remove every vector of some rows and enter them in the removal log."""
    numbers = jsontext.dumps(list(seqs))
    await connection.execute(
        "INSERT INTO removal (container, name, revision, seq) SELECT container, name, ?, seq FROM vector"
        " WHERE seq IN (SELECT value FROM json_each(?))",
        (revision, numbers),
    )
    await connection.execute("DELETE FROM vector WHERE seq IN (SELECT value FROM json_each(?))", (numbers,))


async def with_vectors(connection: aiosqlite.Connection, items: Sequence[Item], names: Sequence[str]) -> list[Item]:
    """Return the items with the vectors asked for; a name that an item has no vector for is left out.

    Raises:
        CorruptStoreError: A stored vector cannot be read.
    """
    found: dict[int, dict[str, VectorValue]] = {item.seq: {} for item in items}
    sql = (
        "SELECT seq, name, form, text, data FROM vector"
        " WHERE seq IN (SELECT value FROM json_each(?)) AND name IN (SELECT value FROM json_each(?))"
    )
    parameters = jsontext.dumps(list(found)), jsontext.dumps(list(names))
    for seq, name, form, text, data in await connection.execute_fetchall(sql, parameters):
        found[seq][name] = VectorValue(_floats(data), VectorForm(form), text)
    return [Item(item.seq, item.key, item.body, item.revision, found[item.seq]) for item in items]


class VectorRows:
    """The vectors of an open store, as an index sees them: :class:`storage.vectors.source.VectorSource`."""

    def __init__(self, file: StoreFile) -> None:
        self._file = file

    async def state(self, container_id: int) -> ContainerState:
        """Return the epoch and revision of a container; all zero when it was dropped."""
        async with self._file.reader() as connection:
            return await container_state(connection, container_id)

    async def changes(
        self, container_id: int, vector: str, dimension: int, since: int
    ) -> AsyncGenerator[VectorChanges, None]:
        """Stream what changed after revision ``since`` from one snapshot: first what is there, then what is gone.

        Raises:
            CorruptStoreError: A stored vector does not have ``dimension`` numbers.
        """
        limit = max(1, min(_MOST_ROWS, _CHUNK_BYTES // (_LITTLE_ENDIAN.itemsize * dimension)))
        nothing = np.empty(0, np.int64), np.empty((0, dimension), np.float32)
        async with self._file.reader(snapshot=True) as connection:
            revision = (await container_state(connection, container_id)).revision
            sql = "SELECT seq, data FROM vector WHERE container = ? AND name = ? AND revision > ? ORDER BY revision, id"
            async with connection.execute(sql, (container_id, vector, since)) as cursor:
                while rows := list(await cursor.fetchmany(limit)):
                    yield VectorChanges(*_stacked(rows, dimension), nothing[0], revision)
            removed = await _removed(connection, container_id, vector, since) if since else nothing[0]
            if removed.size:
                yield VectorChanges(*nothing, removed, revision)


async def container_state(connection: aiosqlite.Connection, container_id: int) -> ContainerState:
    """Return the epoch and revision of a container; all zero when it was dropped."""
    sql = "SELECT epoch, revision FROM container WHERE id = ?"
    rows = list(await connection.execute_fetchall(sql, (container_id,)))
    return ContainerState(*rows[0]) if rows else ContainerState(0, 0)


def numbers_from_text(text: str | None) -> NDArray[np.int64]:
    """Return the row numbers that ``group_concat`` has written: much faster than fetching rows of one number."""
    return np.fromstring(text, dtype=np.int64, sep=",") if text else np.empty(0, np.int64)


async def _removed(connection: aiosqlite.Connection, container_id: int, vector: str, since: int) -> NDArray[np.int64]:
    """Return the rows that lost the vector after ``since`` and have not got a new one."""
    sql = (
        "SELECT group_concat(DISTINCT seq) FROM removal AS r WHERE container = ? AND name = ? AND revision > ?"
        " AND NOT EXISTS (SELECT 1 FROM vector AS v WHERE v.seq = r.seq AND v.name = r.name)"
    )
    [(text,)] = await connection.execute_fetchall(sql, (container_id, vector, since))
    return numbers_from_text(text)


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
