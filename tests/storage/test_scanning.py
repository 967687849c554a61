"""Filtered reads: the right items, in order, a chunk at a time, without holding up anybody."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from decimal import Decimal

import pytest

from storage.documents import items as item_statements
from storage.documents import scanning
from storage.documents.store import DatabaseStore
from storage.errors import CorruptStoreError
from storage.filters.matching import Matcher, matcher
from storage.filters.tree import All, AnyOf, Comparison, Filter, Operator
from storage.shapes import COLLECTION_VECTOR, Container, Item
from tests.support.stores import insert, new_collection, new_item, read


def where(name: str, operator: Operator, operand: object) -> Filter:
    return Comparison((name,), operator, operand)


EVEN = where("even", Operator.EQ, operand=True)
"""Half of the items."""

TAGGED = where("tags", Operator.EQ, ["y", "x"])
"""A tenth of the items; arrays are compared by Python."""

SMALL = where("n", Operator.LT, Decimal("12.0000000000000000000000000000000000000001"))
"""The items up to 12: SQL is certain of those up to 11, Python decides on the rest."""


async def fill(store: DatabaseStore, container: Container, count: int) -> None:
    await insert(
        store,
        container,
        *[
            new_item(f"{n:04}", [n, 0], n=n, even=n % 2 == 0, tags=["y", "x"] if n % 10 == 0 else ["x"])
            for n in range(count)
        ],
    )


async def keys_of(
    store: DatabaseStore,
    container: Container,
    where: Filter | None = None,
    *,
    after: int = 0,
    chunk: int = scanning.CHUNK,
    keys: Sequence[str] | None = None,
) -> list[str]:
    scan = store.scan(container, where, after=after, chunk=chunk, keys=keys)
    return [item.key async for items in scan for item in items]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (None, range(100)),
        (EVEN, range(0, 100, 2)),
        (TAGGED, range(0, 100, 10)),
        (where("tags", Operator.ALL, ["x", "y"]), range(0, 100, 10)),
        (where("n", Operator.LT, 7), range(7)),
        (SMALL, range(13)),
        (All((EVEN, SMALL)), range(0, 13, 2)),
        (where("n", Operator.EQ, Decimal("7.0")), [7]),
        (where("missing", Operator.EXISTS, operand=False), range(100)),
        (where("missing", Operator.EXISTS, operand=True), []),
        (All((EVEN, TAGGED)), range(0, 100, 10)),
        (AnyOf((where("n", Operator.EQ, 3), TAGGED)), [0, 3, *range(10, 100, 10)]),
        (All(()), range(100)),
        (AnyOf(()), []),
    ],
)
async def test_scan_count_and_search_agree_on_what_matches(
    store: DatabaseStore, books: Container, condition: Filter | None, expected: list[int]
) -> None:
    await fill(store, books, 100)
    keys = [f"{n:04}" for n in expected]
    assert await keys_of(store, books, where=condition) == keys
    assert await keys_of(store, books, where=condition, chunk=3) == keys
    assert await store.count(books, condition) == len(keys)
    assert await store.count(books, condition, limit=5) == min(5, len(keys))
    some = [f"{n:04}" for n in range(0, 100, 3)]
    assert await store.count(books, condition, keys=some) == len(set(keys) & set(some))
    seqs = await scanning.matching_seqs(store.file, books, condition)
    assert [item.key for item in await store.read_rows(books, seqs.tolist())] == keys


async def test_lists_are_never_empty_nor_longer_than_asked(store: DatabaseStore, books: Container) -> None:
    await fill(store, books, 50)
    for condition in (None, EVEN, TAGGED):
        sizes = [len(items) async for items in store.scan(books, condition, chunk=7)]
        assert min(sizes) >= 1
        assert max(sizes) <= 7


async def test_lists_stay_short_when_many_matches_follow_few(store: DatabaseStore, books: Container) -> None:
    await insert(store, books, *[new_item(f"early {n}", tags=["x", "y"]) for n in range(60)])
    await insert(store, books, *[new_item(f"late {n}", tags=["y", "x"]) for n in range(60)])
    lists = [items async for items in store.scan(books, TAGGED, chunk=7)]
    assert max(len(items) for items in lists) == 7
    assert [item.key for items in lists for item in items] == [f"late {n}" for n in range(60)]


async def test_a_scan_starts_after_a_row(store: DatabaseStore, books: Container) -> None:
    await fill(store, books, 30)
    seen: list[str] = []
    after = 0
    while True:
        page = [item async for items in store.scan(books, EVEN, after=after, chunk=4) for item in items][:4]
        if not page:
            break
        seen += [item.key for item in page]
        after = page[-1].seq
    assert seen == [f"{n:04}" for n in range(0, 30, 2)]


async def test_only_the_items_of_the_container_are_seen(store: DatabaseStore, books: Container) -> None:
    films = await new_collection(store, "films")
    for n in range(10):
        await insert(store, books if n % 2 else films, new_item(f"{n}", n=n))
    assert await keys_of(store, books) == ["1", "3", "5", "7", "9"]
    assert await store.count(films) == 5


async def test_keys_restrict_a_scan_and_the_filter_still_decides(store: DatabaseStore, books: Container) -> None:
    await fill(store, books, 40)
    keys = ["0030", "0007", "nobody", "0020", "0030"]
    assert await keys_of(store, books, keys=keys) == ["0007", "0020", "0030"]
    assert await keys_of(store, books, keys=keys, chunk=1) == ["0007", "0020", "0030"]
    assert await keys_of(store, books, where=TAGGED, keys=keys) == ["0020", "0030"]
    assert await keys_of(store, books, keys=[]) == []
    assert await store.count(books, EVEN, keys=keys) == 2
    [item] = await read(store, books, ["0007"])
    assert item is not None
    assert await keys_of(store, books, keys=keys, after=item.seq) == ["0020", "0030"]


async def test_counting_stops_at_the_limit(store: DatabaseStore, books: Container) -> None:
    await fill(store, books, 60)
    assert await store.count(books, limit=10) == 10
    assert await store.count(books, TAGGED, limit=4) == 4
    assert await store.count(books, TAGGED, limit=6) == 6
    assert await store.count(books, TAGGED, limit=7) == 6
    assert await store.count(books, limit=1000) == 60


async def test_counting_many_keys_stops_at_the_limit(
    store: DatabaseStore, books: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "CHUNK", 4)
    await fill(store, books, 60)
    keys = [f"{n:04}" for n in range(60)]
    assert await store.count(books, SMALL, limit=6, keys=keys) == 6
    assert await store.count(books, EVEN, limit=7, keys=keys) == 7
    assert await store.count(books, EVEN, limit=100, keys=keys) == 30


async def test_a_scan_brings_the_vectors_asked_for(store: DatabaseStore, books: Container) -> None:
    await fill(store, books, 12)
    found = [item async for items in store.scan(books, TAGGED, vectors=[COLLECTION_VECTOR]) for item in items]
    assert [item.vectors[COLLECTION_VECTOR].data.tolist() for item in found] == [[0, 0], [10, 0]]


async def test_every_item_that_stays_is_seen_once_whatever_is_written_meanwhile(
    store: DatabaseStore, books: Container
) -> None:
    await fill(store, books, 60)
    seen: list[str] = []
    async for items in store.scan(books, chunk=10):
        seen += [item.key for item in items]
        if len(seen) == 20:
            gone = await read(store, books, ["0005", "0040"])
            await store.delete(books, [item for item in gone if item])
            [changed] = await read(store, books, ["0000"])
            assert changed is not None
            await store.replace(books, changed, new_item("0000", n=-1))
            await insert(store, books, new_item("late"))
    assert seen == [f"{n:04}" for n in range(60) if n != 40] + ["late"]


async def test_an_abandoned_scan_holds_nothing(store: DatabaseStore, books: Container) -> None:
    await fill(store, books, 20)
    scans = [store.scan(books, chunk=2) for _ in range(10)]
    for scan in scans:
        assert len(await anext(scan)) == 2
    assert await store.count(books) == 20
    for scan in scans:
        await scan.aclose()


async def test_large_bodies_come_in_smaller_chunks(
    store: DatabaseStore, books: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(item_statements, "BATCH_BYTES", 20_000)
    monkeypatch.setattr(item_statements, "FIRST_BATCH", 2)
    await insert(store, books, *[new_item(str(n), text="x" * 2500) for n in range(50)])
    sizes = [len(items) async for items in store.scan(books)]
    assert sum(sizes) == 50
    assert max(sizes) <= 10


async def test_row_numbers_beyond_one_statement(
    store: DatabaseStore, books: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "SEQS_PER_STATEMENT", 7)
    await fill(store, books, 30)
    seqs = await scanning.matching_seqs(store.file, books, where("n", Operator.EXISTS, operand=True))
    assert seqs.tolist() == sorted(set(seqs.tolist()))
    assert seqs.size == 30


async def test_matching_is_not_done_on_the_event_loop(
    store: DatabaseStore, books: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: set[int] = set()

    def watched(where: Filter) -> Matcher:
        threads.add(threading.get_ident())
        return matcher(where)

    monkeypatch.setattr("storage.documents.scanning.matcher", watched)
    await fill(store, books, 100)
    assert await store.count(books, where("tags", Operator.EQ, ["z"])) == 0
    assert threads
    assert threading.get_ident() not in threads


async def test_a_body_that_is_not_json_is_reported_as_damage(store: DatabaseStore, books: Container) -> None:
    await insert(store, books, new_item("1"))
    async with store.file.transaction() as connection:
        await connection.execute("UPDATE item_1 SET body = '{'")
    with pytest.raises(CorruptStoreError, match="not JSON"):
        await store.count(books, EVEN)


@pytest.mark.parametrize("body", ["[1]", "{", "1", ""])
def test_a_body_that_is_no_document_cannot_be_parsed(body: str) -> None:
    with pytest.raises(CorruptStoreError, match="row 7"):
        scanning.parse_body(Item(7, "key", body, 1))
