"""createCollection: what is kept, what is refused and in which order, repeating it, limits."""

from __future__ import annotations

from pathlib import Path

import pytest

from astrolabe.dataapi.engine.limits import DatabaseLimits
from astrolabe.dataapi.protocol import Json, JsonValue
from storage.shapes import ContainerKind
from tests.support.local_api import KEYSPACE, LocalDatabase, codes, local_database, message

SERVICE = {"provider": "nvidia", "modelName": "nvidia/llama-3.2-nv-rerankqa-1b-v2"}
FEATURES = {"lexical": {"enabled": True, "analyzer": "standard"}, "rerank": {"enabled": True, "service": SERVICE}}


async def create(db: LocalDatabase, name: str = "docs", keyspace: str = KEYSPACE, **options: JsonValue) -> Json:
    return await db.on_keyspace({"createCollection": {"name": name, "options": options}}, keyspace)


async def explained(db: LocalDatabase) -> list[Json]:
    answer = await db.on_keyspace({"findCollections": {"options": {"explain": True}}})
    collections: list[Json] = answer["status"]["collections"]
    return collections


async def test_only_the_name_is_required(db: LocalDatabase) -> None:
    assert await db.on_keyspace({"createCollection": {"name": "docs"}}) == {"status": {"ok": 1}}
    assert await explained(db) == [{"name": "docs", "options": FEATURES}]
    assert await db.on_keyspace({"findCollections": {}}) == {"status": {"collections": ["docs"]}}


async def test_everything_is_explained_with_its_defaults(db: LocalDatabase) -> None:
    await db.create("docs", defaultId={"type": "uuid"}, vector={"dimension": 3}, indexing={"deny": ["blob"]})
    assert await explained(db) == [
        {
            "name": "docs",
            "options": {
                "defaultId": {"type": "uuid"},
                "vector": {"dimension": 3, "metric": "cosine", "sourceModel": "other"},
                "indexing": {"deny": ["blob"]},
                **FEATURES,
            },
        }
    ]


async def test_a_named_source_model_changes_the_default_metric(db: LocalDatabase) -> None:
    await db.create("docs", vector={"dimension": 3, "sourceModel": "openai-v3-small"})
    await db.create("own", vector={"dimension": 3, "sourceModel": "openai-v3-small", "metric": "cosine"})
    vectors = [entry["options"]["vector"] for entry in await explained(db)]
    assert vectors[0] == {"dimension": 3, "metric": "dot_product", "sourceModel": "openai-v3-small"}
    assert vectors[1]["metric"] == "cosine"


@pytest.mark.parametrize(
    ("spelling", "metric"), [("COSINE", "cosine"), ("DOT_PRODUCT", "dot_product"), ("EUCLIDIAN", "euclidean")]
)
async def test_the_samples_spellings_are_kept_as_the_apis(db: LocalDatabase, spelling: str, metric: str) -> None:
    assert await create(db, vector={"dimension": 3, "metric": spelling}) == {"status": {"ok": 1}}
    assert (await explained(db))[0]["options"]["vector"]["metric"] == metric
    assert await create(db, vector={"dimension": 3, "metric": metric}) == {"status": {"ok": 1}}


@pytest.mark.parametrize("name", ["", "a" * 51, "no-hyphens", "é"])
async def test_names_that_are_not_allowed(db: LocalDatabase, name: str) -> None:
    answer = await create(db, name)
    assert codes(answer) == ["UNSUPPORTED_SCHEMA_NAME"]
    assert "Collection" in message(answer)
    assert "50" in message(answer)


async def test_50_characters_are_allowed(db: LocalDatabase) -> None:
    assert await create(db, "a" * 50) == {"status": {"ok": 1}}


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        ({"vector": {}}, "INVALID_CREATE_COLLECTION_OPTIONS", "'dimension' can not be null"),
        ({"vector": {"dimension": 4097}}, "VECTOR_SEARCH_TOO_BIG_VALUE", "4096"),
        ({"vector": {"dimension": 0}}, "COMMAND_FIELD_VALUE_INVALID", "command.options.vector.dimension"),
        ({"indexing": {}}, "INVALID_INDEXING_DEFINITION", "exactly one"),
        ({"indexing": {"allow": ["a"], "deny": ["b"]}}, "INVALID_INDEXING_DEFINITION", "exactly one"),
        ({"indexing": {"deny": ["a", "a"]}}, "INVALID_INDEXING_DEFINITION", "more than once"),
        ({"indexing": {"deny": [""]}}, "INVALID_INDEXING_DEFINITION", "empty"),
        ({"indexing": {"deny": ["$vectorize"]}}, "INVALID_INDEXING_DEFINITION", "$vectorize"),
        ({"indexing": {"deny": ["a&b"]}}, "INVALID_INDEXING_DEFINITION", "&"),
        ({"lexical": {"analyzer": "standard"}}, "INVALID_CREATE_COLLECTION_OPTIONS", "'enabled' is required"),
        ({"lexical": {"enabled": "no"}}, "INVALID_CREATE_COLLECTION_OPTIONS", "boolean"),
        ({"lexical": {"enabled": True, "analyser": "x"}}, "COMMAND_FIELD_UNKNOWN", "analyser"),
        ({"rerank": {"enabled": True, "model": "x"}}, "COMMAND_FIELD_UNKNOWN", "model"),
        ({"vector": {"dimension": 1}}, "INVALID_DATABASE_QUERY", "single-dimension"),
        ({"lexical": {"enabled": True, "analyzer": 5}}, "INVALID_CREATE_COLLECTION_OPTIONS", "Number"),
        ({"lexical": {"enabled": True, "analyzer": "klingon"}}, "INVALID_CREATE_COLLECTION_OPTIONS", "standard"),
        ({"lexical": {"enabled": True, "analyzer": {"filters": []}}}, "INVALID_CREATE_COLLECTION_OPTIONS", "tokenizer"),
        ({"lexical": {"enabled": False, "analyzer": "standard"}}, "INVALID_CREATE_COLLECTION_OPTIONS", "disabled"),
        ({"lexical": True}, "REQUEST_STRUCTURE_MISMATCH", "must be an object"),
        ({"rerank": {}}, "INVALID_CREATE_COLLECTION_OPTIONS", "'enabled' is required"),
        ({"rerank": {"enabled": False, "service": SERVICE}}, "INVALID_CREATE_COLLECTION_OPTIONS", "disabled"),
        (
            {"rerank": {"enabled": True, "service": {}}},
            "INVALID_CREATE_COLLECTION_OPTIONS",
            "Provider name is required",
        ),
        ({"rerank": {"enabled": True, "service": "x"}}, "INVALID_CREATE_COLLECTION_OPTIONS", "rerank.service"),
        (
            {"rerank": {"enabled": True, "service": {"provider": "x"}}},
            "INVALID_CREATE_COLLECTION_OPTIONS",
            "'x' is not",
        ),
        (
            {"rerank": {"enabled": True, "service": {"provider": "nvidia"}}},
            "INVALID_CREATE_COLLECTION_OPTIONS",
            "Model name is required",
        ),
        (
            {"rerank": {"enabled": True, "service": {**SERVICE, "modelName": "m"}}},
            "INVALID_CREATE_COLLECTION_OPTIONS",
            "Model 'm' is not supported",
        ),
        (
            {"rerank": {"enabled": True, "service": {**SERVICE, "authentication": {"providerKey": "k"}}}},
            "INVALID_CREATE_COLLECTION_OPTIONS",
            "'NONE' or 'HEADER'",
        ),
        (
            {"rerank": {"enabled": True, "service": {**SERVICE, "parameters": {"a": 1}}}},
            "INVALID_CREATE_COLLECTION_OPTIONS",
            "parameters",
        ),
        ({"rerank": []}, "REQUEST_STRUCTURE_MISMATCH", "must be an object"),
        ({"color": "red"}, "INVALID_CREATE_COLLECTION_FIELD", "'color'"),
    ],
)
async def test_refusals(db: LocalDatabase, options: Json, code: str, words: str) -> None:
    answer = await create(db, **options)
    assert codes(answer) == [code]
    assert words in message(answer)
    assert list(answer) == ["errors"]
    assert await explained(db) == []


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"vector": {}, "indexing": {}}, "INVALID_CREATE_COLLECTION_OPTIONS"),
        ({"indexing": {}, "lexical": {"enabled": "x"}}, "INVALID_INDEXING_DEFINITION"),
        ({"lexical": {}, "rerank": {"enabled": True}}, "INVALID_CREATE_COLLECTION_OPTIONS"),
        ({"rerank": {}, "vector": {"service": {}}}, "INVALID_CREATE_COLLECTION_OPTIONS"),
    ],
)
async def test_the_first_broken_rule_is_the_answer(db: LocalDatabase, options: Json, code: str) -> None:
    assert codes(await create(db, **options)) == [code]


@pytest.mark.parametrize("indexing", [{"allow": ["*"]}, {"deny": ["*"]}, {"deny": ["$vector", "a.b", "c&.d"]}])
async def test_indexing_is_kept_as_given(db: LocalDatabase, indexing: Json) -> None:
    await db.create("docs", indexing=indexing)
    assert (await explained(db))[0]["options"]["indexing"] == indexing


async def test_repeating_is_harmless_when_the_settings_mean_the_same(db: LocalDatabase) -> None:
    await db.create("docs", vector={"dimension": 3}, indexing={"deny": ["a", "b"]}, lexical={"enabled": False})
    same: Json = {"vector": {"size": 3, "function": "cosine", "sourceModel": "other"}, "indexing": {"deny": ["b", "a"]}}
    assert await create(db, **same) == {"status": {"ok": 1}}
    assert await create(db, **same, rerank={"enabled": True}) == {"status": {"ok": 1}}
    assert await create(db, **same, rerank={"enabled": True, "service": SERVICE}) == {"status": {"ok": 1}}
    assert codes(await create(db, **same, rerank={"enabled": False})) == ["EXISTING_COLLECTION_DIFFERENT_SETTINGS"]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"vector": {"dimension": 4}},
        {"vector": {"dimension": 3, "metric": "euclidean"}},
        {"vector": {"dimension": 3}, "defaultId": {"type": "uuid"}},
        {"vector": {"dimension": 3}, "indexing": {"deny": ["a"]}},
    ],
)
async def test_other_settings_are_refused_and_change_nothing(db: LocalDatabase, options: Json) -> None:
    await db.create("docs", vector={"dimension": 3})
    before = await explained(db)
    assert codes(await create(db, **options)) == ["EXISTING_COLLECTION_DIFFERENT_SETTINGS"]
    assert await explained(db) == before


async def test_a_name_that_a_table_has(db: LocalDatabase) -> None:
    await db.store.create_container(KEYSPACE, "rows", ContainerKind.TABLE, {"columns": {}}, {})
    assert codes(await create(db, "rows")) == ["EXISTING_TABLE_NOT_DATA_API_COLLECTION"]
    assert codes(await db.on_keyspace({"deleteCollection": {"name": "rows"}})) == ["UNSUPPORTED_TABLE_COMMAND"]
    assert codes(await db.on_collection({"countDocuments": {}}, "rows")) == ["UNSUPPORTED_TABLE_COMMAND"]
    assert await explained(db) == []
    assert (await db.on_keyspace({"listTables": {}}))["status"]["tables"] == ["rows"]


async def test_the_eleventh_collection_is_too_many_over_all_keyspaces(db: LocalDatabase) -> None:
    await db.on_database({"createKeyspace": {"name": "shop"}})
    for number in range(10):
        answer = await create(db, f"c{number}", "shop" if number % 2 else KEYSPACE, vector={"dimension": 3})
        assert answer == {"status": {"ok": 1}}
    answer = await create(db, "c10")
    assert codes(answer) == ["TOO_MANY_COLLECTIONS"]
    assert "10" in message(answer)
    assert await create(db, "c0", vector={"dimension": 3}) == {"status": {"ok": 1}}
    await db.on_keyspace({"deleteCollection": {"name": "c0"}})
    assert await create(db, "c10") == {"status": {"ok": 1}}


async def test_indexes_run_out_too(tmp_path: Path) -> None:
    async with local_database(tmp_path, limits=DatabaseLimits(collections=10, indexes=26, reserved=10)) as db:
        await db.create("denied", indexing={"deny": ["*"]})
        await db.create("with_vector", vector={"dimension": 3})
        await db.create("plain")
        answer = await create(db, "third")
        assert codes(answer) == ["TOO_MANY_INDEXES_FOR_COLLECTION"]
        assert "20 of the database's 26" in message(answer)


async def test_the_indexes_of_tables_count(tmp_path: Path) -> None:
    async with local_database(tmp_path, limits=DatabaseLimits(collections=10, indexes=11, reserved=10)) as db:
        definition = {"indexes": ["by_name", "by_vector"]}
        await db.store.create_container(KEYSPACE, "rows", ContainerKind.TABLE, definition, {})
        assert codes(await create(db)) == ["TOO_MANY_INDEXES_FOR_COLLECTION"]


async def test_deleting_is_harmless_when_there_is_nothing(db: LocalDatabase) -> None:
    await db.create("docs")
    for _ in range(2):
        assert await db.on_keyspace({"deleteCollection": {"name": "docs"}}) == {"status": {"ok": 1}}
    assert await explained(db) == []


async def test_a_collection_made_again_is_empty(db: LocalDatabase) -> None:
    await db.create("docs")
    await db.insert({"_id": 1})
    await db.on_keyspace({"deleteCollection": {"name": "docs"}})
    await db.create("docs")
    assert await db.documents() == []
