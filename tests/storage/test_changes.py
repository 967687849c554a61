"""What an index learns from the store: everything that changed since a revision, from one snapshot."""

from __future__ import annotations

import asyncio
from unittest.mock import ANY

import numpy as np
import pytest

from storage.documents import containers, vector_rows
from storage.documents.store import DatabaseStore
from storage.documents.vector_rows import VectorRows
from storage.errors import CorruptStoreError
from storage.shapes import COLLECTION_VECTOR, Container, ContainerKind, Hit, NewItem, VectorSpec, VectorValue
from tests.support.stores import KEYSPACE, insert, new_collection, new_item, read


class Follower:
    """An index reduced to a dictionary."""

    def __init__(self, store: DatabaseStore, container: Container, vector: str = COLLECTION_VECTOR) -> None:
        self._source = VectorRows(store.file)
        self._container = container
        self._vector = vector
        self.revision = 0
        self.vectors: dict[int, list[float]] = {}
        self.touched: list[int] = []

    async def follow(self) -> dict[int, list[float]]:
        """Catch up; leaves in ``touched`` the rows that had to be read."""
        self.touched = []
        dimension = self._container.vectors[self._vector].dimension
        revision = self.revision
        async for changes in self._source.changes(self._container.id, self._vector, dimension, self.revision):
            assert changes.vectors.shape == (changes.seqs.size, dimension)
            assert changes.vectors.dtype == np.float32
            assert not set(changes.seqs.tolist()) & set(changes.removed.tolist())
            self.touched += changes.seqs.tolist()
            self.vectors.update(zip(changes.seqs.tolist(), changes.vectors.tolist(), strict=True))
            for seq in changes.removed.tolist():
                self.vectors.pop(seq, None)
            revision = changes.head.revision
        self.revision = revision
        return self.vectors


async def truth(store: DatabaseStore, container: Container, vector: str = COLLECTION_VECTOR) -> dict[int, list[float]]:
    return {
        item.seq: item.vectors[vector].data.tolist()
        async for items in store.scan(container, vectors=[vector])
        for item in items
        if vector in item.vectors
    }


async def test_a_follower_sees_inserts_replacements_and_removals(store: DatabaseStore, books: Container) -> None:
    follower = Follower(store, books)
    assert await follower.follow() == {}
    a, b, c, plain = await insert(
        store, books, new_item("a", [1, 0]), new_item("b", [2, 0]), new_item("c", [3, 0]), new_item("plain")
    )
    assert await follower.follow() == {a.seq: [1, 0], b.seq: [2, 0], c.seq: [3, 0]}
    await store.replace(books, a, new_item("a", [9, 0]))
    await store.replace(books, b, new_item("b"))
    await store.replace(books, plain, new_item("plain", [4, 0]))
    await store.delete(books, [c])
    assert await follower.follow() == {a.seq: [9, 0], plain.seq: [4, 0]} == await truth(store, books)
    assert await Follower(store, books).follow() == await truth(store, books)


async def test_nothing_is_read_twice(store: DatabaseStore, books: Container) -> None:
    follower = Follower(store, books)
    [first] = await insert(store, books, new_item("1", [1, 0]))
    await follower.follow()
    [second] = await insert(store, books, new_item("2", [2, 0]))
    await follower.follow()
    assert follower.touched == [second.seq]
    await store.replace(books, first, new_item("1", [1, 0], title="only the body is new"))
    await follower.follow()
    assert follower.touched == []


async def test_a_vector_that_comes_back_is_not_reported_as_removed(store: DatabaseStore, books: Container) -> None:
    follower = Follower(store, books)
    [first] = await insert(store, books, new_item("1", [1, 0]))
    await follower.follow()
    for vector in (None, [5.0, 0.0]):
        [item] = await store.read_rows(books, [first.seq])
        await store.replace(books, item, new_item("1", vector))
    assert await follower.follow() == {first.seq: [5, 0]}


async def test_each_vector_of_a_table_is_followed_by_itself(store: DatabaseStore) -> None:
    await store.create_keyspace(KEYSPACE)
    specs = {"cover": VectorSpec(2), "text": VectorSpec(3)}
    table = await store.create_container(KEYSPACE, "t", ContainerKind.TABLE, {}, specs)
    covers, texts = Follower(store, table, "cover"), Follower(store, table, "text")

    def row(cover: list[float] | None, text: list[float]) -> NewItem:
        values = {"text": VectorValue(np.array(text, np.float32))}
        if cover:
            values["cover"] = VectorValue(np.array(cover, np.float32))
        return NewItem("1", "{}", values)

    [item] = await insert(store, table, row([1, 2], [1, 2, 3]))
    assert await covers.follow() == {item.seq: [1, 2]}
    assert await texts.follow() == {item.seq: [1, 2, 3]}
    await store.replace(table, item, row(None, [1, 2, 3]))
    assert await covers.follow() == {}
    assert await texts.follow() == {item.seq: [1, 2, 3]}
    [now] = await read(store, table, ["1"], vectors=["cover", "text"])
    assert now is not None
    assert set(now.vectors) == {"text"}
    await store.delete(table, [now])
    assert await texts.follow() == {}


async def test_truncate_and_a_new_container_start_a_new_epoch(store: DatabaseStore, books: Container) -> None:
    source = VectorRows(store.file)
    before = await source.state(books.id)
    await insert(store, books, new_item("1", [1, 0]))
    after_insert = await source.state(books.id)
    assert after_insert.epoch == before.epoch
    assert after_insert.head.revision > before.head.revision
    await store.truncate(books)
    after_truncate = await source.state(books.id)
    assert after_truncate.epoch > before.epoch
    assert after_truncate.head.revision > after_insert.head.revision
    other = await new_collection(store, "other")
    assert (await source.state(other.id)).epoch != before.epoch
    await store.drop_container(books)
    assert (await source.state(books.id)).head.revision == 0


async def test_a_write_to_another_container_leaves_the_state_alone(store: DatabaseStore, books: Container) -> None:
    source = VectorRows(store.file)
    other = await new_collection(store, "other")
    before = await source.state(books.id)
    await insert(store, other, new_item("1", [1, 0]))
    assert await source.state(books.id) == before


async def test_a_stream_is_one_snapshot(
    store: DatabaseStore, books: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vector_rows, "MOST_ROWS", 4)
    written = await insert(store, books, *[new_item(str(n), [n, 0]) for n in range(10)])
    expected = await truth(store, books)
    source = VectorRows(store.file)
    state = await source.state(books.id)
    seen: dict[int, list[float]] = {}
    async for changes in source.changes(books.id, COLLECTION_VECTOR, 2, 0):
        assert changes.seqs.size <= 4
        assert changes.head.revision == state.head.revision
        seen.update(zip(changes.seqs.tolist(), changes.vectors.tolist(), strict=True))
        await store.delete(books, [written[9]])
        await store.insert(books, [new_item("late", [0, 0])])
    assert seen == expected


async def test_an_abandoned_stream_gives_its_reader_back(store: DatabaseStore, books: Container) -> None:
    await insert(store, books, *[new_item(str(n), [n, 0]) for n in range(10)])
    source = VectorRows(store.file)
    for _ in range(6):
        stream = source.changes(books.id, COLLECTION_VECTOR, 2, 0)
        async for _changes in stream:
            break
        await stream.aclose()
    assert await store.count(books) == 10


async def test_a_removal_log_longer_than_the_collection_is_emptied_and_indexes_start_anew(
    store: DatabaseStore, books: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(containers, "SHORTEST_LOG", 10)
    monkeypatch.setattr(containers, "LOG_CHECK_INTERVAL", 1)
    source = VectorRows(store.file)
    written = await insert(store, books, *[new_item(str(n), [n, 0]) for n in range(30)])
    before = await source.state(books.id)
    await store.delete(books, written[:15])
    assert (await source.state(books.id)).epoch == before.epoch
    await store.delete(books, written[15:16])
    assert (await source.state(books.id)).epoch > before.epoch
    async with store.file.reader() as connection:
        assert list(await connection.execute_fetchall("SELECT count(*) FROM removal_1")) == [(0,)]
    assert await Follower(store, books).follow() == await truth(store, books)
    assert await store.search(books, COLLECTION_VECTOR, np.zeros(2, np.float32), 1) == [Hit(written[16].seq, ANY)]


async def test_a_vector_of_a_wrong_length_is_damage(store: DatabaseStore, books: Container) -> None:
    await insert(store, books, new_item("1", [1, 0]))
    async with store.file.transaction() as connection:
        await connection.execute("UPDATE vector_1 SET data = x'0000'")
    with pytest.raises(CorruptStoreError, match="2 numbers"):
        await Follower(store, books).follow()
    with pytest.raises(CorruptStoreError):
        await read(store, books, ["1"], vectors=[COLLECTION_VECTOR])


async def test_followers_agree_with_the_truth_after_any_mixture(store: DatabaseStore, books: Container) -> None:
    rng = np.random.default_rng(7)
    early, late = Follower(store, books), Follower(store, books)
    for turn in range(60):
        key = str(rng.integers(8))
        vector = None if rng.random() < 0.3 else [float(turn), 0.0]
        [item] = await read(store, books, [key])
        if item is None:
            await insert(store, books, new_item(key, vector))
        elif rng.random() < 0.4:
            await store.delete(books, [item])
        else:
            await store.replace(books, item, new_item(key, vector))
        assert await early.follow() == await truth(store, books)
        if turn % 9 == 0:
            await late.follow()
    assert await late.follow() == await truth(store, books)
    await asyncio.sleep(0)
