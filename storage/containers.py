"""Statements on keyspaces and containers; each function runs inside a reader's or a transaction's block."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiosqlite

from storage import jsontext
from storage.errors import ContainerExistsError, ContainerMissingError, KeyspaceMissingError
from storage.model import Container, ContainerKind, Metric, VectorSpec

_COLUMNS = "id, keyspace, name, kind, definition, vectors"

_EPOCH_BITS = 53
"""An epoch starts at a random number of so many bits, so that no index of another store passes for this container's."""


@dataclass(frozen=True, slots=True)
class WriteTicket:
    """What a write needs to know, read under the write lock.

    Attributes:
        revision: The revision that this transaction writes.
        next_seq: The first row number that is free.
    """

    revision: int
    next_seq: int


async def list_keyspaces(connection: aiosqlite.Connection) -> list[str]:
    """Return the names in name order."""
    return [row[0] for row in await connection.execute_fetchall("SELECT name FROM keyspace ORDER BY name")]


async def add_keyspace(connection: aiosqlite.Connection, name: str) -> bool:
    """Add a keyspace; False if it exists."""
    cursor = await connection.execute("INSERT INTO keyspace (name) VALUES (?) ON CONFLICT DO NOTHING", (name,))
    return cursor.rowcount > 0


async def remove_keyspace(connection: aiosqlite.Connection, name: str) -> bool:
    """Remove a keyspace with everything in it; False if it does not exist."""
    for container in await list_containers(connection, name):
        await remove_container(connection, container)
    cursor = await connection.execute("DELETE FROM keyspace WHERE name = ?", (name,))
    return cursor.rowcount > 0


async def list_containers(connection: aiosqlite.Connection, keyspace: str | None) -> list[Container]:
    """Return the containers of a keyspace (None: of all), in name order."""
    rows = await connection.execute_fetchall(
        f"SELECT {_COLUMNS} FROM container WHERE ?1 IS NULL OR keyspace = ?1 ORDER BY keyspace, name",  # noqa: S608 - constant columns
        (keyspace,),
    )
    return [_container(row) for row in rows]


async def find_container(connection: aiosqlite.Connection, keyspace: str, name: str) -> Container | None:
    """Return one container by its name, or None."""
    rows = await connection.execute_fetchall(
        f"SELECT {_COLUMNS} FROM container WHERE keyspace = ? AND name = ?",  # noqa: S608 - constant columns
        (keyspace, name),
    )
    return next((_container(row) for row in rows), None)


async def add_container(
    connection: aiosqlite.Connection,
    keyspace: str,
    name: str,
    *,
    kind: ContainerKind,
    definition: Mapping[str, Any],
    vectors: Mapping[str, VectorSpec],
) -> Container:
    """Add an empty container.

    Raises:
        KeyspaceMissingError: The keyspace does not exist.
        ContainerExistsError: The name is taken in this keyspace, by either kind.
    """
    if keyspace not in await list_keyspaces(connection):
        raise KeyspaceMissingError(f"There is no keyspace {keyspace!r}.")
    if await find_container(connection, keyspace, name) is not None:
        raise ContainerExistsError(f"The keyspace {keyspace!r} already has a collection or table {name!r}.")
    texts = jsontext.dumps(dict(definition)), jsontext.dumps(_spec_objects(vectors))
    epoch = random.SystemRandom().getrandbits(_EPOCH_BITS)
    cursor = await connection.execute(
        "INSERT INTO container (keyspace, name, kind, definition, vectors, epoch, revision) VALUES (?,?,?,?,?,?,0)",
        (keyspace, name, kind.value, *texts, epoch),
    )
    return _container((cursor.lastrowid, keyspace, name, kind.value, *texts))


async def remove_container(connection: aiosqlite.Connection, container: Container) -> bool:
    """Remove a container with its items; False if it is gone already."""
    await clear(connection, container)
    cursor = await connection.execute("DELETE FROM container WHERE id = ?", (container.id,))
    return cursor.rowcount > 0


async def clear(connection: aiosqlite.Connection, container: Container) -> int:
    """Remove every item of a container, start a new epoch, and return how many items there were."""
    for table in ("removal", "vector"):
        await connection.execute(f"DELETE FROM {table} WHERE container = ?", (container.id,))  # noqa: S608 - constant names
    cursor = await connection.execute("DELETE FROM item WHERE container = ?", (container.id,))
    await connection.execute("UPDATE container SET epoch = epoch + 1 WHERE id = ?", (container.id,))
    return cursor.rowcount


async def next_revision(connection: aiosqlite.Connection) -> WriteTicket:
    """Take the next revision of the database; every write transaction does so once."""
    sql = "SELECT revision, (SELECT seq FROM sqlite_sequence WHERE name = 'item') FROM meta"
    [(revision, last_seq)] = await connection.execute_fetchall(sql)
    await connection.execute("UPDATE meta SET revision = ?", (revision + 1,))
    return WriteTicket(revision + 1, (last_seq or 0) + 1)


async def touch(connection: aiosqlite.Connection, container: Container) -> WriteTicket:
    """Take the next revision for a write to the items of a container.

    Raises:
        ContainerMissingError: The container was dropped after it was read.
    """
    ticket = await next_revision(connection)
    cursor = await connection.execute("UPDATE container SET revision = ? WHERE id = ?", (ticket.revision, container.id))
    if not cursor.rowcount:
        raise ContainerMissingError(f"{container.name!r} was dropped from the keyspace {container.keyspace!r}.")
    return ticket


def _container(row: Sequence[Any]) -> Container:
    number, keyspace, name, kind, definition, vectors = row
    specs = {
        vector: VectorSpec(spec["dimension"], Metric(spec["metric"]))
        for vector, spec in jsontext.loads(vectors).items()
    }
    return Container(number, keyspace, name, ContainerKind(kind), jsontext.loads(definition), specs)


def _spec_objects(vectors: Mapping[str, VectorSpec]) -> dict[str, Any]:
    return {name: {"dimension": spec.dimension, "metric": spec.metric.value} for name, spec in vectors.items()}
