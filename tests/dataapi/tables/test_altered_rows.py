"""Rows that were written before their table, or a type of it, was changed."""

from __future__ import annotations

from astrolabe.dataapi.protocol import Json, JsonValue
from tests.support.local_api import LocalDatabase, codes

OK = {"status": {"ok": 1}}
ADDRESS = {"type": "userDefined", "udtName": "address"}
COLUMNS: Json = {
    "id": "int",
    "n": "int",
    "v": {"type": "vector", "dimension": 2},
    "home": ADDRESS,
    "homes": {"type": "map", "keyType": "int", "valueType": ADDRESS},
}
ROW: Json = {
    "id": 1,
    "n": 7,
    "v": [0.5, 1.5],
    "home": {"street": "Main"},
    "homes": [[2, {"street": "Oak", "zip": 3}]],
}


async def table(db: LocalDatabase) -> None:
    fields = {"street": "text", "zip": "int"}
    assert await db.on_keyspace({"createType": {"name": "address", "definition": {"fields": fields}}}) == OK
    definition = {"columns": COLUMNS, "primaryKey": "id"}
    assert await db.on_keyspace({"createTable": {"name": "t", "definition": definition}}) == OK
    assert codes(await db.on_collection({"insertOne": {"document": ROW}}, "t")) == []


async def alter(db: LocalDatabase, **operation: JsonValue) -> None:
    assert await db.on_collection({"alterTable": {"operation": operation}}, "t") == OK


async def row(db: LocalDatabase) -> Json:
    answer = await db.on_collection({"findOne": {"filter": {"id": 1}}}, "t")
    found: Json = answer["data"]["document"]
    return found


async def test_rows_come_back_as_they_were_written(db: LocalDatabase) -> None:
    await table(db)
    assert await row(db) == ROW


async def test_fields_that_were_renamed_and_added_are_there_in_older_rows(db: LocalDatabase) -> None:
    await table(db)
    change = {"name": "address", "add": {"fields": {"town": "text"}}, "rename": {"fields": {"street": "road"}}}
    assert await db.on_keyspace({"alterType": change}) == OK
    assert (await row(db))["home"] == {"road": "Main"}
    assert (await row(db))["homes"] == [[2, {"road": "Oak", "zip": 3}]]
    setting = {"filter": {"id": 1}, "update": {"$set": {"home": {"road": "Elm", "town": "Ulm"}}}}
    assert codes(await db.on_collection({"updateOne": setting}, "t")) == []
    assert (await row(db))["home"] == {"road": "Elm", "town": "Ulm"}


async def test_values_of_a_column_that_was_dropped_do_not_come_back_with_it(db: LocalDatabase) -> None:
    await table(db)
    for _ in range(2):
        await alter(db, drop={"columns": ["n", "v"]})
        assert (await row(db)).keys() == {"id", "home", "homes"}
        await alter(db, add={"columns": {"n": "int", "v": {"type": "vector", "dimension": 2}}})
        assert (await row(db)).keys() == {"id", "home", "homes"}
        setting = {"filter": {"id": 1}, "update": {"$set": {"n": 8, "v": [1, 2]}}}
        assert codes(await db.on_collection({"updateOne": setting}, "t")) == []
        assert (await row(db))["n"] == 8


async def test_an_index_that_was_made_late_finds_earlier_rows(db: LocalDatabase) -> None:
    await table(db)
    find: Json = {"find": {"filter": {"n": 7}}}
    warned = await db.on_collection(find, "t")
    assert [warning["errorCode"] for warning in warned["status"]["warnings"]] == ["MISSING_INDEX"]
    assert await db.on_collection({"createIndex": {"name": "i", "definition": {"column": "n"}}}, "t") == OK
    found = await db.on_collection(find, "t")
    assert "warnings" not in found["status"]
    assert [document["id"] for document in found["data"]["documents"]] == [1]
    index: Json = {
        "createVectorIndex": {"name": "w", "definition": {"column": "v", "options": {"metric": "euclidean"}}}
    }
    assert await db.on_collection(index, "t") == OK
    options = {"includeSimilarity": True}
    near = await db.on_collection({"find": {"sort": {"v": [0.5, 1.5]}, "options": options}}, "t")
    assert near["data"]["documents"][0]["$similarity"] == 1.0


async def test_a_service_is_attached_to_a_column_with_vectors_and_then_embeds_texts(db: LocalDatabase) -> None:
    definition = {"columns": {"id": "int", "v": {"type": "vector", "dimension": 256}}, "primaryKey": "id"}
    assert await db.on_keyspace({"createTable": {"name": "t", "definition": definition}}) == OK
    insert: Json = {"insertOne": {"document": {"id": 1, "v": "a text"}}}
    missing = ["UNSUPPORTED_VECTORIZE_WHEN_MISSING_VECTORIZE_DEFINITION"]
    assert codes(await db.on_collection(insert, "t")) == missing
    service = {"provider": "openai", "modelName": "text-embedding-3-small"}
    await alter(db, addVectorize={"columns": {"v": service}})
    assert codes(await db.on_collection(insert, "t", key="sk-made-up")) == []
    assert db.engine.texts == ["a text"]
    assert len((await row(db))["v"]) == 256
    await alter(db, dropVectorize={"columns": ["v"]})
    assert codes(await db.on_collection(insert, "t", key="sk-made-up")) == missing
    assert len((await row(db))["v"]) == 256
