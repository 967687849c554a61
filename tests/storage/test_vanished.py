"""A file that held data and is gone, empty, or another one than was opened: refused by name, and never made anew."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest

from storage.catalog.catalog import Catalog
from storage.documents.definitions import read_definitions
from storage.documents.store import DatabaseStore
from storage.embedding_cache.cache import EmbeddingCache
from storage.errors import StorageError, VanishedStoreError
from storage.shapes import Container
from storage.sqlite.migrations import Migration
from storage.sqlite.store_file import StoreFile
from tests.storage.test_embedding_cache import fill, found
from tests.support.stores import insert, new_collection, new_item, read

NOTES = [Migration(1, ("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL)",))]


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def leave_nothing(path: Path) -> None:
    del path


def empty_of_tables(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")


@pytest.mark.parametrize(
    ("leave", "said"),
    [
        (leave_nothing, "is not there"),
        (lambda path: path.touch(), "is empty"),
        (empty_of_tables, "is empty"),
        (lambda path: path.with_name("contents.db-wal").write_bytes(b"log"), "is not there"),
    ],
    ids=["deleted", "cut to nothing", "no tables", "its log is left"],
)
async def test_a_database_that_was_made_before_is_not_made_anew(
    tmp_path: Path, leave: Callable[[Path], None], said: str
) -> None:
    path = tmp_path / "contents.db"
    leave(path)
    before = content(tmp_path)
    with pytest.raises(VanishedStoreError, match=f"contents.db {said}") as caught:
        await DatabaseStore.open(path, made=True)
    assert "backup" in caught.value.hint
    assert caught.value.path == path
    assert content(tmp_path) == before


async def test_definitions_of_a_database_that_is_gone_or_empty_are_refused(tmp_path: Path) -> None:
    for said in ("is not there", "is empty"):
        with pytest.raises(VanishedStoreError, match=said):
            await read_definitions(tmp_path / "contents.db")
        (tmp_path / "contents.db").touch()


@pytest.mark.parametrize("left", ["notes.db", "notes.db-wal"])
async def test_an_empty_file_or_a_log_alone_is_no_place_for_a_new_store(tmp_path: Path, left: str) -> None:
    (tmp_path / left).touch()
    with pytest.raises(VanishedStoreError):
        await StoreFile.open(tmp_path / "notes.db", NOTES)
    assert list(content(tmp_path)) == [left]


async def test_a_new_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    broken = [*NOTES, Migration(2, ("CREATE TABLE other (id INTEGER)", "SELECT nonsense"))]
    with pytest.raises(sqlite3.OperationalError):
        await StoreFile.open(tmp_path / "new" / "notes.db", broken)
    assert not list((tmp_path / "new").iterdir())
    store = await StoreFile.open(tmp_path / "new" / "notes.db", NOTES)
    await store.close()
    assert list(content(tmp_path / "new")) == ["notes.db"]


async def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "folder", Path("/dev/null")):
        with pytest.raises(StorageError, match="not a regular file"):
            await StoreFile.open(path, NOTES)


@pytest.fixture
async def books(tmp_path: Path) -> AsyncIterator[tuple[DatabaseStore, Container]]:
    store = await DatabaseStore.open(tmp_path / "contents.db")
    books = await new_collection(store)
    await insert(store, books, new_item("kept", [1, 2]))
    yield store, books
    await store.close()


def delete(path: Path) -> None:
    path.unlink()


def replace(path: Path) -> None:
    """Put a copy in its place, as most tools do that write files."""
    shutil.copy(path, path.with_name("copy"))
    path.with_name("copy").replace(path)


@pytest.mark.parametrize("lose", [delete, replace])
@pytest.mark.parametrize("name", ["contents.db", "contents.db-wal", "contents.db-shm"])
async def test_a_write_to_a_file_that_has_lost_its_place_is_refused(
    books: tuple[DatabaseStore, Container], tmp_path: Path, lose: Callable[[Path], None], name: str
) -> None:
    store, container = books
    lose(tmp_path / name)
    with pytest.raises(VanishedStoreError, match=f"{name} was deleted or replaced"):
        await store.insert(container, [new_item("lost", [1, 2])])
    with pytest.raises(VanishedStoreError):
        await store.create_keyspace("lost")
    with pytest.raises(VanishedStoreError):
        await store.drop_container(container)


@pytest.mark.parametrize("lose", [delete, replace])
async def test_nothing_is_read_from_a_file_that_has_lost_its_place(
    books: tuple[DatabaseStore, Container], tmp_path: Path, lose: Callable[[Path], None]
) -> None:
    store, container = books
    lose(tmp_path / "contents.db")
    with pytest.raises(VanishedStoreError):
        await read(store, container, ["kept"])
    with pytest.raises(VanishedStoreError):
        await store.container(container.keyspace, container.name)
    with pytest.raises(VanishedStoreError):
        await store.count(container)


async def test_a_catalog_that_was_deleted_takes_no_more_changes(tmp_path: Path) -> None:
    catalog = await Catalog.open(tmp_path / "catalog.db")
    await catalog.put_setting("theme", "dark")
    (tmp_path / "catalog.db").unlink()
    with pytest.raises(VanishedStoreError):
        await catalog.put_setting("theme", "light")
    with pytest.raises(VanishedStoreError):
        await catalog.revision()
    await catalog.close()


async def test_the_cache_of_embeddings_may_be_deleted_at_any_time(tmp_path: Path) -> None:
    cache = EmbeddingCache(tmp_path / "embeddings.db")
    for numbers in (range(3), range(3, 6), range(6, 9)):
        fill(cache, numbers)
        await cache.settle()
        if numbers.start == 0:
            (tmp_path / "embeddings.db").unlink()
    assert await found(cache, range(6, 9)) == [6, 7, 8]
    assert (await cache.facts()).entries == 3
    await cache.close()
