"""updateOne, updateMany, findOneAndUpdate and findOneAndReplace."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
import pytest_asyncio

from astrolabe.dataapi.protocol import Json, JsonValue
from astrolabe.errors import ProviderError, ProviderFailure
from storage import jsontext
from tests.support.local_api import LocalDatabase, codes, vector_of

SERVICE = {"provider": "openai", "modelName": "text-embedding-3-small"}
DIMENSION = 4


@pytest_asyncio.fixture
async def docs(db: LocalDatabase) -> LocalDatabase:
    """A collection that vectorizes, with two documents."""
    await db.create(vector={"dimension": DIMENSION, "service": SERVICE})
    await db.insert({"_id": "a", "n": 1, "$vectorize": "red"}, {"_id": "b", "n": 2})
    db.engine.calls.clear()
    return db


async def update(db: LocalDatabase, where: Json, change: JsonValue, **options: JsonValue) -> Json:
    return await db.on_collection({"updateOne": {"filter": where, "update": change, "options": options}})


async def stored(db: LocalDatabase, document_id: JsonValue = "a") -> Json:
    [found] = await db.documents(filter={"_id": document_id}, projection={"*": 1})
    return found


def vector(text: str) -> list[float]:
    return [float(str(number)) for number in vector_of(text, DIMENSION)]


async def test_a_change_is_counted(docs: LocalDatabase) -> None:
    answer = await update(docs, {"n": 1}, {"$set": {"n": 5, "x.y": [1]}, "$unset": {"missing": 1}})
    assert answer == {"status": {"matchedCount": 1, "modifiedCount": 1}}
    assert (await docs.documents())[0] == {"_id": "a", "n": 5, "x": {"y": [1]}}


async def test_no_change_is_only_a_match(docs: LocalDatabase) -> None:
    assert await update(docs, {"_id": "a"}, {"$set": {"n": 1}}) == {"status": {"matchedCount": 1, "modifiedCount": 0}}


async def test_no_match(docs: LocalDatabase) -> None:
    assert await update(docs, {"n": 9}, {"$set": {"n": 1}}) == {"status": {"matchedCount": 0, "modifiedCount": 0}}


async def test_the_sort_decides_which_one(docs: LocalDatabase) -> None:
    command = {"updateOne": {"sort": {"n": -1}, "update": {"$set": {"hit": True}}}}
    await docs.on_collection(command)
    await docs.on_collection({"updateOne": {"sort": {"$vectorize": "red"}, "update": {"$set": {"near": True}}}})
    assert await docs.documents() == [{"_id": "a", "n": 1, "near": True}, {"_id": "b", "n": 2, "hit": True}]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"$grow": {"n": 1}}, "UNSUPPORTED_UPDATE_OPERATION"),
        (5, "UNSUPPORTED_UPDATE_DATA_TYPE"),
        ({"$set": {"_id": "c"}}, "UNSUPPORTED_UPDATE_OPERATOR_FOR_DOC_ID"),
        ({"$push": {"n": 1}}, "UNSUPPORTED_UPDATE_OPERATION_TARGET"),
        ({"$inc": {"$vector": 1}}, "UNSUPPORTED_UPDATE_OPERATION_MODIFIER"),
        ({"$max": {"$vector": 1}}, "UNSUPPORTED_UPDATE_OPERATOR_FOR_VECTOR"),
        ({"$set": {"$vector": [1, 2, 3, 4], "$vectorize": "x"}}, "INVALID_USAGE_OF_VECTORIZE"),
        ({"$set": {"$vector": [1]}}, "INVALID_VECTOR_LENGTH"),
        ({"$set": {"text": "x" * 9000}}, "SHRED_DOC_LIMIT_VIOLATION"),
    ],
)
async def test_refusals_change_nothing(docs: LocalDatabase, change: JsonValue, code: str) -> None:
    before = await stored(docs)
    answer = await update(docs, {"_id": "a"}, change)
    assert list(answer) == ["errors"]
    assert codes(answer) == [code]
    assert await stored(docs) == before


async def test_an_array_that_nothing_is_pushed_to_counts_as_modified(docs: LocalDatabase) -> None:
    await docs.insert({"_id": "c", "l": [1]})
    answer = await update(docs, {"_id": "c"}, {"$push": {"l": {"$each": []}}})
    assert answer["status"] == {"matchedCount": 1, "modifiedCount": 1}
    assert await docs.documents(filter={"_id": "c"}) == [{"_id": "c", "l": [1]}]


async def test_a_set_tells_a_decimal_from_a_whole_number_until_it_is_stored(docs: LocalDatabase) -> None:
    await docs.insert({"_id": "c", "l": [1]})
    for modified in (1, 1, 0):
        added = 1 if not modified else Decimal("1.0")
        answer = await update(docs, {"_id": "c"}, {"$addToSet": {"l": added}})
        assert answer["status"]["modifiedCount"] == modified
    [found] = await docs.documents(filter={"_id": "c"})
    assert jsontext.dumps(found["l"]) == "[1,1,1]"


async def test_another_text_is_embedded(docs: LocalDatabase) -> None:
    await update(docs, {"_id": "a"}, {"$set": {"$vectorize": "blue"}})
    assert await stored(docs) == {"_id": "a", "n": 1, "$vectorize": "blue", "$vector": vector("blue")}
    assert docs.engine.texts == ["blue"]


async def test_the_same_text_is_not(docs: LocalDatabase) -> None:
    answer = await update(docs, {"_id": "a"}, {"$set": {"$vectorize": "red"}})
    assert answer["status"] == {"matchedCount": 1, "modifiedCount": 0}
    assert docs.engine.calls == []


@pytest.mark.parametrize("text", [None, "  "])
async def test_a_text_of_nothing_removes_the_vector(docs: LocalDatabase, text: str | None) -> None:
    await update(docs, {"_id": "a"}, {"$set": {"$vectorize": text}})
    assert await stored(docs) == {"_id": "a", "n": 1, "$vectorize": text, "$vector": None}


async def test_a_vector_removes_the_text(docs: LocalDatabase) -> None:
    await update(docs, {"_id": "a"}, {"$set": {"$vector": [1, 2, 3, 4]}})
    assert await stored(docs) == {"_id": "a", "n": 1, "$vector": [1, 2, 3, 4]}


@pytest.mark.parametrize("name", ["$vector", "$vectorize"])
async def test_unsetting_one_removes_both(docs: LocalDatabase, name: str) -> None:
    await update(docs, {"_id": "a"}, {"$unset": {name: ""}})
    assert await stored(docs) == {"_id": "a", "n": 1}
    found = await docs.documents(sort={"$vectorize": "red"})
    assert found == []


async def test_other_changes_keep_the_vector(docs: LocalDatabase) -> None:
    await update(docs, {"_id": "a"}, {"$set": {"n": 7}})
    assert (await stored(docs))["$vector"] == vector("red")
    assert docs.engine.calls == []


async def test_upsert_starts_from_the_equalities_of_the_filter(docs: LocalDatabase) -> None:
    where = {"_id": "new", "kind": {"$eq": "x"}, "list": {"$eq": [1]}, "n": {"$gt": 5}}
    change = {"$set": {"n": 9}, "$setOnInsert": {"first": True}}
    answer = await update(docs, where, change, upsert=True)
    assert answer == {"status": {"matchedCount": 0, "modifiedCount": 0, "upsertedId": "new"}}
    assert await stored(docs, "new") == {"_id": "new", "kind": "x", "list": [1], "n": 9, "first": True}


async def test_upsert_makes_an_id_and_a_vector(docs: LocalDatabase) -> None:
    answer = await update(docs, {"kind": "x"}, {"$set": {"$vectorize": "blue"}}, upsert=True)
    found = await stored(docs, answer["status"]["upsertedId"])
    assert (found["kind"], found["$vector"]) == ("x", vector("blue"))


async def test_upsert_of_a_match_only_updates(docs: LocalDatabase) -> None:
    answer = await update(docs, {"_id": "a"}, {"$set": {"n": 3}, "$setOnInsert": {"x": 1}}, upsert=True)
    assert answer == {"status": {"matchedCount": 1, "modifiedCount": 1}}
    assert "x" not in await stored(docs)


async def test_an_upsert_whose_id_belongs_to_another_document(docs: LocalDatabase) -> None:
    answer = await update(docs, {"_id": "a", "n": 100}, {"$set": {"x": 1}}, upsert=True)
    assert codes(answer) == ["DOCUMENT_ALREADY_EXISTS"]
    assert answer["errors"][0]["documentIds"] == ["a"]


async def test_concurrent_increments_are_all_counted(docs: LocalDatabase) -> None:
    answers = await asyncio.gather(*(update(docs, {"_id": "b"}, {"$inc": {"n": 1}}) for _ in range(12)))
    assert all(answer["status"]["modifiedCount"] == 1 for answer in answers)
    assert (await stored(docs, "b"))["n"] == 14


async def test_concurrent_upserts_make_one_document(docs: LocalDatabase) -> None:
    changes = (update(docs, {"_id": "once"}, {"$inc": {"n": 1}}, upsert=True) for _ in range(5))
    answers = await asyncio.gather(*changes)
    assert sum("upsertedId" in answer["status"] for answer in answers) == 1
    assert (await stored(docs, "once"))["n"] == 5


async def update_many(db: LocalDatabase, where: Json, change: Json, **options: JsonValue) -> Json:
    return await db.on_collection({"updateMany": {"filter": where, "update": change, "options": options}})


async def test_update_many_changes_page_after_page(docs: LocalDatabase) -> None:
    await docs.insert(*({"_id": number, "n": 5} for number in range(99)))
    first = await update_many(docs, {"n": {"$gte": 2}}, {"$set": {"n": 5}})
    state = first["status"].pop("nextPageState")
    assert first == {"status": {"matchedCount": 50, "modifiedCount": 1, "moreData": True}}
    await docs.insert({"_id": "between", "n": 5})
    second = await update_many(docs, {"n": {"$gte": 2}}, {"$inc": {"n": 1}}, pageState=state)
    last = await update_many(
        docs, {"n": {"$gte": 2}}, {"$inc": {"n": 1}}, pageState=second["status"].pop("nextPageState")
    )
    assert second == {"status": {"matchedCount": 50, "modifiedCount": 50, "moreData": True}}
    assert last == {"status": {"matchedCount": 1, "modifiedCount": 1}}
    assert await docs.on_collection({"countDocuments": {"filter": {"n": 6}}}) == {"status": {"count": 51}}


async def test_a_full_page_with_nothing_behind_it_is_the_last(docs: LocalDatabase) -> None:
    await docs.insert(*({"_id": number} for number in range(48)))
    assert await update_many(docs, {}, {"$set": {"n": 5}}) == {"status": {"matchedCount": 50, "modifiedCount": 50}}


@pytest.mark.parametrize("state", ["nope", "", "MDAwMDA"])
async def test_a_page_state_that_is_none_is_refused(docs: LocalDatabase, state: str) -> None:
    answer = await update_many(docs, {}, {"$set": {"n": 5}}, pageState=state)
    assert codes(answer) == ["COMMAND_FIELD_VALUE_INVALID"]
    assert await docs.documents(filter={"n": 5}) == []


async def test_nothing_is_inserted_on_a_later_page(docs: LocalDatabase) -> None:
    await docs.insert(*({"_id": number, "n": 5} for number in range(51)))
    state = (await update_many(docs, {"n": 5}, {"$set": {"n": 6}}))["status"]["nextPageState"]
    await update(docs, {"n": 5}, {"$set": {"n": 7}})
    answer = await update_many(docs, {"n": 5}, {"$set": {"n": 6}}, pageState=state, upsert=True)
    assert answer == {"status": {"matchedCount": 0, "modifiedCount": 0}}


async def test_update_many_embeds_a_text_once(docs: LocalDatabase) -> None:
    await update_many(docs, {}, {"$set": {"$vectorize": "green"}})
    assert docs.engine.texts == ["green"]
    assert (await stored(docs, "b"))["$vector"] == vector("green")


async def test_update_many_stops_at_the_first_failure_and_counts_what_was_done(docs: LocalDatabase) -> None:
    await docs.insert({"_id": "c", "n": "text"}, {"_id": "d", "n": 1})
    answer = await update_many(docs, {}, {"$inc": {"n": 1}})
    assert answer["status"] == {"matchedCount": 2, "modifiedCount": 2}
    assert codes(answer) == ["UNSUPPORTED_UPDATE_OPERATION_TARGET"]
    assert "documentIds" not in answer["errors"][0]


async def test_update_many_upserts_when_nothing_matches(docs: LocalDatabase) -> None:
    answer = await update_many(docs, {"_id": "new"}, {"$set": {"n": 1}}, upsert=True)
    assert answer == {"status": {"matchedCount": 0, "modifiedCount": 0, "upsertedId": "new"}}


async def find_and(db: LocalDatabase, verb: str, **command: JsonValue) -> Json:
    return await db.on_collection({verb: command})


@pytest.mark.parametrize(("image", "n"), [(None, 1), ("before", 1), ("after", 2)])
async def test_find_one_and_update_answers_with_an_image(docs: LocalDatabase, image: str | None, n: int) -> None:
    options = {"returnDocument": image} if image else {}
    answer = await find_and(
        docs, "findOneAndUpdate", filter={"_id": "a"}, update={"$inc": {"n": 1}}, options=options, projection={"n": 1}
    )
    assert answer == {"data": {"document": {"_id": "a", "n": n}}, "status": {"matchedCount": 1, "modifiedCount": 1}}


async def test_find_one_and_update_without_a_change(docs: LocalDatabase) -> None:
    answer = await find_and(docs, "findOneAndUpdate", filter={"_id": "a"}, update={"$set": {"n": 1}})
    assert answer["data"] == {"document": {"_id": "a", "n": 1}}
    assert answer["status"] == {"matchedCount": 1, "modifiedCount": 0}


async def test_find_one_and_update_without_a_match(docs: LocalDatabase) -> None:
    answer = await find_and(docs, "findOneAndUpdate", filter={"_id": "x"}, update={"$set": {"n": 1}})
    assert answer == {"data": {"document": None}, "status": {"matchedCount": 0, "modifiedCount": 0}}


@pytest.mark.parametrize(("image", "document"), [("before", None), ("after", {"_id": "x", "n": 1})])
async def test_find_one_and_update_upserts(docs: LocalDatabase, image: str, document: Json | None) -> None:
    options = {"upsert": True, "returnDocument": image}
    answer = await find_and(docs, "findOneAndUpdate", filter={"_id": "x"}, update={"$set": {"n": 1}}, options=options)
    assert answer["data"] == {"document": document}
    assert answer["status"] == {"matchedCount": 0, "modifiedCount": 0, "upsertedId": "x"}


async def test_a_replacement_takes_the_place_of_everything_but_the_id(docs: LocalDatabase) -> None:
    answer = await find_and(
        docs,
        "findOneAndReplace",
        filter={"_id": "a"},
        replacement={"z": 1},
        options={"returnDocument": "after"},
        projection={"*": 1},
    )
    assert answer["data"] == {"document": {"_id": "a", "z": 1}}
    assert answer["status"] == {"matchedCount": 1, "modifiedCount": 1}
    assert await docs.documents(sort={"$vectorize": "red"}) == []


async def test_a_replacement_is_vectorized_like_an_insert(docs: LocalDatabase) -> None:
    await find_and(docs, "findOneAndReplace", filter={"_id": "b"}, replacement={"_id": "b", "$vectorize": "blue"})
    assert await stored(docs, "b") == {"_id": "b", "$vectorize": "blue", "$vector": vector("blue")}


@pytest.mark.parametrize(
    ("replacement", "code"),
    [
        ({"_id": "other"}, "DOCUMENT_REPLACE_DIFFERENT_DOCID"),
        ({"$vector": [1, 2, 3, 4], "$vectorize": "x"}, "INVALID_USAGE_OF_VECTORIZE"),
        ("text", "REQUEST_STRUCTURE_MISMATCH"),
        ({"$bad": 1}, "SHRED_BAD_FIELD_NAME"),
    ],
)
async def test_replacements_that_are_refused(docs: LocalDatabase, replacement: JsonValue, code: str) -> None:
    before = await stored(docs)
    answer = await find_and(docs, "findOneAndReplace", filter={"_id": "a"}, replacement=replacement)
    assert codes(answer) == [code]
    assert await stored(docs) == before


async def test_a_replacement_is_upserted_under_the_filters_id(docs: LocalDatabase) -> None:
    answer = await find_and(
        docs,
        "findOneAndReplace",
        filter={"_id": "x", "n": 5},
        replacement={"z": 1},
        options={"upsert": True, "returnDocument": "after"},
    )
    assert answer["data"] == {"document": {"_id": "x", "z": 1}}
    assert answer["status"]["upsertedId"] == "x"


async def test_a_replacement_is_upserted_under_its_own_id(docs: LocalDatabase) -> None:
    options = {"upsert": True}
    answer = await find_and(
        docs, "findOneAndReplace", filter={"n": 50}, replacement={"_id": "own", "z": 1}, options=options
    )
    assert answer["status"]["upsertedId"] == "own"


async def test_a_failing_provider_changes_nothing(docs: LocalDatabase) -> None:
    before = await stored(docs)
    docs.engine.failure = ProviderError("Down.", provider="openai", failure=ProviderFailure.UNREACHABLE)
    answer = await update(docs, {"_id": "a"}, {"$set": {"$vectorize": "blue", "n": 9}})
    assert list(answer) == ["errors"]
    assert codes(answer) == ["EMBEDDING_PROVIDER_UNAVAILABLE"]
    assert await stored(docs) == before


async def test_zero_has_no_sign(db: LocalDatabase) -> None:
    await db.create()
    await db.insert({"_id": 1, "n": 0})
    update = {"filter": {"_id": 1}, "update": {"$mul": {"n": -1}}, "options": {"returnDocument": "after"}}
    answer = await db.on_collection({"findOneAndUpdate": update})
    assert answer["status"] == {"matchedCount": 1, "modifiedCount": 0}
    assert str(answer["data"]["document"]["n"]) == "0"
