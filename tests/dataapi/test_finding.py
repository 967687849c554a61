"""find and findOne: filters, projections, sorts by fields and by vectors, and the rules of their options."""

from __future__ import annotations

import base64
import struct
from decimal import Decimal

import pytest
import pytest_asyncio

from astrolabe.dataapi.engine import finding as search
from astrolabe.dataapi.language.allowances import CommandLimits
from astrolabe.dataapi.protocol import Json, JsonValue
from tests.support.local_api import LocalDatabase, codes, message

NORTH, EAST, SOUTH, NORTH_EAST = [0.0, 1.0], [1.0, 0.0], [0.0, -1.0], [1.0, 1.0]


@pytest_asyncio.fixture
async def docs(db: LocalDatabase) -> LocalDatabase:
    await db.create(vector={"dimension": 2}, lexical={"enabled": False})
    await db.insert(
        {"_id": "n", "$vector": NORTH, "price": 30, "tags": ["a", "b"]},
        {"_id": "e", "$vector": EAST, "price": 10, "name": {"first": "Eve"}},
        {"_id": "s", "$vector": SOUTH, "price": 20},
        {"_id": "ne", "$vector": NORTH_EAST, "price": None},
        {"_id": "no vector"},
    )
    return db


async def find(db: LocalDatabase, **command: JsonValue) -> Json:
    return await db.on_collection({"find": command})


async def ids(db: LocalDatabase, **command: JsonValue) -> list[JsonValue]:
    return [document["_id"] for document in await db.documents(**command)]


async def test_the_answer_has_documents_and_a_page_state(docs: LocalDatabase) -> None:
    answer = await find(docs, filter={"price": {"$lt": 15}})
    assert answer == {
        "data": {"documents": [{"_id": "e", "price": 10, "name": {"first": "Eve"}}], "nextPageState": None}
    }


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({}, ["n", "e", "s", "ne", "no vector"]),
        ({"_id": "e"}, ["e"]),
        ({"_id": {"$in": ["s", "n", "missing"]}}, ["n", "s"]),
        ({"_id": {"$in": []}}, []),
        ({"price": None}, ["ne"]),
        ({"price": {"$exists": False}}, ["no vector"]),
        ({"price": {"$ne": 10}}, ["n", "s", "ne", "no vector"]),
        ({"tags": "a"}, ["n"]),
        ({"tags.1": "b"}, ["n"]),
        ({"name.first": "Eve"}, ["e"]),
        ({"$or": [{"price": {"$gte": 30}}, {"tags": {"$size": 3}}, {"name": {"first": "Eve"}}]}, ["n", "e"]),
        ({"$not": {"price": {"$gt": 15}}}, ["e"]),
        ({"$not": {"price": 10}}, ["n", "s", "ne", "no vector"]),
        ({"_id": "e", "price": 11}, []),
        ({"$vector": {"$exists": True}}, ["n", "e", "s", "ne"]),
    ],
)
async def test_filters(docs: LocalDatabase, where: Json, expected: list[str]) -> None:
    assert await ids(docs, filter=where) == expected


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ({"filter": []}, "FILTER_UNSUPPORTED_DATA_TYPE"),
        ({"filter": {"a": {"$near": 1}}}, "FILTER_UNSUPPORTED_OPERATOR"),
        ({"filter": {"a": [1]}}, "FILTER_INVALID_EXPRESSION"),
        ({"projection": 5}, "UNSUPPORTED_PROJECTION_DEFINITION"),
        ({"projection": {"a": 1, "b": 0}}, "UNSUPPORTED_PROJECTION_PARAM"),
        ({"sort": {"a": 2}}, "SORT_CLAUSE_VALUE_INVALID"),
        ({"sort": {"$vector": NORTH, "a": 1}}, "SORT_CLAUSE_INVALID"),
        ({"sort": {"$vector": [1, 2, 3]}}, "INVALID_VECTOR_LENGTH"),
        ({"sort": {"$vector": [0, 0]}}, "INVALID_DATABASE_QUERY"),
        ({"sort": {"$lexical": "a"}}, "LEXICAL_NOT_ENABLED_FOR_COLLECTION"),
        ({"sort": {"a": 1}, "options": {"pageState": "x"}}, "SORT_CLAUSE_INVALID"),
        ({"options": {"limit": 0}}, "COMMAND_FIELD_VALUE_INVALID"),
        ({"options": {"pageState": "not a state"}}, "COMMAND_FIELD_VALUE_INVALID"),
        ({"options": {"pageState": "é"}}, "COMMAND_FIELD_VALUE_INVALID"),
        ({"sort": {"$vector": NORTH}, "options": {"skip": 0}}, "COMMAND_FIELD_VALUE_INVALID"),
        ({"sort": {"$vector": NORTH}, "options": {"limit": 1001}}, "COMMAND_FIELD_VALUE_INVALID"),
    ],
)
async def test_refusals(docs: LocalDatabase, command: Json, code: str) -> None:
    answer = await find(docs, **command)
    assert list(answer) == ["errors"]
    assert codes(answer) == [code]


async def test_a_vector_sort_needs_vectors(db: LocalDatabase) -> None:
    await db.create()
    assert codes(await find(db, sort={"$vector": NORTH})) == ["VECTOR_SEARCH_NOT_SUPPORTED"]


async def test_unindexed_paths_cannot_be_used(db: LocalDatabase) -> None:
    await db.create(indexing={"deny": ["blob"]})
    assert codes(await find(db, filter={"blob": 1})) == ["FILTER_PATH_UNINDEXED"]
    assert codes(await find(db, sort={"blob.x": 1})) == ["SORT_CLAUSE_PATH_UNINDEXED"]


@pytest.mark.parametrize(
    ("projection", "expected"),
    [
        ({"price": 1}, {"_id": "n", "price": 30}),
        ({"price": 1, "_id": 0}, {"price": 30}),
        ({"price": 0}, {"_id": "n", "tags": ["a", "b"]}),
        ({"$vector": 1}, {"_id": "n", "$vector": [0, 1], "price": 30, "tags": ["a", "b"]}),
        ({"tags": {"$slice": 1}, "price": 0}, {"_id": "n", "tags": ["a"]}),
        ({"*": 0}, {}),
    ],
)
async def test_projections(docs: LocalDatabase, projection: Json, expected: Json) -> None:
    assert await docs.documents(filter={"_id": "n"}, projection=projection) == [expected]


@pytest.mark.parametrize(
    ("sort", "options", "expected"),
    [
        ({"price": 1}, {}, ["no vector", "ne", "e", "s", "n"]),
        ({"price": -1}, {}, ["n", "s", "e", "ne", "no vector"]),
        ({"price": 1}, {"skip": 1, "limit": 2}, ["ne", "e"]),
        ({"price": 1}, {"skip": 9}, []),
        ({"missing": 1, "price": -1}, {"limit": 1}, ["n"]),
        ({"missing": 1}, {}, ["e", "n", "ne", "no vector", "s"]),
    ],
)
async def test_sorts_by_fields(docs: LocalDatabase, sort: Json, options: Json, expected: list[str]) -> None:
    answer = await find(docs, sort=sort, options=options)
    assert [document["_id"] for document in answer["data"]["documents"]] == expected
    assert answer["data"]["nextPageState"] is None


async def test_a_field_sort_returns_one_page(db: LocalDatabase) -> None:
    await db.create()
    await db.insert(*({"_id": number} for number in range(60)))
    answer = await find(db, sort={"_id": -1}, options={"limit": 55})
    assert [document["_id"] for document in answer["data"]["documents"]] == list(range(59, 9, -1))
    assert answer["data"]["nextPageState"] is None


async def test_a_field_sort_keeps_no_more_than_it_answers_with_and_no_more_than_a_limit(
    db: LocalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    await db.create()
    for start in range(0, 300, 100):
        await db.insert(*({"_id": n, "a": ["x" * 1000, 300 - n]} for n in range(start, start + 100)))
    monkeypatch.setattr(search, "MOST_SORT_BYTES", 150_000)
    answer = await find(db, sort={"a": 1}, options={"limit": 2})
    assert [document["_id"] for document in answer["data"]["documents"]] == [299, 298]
    answer = await find(db, sort={"a": 1}, options={"skip": 250})
    assert codes(answer) == ["OVERLOADED_SORT_ROW_LIMIT"]
    assert "sort by fewer or smaller fields" in message(answer)


async def test_too_many_documents_for_a_field_sort(docs: LocalDatabase) -> None:
    docs.allow(CommandLimits(sorted_documents=5))
    assert codes(await find(docs, sort={"price": 1})) == ["OVERLOADED_SORT_ROW_LIMIT"]
    assert len(await ids(docs, sort={"price": 1}, filter={"price": {"$exists": True}})) == 4


async def test_nearest_first_without_vectors_in_the_answer(docs: LocalDatabase) -> None:
    answer = await find(docs, sort={"$vector": [0.1, 1]}, options={"includeSimilarity": True})
    found = answer["data"]["documents"]
    assert [document["_id"] for document in found] == ["n", "ne", "e", "s"]
    assert all("$vector" not in document for document in found)
    assert [document["$similarity"] for document in found] == sorted(
        (document["$similarity"] for document in found), reverse=True
    )
    assert answer["data"]["nextPageState"] is None
    assert list(found[0])[-1] == "$similarity"


@pytest.mark.parametrize(
    ("metric", "similarity"),
    [("cosine", (1 + 0.6) / 2), ("dot_product", (1 + 6) / 2), ("euclidean", 1 / (1 + 13))],
)
async def test_similarities(db: LocalDatabase, metric: str, similarity: float) -> None:
    await db.create(vector={"dimension": 2, "metric": metric})
    await db.insert({"_id": 1, "$vector": [3, 4]})
    [found] = await db.documents(sort={"$vector": [2, 0]}, options={"includeSimilarity": True})
    assert found["$similarity"] == pytest.approx(similarity if metric != "euclidean" else 1 / 18)


async def test_filter_limit_and_projection_of_a_vector_sort(docs: LocalDatabase) -> None:
    priced: Json = {"filter": {"price": {"$gt": 0}}, "projection": {"price": 1, "_id": 0}}
    found = await docs.documents(sort={"$vector": NORTH}, options={"limit": 2}, **priced)
    assert found == [{"price": 30}, {"price": 10}]
    assert await ids(docs, sort={"$vector": NORTH}, filter={"_id": {"$in": ["s", "e"]}}) == ["e", "s"]
    assert await ids(docs, sort={"$vector": NORTH}, filter={"_id": "missing"}) == []


async def test_similarity_is_ignored_without_a_vector_sort(docs: LocalDatabase) -> None:
    assert all("$similarity" not in doc for doc in await docs.documents(options={"includeSimilarity": True}))


async def test_a_sort_vector_as_binary(docs: LocalDatabase) -> None:
    binary = {"$binary": base64.b64encode(struct.pack(">2f", 1, 0.25)).decode()}
    answer = await find(docs, sort={"$vector": binary}, options={"includeSortVector": True, "limit": 1})
    assert answer["data"]["documents"][0]["_id"] == "e"
    assert answer["status"] == {"sortVector": [1.0, 0.25]}


async def test_the_sort_vector_as_given(docs: LocalDatabase) -> None:
    answer = await find(docs, sort={"$vector": [Decimal("0.1"), 1]}, options={"includeSortVector": True})
    assert [Decimal(str(number)) for number in answer["status"]["sortVector"]] == [Decimal("0.1"), 1]


async def test_without_a_vector_sort_the_sort_vector_is_null(docs: LocalDatabase) -> None:
    for sort in ({}, {"price": 1}):
        answer = await find(docs, sort=sort, options={"includeSortVector": True})
        assert answer["status"] == {"sortVector": None}


async def test_a_vectorize_sort_is_lenient_about_limit_and_skip(db: LocalDatabase) -> None:
    await db.create(vector={"service": {"provider": "openai", "modelName": "text-embedding-ada-002"}})
    await db.insert({"_id": 1, "$vectorize": "red"}, {"_id": 2, "$vectorize": "blue"})
    found = await db.documents(sort={"$vectorize": "red"}, options={"limit": 5000, "skip": 1})
    assert [document["_id"] for document in found] == [1, 2]


async def test_find_one(docs: LocalDatabase) -> None:
    async def find_one(**command: JsonValue) -> Json:
        return await docs.on_collection({"findOne": command})

    assert await find_one(filter={"price": {"$gt": 15}}, projection={"price": 1}) == {
        "data": {"document": {"_id": "n", "price": 30}}
    }
    assert await find_one(filter={"_id": "missing"}) == {"data": {"document": None}}
    assert (await find_one(sort={"price": -1}))["data"]["document"]["_id"] == "n"
    answer = await find_one(sort={"$vector": SOUTH}, options={"includeSimilarity": True, "includeSortVector": True})
    assert answer["data"]["document"] == {"_id": "s", "price": 20, "$similarity": pytest.approx(1)}
    assert answer["status"]["sortVector"] == SOUTH


async def test_find_one_takes_no_limit(docs: LocalDatabase) -> None:
    answer = await docs.on_collection({"findOne": {"options": {"limit": 1}}})
    assert codes(answer) == ["COMMAND_FIELD_UNKNOWN"]
    assert "limit" in message(answer)
