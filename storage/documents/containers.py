"""Statements on keyspaces and containers; each function runs inside a reader's or a transaction's block."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import aiosqlite

from storage import jsontext
from storage.documents.history import WriteTicket, next_revision
from storage.documents.schema import CONTAINER_TABLES, ENTRY_TABLES, WORD_TABLE, Tables
from storage.documents.term_rows import clear_words
from storage.errors import (
    ContainerChangedError,
    ContainerExistsError,
    ContainerMissingError,
    CorruptStoreError,
    KeyspaceMissingError,
)
from storage.lexical.analyzers import Analyzer, stored_analyzer
from storage.shapes import Container, ContainerKind, Metric, TextSpec, ValueSpec, VectorSpec
from storage.sqlite.store_file import StoreFile
from storage.sqlite.threaded import Block

_COLUMNS = "id, keyspace, name, kind, definition, vectors, texts, indexed"

_FIND = f"SELECT {_COLUMNS} FROM container WHERE keyspace = ? AND name = ?"  # noqa: S608 - constant columns
"""One container by its name."""

_EPOCH_BITS = 53
"""An epoch starts at a random number of so many bits, so that no index of another store passes for this container's."""

LOG_CHECK_INTERVAL = 64
"""The length of the removal log is looked at every so many revisions."""

SHORTEST_LOG = 100_000
"""Removals that are always kept; about two megabytes."""

_Result = TypeVar("_Result")


class ContainerCache:
    """Containers by the rows that they were read from: as long as a row is the same, so is what it means."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[tuple[Any, ...], Container]] = {}

    async def find(self, file: StoreFile, keyspace: str, name: str) -> Container | None:
        """Return one container by its name, or None; the same object as long as it is not changed.

        Raises:
            CorruptStoreError: The row holds what this program never writes.
        """
        rows = await file.lookup(_FIND, (keyspace, name))
        known = self._known.pop((keyspace, name), None)
        if not rows:
            return None
        if known is None or known[0] != rows[0]:
            known = rows[0], _container(rows[0])
        self._known[keyspace, name] = known
        return known[1]

    async def check(self, connection: aiosqlite.Connection, container: Container) -> None:
        """Check inside a transaction that a container is still what it was when it was read.

        What is written with an older shape would be missing in an index that was made meanwhile.

        Raises:
            ContainerChangedError: Its definition was changed, or it was dropped, after it was read.
        """
        place = (container.keyspace, container.name)
        rows = list(await connection.execute_fetchall(_FIND, place))
        known = self._known.get(place)
        if rows and known is not None and known[0] == rows[0]:
            current: Container | None = known[1]
        else:
            current = next(map(_container, rows), None)
        if current is not None and current.id == container.id and current != container:
            raise ContainerChangedError(f"The definition of {container.name!r} was changed meanwhile.")


async def list_keyspaces(connection: aiosqlite.Connection) -> list[str]:
    """Return the names in name order."""
    return [row[0] for row in await connection.execute_fetchall("SELECT name FROM keyspace ORDER BY name")]


async def add_keyspace(connection: aiosqlite.Connection, name: str) -> bool:
    """Add a keyspace; False if it exists."""
    cursor = await connection.execute("INSERT INTO keyspace (name) VALUES (?) ON CONFLICT DO NOTHING", (name,))
    return cursor.rowcount > 0


async def remove_keyspace(connection: aiosqlite.Connection, name: str) -> list[Container] | None:
    """Remove a keyspace with everything in it; return the containers it had, or None if it does not exist."""
    await next_revision(connection)
    removed = await list_containers(connection, name)
    for container in removed:
        await remove_container(connection, container)
    await connection.execute("DELETE FROM user_type WHERE keyspace = ?", (name,))
    cursor = await connection.execute("DELETE FROM keyspace WHERE name = ?", (name,))
    return removed if cursor.rowcount else None


async def list_containers(connection: aiosqlite.Connection, keyspace: str | None) -> list[Container]:
    """Return the containers of a keyspace (None: of all), in name order."""
    rows = await connection.execute_fetchall(
        f"SELECT {_COLUMNS} FROM container WHERE ?1 IS NULL OR keyspace = ?1 ORDER BY keyspace, name",  # noqa: S608 - constant columns
        (keyspace,),
    )
    return [_container(row) for row in rows]


async def find_container(connection: aiosqlite.Connection, keyspace: str, name: str) -> Container | None:
    """Return one container by its name, or None."""
    rows = await connection.execute_fetchall(_FIND, (keyspace, name))
    return next((_container(row) for row in rows), None)


async def add_container(
    connection: aiosqlite.Connection,
    keyspace: str,
    name: str,
    *,
    kind: ContainerKind,
    definition: Mapping[str, Any],
    vectors: Mapping[str, VectorSpec],
    texts: Mapping[str, Analyzer],
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
    numbered = {text: TextSpec(number, analyzer) for number, (text, analyzer) in enumerate(texts.items())}
    shape = definition_texts(definition, vectors, numbered, {})
    epoch = random.SystemRandom().getrandbits(_EPOCH_BITS)
    cursor = await connection.execute(
        "INSERT INTO container (keyspace, name, kind, definition, vectors, texts, indexed, epoch, revision)"
        " VALUES (?,?,?,?,?,?,?,?,0)",
        (keyspace, name, kind.value, *shape, epoch),
    )
    added = _container((cursor.lastrowid, keyspace, name, kind.value, *shape))
    for statement in (*CONTAINER_TABLES, *(ENTRY_TABLES if kind is ContainerKind.TABLE else ())):
        await connection.execute(Tables.of(added).sql(statement))
    for spec in numbered.values():
        await connection.execute(Tables.of(added).sql(WORD_TABLE, spec.number))
    return added


async def remove_container(connection: aiosqlite.Connection, container: Container) -> bool:
    """Remove a container with its items; False if it is gone already."""
    await next_revision(connection)
    cursor = await connection.execute("DELETE FROM container WHERE id = ?", (container.id,))
    if not cursor.rowcount:
        return False
    tables = Tables.of(container)
    for spec in container.texts.values():
        await connection.execute(tables.sql("DROP TABLE {word}", spec.number))
    entries = ("DROP TABLE {entry}",) if container.kind is ContainerKind.TABLE else ()
    for statement in (*entries, "DROP TABLE {vector}", "DROP TABLE {removal}", "DROP TABLE {item}"):
        await connection.execute(tables.sql(statement))
    return True


async def clear(connection: aiosqlite.Connection, container: Container) -> int:
    """Remove every item of a container, start a new epoch, and return how many items there were."""
    removed = 0
    await touch(connection, container)
    await clear_words(connection, Tables.of(container))
    entries = ("DELETE FROM {entry}",) if container.kind is ContainerKind.TABLE else ()
    for statement in (*entries, "DELETE FROM {vector}", "DELETE FROM {removal}", "DELETE FROM {item}"):
        removed = (await connection.execute(Tables.of(container).sql(statement))).rowcount
    await start_epoch(connection, container)
    return removed


async def shorten_log(connection: aiosqlite.Connection, container: Container, revision: int) -> None:
    """Now and then, empty a removal log that has outgrown the items: indexes start anew then instead of catching up."""
    if revision % LOG_CHECK_INTERVAL:
        return
    tables = Tables.of(container)
    counts = tables.sql("SELECT (SELECT count(*) FROM {removal}), (SELECT count(*) FROM {item})")
    [(removals, items)] = await connection.execute_fetchall(counts)
    if removals > max(SHORTEST_LOG, items):
        await connection.execute(tables.sql("DELETE FROM {removal}"))
        await start_epoch(connection, container)


async def start_epoch(connection: aiosqlite.Connection, container: Container) -> None:
    """Have indexes forget what they have read of a container, and begin anew."""
    await connection.execute("UPDATE container SET epoch = epoch + 1 WHERE id = ?", (container.id,))


async def touch(connection: aiosqlite.Connection, container: Container, *, seqs: int = 0) -> WriteTicket:
    """Take the next revision, and some row numbers, for a write to the items of a container.

    Raises:
        ContainerMissingError: The container was dropped after it was read.
    """
    ticket = await next_revision(connection, seqs=seqs)
    sql = "UPDATE container SET revision = ?, writer = ? WHERE id = ?"
    if not (await connection.execute(sql, (ticket.revision, ticket.writer, container.id))).rowcount:
        raise missing(container)
    return ticket


async def read_container(
    file: StoreFile, container: Container, block: Block[_Result], *, snapshot: bool = False, whole: bool = False
) -> _Result:
    """Run statements on the tables of a container in one go, as :meth:`StoreFile.read` does.

    Args:
        file: The store.
        container: Whose tables they are.
        block: The statements.
        snapshot: As with :meth:`StoreFile.read`.
        whole: They may read all of the container.

    Raises:
        ContainerMissingError: The container was dropped after it was read.
        CorruptStoreError: A document that SQL looked into is not JSON.
    """

    async def explained(connection: aiosqlite.Connection) -> _Result:
        async with _explained(connection, file, container):
            return await block(connection)

    return await (file.scan if whole else file.read)(explained, snapshot=snapshot)


@asynccontextmanager
async def _explained(
    connection: aiosqlite.Connection, file: StoreFile, container: Container
) -> AsyncGenerator[None, None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        # SQLite has no codes of its own for a table that is gone and for text that is not JSON.
        await check_exists(connection, container)
        if "malformed JSON" in str(error):
            raise CorruptStoreError(f"A document of {container.name!r} is not JSON.", path=file.path) from error
        raise


async def check_exists(connection: aiosqlite.Connection, container: Container) -> None:
    """Raise :class:`ContainerMissingError` if a container was dropped after it was read."""
    if not await connection.execute_fetchall("SELECT 1 FROM container WHERE id = ?", (container.id,)):
        raise missing(container)


async def check_indexes(connection: aiosqlite.Connection, container: Container) -> None:
    """Check, after reading along the indexes of a container, that none was dropped meanwhile: it may be half empty.

    One that was made again since may have the same number, and be half filled.

    Raises:
        ContainerMissingError: The container was dropped.
        ContainerChangedError: One of its indexes was.
    """
    if not container.values and not container.texts:
        return
    rows = list(await connection.execute_fetchall("SELECT texts, indexed FROM container WHERE id = ?", (container.id,)))
    if not rows:
        raise missing(container)
    indexes: tuple[Mapping[str, TextSpec | ValueSpec], ...] = (container.texts, container.values)
    for known, kept in zip(indexes, map(jsontext.loads, rows[0]), strict=True):
        for name, spec in known.items():
            now = kept.get(name)
            if now is None or now["number"] != spec.number or now.get("building", False) > spec.building:
                raise ContainerChangedError(f"An index of {container.name!r} was dropped meanwhile.")


def missing(container: Container) -> ContainerMissingError:
    """Return the error for a container that was dropped."""
    return ContainerMissingError(f"{container.name!r} was dropped from the keyspace {container.keyspace!r}.")


def _container(row: Sequence[Any]) -> Container:
    """Return a container of its row.

    Raises:
        CorruptStoreError: The row holds what this program never writes.
    """
    number, keyspace, name, kind, definition, vectors, texts, values = row
    try:
        specs = {
            vector: VectorSpec(spec["dimension"], Metric(spec["metric"]))
            for vector, spec in jsontext.loads(vectors).items()
        }
        words = {
            text: TextSpec(spec["number"], stored_analyzer(spec["analyzer"]), spec.get("building", False))
            for text, spec in jsontext.loads(texts).items()
        }
        found_by = {
            value: ValueSpec(spec["number"], spec["many"], spec.get("building", False))
            for value, spec in jsontext.loads(values).items()
        }
        return Container(
            number, keyspace, name, ContainerKind(kind), jsontext.loads(definition), specs, words, found_by
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise CorruptStoreError(
            f"The definition of {name!r} in the keyspace {keyspace!r} cannot be read: the store is damaged.",
            hint="Restore the database from a backup, or delete it.",
        ) from error


def definition_texts(
    definition: Mapping[str, Any],
    vectors: Mapping[str, VectorSpec],
    texts: Mapping[str, TextSpec],
    values: Mapping[str, ValueSpec],
) -> tuple[str, str, str, str]:
    """Return what a row of the container's table says of its shape, column by column."""
    specs = {name: {"dimension": spec.dimension, "metric": spec.metric.value} for name, spec in vectors.items()}
    words = {
        name: {"number": spec.number, "analyzer": jsontext.loads(spec.analyzer.definition), **_building(spec)}
        for name, spec in texts.items()
    }
    found_by = {name: {"number": spec.number, "many": spec.many, **_building(spec)} for name, spec in values.items()}
    parts = (dict(definition), specs, words, found_by)
    first, second, third, fourth = map(jsontext.dumps, parts)
    return first, second, third, fourth


def _building(spec: TextSpec | ValueSpec) -> dict[str, bool]:
    return {"building": True} if spec.building else {}
