"""insertOne and insertMany: what is written, what is refused alone, and what is refused as a whole."""

from __future__ import annotations

import base64
import struct
from decimal import Decimal

import pytest

from astrolabe.dataapi.protocol import Json, JsonValue
from tests.support.local_api import LocalDatabase, codes, message


async def insert_many(db: LocalDatabase, *documents: JsonValue, **options: JsonValue) -> Json:
    return await db.on_collection({"insertMany": {"documents": list(documents), "options": options}})


async def test_one_document_in_and_out(db: LocalDatabase) -> None:
    await db.create()
    document = {"_id": "a", "price": Decimal("12.10"), "tags": ["x", {"y": None}], "deep": {"er": True}}
    assert await db.on_collection({"insertOne": {"document": document}}) == {"status": {"insertedIds": ["a"]}}
    [found] = await db.documents()
    assert found == document
    assert str(found["price"]) == "12.1"


async def test_numbers_keep_their_digits(db: LocalDatabase) -> None:
    await db.create()
    long = Decimal("1234567890123456789012345678901234567890.123456789012")
    await db.insert({"_id": 1, "long": long, "float": 0.1, "big": 2**200})
    [found] = await db.documents()
    assert found == {"_id": 1, "long": long, "float": Decimal("0.1"), "big": 2**200}


async def test_the_id_comes_first(db: LocalDatabase) -> None:
    await db.create()
    await db.insert({"b": 1, "a": 2, "_id": "x"})
    [found] = await db.documents()
    assert list(found) == ["_id", "b", "a"]


@pytest.mark.parametrize("kind", [None, "uuid", "uuidv6", "uuidv7", "objectId"])
async def test_missing_ids_are_made_as_the_collection_says(db: LocalDatabase, kind: str | None) -> None:
    await (db.create(defaultId={"type": kind}) if kind else db.create())
    [made] = await db.insert({"a": 1})
    if kind is None:
        assert isinstance(made, str)
    else:
        assert list(made) == ["$objectId" if kind == "objectId" else "$uuid"]
    assert (await db.documents(filter={"_id": made}))[0]["a"] == 1


@pytest.mark.parametrize("document_id", ["a", 1, Decimal("1.5"), True, None, {"$date": 5}])
async def test_ids_come_back_in_their_form(db: LocalDatabase, document_id: JsonValue) -> None:
    await db.create()
    assert await db.insert({"_id": document_id}) == [document_id]
    assert await db.documents(filter={"_id": document_id}) == [{"_id": document_id}]


async def test_a_taken_id_is_refused_and_nothing_changes(db: LocalDatabase) -> None:
    await db.create()
    await db.insert({"_id": "a", "n": 1})
    answer = await db.on_collection({"insertOne": {"document": {"_id": "a", "n": 2}}})
    assert answer["status"] == {"insertedIds": []}
    assert codes(answer) == ["DOCUMENT_ALREADY_EXISTS"]
    assert answer["errors"][0]["documentIds"] == ["a"]
    assert "('a')" in message(answer)
    assert await db.documents() == [{"_id": "a", "n": 1}]


@pytest.mark.parametrize(
    ("document", "code", "ids"),
    [
        ("text", "SHRED_BAD_DOCUMENT_TYPE", None),
        ({"_id": ""}, "SHRED_BAD_DOCID_VALUE", None),
        ({"_id": {"$uuid": "x"}}, "SHRED_BAD_DOCID_TYPE", None),
        (None, "SHRED_BAD_DOCUMENT_TYPE", None),
        ({"_id": [1]}, "SHRED_BAD_DOCID_TYPE", None),
        ({"_id": "a", "$bad": 1}, "SHRED_BAD_FIELD_NAME", ["a"]),
        ({"_id": "a", "when": {"$date": "now"}}, "SHRED_BAD_EJSON_VALUE", ["a"]),
        ({"_id": "a", "text": "x" * 8001}, "SHRED_DOC_LIMIT_VIOLATION", ["a"]),
        ({"_id": "a", "$vector": []}, "SHRED_BAD_VECTOR_SIZE", ["a"]),
        ({"_id": "a", "$vector": [1, "2"]}, "SHRED_BAD_VECTOR_VALUE", ["a"]),
        ({"_id": "a", "$vector": "1,2"}, "SHRED_BAD_DOCUMENT_VECTOR_TYPE", ["a"]),
        ({"_id": "a", "$vector": {"$binary": "??"}}, "SHRED_BAD_BINARY_VECTOR_VALUE", ["a"]),
        ({"_id": "a", "$vector": [1, 2, 3]}, "INVALID_VECTOR_LENGTH", ["a"]),
        ({"_id": "a", "$vector": [0, 0]}, "INVALID_DATABASE_QUERY", ["a"]),
    ],
)
async def test_a_document_that_breaks_a_rule(
    db: LocalDatabase, document: JsonValue, code: str, ids: list[JsonValue] | None
) -> None:
    await db.create(vector={"dimension": 2})
    answer = await db.on_collection({"insertOne": {"document": document}})
    assert answer["status"] == {"insertedIds": []}
    assert codes(answer) == [code]
    assert answer["errors"][0].get("documentIds") == ids
    assert await db.documents() == []


async def test_unindexed_fields_escape_the_limits_of_values(db: LocalDatabase) -> None:
    await db.create(indexing={"deny": ["blob"]})
    await db.insert({"_id": "a", "blob": "x" * 20_000})


async def test_a_hundred_documents_nested_too_deep_and_hostile_text(db: LocalDatabase) -> None:
    await db.create()
    deep: JsonValue = 1
    for _ in range(5_000):
        deep = {"a": deep}
    answer = await insert_many(db, {"_id": 1, "deep": deep}, {"_id": 2, "text": "\x00\x1b[31m\u202e"})
    assert codes(answer) == ["SHRED_DOC_LIMIT_VIOLATION"]
    assert answer["status"]["insertedIds"] == [2]
    assert (await db.documents())[0]["text"] == "\x00\x1b[31m\u202e"


async def test_unordered_writes_everything_that_can_be(db: LocalDatabase) -> None:
    await db.create()
    await db.insert({"_id": "taken"})
    answer = await insert_many(db, {"_id": "a"}, {"_id": "taken"}, {"$bad": 1}, {"_id": "b"}, {"_id": "b"})
    assert answer["status"] == {"insertedIds": ["a", "b"]}
    assert codes(answer) == ["DOCUMENT_ALREADY_EXISTS", "SHRED_BAD_FIELD_NAME", "DOCUMENT_ALREADY_EXISTS"]
    assert "data" not in answer


async def test_ordered_stops_at_the_first_failure(db: LocalDatabase) -> None:
    await db.create()
    await db.insert({"_id": "taken"})
    answer = await insert_many(db, {"_id": "a"}, {"_id": "taken"}, {"_id": "b"}, ordered=True)
    assert answer["status"] == {"insertedIds": ["a"]}
    assert codes(answer) == ["DOCUMENT_ALREADY_EXISTS"]
    assert [document["_id"] for document in await db.documents()] == ["taken", "a"]


@pytest.mark.parametrize(("ordered", "last"), [(True, "SKIPPED"), (False, "OK")])
async def test_responses_by_document(db: LocalDatabase, ordered: bool, last: str) -> None:
    await db.create()
    await db.insert({"_id": "b"})
    answer = await insert_many(
        db, {"_id": "a"}, {"_id": "b"}, {"_id": "c"}, ordered=ordered, returnDocumentResponses=True
    )
    assert answer["status"] == {
        "documentResponses": [
            {"_id": "a", "status": "OK"},
            {"_id": "b", "status": "ERROR", "errorsIdx": 0},
            {"_id": "c", "status": last},
        ]
    }
    assert len(answer["errors"]) == 1


async def test_what_stands_behind_the_first_failure_is_skipped_whatever_is_wrong_with_it(db: LocalDatabase) -> None:
    await db.create()
    await db.insert({"_id": "taken"})
    answer = await insert_many(
        db, {"_id": "taken"}, {"_id": "a"}, {"_id": "x", "$bad": 1}, ordered=True, returnDocumentResponses=True
    )
    assert [entry["status"] for entry in answer["status"]["documentResponses"]] == ["ERROR", "SKIPPED", "SKIPPED"]
    assert codes(answer) == ["DOCUMENT_ALREADY_EXISTS"]


async def test_a_document_without_an_id_has_one_even_when_it_fails(db: LocalDatabase) -> None:
    await db.create(defaultId={"type": "uuidv7"})
    answer = await insert_many(db, {"$bad": 1}, {"a": 1}, "text", returnDocumentResponses=True)
    refused, written, neither = answer["status"]["documentResponses"]
    assert list(refused["_id"]) == ["$uuid"]
    assert answer["errors"][0]["documentIds"] == [refused["_id"]]
    assert await db.documents() == [{"_id": written["_id"], "a": 1}]
    assert neither == {"status": "ERROR", "errorsIdx": 1}


@pytest.mark.parametrize(
    ("name", "text"), [("$uuid", "0190B7A8-7A5C-7000-8000-0000000000AA"), ("$objectId", "65F0C0FFEE65F0C0FFEE65F0")]
)
async def test_the_case_of_uuids_and_object_ids_does_not_matter(db: LocalDatabase, name: str, text: str) -> None:
    await db.create()
    assert await db.insert({"_id": {name: text}, "ref": {name: text}}) == [{name: text.lower()}]
    again = await db.on_collection({"insertOne": {"document": {"_id": {name: text.lower()}}}})
    assert codes(again) == ["DOCUMENT_ALREADY_EXISTS"]
    stored = {"_id": {name: text.lower()}, "ref": {name: text}}
    for spelled in (text, text.lower()):
        for where in ({"_id": {name: spelled}}, {"ref": {name: spelled}}, {"ref": {"$in": [{name: spelled}]}}):
            assert await db.documents(filter=where) == [stored]


async def test_a_vector_in_a_collection_without_vectors_fails_the_whole_command(db: LocalDatabase) -> None:
    await db.create()
    answer = await insert_many(db, {"_id": "a"}, {"_id": "b", "$vector": [1, 2]})
    assert codes(answer) == ["VECTOR_SEARCH_NOT_SUPPORTED"]
    assert list(answer) == ["errors"]
    assert await db.documents() == []


async def test_vectors_come_back_in_the_form_they_were_given(db: LocalDatabase) -> None:
    await db.create(vector={"dimension": 2, "metric": "euclidean"})
    binary = {"$binary": base64.b64encode(struct.pack(">2f", 0.1, -2.5)).decode()}
    exact = [Decimal("0.12345678901234567890"), 1]
    await db.insert(
        {"_id": "array", "$vector": [0.1, 2]},
        {"_id": "binary", "$vector": binary},
        {"_id": "exact", "$vector": exact},
        {"_id": "null", "$vector": None},
        {"_id": "none"},
    )
    found = {document["_id"]: document for document in await db.documents(projection={"*": 1})}
    assert [str(number) for number in found["array"]["$vector"]] == ["0.1", "2"]
    assert found["binary"]["$vector"] == binary
    assert found["exact"]["$vector"] == exact
    assert found["null"]["$vector"] is None
    assert "$vector" not in found["none"]
    assert all("$vector" not in document for document in await db.documents())


async def test_the_hundredth_document_is_the_last(db: LocalDatabase) -> None:
    await db.create()
    answer = await insert_many(db, *({"_id": number} for number in range(100)))
    assert answer["status"]["insertedIds"] == list(range(100))
    answer = await insert_many(db, *({"_id": -number} for number in range(1, 102)))
    assert codes(answer) == ["COMMAND_FIELD_VALUE_INVALID"]
