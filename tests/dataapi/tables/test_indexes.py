"""Indexes of tables, where the recorded exchanges do not go."""

from __future__ import annotations

from pathlib import Path

import pytest

from astrolabe.dataapi.engine.limits import DatabaseLimits
from astrolabe.dataapi.protocol import Json, JsonValue
from tests.support.local_api import LocalDatabase, codes, local_database, message

OK = {"status": {"ok": 1}}
COLUMNS: Json = {
    "p": "text",
    "q": "int",
    "c": "text",
    "text": "text",
    "tags": {"type": "set", "valueType": "text"},
    "words": {"type": "map", "keyType": "text", "valueType": "text"},
    "times": {"type": "list", "valueType": "duration"},
    "v": {"type": "vector", "dimension": 3},
    "one": {"type": "vector", "dimension": 1},
}


async def table(db: LocalDatabase) -> None:
    key = {"partitionBy": ["p", "q"], "partitionSort": {"c": 1}}
    definition = {"columns": COLUMNS, "primaryKey": key}
    assert await db.on_keyspace({"createTable": {"name": "t", "definition": definition}}) == OK


async def index(
    db: LocalDatabase, column: JsonValue, verb: str = "createIndex", name: str = "i", **options: JsonValue
) -> Json:
    definition = {"column": column, "options": options} if options else {"column": column}
    return await db.on_collection({verb: {"name": name, "definition": definition}}, "t")


async def explained(db: LocalDatabase) -> list[Json]:
    answer = await db.on_collection({"listIndexes": {"options": {"explain": True}}}, "t")
    found: list[Json] = answer["status"]["indexes"]
    return found


@pytest.mark.parametrize(
    ("column", "options", "code"),
    [
        ("text", {"caseSensitive": False}, None),
        ("tags", {"ascii": True}, None),
        ({"words": "$keys"}, {"normalize": True}, None),
        ({"words": "$values"}, {"normalize": True}, None),
        ("words", {"ascii": True}, "CANNOT_ANALYZE_ENTRIES_ON_MAP_COLUMNS"),
        ("q", {"ascii": True}, "UNSUPPORTED_TEXT_ANALYSIS_FOR_DATA_TYPES"),
        ("q", {}, None),
        ("c", {}, "INVALID_DATABASE_QUERY"),
        ("times", {}, "INVALID_DATABASE_QUERY"),
        ({"tags": "$keys"}, {}, "INVALID_FORMAT_FOR_INDEX_CREATION_COLUMN"),
        ({"tags": "$values", "words": "$keys"}, {}, "INVALID_FORMAT_FOR_INDEX_CREATION_COLUMN"),
        (5, {}, "INVALID_FORMAT_FOR_INDEX_CREATION_COLUMN"),
        ("text", {"ascii": 1}, "REQUEST_STRUCTURE_MISMATCH"),
    ],
)
async def test_what_a_regular_index_can_be_of(
    db: LocalDatabase, column: JsonValue, options: Json, code: str | None
) -> None:
    await table(db)
    answer = await index(db, column, **options)
    assert codes(answer) == ([code] if code else [])
    assert len(await explained(db)) == (0 if code else 1)


async def test_options_are_completed_and_shown(db: LocalDatabase) -> None:
    await table(db)
    await index(db, "text", caseSensitive=False)
    assert await explained(db) == [
        {
            "name": "i",
            "definition": {"column": "text", "options": {"ascii": False, "caseSensitive": False, "normalize": False}},
            "indexType": "regular",
        }
    ]


async def test_keys_values_and_entries_of_a_map_have_an_index_each(db: LocalDatabase) -> None:
    await table(db)
    for name, column in (("a", "words"), ("b", {"words": "$keys"}), ("c", {"words": "$values"})):
        assert await index(db, column, name=name) == OK
    assert codes(await index(db, "words", name="d")) == ["INVALID_DATABASE_QUERY"]
    assert [found["definition"]["column"] for found in await explained(db)] == [
        "words",
        {"words": "$keys"},
        {"words": "$values"},
    ]


@pytest.mark.parametrize("analyzer", ["english", {"tokenizer": {"name": "whitespace"}}, None])
async def test_texts_are_indexed_with_the_analyzers_of_collections(db: LocalDatabase, analyzer: JsonValue) -> None:
    await table(db)
    assert await index(db, "text", "createTextIndex", analyzer=analyzer) == OK
    [found] = await explained(db)
    assert found["definition"]["options"] == {"analyzer": analyzer or "standard"}


async def test_an_analyzer_that_cannot_be_is_refused(db: LocalDatabase) -> None:
    await table(db)
    refused = await index(db, "text", "createTextIndex", analyzer="klingon")
    assert (codes(refused), refused["status"]) == (["INVALID_DATABASE_QUERY"], {"ok": 0})
    assert await explained(db) == []


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ({}, {"metric": "cosine", "sourceModel": "other"}),
        ({"sourceModel": "ada002"}, {"metric": "dot_product", "sourceModel": "ada002"}),
        ({"metric": "EUCLIDIAN"}, {"metric": "euclidean", "sourceModel": "other"}),
        ({"metric": "DOT_PRODUCT", "sourceModel": "bert"}, {"metric": "dot_product", "sourceModel": "bert"}),
    ],
)
async def test_metrics_come_from_the_source_model_unless_given(db: LocalDatabase, options: Json, shown: Json) -> None:
    await table(db)
    assert await index(db, "v", "createVectorIndex", **options) == OK
    assert [found["definition"]["options"] for found in await explained(db)] == [shown]


async def test_vectors_of_one_number_have_no_cosine(db: LocalDatabase) -> None:
    await table(db)
    assert codes(await index(db, "one", "createVectorIndex")) == ["INVALID_DATABASE_QUERY"]
    assert await index(db, "one", "createVectorIndex", metric="euclidean") == OK


async def test_index_names_are_those_of_the_whole_keyspace(db: LocalDatabase) -> None:
    await table(db)
    definition = {"columns": {"id": "int", "n": "int"}, "primaryKey": "id"}
    await db.on_keyspace({"createTable": {"name": "other", "definition": definition}})
    assert await index(db, "text") == OK
    command: Json = {"createIndex": {"name": "i", "definition": {"column": "n"}}}
    assert codes(await db.on_collection(command, "other")) == ["CANNOT_ADD_EXISTING_INDEX"]
    command["createIndex"]["options"] = {"ifNotExists": True}
    assert await db.on_collection(command, "other") == OK
    assert await db.on_collection({"listIndexes": {}}, "other") == {"status": {"indexes": []}}
    assert await db.on_keyspace({"dropIndex": {"name": "i"}}) == OK
    assert await explained(db) == []


async def test_the_limit_of_indexes_names_its_setting(tmp_path: Path) -> None:
    async with local_database(tmp_path, limits=DatabaseLimits(indexes=1)) as db:
        await table(db)
        assert await index(db, "text") == OK
        refused = await index(db, "tags", name="j")
        assert codes(refused) == ["INVALID_DATABASE_QUERY"]
        assert "ASTROLABE_LIMITS__INDEXES" in message(refused)
        await db.on_keyspace({"dropIndex": {"name": "i"}})
        assert await index(db, "tags", name="j") == OK
