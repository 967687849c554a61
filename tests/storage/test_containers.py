"""Keyspaces, collections and tables."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from storage.documents.reshaping import Shape
from storage.documents.schema import MIGRATIONS
from storage.documents.store import DatabaseStore
from storage.errors import (
    ContainerChangedError,
    ContainerExistsError,
    ContainerMissingError,
    CorruptStoreError,
    KeyspaceMissingError,
)
from storage.filters.tree import Comparison, Operator
from storage.shapes import (
    COLLECTION_VECTOR,
    Container,
    ContainerKind,
    Metric,
    NewItem,
    VectorSpec,
    VectorValue,
)
from tests.support.stores import KEYSPACE, all_keys, insert, new_collection, new_item, read


async def test_keyspaces_are_created_once_and_listed_by_name(store: DatabaseStore) -> None:
    assert await store.create_keyspace("b")
    assert await store.create_keyspace("a")
    assert not await store.create_keyspace("b")
    assert await store.keyspaces() == ["a", "b"]


async def test_a_dropped_keyspace_takes_everything_in_it_along_and_nothing_else(store: DatabaseStore) -> None:
    books = await new_collection(store)
    await insert(store, books, new_item("1", [1, 2]))
    await store.create_keyspace("other")
    kept = await store.create_container("other", "books", ContainerKind.COLLECTION, {}, {})
    await insert(store, kept, new_item("1"))
    assert await store.drop_keyspace(KEYSPACE)
    assert not await store.drop_keyspace(KEYSPACE)
    assert await store.keyspaces() == ["other"]
    assert await store.containers() == [kept]
    assert await all_keys(store, kept) == ["1"]
    assert await store.integrity_check() == []


async def test_a_container_comes_back_as_it_was_made(tmp_path: Path) -> None:
    store = await DatabaseStore.open(tmp_path / "database.db")
    await store.create_keyspace("k")
    definition = {"vector": {"service": {"provider": "openai"}}, "exact": Decimal("1.10")}
    vectors = {"b": VectorSpec(3, Metric.DOT_PRODUCT), "a": VectorSpec(1536)}
    made = await store.create_container("k", "things", ContainerKind.TABLE, definition, vectors)
    await store.close()
    store = await DatabaseStore.open(tmp_path / "database.db")
    assert await store.container("k", "things") == made
    assert made.definition == definition
    assert made.vectors == vectors
    assert list(made.vectors) == ["b", "a"]
    assert made.kind is ContainerKind.TABLE
    await store.close()


async def test_containers_are_listed_by_name(store: DatabaseStore) -> None:
    await store.create_keyspace("other")
    for keyspace, name in (("other", "a"), (KEYSPACE, "c"), (KEYSPACE, "b")):
        await store.create_keyspace(keyspace)
        await store.create_container(keyspace, name, ContainerKind.COLLECTION, {}, {})
    assert [container.name for container in await store.containers(KEYSPACE)] == ["b", "c"]
    assert [container.name for container in await store.containers()] == ["b", "c", "a"]
    assert await store.containers("nowhere") == []


async def test_both_kinds_share_one_namespace(store: DatabaseStore, books: Container) -> None:
    with pytest.raises(ContainerExistsError, match="books"):
        await store.create_container(KEYSPACE, "books", ContainerKind.TABLE, {}, {})
    assert await store.containers() == [books]


async def test_a_container_needs_its_keyspace(store: DatabaseStore) -> None:
    with pytest.raises(KeyspaceMissingError, match="nowhere"):
        await store.create_container("nowhere", "books", ContainerKind.COLLECTION, {}, {})
    assert await store.container("nowhere", "books") is None


async def test_a_dropped_container_can_be_neither_read_nor_written(store: DatabaseStore, books: Container) -> None:
    [item] = await insert(store, books, new_item("1", [1, 2]))
    assert await store.drop_container(books)
    assert not await store.drop_container(books)
    exists = Comparison(("n",), Operator.EXISTS, operand=True)
    for use in (
        all_keys(store, books),
        store.count(books),
        store.count(books, keys=["1"]),
        read(store, books, ["1"]),
        store.read_rows(books, [item.seq], vectors=[COLLECTION_VECTOR]),
        store.search(books, COLLECTION_VECTOR, np.zeros(2, np.float32), 1),
        store.search(books, COLLECTION_VECTOR, np.zeros(2, np.float32), 1, exists),
        store.insert(books, [new_item("2")]),
        store.replace(books, item, new_item("1")),
        store.delete(books, [item]),
        store.truncate(books),
    ):
        with pytest.raises(ContainerMissingError, match="was dropped"):
            await use
    assert await store.integrity_check() == []


async def test_numbers_of_containers_and_rows_are_never_used_again(store: DatabaseStore, books: Container) -> None:
    [old] = await insert(store, books, new_item("1"))
    await store.drop_container(books)
    again = await new_collection(store)
    [new] = await insert(store, again, new_item("1"))
    assert again.id > books.id
    assert new.seq > old.seq


async def test_truncate_empties_one_container_only(store: DatabaseStore, books: Container) -> None:
    films = await new_collection(store, "films")
    await insert(store, books, new_item("1", [1, 2]), new_item("2"))
    await insert(store, films, new_item("1", [1, 2]))
    assert await store.truncate(books) == 2
    assert await all_keys(store, books) == []
    assert await all_keys(store, films) == ["1"]
    assert await store.truncate(books) == 0


@pytest.mark.parametrize("vectors", ["{", "[]", '{"v": {}}', '{"v": {"dimension": 2, "metric": "odd"}}', "1"])
async def test_a_definition_that_cannot_be_read_is_reported_as_damage(store: DatabaseStore, vectors: str) -> None:
    await new_collection(store)
    async with store.file.transaction() as connection:
        await connection.execute("UPDATE container SET vectors = ?", (vectors,))
    with pytest.raises(CorruptStoreError, match="cannot be read"):
        await store.containers()


async def table_of_two(store: DatabaseStore) -> Container:
    """Make a table with two vectors and one row that has both."""
    await store.create_keyspace(KEYSPACE)
    specs = {"v": VectorSpec(2, Metric.DOT_PRODUCT), "w": VectorSpec(2, Metric.DOT_PRODUCT)}
    made = await store.create_container(KEYSPACE, "t", ContainerKind.TABLE, {"n": 1}, specs)
    value = VectorValue(np.array([0.6, 0.8], np.float32))
    await store.insert(made, [NewItem("1", "{}", {"v": value, "w": value})])
    return made


async def test_a_definition_is_changed_and_the_vectors_of_names_that_are_gone_go(store: DatabaseStore) -> None:
    made = await table_of_two(store)
    changed = await store.change_container(made, Shape({"n": 2}, {"w": made.vectors["w"]}))
    assert await store.container(KEYSPACE, "t") == changed
    assert (changed.id, changed.definition, list(changed.vectors)) == (made.id, {"n": 2}, ["w"])
    [item] = [item async for items in store.scan(changed, vectors=["v", "w"]) for item in items]
    assert list(item.vectors) == ["w"]
    again = await store.change_container(changed, Shape({"n": 2}, made.vectors))
    assert await store.search(again, "v", np.array([1, 0], np.float32), 5) == []
    assert await store.integrity_check() == []


async def test_a_vector_is_compared_by_its_new_metric_at_once(store: DatabaseStore) -> None:
    made, query = await table_of_two(store), np.array([1, 0], np.float32)
    [hit] = await store.search(made, "v", query, 1)
    assert hit.similarity == pytest.approx(0.8)
    changed = await store.change_container(made, Shape({}, {**made.vectors, "v": VectorSpec(2, Metric.EUCLIDEAN)}))
    [hit] = await store.search(changed, "v", query, 1)
    assert hit.similarity == pytest.approx(1 / 1.8)


async def test_a_change_that_another_one_has_overtaken_is_refused(store: DatabaseStore) -> None:
    made = await table_of_two(store)
    changed = await store.change_container(made, Shape({"n": 2}, made.vectors))
    with pytest.raises(ContainerChangedError):
        await store.change_container(made, Shape({"n": 3}))
    assert await store.container(KEYSPACE, "t") == changed
    await store.drop_container(changed)
    with pytest.raises(ContainerMissingError):
        await store.change_container(changed, Shape({"n": 3}))


async def test_user_types_come_and_go_with_their_keyspace(store: DatabaseStore) -> None:
    with pytest.raises(KeyspaceMissingError):
        await store.user_types.put("k", "a", {})
    await store.create_keyspace("k")
    await store.user_types.put("k", "b", {"x": "int"})
    await store.user_types.put("k", "a", {"x": "int"})
    await store.user_types.put("k", "a", {"x": "int", "y": "text"})
    assert await store.user_types.list("k") == {"a": {"x": "int", "y": "text"}, "b": {"x": "int"}}
    assert await store.user_types.drop("k", "b")
    assert not await store.user_types.drop("k", "b")
    await store.drop_keyspace("k")
    await store.create_keyspace("k")
    assert await store.user_types.list("k") == {}


async def test_a_type_changes_with_all_its_tables_or_not_at_all(store: DatabaseStore) -> None:
    made = await table_of_two(store)
    other = await store.create_container(KEYSPACE, "u", ContainerKind.TABLE, {}, {})
    await store.user_types.put(KEYSPACE, "a", {"x": "int"})
    await store.user_types.put(KEYSPACE, "a", {"y": "int"}, [(made, {"n": 2}), (other, {"n": 2})])
    definitions = [found.definition for found in await store.containers(KEYSPACE)]
    assert definitions == [{"n": 2}, {"n": 2}]
    with pytest.raises(ContainerChangedError):
        await store.user_types.put(KEYSPACE, "a", {"z": "int"}, [(await current(store, "t"), {"n": 3}), (other, {})])
    assert [found.definition for found in await store.containers(KEYSPACE)] == definitions
    assert await store.user_types.list(KEYSPACE) == {"a": {"y": "int"}}


async def current(store: DatabaseStore, name: str) -> Container:
    found = await store.container(KEYSPACE, name)
    assert found is not None
    return found


async def test_a_store_of_the_last_release_gets_a_place_for_types(tmp_path: Path) -> None:
    path = tmp_path / "database.db"
    with sqlite3.connect(path) as old:
        for migration in MIGRATIONS[:2]:
            for statement in migration.statements:
                old.execute(statement)
        old.execute("INSERT INTO keyspace VALUES ('k')")
        old.execute("PRAGMA user_version = 2")
    old.close()
    store = await DatabaseStore.open(path)
    await store.user_types.put("k", "a", {"x": "int"})
    assert await store.user_types.list("k") == {"a": {"x": "int"}}
    await store.close()
