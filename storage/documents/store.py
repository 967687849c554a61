"""A database's contents in one SQLite file: keyspaces, containers, items and their vectors.

SQLite is the truth. Nothing read is kept between calls, so several processes may have the file open and see each
other's writes; the vector index beside it is a cache that catches up from the revisions before every search.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import aiosqlite
import numpy as np
from numpy.typing import NDArray

from storage.documents import containers, integrity, items
from storage.documents.database_files import IF_VANISHED
from storage.documents.history import next_revision
from storage.documents.reshaping import Shape, change_container
from storage.documents.scanning import CHUNK, count_items, matching_seqs, scan_items
from storage.documents.schema import MIGRATIONS, Tables
from storage.documents.searching import ItemSearch
from storage.documents.user_types import UserTypes
from storage.documents.vector_rows import VectorRows, check_vectors, with_vectors
from storage.filters.tree import Filter
from storage.lexical.analyzers import Analyzer, TermQuery
from storage.shapes import LEXICAL_FIELD, Container, ContainerKind, Hit, Item, NewItem, Vector, VectorSpec
from storage.sqlite.reserve import SpaceReserve
from storage.sqlite.store_file import StoreFile
from storage.vectors.cache import DEFAULT_POLICY, NEVER_SAVED, IndexCache

_READERS = 6
"""Reads at the same time: two scans and the first build of an index leave three for everything else."""

_PRAGMAS = ("page_size = 8192", "secure_delete = FAST")
"""Vectors of usual lengths fill pages of this size better than smaller ones; files that are there keep theirs. Freed
pages are not overwritten, as some builds of SQLite do: dropping a collection would rewrite all of it."""


class DatabaseStore:
    """An open database file; belongs to one event loop. Use :meth:`open` to make one and :meth:`close` to end it.

    Every method raises :class:`~storage.errors.StorageError` when the machine refuses: disk full, file damaged, locked.
    Whatever is done to a container that was dropped meanwhile raises :class:`~storage.errors.ContainerMissingError`.

    Attributes:
        user_types: The user-defined types of its keyspaces.
        file: What the contents are in.
        searching: Searches them by vector and by words.
    """

    def __init__(self, file: StoreFile, *, read_only: bool = False) -> None:
        self.user_types = UserTypes(file)
        self.file = file
        self._rows = VectorRows(file)
        folder = file.path.with_name(file.path.name + ".vectors")
        self._indexes = IndexCache(folder, self._rows, policy=NEVER_SAVED if read_only else DEFAULT_POLICY)
        self.searching = ItemSearch(file, self._indexes, self._rows)
        self._known = containers.ContainerCache()

    @classmethod
    async def open(
        cls, path: Path, *, made: bool = False, read_only: bool = False, reserve: SpaceReserve | None = None
    ) -> DatabaseStore:
        """Open or create a database's file.

        Args:
            path: The file.
            made: It was made before: when it is gone, it is not made anew.
            read_only: Write nothing, neither in the file nor beside it.
            reserve: Space that deletions may use when the disk is full.

        Raises:
            StorageError: As :meth:`StoreFile.open` says.
        """
        file = await StoreFile.open(
            path,
            MIGRATIONS,
            readers=_READERS,
            pragmas=_PRAGMAS,
            if_vanished=IF_VANISHED if made else None,
            read_only=read_only,
            reserve=reserve,
        )
        return cls(file, read_only=read_only)

    async def close(self) -> None:
        """Close the index and the file; may be called twice."""
        try:
            await self._indexes.close()
        finally:
            await self.file.close()

    async def keyspaces(self) -> list[str]:
        """Return the keyspaces' names in name order."""
        async with self.file.reader() as connection:
            return await containers.list_keyspaces(connection)

    async def create_keyspace(self, name: str) -> bool:
        """Create a keyspace; False if it exists."""
        async with self.file.transaction() as connection:
            await next_revision(connection)
            return await containers.add_keyspace(connection, name)

    async def drop_keyspace(self, name: str) -> bool:
        """Drop a keyspace with everything in it; False if it does not exist."""
        removed = await self.file.write(partial(containers.remove_keyspace, name=name), reserved=True)
        for container in removed or ():
            await self._indexes.forget(container.id)
        return removed is not None

    async def containers(self, keyspace: str | None = None) -> list[Container]:
        """Return the collections and tables of a keyspace (None: of all), in name order."""
        async with self.file.reader() as connection:
            return await containers.list_containers(connection, keyspace)

    async def container(self, keyspace: str, name: str) -> Container | None:
        """Return a collection or table by its name, or None."""
        return await self._known.find(self.file, keyspace, name)

    async def check_unchanged(self, connection: aiosqlite.Connection, container: Container) -> None:
        """Check inside a transaction that a container's shape is what it was; raises ContainerChangedError."""
        await self._known.check(connection, container)

    async def create_container(
        self,
        keyspace: str,
        name: str,
        kind: ContainerKind,
        definition: Mapping[str, Any],
        vectors: Mapping[str, VectorSpec],
        *,
        texts: Mapping[str, Analyzer] | None = None,
    ) -> Container:
        """Create an empty collection or table.

        Args:
            keyspace: Where.
            name: Its name.
            kind: Collection or table.
            definition: What the layer above keeps with it.
            vectors: The named vectors.
            texts: How the named texts that are searched by words are read; None for none.

        Raises:
            KeyspaceMissingError: The keyspace does not exist.
            ContainerExistsError: The name is taken, by either kind.
        """
        async with self.file.transaction() as connection:
            await next_revision(connection)
            return await containers.add_container(
                connection, keyspace, name, kind=kind, definition=definition, vectors=vectors, texts=texts or {}
            )

    async def change_container(self, container: Container, shape: Shape) -> Container:
        """Give a container another shape: what is gone is removed, what is new is filled; return it as it is now.

        Raises:
            ContainerChangedError: Its definition was changed since it was read; nothing was done.
            ContainerMissingError: It was dropped.
        """
        return await self.file.write(partial(change_container, container=container, shape=shape))

    async def drop_container(self, container: Container) -> bool:
        """Drop a collection or table with its items; False if it is gone already."""
        removed = await self.file.write(partial(containers.remove_container, container=container), reserved=True)
        await self._indexes.forget(container.id)
        return removed

    async def insert(self, container: Container, new: Sequence[NewItem], *, ordered: bool = False) -> list[Item | None]:
        """Insert items in one transaction, durable on return.

        Args:
            container: Where to.
            new: The items.
            ordered: Insert nothing after the first item whose key is taken.

        Returns:
            For every new item what was written, or None where its key is taken, in the order given.

        Raises:
            ValueError: A vector has an unknown name or another dimension than its column.
        """
        for item in new:
            check_vectors(container, item.vectors)
        write = partial(items.insert_items, container=container, items=new, ordered=ordered)
        return await self.file.write(write, size=sum(map(_size, new)))

    async def read_rows(self, container: Container, seqs: Sequence[int], *, vectors: Sequence[str] = ()) -> list[Item]:
        """Return the items with these row numbers, in the order given; those that are gone are left out."""
        tables = Tables.of(container)

        async def rows(connection: aiosqlite.Connection) -> list[Item]:
            found = await items.items_in_rows(connection, tables, seqs)
            return await with_vectors(connection, tables, found, vectors) if vectors else found

        found = await containers.read_container(self.file, container, rows, snapshot=bool(vectors))
        by_seq = {item.seq: item for item in found}
        return [by_seq[seq] for seq in seqs if seq in by_seq]

    def scan(
        self,
        container: Container,
        where: Filter | None = None,
        *,
        after: int = 0,
        vectors: Sequence[str] = (),
        chunk: int = CHUNK,
        keys: Sequence[str] | None = None,
    ) -> AsyncGenerator[list[Item], None]:
        """Yield the matching items in insertion order, in lists of 1 to ``chunk`` items.

        The scan is no snapshot: every item that is there from beginning to end comes exactly once, whatever is
        written meanwhile. Nothing is held between the lists, so the caller may stop or pause at any of them.

        Args:
            container: Where to look.
            where: The filter; None for all.
            after: Only items with a greater row number: the last one of the page before.
            vectors: Names of the vectors wanted.
            chunk: The most items in one list; ask for a page's size plus one when only a page is wanted.
            keys: Only items with these keys (canonical spelling), found through the unique index: those that ``where``
                fixes ``_id`` to.
        """
        return scan_items(self.file, container, where, after=after, vectors=vectors, chunk=chunk, keys=keys)

    async def replace(self, container: Container, item: Item, new: NewItem) -> bool:
        """Write ``new`` over ``item`` unless it was changed or deleted since it was read; then return False.

        The new vectors are all the vectors: one that is absent is removed, an equal one is left as it is.

        Raises:
            ValueError: The keys differ, or a vector has an unknown name or another dimension.
        """
        if new.key != item.key:
            raise ValueError(f"the key of an item cannot change ({item.key!r} to {new.key!r})")
        check_vectors(container, new.vectors)
        write = partial(items.replace_item, container=container, item=item, new=new)
        return await self.file.write(write, size=_size(new))

    async def delete(self, container: Container, unwanted: Sequence[Item]) -> int:
        """Delete the items that are unchanged since they were read, in one transaction; return how many."""
        delete = partial(items.delete_unchanged, container=container, items=unwanted)
        return await self.file.write(delete, reserved=True)

    async def truncate(self, container: Container) -> int:
        """Delete every item of a container; return how many there were.

        Raises:
            ContainerChangedError: The table was altered after it was read; nothing was done.
        """

        async def clear(connection: aiosqlite.Connection) -> int:
            await self._known.check(connection, container)
            return await containers.clear(connection, container)

        return await self.file.write(clear, reserved=True)

    async def count(
        self,
        container: Container,
        where: Filter | None = None,
        *,
        limit: int | None = None,
        keys: Sequence[str] | None = None,
    ) -> int:
        """Return how many items match, but no more than ``limit``; ``keys`` as in :meth:`scan`."""
        return await count_items(self.file, container, where, limit=limit, keys=keys)

    async def search(
        self,
        container: Container,
        vector: str,
        query: Vector,
        k: int,
        where: Filter | None = None,
        *,
        keys: Sequence[str] | None = None,
    ) -> list[Hit]:
        """Return the ``k`` items nearest to ``query`` among the matching ones: most similar first, then older first.

        Args:
            container: Where to look.
            vector: The name of the vector.
            query: float32, of the vector's dimension.
            k: The most hits to return.
            where: Only items that match; None for all.
            keys: As in :meth:`scan`.
        """
        allowed = await self._allowed(container, where, keys)
        return await self.searching.nearest(container, vector, query, k, allowed)

    async def search_words(
        self,
        container: Container,
        query: TermQuery,
        k: int,
        where: Filter | None = None,
        *,
        keys: Sequence[str] | None = None,
    ) -> list[int]:
        """Return the row numbers of the ``k`` documents whose lexical texts match best: by BM25, then older first.

        Args:
            container: Where to look; a collection with lexical texts.
            query: What is asked; an item matches when its text has every term.
            k: The most rows to return.
            where: Only items that match; None for all.
            keys: As in :meth:`scan`.
        """
        allowed = await self._allowed(container, where, keys)
        return await self.searching.by_words(container, LEXICAL_FIELD, query, k, allowed)

    async def integrity_check(self, extracts: integrity.Extracts | None = None) -> list[str]:
        """Return what is wrong with the file, a sentence each; empty when it is sound. Reads everything once.

        Args:
            extracts: Says what the items of a container should be found by; None leaves their indexes unread.
        """
        async with self.file.reader(snapshot=True) as connection:
            return await integrity.problems(connection, self.file.path, extracts)

    async def index_problems(self) -> list[str]:
        """Return what is wrong with the vector indexes on the disk, a sentence each; reads all of them once.

        Nothing is lost with one: it is a cache, and the next search builds it anew.
        """
        return [problem for one in await self.containers() for problem in await self._indexes.problems(one)]

    async def _allowed(
        self, container: Container, where: Filter | None, keys: Sequence[str] | None
    ) -> NDArray[np.int64] | None:
        if where is None and keys is None:
            return None
        find = partial(matching_seqs, self.file, container, where, keys)
        return await self.searching.allowed(container, repr((where, keys)), find)


def _size(item: NewItem) -> int:
    """Return about how many bytes an item takes."""
    return len(item.key) + len(item.body) + sum(vector.data.nbytes for vector in item.vectors.values())
