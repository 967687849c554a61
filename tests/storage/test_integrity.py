"""The check of a database's file finds what is wrong with it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from storage.documents.store import DatabaseStore
from storage.errors import CorruptStoreError, NewerSchemaError
from storage.shapes import Container
from tests.support.stores import KEYSPACE, insert, new_collection, new_item


async def test_a_sound_file_has_no_findings(store: DatabaseStore, books: Container) -> None:
    await insert(store, books, *[new_item(str(n), [n, 0]) for n in range(10)])
    assert await store.integrity_check() == []


@pytest.mark.parametrize(
    ("damage", "finding"),
    [
        ("UPDATE item_1 SET body = '{'", "the document in row 1 is not JSON."),
        ("UPDATE vector_1 SET data = x'00'", "1 vectors '$vector' have 1 bytes instead of 8."),
        ("UPDATE vector_1 SET name = 'other'", "1 vectors 'other' have 8 bytes instead of 0."),
        ("DELETE FROM item_1", "a vector belongs to row 1, which does not exist."),
    ],
)
async def test_rows_that_mean_nothing_are_found(tmp_path: Path, damage: str, finding: str) -> None:
    store = await DatabaseStore.open(tmp_path / "database.db")
    await insert(store, await new_collection(store), new_item("1", [1, 0]))
    with sqlite3.connect(tmp_path / "database.db") as other:
        other.execute(damage)
    other.close()
    assert await store.integrity_check() == [f"{KEYSPACE}/books: {finding}"]
    await store.close()


async def test_damaged_pages_are_found(tmp_path: Path) -> None:
    path = tmp_path / "database.db"
    store = await DatabaseStore.open(path)
    await insert(store, await new_collection(store), *[new_item(str(n), [n, 0], text="x" * 900) for n in range(200)])
    await store.close()
    data = bytearray(path.read_bytes())
    middle = len(data) // 2 // 4096 * 4096
    data[middle : middle + 3 * 4096] = b"\xa5" * (3 * 4096)
    path.write_bytes(bytes(data))
    store = await DatabaseStore.open(path)
    assert await store.integrity_check() != []
    await store.close()


async def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "database.db").write_bytes(b"no database, but longer than a header of an SQLite file would be" * 20)
    with pytest.raises(CorruptStoreError):
        await DatabaseStore.open(tmp_path / "database.db")


async def test_a_newer_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "database.db"
    await (await DatabaseStore.open(path)).close()
    with sqlite3.connect(path) as newer:
        newer.execute("PRAGMA user_version = 99")
    newer.close()
    with pytest.raises(NewerSchemaError, match="99"):
        await DatabaseStore.open(path)
