"""deleteOne, deleteMany, findOneAndDelete, countDocuments and estimatedDocumentCount."""

from __future__ import annotations

import asyncio

import pytest_asyncio

from astrolabe.dataapi.protocol import Json, JsonValue
from tests.support.local_api import KEYSPACE, LocalDatabase, codes


@pytest_asyncio.fixture
async def docs(db: LocalDatabase) -> LocalDatabase:
    await db.create(vector={"dimension": 2})
    await db.insert(*({"_id": number, "even": number % 2 == 0, "$vector": [1, number]} for number in range(60)))
    return db


async def ids(db: LocalDatabase) -> list[JsonValue]:
    return [document["_id"] for document in await db.documents()]


async def count(db: LocalDatabase, **command: JsonValue) -> Json:
    answer = await db.on_collection({"countDocuments": command})
    status: Json = answer["status"]
    return status


async def test_one_is_deleted(docs: LocalDatabase) -> None:
    command = {"deleteOne": {"filter": {"_id": 5}}}
    assert await docs.on_collection(command) == {"status": {"deletedCount": 1}}
    assert await docs.on_collection(command) == {"status": {"deletedCount": 0}}
    assert (await ids(docs))[4:6] == [4, 6]


async def test_the_sort_decides_which_one_goes(docs: LocalDatabase) -> None:
    await docs.on_collection({"deleteOne": {"filter": {"even": True}, "sort": {"_id": -1}}})
    await docs.on_collection({"deleteOne": {"filter": {}, "sort": {"$vector": [1, 0]}}})
    await docs.on_collection({"deleteOne": {"filter": {}}})
    assert await count(docs) == {"count": 57}
    assert (await ids(docs))[0] == 2
    assert 58 not in await ids(docs)


async def test_a_page_of_what_matches_is_deleted_at_once(docs: LocalDatabase) -> None:
    command: Json = {"deleteMany": {"filter": {"even": True}}}
    assert await docs.on_collection(command) == {"status": {"deletedCount": 20, "moreData": True}}
    assert await docs.on_collection(command) == {"status": {"deletedCount": 10}}
    assert await count(docs) == {"count": 30}
    assert len(await docs.documents(sort={"$vector": [1, 0]})) == 30


async def test_a_full_page_with_nothing_behind_it_is_the_last(docs: LocalDatabase) -> None:
    command: Json = {"deleteMany": {"filter": {"_id": {"$lt": 20}}}}
    assert await docs.on_collection(command) == {"status": {"deletedCount": 20}}
    assert await docs.on_collection(command) == {"status": {"deletedCount": 0}}


async def test_the_client_deletes_page_after_page(docs: LocalDatabase) -> None:
    assert await docs.client.collection(KEYSPACE, "docs").delete_many({"even": True}) == 30
    assert await count(docs) == {"count": 30}


async def test_deleting_everything_answers_minus_one(docs: LocalDatabase) -> None:
    commands: list[Json] = [{"filter": {}}, {}]
    for command in commands:
        assert await docs.on_collection({"deleteMany": command}) == {"status": {"deletedCount": -1}}
        assert await docs.documents() == []
        assert await docs.documents(sort={"$vector": [1, 0]}) == []
        await docs.insert({"_id": 1, "$vector": [1, 1]})
    assert await docs.documents(sort={"$vector": [1, 0]}) == [{"_id": 1}]


async def test_find_one_and_delete_answers_with_what_is_gone(docs: LocalDatabase) -> None:
    command = {"findOneAndDelete": {"filter": {"_id": 3}, "projection": {"$vector": 1}}}
    gone = {"_id": 3, "even": False, "$vector": [1, 3]}
    assert await docs.on_collection(command) == {"data": {"document": gone}, "status": {"deletedCount": 1}}
    assert await docs.on_collection(command) == {"data": {"document": None}, "status": {"deletedCount": 0}}


async def test_two_at_once_delete_a_document_once(docs: LocalDatabase) -> None:
    command = {"deleteOne": {"filter": {"_id": 7}}}
    answers = await asyncio.gather(*(docs.on_collection(command) for _ in range(5)))
    assert sum(answer["status"]["deletedCount"] for answer in answers) == 1


async def test_deleting_beside_updates(docs: LocalDatabase) -> None:
    update = {"updateMany": {"filter": {}, "update": {"$set": {"even": True}}}}
    delete = {"deleteMany": {"filter": {"even": True}}}
    answers = await asyncio.gather(*(docs.on_collection(command) for command in (update, delete) * 3))
    assert [codes(answer) for answer in answers] == [[]] * 6
    deleted = sum(answer["status"]["deletedCount"] for answer in answers[1::2])
    assert await count(docs) == {"count": 60 - deleted}


async def test_counting(docs: LocalDatabase) -> None:
    assert await count(docs) == {"count": 60}
    assert await count(docs, filter={"even": True}) == {"count": 30}
    assert await count(docs, filter={"_id": {"$in": [1, 2, 99]}}) == {"count": 2}
    assert await count(docs, filter={"_id": {"$in": []}}) == {"count": 0}
    assert await docs.on_collection({"estimatedDocumentCount": {}}) == {"status": {"count": 60}}


async def test_counting_stops_at_a_thousand(db: LocalDatabase) -> None:
    await db.create()
    for start in range(0, 1000, 100):
        await db.insert(*({"_id": number} for number in range(start, start + 100)))
    assert await count(db) == {"count": 1000}
    await db.insert({"_id": 1000})
    assert await count(db) == {"count": 1000, "moreData": True}
    assert await count(db, filter={"_id": {"$gte": 0}}) == {"count": 1000, "moreData": True}
    assert await db.on_collection({"estimatedDocumentCount": {}}) == {"status": {"count": 1001}}


async def test_a_filter_is_required_for_delete_one(docs: LocalDatabase) -> None:
    assert codes(await docs.on_collection({"deleteOne": {}})) == ["COMMAND_FIELD_VALUE_INVALID"]
    assert codes(await docs.on_collection({"deleteMany": {"filter": [1]}})) == ["FILTER_UNSUPPORTED_DATA_TYPE"]
    assert await count(docs) == {"count": 60}


async def test_a_filter_that_every_document_satisfies_is_a_filter(db: LocalDatabase) -> None:
    await db.create()
    await db.insert({"_id": 1}, {"_id": 2})
    answer = await db.on_collection({"deleteMany": {"filter": {"$and": [{}]}}})
    assert answer == {"status": {"deletedCount": 2}}
    assert await db.documents() == []
