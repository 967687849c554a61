"""Vector search over the stored vectors, with and without a filter."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from storage.documents.scanning import matching_seqs
from storage.documents.store import DatabaseStore
from storage.filters.tree import Comparison, Filter, Operator
from storage.shapes import COLLECTION_VECTOR, Container, Vector
from storage.sqlite.store_file import StoreFile
from tests.support.stores import insert, new_collection, new_item, read

ORIGIN: Vector = np.zeros(2, np.float32)


def tagged(*tags: str) -> Filter:
    return Comparison(("tags",), Operator.ALL, list(tags))


async def found(store: DatabaseStore, container: Container, k: int = 10, where: Filter | None = None) -> list[str]:
    hits = await store.search(container, COLLECTION_VECTOR, ORIGIN, k, where)
    return [item.key for item in await store.read_rows(container, [hit.seq for hit in hits])]


async def test_the_nearest_come_first_and_equals_in_the_order_of_insertion(
    store: DatabaseStore, books: Container
) -> None:
    vectors = {"far": [9, 0], "near": [1, 0], "same 1": [3, 4], "none": None, "same 2": [4, 3]}
    await insert(store, books, *[new_item(key, vector) for key, vector in vectors.items()])
    assert await found(store, books) == ["near", "same 1", "same 2", "far"]
    assert await found(store, books, k=2) == ["near", "same 1"]
    [hit] = await store.search(books, COLLECTION_VECTOR, ORIGIN, 1)
    assert hit.similarity == pytest.approx(0.5)


async def test_a_search_sees_every_write_before_it(store: DatabaseStore, books: Container) -> None:
    [a] = await insert(store, books, new_item("a", [1, 0]))
    assert await found(store, books) == ["a"]
    await insert(store, books, new_item("b", [0.5, 0]))
    assert await found(store, books) == ["b", "a"]
    await store.replace(books, a, new_item("a", [0.1, 0]))
    assert await found(store, books) == ["a", "b"]
    [a_now] = await store.read_rows(books, [a.seq])
    await store.delete(books, [a_now])
    assert await found(store, books) == ["b"]
    await store.truncate(books)
    assert await found(store, books) == []


async def test_a_filter_is_applied_before_the_nearest_are_chosen(store: DatabaseStore, books: Container) -> None:
    await insert(
        store, books, *[new_item(f"{n:02}", [n, 0], tags=["x", "y"] if n % 5 == 4 else ["x"]) for n in range(20)]
    )
    assert await found(store, books, 3, tagged("x", "y")) == ["04", "09", "14"]
    assert await found(store, books, 3, tagged("nobody")) == []
    hits = await store.search(books, COLLECTION_VECTOR, ORIGIN, 3, tagged("x", "y"), keys=["19", "09", "00"])
    assert [item.key for item in await store.read_rows(books, [hit.seq for hit in hits])] == ["09", "19"]


async def test_a_repeated_filter_is_answered_from_memory_until_somebody_writes(
    store: DatabaseStore, books: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    await insert(store, books, *[new_item(f"{n}", [n, 0], tags=["x"]) for n in range(3)])
    asked: list[Filter | None] = []

    async def counted(
        file: StoreFile, container: Container, where: Filter | None, keys: Sequence[str] | None
    ) -> NDArray[np.int64]:
        asked.append(where)
        return await matching_seqs(file, container, where, keys)

    monkeypatch.setattr("storage.documents.store.matching_seqs", counted)
    assert await found(store, books, where=tagged("x")) == ["0", "1", "2"]
    assert await found(store, books, where=tagged("x")) == ["0", "1", "2"]
    assert len(asked) == 1
    [item] = await read(store, books, ["1"])
    assert item is not None
    await store.replace(books, item, new_item("1", [1, 0], tags=["y"]))
    assert await found(store, books, where=tagged("x")) == ["0", "2"]
    assert await found(store, books, where=tagged("y")) == ["1"]
    assert len(asked) == 3


async def test_another_store_on_the_file_is_heard(tmp_path: Path) -> None:
    first = await DatabaseStore.open(tmp_path / "database.db")
    second = await DatabaseStore.open(tmp_path / "database.db")
    books = await new_collection(first)
    [a] = await insert(first, books, new_item("a", [1, 0], tags=["x"]))
    assert await found(second, books, where=tagged("x")) == ["a"]
    await insert(first, books, new_item("b", [0.5, 0], tags=["x"]))
    await first.delete(books, [a])
    assert await found(second, books, where=tagged("x")) == ["b"]
    assert await found(first, books) == ["b"]
    await first.close()
    await second.close()


async def test_a_search_finds_the_same_after_reopening(tmp_path: Path) -> None:
    store = await DatabaseStore.open(tmp_path / "database.db")
    books = await new_collection(store)
    await insert(store, books, *[new_item(f"{n}", [n, 0]) for n in range(50)])
    before = await store.search(books, COLLECTION_VECTOR, ORIGIN, 10)
    await store.close()
    store = await DatabaseStore.open(tmp_path / "database.db")
    assert await store.search(books, COLLECTION_VECTOR, ORIGIN, 10) == before
    await store.close()


async def test_no_side_file_outlives_its_collection(tmp_path: Path) -> None:
    folder = tmp_path / "database.db.vectors"
    for drop in ("collection", "keyspace"):
        store = await DatabaseStore.open(tmp_path / "database.db")
        books = await new_collection(store)
        await insert(store, books, *[new_item(f"{n}", [n, 0]) for n in range(6000)])
        assert len(await found(store, books)) == 10
        await store.close()
        assert list(folder.iterdir())
        store = await DatabaseStore.open(tmp_path / "database.db")
        await (store.drop_container(books) if drop == "collection" else store.drop_keyspace(books.keyspace))
        assert not list(folder.iterdir())
        await store.close()


async def test_a_collection_made_again_does_not_find_the_old_items(store: DatabaseStore, books: Container) -> None:
    await insert(store, books, new_item("old", [1, 0]))
    assert await found(store, books) == ["old"]
    await store.drop_container(books)
    again = await new_collection(store)
    assert await found(store, again) == []
    await insert(store, again, new_item("new", [2, 0]))
    assert await found(store, again) == ["new"]
