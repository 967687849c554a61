"""Pages of an unsorted find: everything comes once, whatever happens in between."""

from __future__ import annotations

import pytest
import pytest_asyncio

from astrolabe.dataapi.protocol import Json, JsonValue
from tests.support.local_api import KEYSPACE, LocalDatabase


@pytest_asyncio.fixture
async def docs(db: LocalDatabase) -> LocalDatabase:
    await db.create()
    await db.insert(*({"_id": number, "even": number % 2 == 0} for number in range(100)))
    await db.insert(*({"_id": number, "even": number % 2 == 0} for number in range(100, 130)))
    return db


async def page(db: LocalDatabase, state: str | None = None, limit: int | None = None, **find: JsonValue) -> Json:
    options: Json = {"pageState": state} if state is not None else {}
    if limit is not None:
        options["limit"] = limit
    answer = await db.on_collection({"find": find | {"options": options}})
    assert "errors" not in answer, answer
    data: Json = answer["data"]
    return data


async def walk(db: LocalDatabase, limit: int | None = None, **find: JsonValue) -> list[list[JsonValue]]:
    """Read page after page; return the ids of each."""
    pages: list[list[JsonValue]] = []
    state: str | None = None
    while True:
        data = await page(db, state, limit, **find)
        pages.append([document["_id"] for document in data["documents"]])
        state = data["nextPageState"]
        if state is None:
            return pages
        assert isinstance(state, str)


async def test_pages_of_fifty_in_insertion_order(docs: LocalDatabase) -> None:
    assert await walk(docs) == [list(range(50)), list(range(50, 100)), list(range(100, 130))]


async def test_a_filter_is_walked_too(docs: LocalDatabase) -> None:
    pages = await walk(docs, filter={"even": True})
    assert [len(ids) for ids in pages] == [50, 15]
    assert [*pages[0], *pages[1]] == list(range(0, 130, 2))


@pytest.mark.parametrize(
    ("limit", "sizes"), [(1, [1]), (49, [49]), (50, [50]), (51, [50, 1]), (120, [50, 50, 20]), (500, [50, 50, 30])]
)
async def test_the_limit_counts_over_all_pages(docs: LocalDatabase, limit: int, sizes: list[int]) -> None:
    assert [len(ids) for ids in await walk(docs, limit)] == sizes


async def test_a_full_last_page_has_no_next_one(docs: LocalDatabase) -> None:
    await docs.client.collection(KEYSPACE, "docs").delete_many({"_id": {"$gte": 100}})
    assert [len(ids) for ids in await walk(docs)] == [50, 50]


async def test_an_empty_answer_is_one_page(docs: LocalDatabase) -> None:
    assert await walk(docs, filter={"_id": "missing"}) == [[]]


async def test_named_ids_come_in_one_page(docs: LocalDatabase) -> None:
    wanted = list(range(99, -1, -1))
    assert await walk(docs, filter={"_id": {"$in": wanted}}) == [list(range(100))]
    assert await walk(docs, 10, filter={"_id": {"$in": wanted}}) == [list(range(10))]


async def test_a_walk_survives_writes(docs: LocalDatabase) -> None:
    first = await page(docs)
    seen = [document["_id"] for document in first["documents"]]
    await docs.on_collection({"deleteMany": {"filter": {"_id": {"$in": [49, 60]}}}})
    await docs.on_collection({"updateOne": {"filter": {"_id": 70}, "update": {"$set": {"even": "changed"}}}})
    await docs.insert({"_id": "new"})
    state = first["nextPageState"]
    while state is not None:
        data = await page(docs, state)
        seen += [document["_id"] for document in data["documents"]]
        state = data["nextPageState"]
    assert seen == [*range(60), *range(61, 130), "new"]


async def test_the_same_state_gives_the_same_page(docs: LocalDatabase) -> None:
    state = (await page(docs))["nextPageState"]
    assert (await page(docs))["nextPageState"] == state
    assert await page(docs, state) == await page(docs, state)


async def test_the_sort_vector_ends_paging(docs: LocalDatabase) -> None:
    answer = await docs.on_collection({"find": {"options": {"includeSortVector": True}}})
    assert answer["data"]["nextPageState"] is None
    assert len(answer["data"]["documents"]) == 50


async def test_the_old_name_of_the_page_state(docs: LocalDatabase) -> None:
    state = (await page(docs))["nextPageState"]
    answer = await docs.on_collection({"find": {"options": {"pagingState": state}}})
    assert answer["data"]["documents"][0]["_id"] == 50
