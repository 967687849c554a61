"""``$lexical`` on the embedded engine: documents, filters, sorts, changes, and a collection's settings."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from astrolabe.dataapi.client.command_builders import ID_ALONE
from astrolabe.dataapi.protocol import Json, JsonValue
from tests.support.local_api import LocalDatabase, codes, message

SETTINGS: Json = {"lexical": {"enabled": True, "analyzer": "standard"}}


@pytest_asyncio.fixture
async def docs(db: LocalDatabase) -> AsyncIterator[LocalDatabase]:
    await db.create(vector={"dimension": 2})
    await db.insert(
        {"_id": "a", "$lexical": "a red bicycle", "n": 1},
        {"_id": "b", "$lexical": "a red red car", "n": 2},
        {"_id": "c", "$lexical": "a blue bicycle", "n": 3, "$vector": [1, 0]},
        {"_id": "d", "n": 4},
        {"_id": "e", "n": 5, "$lexical": None},
    )
    yield db


async def ids(db: LocalDatabase, **find: JsonValue) -> list[JsonValue]:
    return [document["_id"] for document in await db.documents(**find)]


async def test_words_are_found_and_ranked(docs: LocalDatabase) -> None:
    assert await ids(docs, sort={"$lexical": "red"}) == ["b", "a"]
    assert await ids(docs, sort={"$lexical": "BICYCLE red"}) == ["a"]
    assert await ids(docs, sort={"$lexical": "green"}) == []
    assert await ids(docs, sort={"$lexical": '"'}) == []
    assert await ids(docs, sort={"$lexical": "red"}, filter={"n": 1}) == ["a"]
    assert await ids(docs, sort={"$lexical": "red"}, options={"limit": 1}) == ["b"]


async def test_a_sort_by_words_is_one_page_without_a_sort_vector(docs: LocalDatabase) -> None:
    options = {"includeSortVector": True, "includeSimilarity": True}
    answer = await docs.on_collection({"find": {"sort": {"$lexical": "car"}, "options": options}})
    assert answer == {
        "data": {"documents": [{"_id": "b", "n": 2}], "nextPageState": None},
        "status": {"sortVector": None},
    }


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"$lexical": {"$match": "red"}}, ["a", "b"]),
        ({"$lexical": {"$match": "red bicycle"}}, ["a"]),
        ({"$not": {"$lexical": {"$match": "red"}}}, ["c", "d", "e"]),
        ({"$or": [{"$lexical": {"$match": "blue"}}, {"n": 4}]}, ["c", "d"]),
        ({"$lexical": {"$match": ""}}, []),
    ],
)
async def test_filters_by_words(docs: LocalDatabase, where: Json, expected: list[str]) -> None:
    assert await ids(docs, filter=where) == expected
    assert await docs.on_collection({"countDocuments": {"filter": where}}) == {"status": {"count": len(expected)}}


async def test_the_text_is_returned_only_when_it_is_asked_for(docs: LocalDatabase) -> None:
    assert await docs.documents(filter={"_id": "a"}) == [{"_id": "a", "n": 1}]
    assert await docs.documents(filter={"_id": "a"}, projection={"$lexical": 1}) == [
        {"_id": "a", "$lexical": "a red bicycle", "n": 1}
    ]
    assert await docs.documents(filter={"_id": "a"}, projection={"*": 1}) == [
        {"_id": "a", "$lexical": "a red bicycle", "n": 1}
    ]


async def test_other_commands_sort_and_filter_by_words(docs: LocalDatabase) -> None:
    sort = {"$lexical": "red"}
    found = await docs.on_collection({"findOne": {"sort": sort, "projection": ID_ALONE}})
    assert found["data"] == {"document": {"_id": "b"}}
    changed = await docs.on_collection({"findOneAndUpdate": {"sort": sort, "update": {"$set": {"n": 9}}}})
    assert changed["data"]["document"]["_id"] == "b"
    await docs.on_collection({"updateOne": {"sort": sort, "update": {"$set": {"first": True}}}})
    assert await ids(docs, filter={"first": True}) == ["b"]
    replaced = await docs.on_collection({"findOneAndReplace": {"sort": sort, "replacement": {"$lexical": "gone red"}}})
    assert replaced["data"]["document"]["_id"] == "b"
    assert (await docs.on_collection({"deleteOne": {"filter": {}, "sort": {"$lexical": "gone"}}})) == {
        "status": {"deletedCount": 1}
    }
    deleted = await docs.on_collection({"findOneAndDelete": {"sort": sort}})
    assert deleted["data"]["document"]["_id"] == "a"
    many = await docs.on_collection({"deleteMany": {"filter": {"$lexical": {"$match": "blue"}}}})
    assert many == {"status": {"deletedCount": 1}}
    assert await ids(docs) == ["d", "e"]


async def test_updates_change_what_is_found(docs: LocalDatabase) -> None:
    await docs.on_collection({"updateOne": {"filter": {"_id": "a"}, "update": {"$set": {"$lexical": "green"}}}})
    await docs.on_collection({"updateOne": {"filter": {"_id": "b"}, "update": {"$unset": {"$lexical": 1}}}})
    many = {"filter": {"_id": {"$in": ["d", "e"]}}, "update": {"$set": {"$lexical": "green"}}}
    await docs.on_collection({"updateMany": many})
    upsert = {"filter": {"_id": "f"}, "update": {"$setOnInsert": {"$lexical": "red"}}, "options": {"upsert": True}}
    await docs.on_collection({"updateOne": upsert})
    assert await ids(docs, sort={"$lexical": "red"}) == ["f"]
    assert await ids(docs, sort={"$lexical": "green"}) == ["a", "d", "e"]
    assert await docs.store.integrity_check() == []
    assert await docs.on_collection({"deleteMany": {}}) == {"status": {"deletedCount": -1}}
    assert await ids(docs, sort={"$lexical": "green"}) == []


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ({"find": {"sort": {"$lexical": "a", "n": 1}}}, "SORT_CLAUSE_INVALID"),
        ({"find": {"sort": {"$lexical": "a", "$vector": [1, 0]}}}, "SORT_CLAUSE_INVALID"),
        ({"find": {"sort": {"$lexical": 1}}}, "SORT_CLAUSE_INVALID"),
        ({"find": {"filter": {"$lexical": {"$exists": True}}}}, "FILTER_INVALID_EXPRESSION"),
        ({"find": {"sort": {"$lexical": "a"}, "options": {"limit": 1001}}}, "COMMAND_FIELD_VALUE_INVALID"),
        ({"find": {"sort": {"$lexical": "a"}, "options": {"pageState": "x"}}}, "SORT_CLAUSE_INVALID"),
        ({"find": {"filter": {"$lexical": "a"}}}, "FILTER_INVALID_EXPRESSION"),
        ({"find": {"filter": {"$lexical": {"$match": 1}}}}, "FILTER_INVALID_EXPRESSION"),
        ({"find": {"filter": {"n": {"$match": "a"}}}}, "FILTER_INVALID_EXPRESSION"),
        ({"insertOne": {"document": {"$lexical": 1}}}, "SHRED_BAD_DOCUMENT_LEXICAL_TYPE"),
        ({"insertOne": {"document": {"$lexical": "word " * 2049}}}, "LEXICAL_CONTENT_TOO_LONG"),
        ({"insertOne": {"document": {"$hybrid": "x", "$lexical": "x"}}}, "HYBRID_FIELD_CONFLICT"),
        ({"insertOne": {"document": {"$hybrid": {"text": "x"}}}}, "HYBRID_FIELD_UNKNOWN_SUBFIELDS"),
        ({"insertOne": {"document": {"$hybrid": 5}}}, "HYBRID_FIELD_UNSUPPORTED_VALUE_TYPE"),
        ({"insertOne": {"document": {"$hybrid": {"$lexical": 5}}}}, "HYBRID_FIELD_UNSUPPORTED_SUBFIELD_VALUE_TYPE"),
        ({"updateOne": {"update": {"$push": {"$lexical": "x"}}}}, "UNSUPPORTED_UPDATE_OPERATOR_FOR_LEXICAL"),
        ({"updateOne": {"update": {"$set": {"$lexical": 5}}}}, "SHRED_BAD_DOCUMENT_LEXICAL_TYPE"),
    ],
)
async def test_refusals(docs: LocalDatabase, command: Json, code: str) -> None:
    assert codes(await docs.on_collection(command)) == [code]


@pytest.mark.parametrize(
    "command",
    [
        {"find": {"sort": {"$lexical": "a"}}},
        {"find": {"filter": {"$lexical": {"$match": "a"}}}},
        {"insertOne": {"document": {"$lexical": "a"}}},
        {"updateOne": {"update": {"$set": {"$lexical": "a"}}}},
    ],
)
async def test_a_collection_without_lexical_search_refuses_words(db: LocalDatabase, command: Json) -> None:
    await db.create(lexical={"enabled": False})
    answer = await db.on_collection(command)
    assert codes(answer) == ["LEXICAL_NOT_ENABLED_FOR_COLLECTION"]
    assert "default_keyspace.docs" in message(answer)


async def test_one_text_for_both_searches(db: LocalDatabase) -> None:
    await db.create(vector={"service": {"provider": "nvidia", "modelName": "NV-Embed-QA"}})
    await db.insert(
        {"_id": "a", "$hybrid": "red bicycle"}, {"_id": "b", "$hybrid": {"$vectorize": "car", "$lexical": "blue"}}
    )
    assert await ids(db, sort={"$lexical": "bicycle"}) == ["a"]
    assert await ids(db, sort={"$vectorize": "car"}) == ["b", "a"]
    assert await ids(db, sort={"$lexical": "car"}) == []
    [document] = await db.documents(filter={"_id": "a"}, projection={"$vectorize": 1, "$lexical": 1})
    assert document == {"_id": "a", "$vectorize": "red bicycle", "$lexical": "red bicycle"}


async def test_settings_left_out_are_those_of_the_existing_collection(db: LocalDatabase) -> None:
    english = {"enabled": True, "analyzer": "english"}
    await db.create(lexical=english)
    await db.create()
    await db.create(lexical=english)
    await db.insert({"_id": "a", "$lexical": "the runners are running"})
    assert await ids(db, sort={"$lexical": "run"}) == ["a"]
    for other in ({"enabled": True}, {"enabled": False}, {"enabled": True, "analyzer": "whitespace"}):
        answer = await db.on_keyspace({"createCollection": {"name": "docs", "options": {"lexical": other}}})
        assert codes(answer) == ["EXISTING_COLLECTION_DIFFERENT_SETTINGS"]
    explained = await db.on_keyspace({"findCollections": {"options": {"explain": True}}})
    assert explained["status"]["collections"][0]["options"]["lexical"] == english


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"enabled": False, "analyzer": {}}, {"enabled": False}),
        ({"enabled": False, "analyzer": None}, {"enabled": False}),
        ({"enabled": True, "analyzer": None}, SETTINGS["lexical"]),
        ({"enabled": True, "analyzer": {}}, SETTINGS["lexical"]),
        ({"enabled": True, "analyzer": "STANDARD"}, {"enabled": True, "analyzer": "STANDARD"}),
        *(
            ({"enabled": True, "analyzer": parts}, {"enabled": True, "analyzer": parts})
            for parts in (
                {"tokenizer": {"name": "whitespace"}},
                {"tokenizer": {"name": "standard", "args": {}}, "filters": [{"name": "lowercase"}], "charFilters": []},
            )
        ),
    ],
)
async def test_what_is_kept_of_the_lexical_options(db: LocalDatabase, given: Json, kept: Json) -> None:
    await db.create(lexical=given)
    explained = await db.on_keyspace({"findCollections": {"options": {"explain": True}}})
    assert explained["status"]["collections"][0]["options"]["lexical"] == kept
    await db.create(lexical=given)
