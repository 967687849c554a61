"""createTable, alterTable, dropTable and listTables, where the recorded exchanges do not go."""

from __future__ import annotations

import asyncio

import pytest

from astrolabe.dataapi.engine.definitions.table_definition import read_table
from astrolabe.dataapi.protocol import Json, JsonValue
from storage.shapes import Metric, VectorSpec
from tests.support.local_api import KEYSPACE, LocalDatabase, codes, message

OK = {"status": {"ok": 1}}
COLUMNS: Json = {"id": "uuid", "n": {"type": "int"}, "v": {"type": "vector", "dimension": 3}}


async def create(db: LocalDatabase, columns: JsonValue = None, key: JsonValue = "id", name: str = "t") -> Json:
    definition = {"columns": COLUMNS if columns is None else columns, "primaryKey": key}
    return await db.on_keyspace({"createTable": {"name": name, "definition": definition}})


async def alter(db: LocalDatabase, **operation: JsonValue) -> Json:
    return await db.on_collection({"alterTable": {"operation": operation}}, "t")


async def shown(db: LocalDatabase) -> Json:
    answer = await db.on_keyspace({"listTables": {"options": {"explain": True}}})
    columns: Json = answer["status"]["tables"][0]["definition"]["columns"]
    return columns


async def test_a_refused_table_leaves_nothing_behind(db: LocalDatabase) -> None:
    assert codes(await create(db, {"id": "uuid", "x": "counter"})) == ["UNSUPPORTED_DATA_TYPE_TABLE_CREATION"]
    assert await db.on_keyspace({"listTables": {}}) == {"status": {"tables": []}}


@pytest.mark.parametrize("name", ["a b", "", "é", "t" * 49, "\ud800", "a.b", None, "x\n"])
async def test_names_of_odd_characters_are_refused(db: LocalDatabase, name: str) -> None:
    assert codes(await create(db, name=name)) == ["UNSUPPORTED_SCHEMA_NAME"]


@pytest.mark.parametrize(
    ("column", "accepted"),
    [("$x", True), ("a b", True), ("a.b", True), ("Ä", True), ("'; DROP", True), (" ", False), ("\ud800", False)],
)
async def test_columns_may_be_called_anything_that_can_be_read(db: LocalDatabase, column: str, accepted: bool) -> None:
    answer = await create(db, {"id": "uuid", column: {"type": "vector", "dimension": 2}})
    assert (answer == OK) is accepted
    assert accepted or codes(answer) == ["UNSUPPORTED_SCHEMA_NAME"]


@pytest.mark.parametrize(
    ("columns", "key", "code"),
    [
        ([], "id", "REQUEST_STRUCTURE_MISMATCH"),
        ("id", "id", "REQUEST_STRUCTURE_MISMATCH"),
        ({"id": {"type": "text", "frozen": True}}, "id", "COMMAND_FIELD_UNKNOWN"),
        ({"id": {"type": "text", "metric": "cosine"}}, "id", "COMMAND_FIELD_UNKNOWN"),
        ({"id": {"type": 5}}, "id", "REQUEST_STRUCTURE_MISMATCH"),
        ({"id": "userDefined"}, "id", "INVALID_USER_DEFINED_TYPE_NAME"),
        ({"id": "text", "v": {"type": "vector", "dimension": 2.5}}, "id", "UNSUPPORTED_VECTOR_DIMENSION"),
        ({"id": "text", "v": {"type": "vector", "dimension": -1}}, "id", "UNSUPPORTED_VECTOR_DIMENSION"),
        ({"id": "text", "v": {"type": "vector", "dimension": True}}, "id", "UNSUPPORTED_VECTOR_DIMENSION"),
        ({"id": "text", "v": {"type": "vector", "dimension": 10**12}}, "id", "UNSUPPORTED_VECTOR_DIMENSION"),
        ({"id": "text", "v": {"type": "vector", "dimension": "9" * 5000}}, "id", "UNSUPPORTED_VECTOR_DIMENSION"),
        ({"id": "text", "v": {"type": "vector", "service": 5}}, "id", "REQUEST_STRUCTURE_MISMATCH"),
        ({"id": "text", "v": {"type": "vector", "service": {}}}, "id", "INVALID_CREATE_COLLECTION_OPTIONS"),
        ({"id": "text"}, {"partitionBy": "id"}, "REQUEST_STRUCTURE_MISMATCH"),
        ({"id": "text"}, {"partitionBy": [1]}, "REQUEST_STRUCTURE_MISMATCH"),
        ({"id": "text"}, {}, "REQUEST_STRUCTURE_MISMATCH"),
        ({"id": "text"}, {"partitionBy": ["id"], "partitionSort": {"id": True}}, "REQUEST_STRUCTURE_MISMATCH"),
        ({"id": "text"}, {"partitionBy": ["id"], "partitionSort": []}, "REQUEST_STRUCTURE_MISMATCH"),
        (
            {"id": "text", "m": {"type": "map", "keyType": "duration", "valueType": "int"}},
            "id",
            "UNSUPPORTED_MAP_DEFINITION",
        ),
    ],
)
async def test_definitions_that_cannot_be(db: LocalDatabase, columns: JsonValue, key: JsonValue, code: str) -> None:
    assert codes(await create(db, columns, key)) == [code]


async def test_thousands_of_columns_are_taken_and_come_back(db: LocalDatabase) -> None:
    columns: Json = {"id": "uuid"} | {f"c{n}": "int" for n in range(3000)}
    assert await create(db, columns) == OK
    assert len(await shown(db)) == 3001
    answer = await alter(db, add={"columns": {"c7": "int"}})
    assert codes(answer) == ["CANNOT_ADD_EXISTING_COLUMNS"]
    assert len(message(answer)) < 3000


async def test_a_table_and_a_collection_cannot_have_one_name(db: LocalDatabase) -> None:
    await db.create("t")
    refused = await create(db)
    assert (codes(refused), refused["status"]) == (["CANNOT_ADD_EXISTING_TABLE"], {"ok": 0})
    definition = {"columns": COLUMNS, "primaryKey": "id"}
    command = {"createTable": {"name": "t", "definition": definition, "options": {"ifNotExists": True}}}
    assert codes(await db.on_keyspace(command)) == ["CANNOT_ADD_EXISTING_TABLE"]
    assert codes(await db.on_keyspace({"dropTable": {"name": "t"}})) == ["UNSUPPORTED_COLLECTION_COMMAND"]
    assert (await db.on_keyspace({"findCollections": {}}))["status"]["collections"] == ["t"]


async def test_a_column_comes_back_with_its_old_type_only_and_without_its_values(db: LocalDatabase) -> None:
    await create(db)
    for round_ in range(3):
        assert await alter(db, drop={"columns": ["n", "v", "n"]}) == OK
        refused = await alter(db, add={"columns": {"n": "text"}})
        assert (codes(refused), refused["status"]) == (["CANNOT_ADD_PREVIOUSLY_DROPPED_COLUMN"], {"ok": 0})
        other = {"v": {"type": "vector", "dimension": 4}}
        assert codes(await alter(db, add={"columns": other})) == ["CANNOT_ADD_PREVIOUSLY_DROPPED_COLUMN"]
        assert await alter(db, add={"columns": {"n": "int", "v": {"type": "vector", "dimension": 3}}}) == OK
        container = await db.store.container(KEYSPACE, "t")
        assert container is not None
        assert read_table(container).stored_as("n") == f"n@{round_ + 1}"
        assert list(container.vectors) == [f"v@{round_ + 1}"]


async def test_the_metric_of_a_column_is_that_of_its_index(db: LocalDatabase) -> None:
    await create(db)

    async def spec() -> VectorSpec:
        container = await db.store.container(KEYSPACE, "t")
        assert container is not None
        return container.vectors["v"]

    assert await spec() == VectorSpec(3, Metric.COSINE)
    definition = {"column": "v", "options": {"metric": "euclidean"}}
    assert await db.on_collection({"createVectorIndex": {"name": "i", "definition": definition}}, "t") == OK
    assert await spec() == VectorSpec(3, Metric.EUCLIDEAN)
    assert await db.on_keyspace({"dropIndex": {"name": "i"}}) == OK
    assert await spec() == VectorSpec(3, Metric.COSINE)


async def test_the_metric_that_the_java_client_gives_a_column_is_passed_over(db: LocalDatabase) -> None:
    vector = {"type": "vector", "dimension": 2}
    given = {**vector, "metric": "dot_product", "sourceModel": "other"}
    assert await create(db, {"id": "uuid", "v": given}) == OK
    assert {name: value for name, value in (await shown(db))["v"].items() if name != "apiSupport"} == vector


async def test_changes_at_once_are_all_kept(db: LocalDatabase) -> None:
    await create(db)
    changes = [alter(db, add={"columns": {f"c{n}": "int"}}) for n in range(20)]
    assert await asyncio.gather(*changes) == [OK] * 20
    assert {f"c{n}" for n in range(20)} <= (await shown(db)).keys()


async def test_operations_one_at_a_time(db: LocalDatabase) -> None:
    await create(db)
    assert codes(await alter(db, add={"columns": {"x": "int"}, "y": 1})) == ["COMMAND_FIELD_UNKNOWN"]
    assert codes(await alter(db, add={"columns": ["x"]})) == ["REQUEST_STRUCTURE_MISMATCH"]
    assert codes(await alter(db, drop={"columns": [1]})) == ["REQUEST_STRUCTURE_MISMATCH"]
    assert codes(await alter(db, add=None)) == ["MISSING_ALTER_TABLE_OPERATIONS"]
    assert codes(await alter(db, addVectorize={"columns": {"v": 5}})) == ["REQUEST_STRUCTURE_MISMATCH"]
    assert codes(await db.on_collection({"alterTable": {"operation": []}}, "t")) == ["REQUEST_STRUCTURE_MISMATCH"]
