"""Keyspaces, the deprecated spellings, and what is said about names that do not exist."""

from __future__ import annotations

import pytest

from tests.support.local_api import LocalDatabase, codes, message


async def test_the_default_keyspace_is_there(db: LocalDatabase) -> None:
    assert await db.on_database({"findKeyspaces": {}}) == {"status": {"keyspaces": ["default_keyspace"]}}


async def test_creating_and_dropping_can_be_repeated(db: LocalDatabase) -> None:
    for _ in range(2):
        assert await db.on_database({"createKeyspace": {"name": "shop"}}) == {"status": {"ok": 1}}
    assert (await db.on_database({"findKeyspaces": {}}))["status"]["keyspaces"] == ["default_keyspace", "shop"]
    for _ in range(2):
        assert await db.on_database({"dropKeyspace": {"name": "shop"}}) == {"status": {"ok": 1}}
    assert (await db.on_database({"findKeyspaces": {}}))["status"]["keyspaces"] == ["default_keyspace"]


async def test_dropping_takes_the_collections_along(db: LocalDatabase) -> None:
    await db.on_database({"createKeyspace": {"name": "shop"}})
    await db.on_keyspace({"createCollection": {"name": "docs"}}, "shop")
    await db.on_database({"dropKeyspace": {"name": "shop"}})
    await db.on_database({"createKeyspace": {"name": "shop"}})
    assert await db.on_keyspace({"findCollections": {}}, "shop") == {"status": {"collections": []}}


@pytest.mark.parametrize(
    "replication",
    [
        {"class": "SimpleStrategy", "replication_factor": 1},
        {"class": "NetworkTopologyStrategy", "dc1": 3},
    ],
)
async def test_replication_is_understood(db: LocalDatabase, replication: dict[str, object]) -> None:
    command = {"createKeyspace": {"name": "shop", "options": {"replication": replication}}}
    assert await db.on_database(command) == {"status": {"ok": 1}}


@pytest.mark.parametrize("name", ["", "a-b", "a" * 49, "ключ", "a b", "a\x00"])
async def test_names_that_are_not_allowed(db: LocalDatabase, name: str) -> None:
    answer = await db.on_database({"createKeyspace": {"name": name}})
    assert codes(answer) == ["UNSUPPORTED_SCHEMA_NAME"]
    assert "Keyspace" in message(answer)
    assert "48" in message(answer)


async def test_48_characters_are_allowed(db: LocalDatabase) -> None:
    assert await db.on_database({"createKeyspace": {"name": "a" * 48}}) == {"status": {"ok": 1}}


async def test_the_old_spellings_work_and_warn(db: LocalDatabase) -> None:
    created = await db.on_database({"createNamespace": {"name": "shop"}})
    listed = await db.on_database({"findNamespaces": {}})
    dropped = await db.on_database({"dropNamespace": {"name": "shop"}})
    assert listed["status"]["namespaces"] == ["default_keyspace", "shop"]
    assert "keyspaces" not in listed["status"]
    for answer in (created, listed, dropped):
        (warning,) = answer["status"]["warnings"]
        assert warning["errorCode"] == "DEPRECATED_COMMAND"
        assert warning["scope"] == "WARNING"
        assert "errors" not in answer


@pytest.mark.parametrize("verb", ["findCollections", "listTables"])
async def test_an_unknown_keyspace_is_told_what_exists(db: LocalDatabase, verb: str) -> None:
    answer = await db.on_keyspace({verb: {}}, "nowhere")
    assert codes(answer) == ["UNKNOWN_KEYSPACE"]
    assert "[default_keyspace]" in message(answer)
    assert answer["errors"][0]["scope"] == "SCHEMA"


async def test_an_unknown_keyspace_comes_before_an_unknown_collection(db: LocalDatabase) -> None:
    answer = await db.send({"find": {}}, keyspace="nowhere", name="docs")
    assert codes(answer) == ["UNKNOWN_KEYSPACE"]


async def test_an_unknown_collection_is_told_what_exists(db: LocalDatabase) -> None:
    await db.create("books")
    answer = await db.on_collection({"find": {}}, "bookz")
    assert codes(answer) == ["UNKNOWN_COLLECTION_OR_TABLE"]
    assert "[books]" in message(answer)


async def test_a_bad_command_comes_before_an_unknown_keyspace(db: LocalDatabase) -> None:
    answer = await db.send({"find": {"limit": 1}}, keyspace="nowhere", name="docs")
    assert codes(answer) == ["COMMAND_FIELD_UNKNOWN"]


async def test_there_are_no_tables_yet(db: LocalDatabase) -> None:
    assert await db.on_keyspace({"listTables": {}}) == {"status": {"tables": []}}
    explained = await db.on_keyspace({"listTables": {"options": {"explain": True}}})
    assert explained == {"status": {"tables": []}}


async def test_a_table_command_on_a_collection(db: LocalDatabase) -> None:
    await db.create("docs")
    command = {"createVectorIndex": {"name": "i", "definition": {"column": "v"}}}
    assert codes(await db.on_collection(command)) == ["UNSUPPORTED_COLLECTION_COMMAND"]
    assert codes(await db.on_collection(command, "missing")) == ["UNKNOWN_COLLECTION_OR_TABLE"]
    hinted = await db.on_keyspace(command)
    assert codes(hinted) == ["COMMAND_UNKNOWN"]
    assert "{table}" in message(hinted)
