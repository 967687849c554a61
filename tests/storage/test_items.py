"""Items: written once, read as they were, changed only by who has read them last."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from storage import jsontext
from storage.documents.store import DatabaseStore
from storage.errors import CorruptStoreError, StoreFullError
from storage.shapes import COLLECTION_VECTOR, Container, NewItem, VectorForm, VectorValue
from storage.vectors.doubles import rest_of, whole
from tests.support.stores import KEYSPACE, all_keys, insert, new_collection, new_item, read


async def test_items_come_back_as_they_went_in_after_reopening(tmp_path: Path) -> None:
    store = await DatabaseStore.open(tmp_path / "database.db")
    books = await new_collection(store, dimension=3)
    value = VectorValue(np.array([0.1, -0.0, 3e38], np.float32), VectorForm.BINARY, "[0.10,-0,3e38]")
    body = '{"_id":"k","n":1234567890123456789012345678901234567890123456789012,"d":0.10,"t":"\\u0000é"}'
    await insert(store, books, NewItem("k", body, {COLLECTION_VECTOR: value}))
    await store.close()
    store = await DatabaseStore.open(tmp_path / "database.db")
    [item] = await read(store, books, ["k"], vectors=[COLLECTION_VECTOR])
    assert item is not None
    assert item.body == body
    assert jsontext.dumps(jsontext.loads(item.body)["n"]) == "1234567890123456789012345678901234567890123456789012"
    kept = item.vectors[COLLECTION_VECTOR]
    assert kept.data.dtype == np.float32
    assert kept.data.tobytes() == value.data.tobytes()
    assert (kept.form, kept.text) == (VectorForm.BINARY, "[0.10,-0,3e38]")
    await store.close()


async def test_every_form_of_a_vector_comes_back_after_reopening(tmp_path: Path) -> None:
    data = np.array([0.5, -0.0, 3e38], np.float32)
    given = np.array([0.1, -0.0, 3e38], np.float64)
    forms = {
        "shortest": VectorValue(data),
        "text": VectorValue(data, VectorForm.ARRAY, "[5E-1,-0,3e38]"),
        "widened": VectorValue(data, VectorForm.WIDENED),
        "double": VectorValue(
            given.astype(np.float32), VectorForm.DOUBLE, rest=rest_of(given, given.astype(np.float32))
        ),
        "binary": VectorValue(data, VectorForm.BINARY),
    }
    path = tmp_path / "database.db"
    async with closed_afterwards(await DatabaseStore.open(path)) as store:
        books = await new_collection(store, dimension=3)
        await insert(store, books, *[NewItem(key, "{}", {COLLECTION_VECTOR: value}) for key, value in forms.items()])
    with closing(sqlite3.connect(path)) as database:  # as a version that knew fewer forms has left it
        database.execute("PRAGMA user_version = 5")
    async with closed_afterwards(await DatabaseStore.open(path)) as store:
        for item in await read(store, books, list(forms), vectors=[COLLECTION_VECTOR]):
            assert item is not None
            kept, value = item.vectors[COLLECTION_VECTOR], forms[item.key]
            assert (kept.form, kept.text, kept.rest) == (value.form, value.text, value.rest)
            assert kept.data.tobytes() == value.data.tobytes()
            if kept.rest is not None:
                assert whole(kept.data, kept.rest).tobytes() == given.tobytes()


def test_doubles_that_32_bits_cannot_stand_beside_are_told_apart() -> None:
    given = np.array([1.0, 1e-42])
    assert rest_of(given, given.astype(np.float32)) is None
    with pytest.raises(CorruptStoreError):
        whole(given.astype(np.float32), b"1234")


@asynccontextmanager
async def closed_afterwards(store: DatabaseStore) -> AsyncIterator[DatabaseStore]:
    try:
        yield store
    finally:
        await store.close()


async def test_vectors_are_read_only_where_asked_for(store: DatabaseStore, books: Container) -> None:
    [item] = await insert(store, books, new_item("1", [1, 2]))
    assert [found.vectors for found in await store.read_rows(books, [item.seq])] == [{}]
    [found] = await store.read_rows(books, [item.seq], vectors=[COLLECTION_VECTOR, "other"])
    assert list(found.vectors) == [COLLECTION_VECTOR]


async def test_rows_grow_in_the_order_given(store: DatabaseStore, books: Container) -> None:
    written = await insert(store, books, *[new_item(str(number)) for number in range(20)])
    seqs = [item.seq for item in written]
    assert seqs == sorted(set(seqs))
    assert await all_keys(store, books) == [str(number) for number in range(20)]


async def test_a_taken_key_leaves_the_others_alone(store: DatabaseStore, books: Container) -> None:
    await insert(store, books, new_item("b", [1, 1], title="first"))
    written = await store.insert(books, [new_item("a"), new_item("b", [2, 2]), new_item("c"), new_item("a")])
    assert [item.key if item else None for item in written] == ["a", None, "c", None]
    [kept] = await read(store, books, ["b"], vectors=[COLLECTION_VECTOR])
    assert kept is not None
    assert jsontext.loads(kept.body)["title"] == "first"
    assert kept.vectors[COLLECTION_VECTOR].data.tolist() == [1, 1]
    assert await all_keys(store, books) == ["b", "a", "c"]


async def test_an_ordered_insert_stops_at_the_first_taken_key(store: DatabaseStore, books: Container) -> None:
    await insert(store, books, new_item("b"))
    written = await store.insert(books, [new_item("a"), new_item("b"), new_item("c", [1, 1])], ordered=True)
    assert [item.key if item else None for item in written] == ["a", None, None]
    assert await all_keys(store, books) == ["b", "a"]


async def test_the_same_key_may_stand_in_two_containers(store: DatabaseStore, books: Container) -> None:
    films = await new_collection(store, "films")
    await insert(store, books, new_item("1", title="book"))
    await insert(store, films, new_item("1", title="film"))
    [item] = await read(store, films, ["1"])
    assert item is not None
    assert "film" in item.body


async def test_a_key_may_hold_any_character(store: DatabaseStore, books: Container) -> None:
    keys = ["a\x00b", "a", "a\x00", "it's", '"', "é", "E\u0301", "\U0001f3bb", " ", "A"]
    await insert(store, books, *[new_item(key) for key in keys])
    assert [item.key if item else None for item in await read(store, books, keys)] == keys
    assert await read(store, books, ["a\x00c"]) == [None]


async def test_reading_keeps_the_order_asked_for(store: DatabaseStore, books: Container) -> None:
    written = await insert(store, books, *[new_item(key) for key in "abc"])
    found = await read(store, books, ["c", "x", "a", "c"])
    assert [item.key if item else None for item in found] == ["c", None, "a", "c"]
    seqs = [written[2].seq, 9999, written[0].seq]
    assert [item.key for item in await store.read_rows(books, seqs)] == ["c", "a"]


async def test_more_keys_than_one_statement_takes(store: DatabaseStore, books: Container) -> None:
    keys = [f"{number:05}" for number in range(1234)]
    await insert(store, books, *[new_item(key) for key in keys])
    assert [item.key if item else None for item in await read(store, books, keys)] == keys
    assert await store.insert(books, [new_item(key) for key in keys]) == [None] * 1234


async def test_a_vector_that_does_not_fit_is_refused_before_anything_is_written(
    store: DatabaseStore, books: Container
) -> None:
    wrong_name = NewItem("2", "{}", {"other": VectorValue(np.zeros(2, np.float32))})
    for wrong in (new_item("2", [1, 2, 3]), wrong_name):
        with pytest.raises(ValueError, match="has no vector"):
            await store.insert(books, [new_item("1", [1, 2]), wrong])
    assert await all_keys(store, books) == []


async def test_replacing_writes_only_over_what_was_read(store: DatabaseStore, books: Container) -> None:
    [old] = await insert(store, books, new_item("1", title="old"))
    assert await store.replace(books, old, new_item("1", title="new"))
    assert not await store.replace(books, old, new_item("1", title="too late"))
    [now] = await read(store, books, ["1"])
    assert now is not None
    assert jsontext.loads(now.body)["title"] == "new"
    assert now.seq == old.seq
    assert now.revision > old.revision
    assert await store.replace(books, now, new_item("1", title="newest"))


async def test_a_replacement_keeps_the_key(store: DatabaseStore, books: Container) -> None:
    [item] = await insert(store, books, new_item("1"))
    with pytest.raises(ValueError, match="key of an item cannot change"):
        await store.replace(books, item, new_item("2"))


async def test_a_replacement_brings_all_the_vectors(store: DatabaseStore, books: Container) -> None:
    async def vector_after(vector: list[float] | None) -> list[float] | None:
        [item] = await read(store, books, ["1"])
        assert item is not None
        assert await store.replace(books, item, new_item("1", vector))
        [item] = await read(store, books, ["1"], vectors=[COLLECTION_VECTOR])
        assert item is not None
        value = item.vectors.get(COLLECTION_VECTOR)
        return None if value is None else value.data.tolist()

    await insert(store, books, new_item("1", [1, 2]))
    assert await vector_after([3, 4]) == [3, 4]
    assert await vector_after(None) is None
    assert await vector_after([5, 6]) == [5, 6]
    assert await store.integrity_check() == []


async def test_deleting_takes_only_what_is_unchanged(store: DatabaseStore, books: Container) -> None:
    a, b, c = await insert(store, books, new_item("a", [1, 2]), new_item("b", [3, 4]), new_item("c"))
    await store.replace(books, b, new_item("b", [5, 6]))
    assert await store.delete(books, [a, b]) == 1
    assert await all_keys(store, books) == ["b", "c"]
    assert await store.delete(books, [a, replace(c, revision=c.revision + 1)]) == 0
    assert await store.delete(books, []) == 0
    assert await store.integrity_check() == []


async def test_an_item_of_another_container_is_neither_replaced_nor_deleted(
    store: DatabaseStore, books: Container
) -> None:
    films = await new_collection(store, "films")
    [item] = await insert(store, books, new_item("1"))
    assert not await store.replace(films, item, new_item("1", title="film"))
    assert await store.delete(films, [item]) == 0
    assert await store.read_rows(films, [item.seq]) == []
    assert await all_keys(store, books) == ["1"]


async def test_only_one_of_many_writers_wins(store: DatabaseStore, books: Container) -> None:
    [item] = await insert(store, books, new_item("1"))
    results = await asyncio.gather(*[store.replace(books, item, new_item("1", by=by)) for by in range(8)])
    assert sorted(results) == [False] * 7 + [True]


async def test_a_deleted_key_can_be_used_again(store: DatabaseStore, books: Container) -> None:
    [old] = await insert(store, books, new_item("1", [1, 2]))
    await store.delete(books, [old])
    [new] = await insert(store, books, new_item("1", [3, 4]))
    assert new.seq > old.seq


async def test_two_stores_on_one_file_see_each_others_writes(tmp_path: Path) -> None:
    first = await DatabaseStore.open(tmp_path / "database.db")
    second = await DatabaseStore.open(tmp_path / "database.db")
    books = await new_collection(first)
    assert await second.container(KEYSPACE, "books") == books
    [item] = await insert(second, books, new_item("1", [1, 2]))
    assert await read(first, books, ["1"]) == [replace(item, vectors={})]
    await first.delete(books, [item])
    assert await read(second, books, ["1"]) == [None]
    assert not await second.replace(books, item, new_item("1"))
    await first.drop_container(books)
    assert await second.containers() == []
    await first.close()
    await second.close()


async def test_both_stores_may_write_at_once(tmp_path: Path) -> None:
    stores = [await DatabaseStore.open(tmp_path / "database.db") for _ in range(2)]
    books = await new_collection(stores[0])
    await asyncio.gather(
        *[insert(stores[number % 2], books, new_item(str(number), [number, 0])) for number in range(40)]
    )
    assert await stores[0].count(books) == 40
    seqs = [item.seq async for items in stores[1].scan(books) for item in items]
    assert len(set(seqs)) == 40
    for store in stores:
        await store.close()


async def test_a_full_disk_refuses_the_whole_insert(store: DatabaseStore, books: Container) -> None:
    await insert(store, books, new_item("kept"))
    async with store.file.transaction() as connection:
        [(pages,)] = await connection.execute_fetchall("PRAGMA page_count")
        await connection.execute_fetchall(f"PRAGMA max_page_count = {pages + 4}")
    with pytest.raises(StoreFullError):
        await store.insert(books, [new_item(str(number), [0, 0], text="x" * 3000) for number in range(100)])
    assert await all_keys(store, books) == ["kept"]
    assert await store.integrity_check() == []


@pytest.mark.parametrize("turns", range(10))
async def test_a_cancelled_insert_keeps_all_or_nothing(store: DatabaseStore, books: Container, turns: int) -> None:
    task = asyncio.create_task(store.insert(books, [new_item(str(number), [number, 0]) for number in range(300)]))
    for _ in range(turns):
        await asyncio.sleep(0.0003)
    task.cancel()
    await asyncio.wait({task})
    assert await store.count(books) in (0, 300)
    assert await store.integrity_check() == []
    await insert(store, books, new_item("next", [0, 0]))


async def test_an_empty_insert_is_no_error(store: DatabaseStore, books: Container) -> None:
    assert await store.insert(books, []) == []
    assert await read(store, books, []) == []
    assert await store.read_rows(books, []) == []
