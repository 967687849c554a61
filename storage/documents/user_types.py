"""The user-defined types of an open store's keyspaces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from storage import jsontext
from storage.documents import containers
from storage.documents.history import next_revision
from storage.documents.reshaping import Shape, change_container
from storage.errors import CorruptStoreError, KeyspaceMissingError
from storage.shapes import Container
from storage.sqlite.store_file import StoreFile


class UserTypes:
    """What the layer above keeps with the types of each keyspace.

    Args:
        file: The store's file; whoever opened it closes it.
    """

    def __init__(self, file: StoreFile) -> None:
        self._file = file

    async def list(self, keyspace: str) -> dict[str, Any]:
        """Return the definitions of a keyspace's types by name, in name order.

        Raises:
            CorruptStoreError: A definition is not JSON.
        """
        sql = "SELECT name, definition FROM user_type WHERE keyspace = ? ORDER BY name"
        rows = await self._file.lookup(sql, (keyspace,))
        try:
            return {name: jsontext.loads(definition) for name, definition in rows}
        except ValueError as error:
            raise CorruptStoreError(f"A user-defined type of the keyspace {keyspace!r} cannot be read.") from error

    async def put(
        self,
        keyspace: str,
        name: str,
        definition: Mapping[str, Any],
        changed: Sequence[tuple[Container, Mapping[str, Any]]] = (),
    ) -> None:
        """Add or change a type, and with it the definitions of the tables that stand on it: all of it or nothing.

        Args:
            keyspace: Where.
            name: The type's name.
            definition: What is kept with it.
            changed: Tables as they were read, and their new definitions.

        Raises:
            KeyspaceMissingError: The keyspace does not exist.
            ContainerChangedError: One of the tables was changed since it was read.
            ContainerMissingError: One of the tables was dropped.
        """
        async with self._file.transaction() as connection:
            if keyspace not in await containers.list_keyspaces(connection):
                raise KeyspaceMissingError(f"There is no keyspace {keyspace!r}.")
            await next_revision(connection)
            for container, new in changed:
                await change_container(connection, container, replace(Shape.of(container), definition=new))
            await connection.execute(
                "INSERT INTO user_type (keyspace, name, definition) VALUES (?, ?, ?)"
                " ON CONFLICT DO UPDATE SET definition = excluded.definition",
                (keyspace, name, jsontext.dumps(dict(definition))),
            )

    async def drop(self, keyspace: str, name: str) -> bool:
        """Remove a type; False if it does not exist."""
        async with self._file.transaction() as connection:
            await next_revision(connection)
            sql = "DELETE FROM user_type WHERE keyspace = ? AND name = ?"
            return (await connection.execute(sql, (keyspace, name))).rowcount > 0
