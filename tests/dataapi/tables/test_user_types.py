"""User-defined types and the tables that stand on them."""

from __future__ import annotations

import pytest

from astrolabe.dataapi.protocol import Json, JsonValue
from tests.support.local_api import LocalDatabase, codes, message

OK = {"status": {"ok": 1}}
ADDRESS = {"type": "userDefined", "udtName": "address"}


async def create_type(db: LocalDatabase, **fields: JsonValue) -> Json:
    return await db.on_keyspace({"createType": {"name": "address", "definition": {"fields": fields}}})


async def create_table(db: LocalDatabase, name: str, kind: JsonValue) -> Json:
    definition = {"columns": {"id": "int", "x": kind}, "primaryKey": "id"}
    return await db.on_keyspace({"createTable": {"name": name, "definition": definition}})


async def fields_of(db: LocalDatabase, name: str) -> JsonValue:
    container = await db.store.container("default_keyspace", name)
    assert container is not None
    return container.definition["types"]


@pytest.mark.parametrize(
    "kind",
    [
        ADDRESS,
        {"type": "list", "valueType": ADDRESS},
        {"type": "set", "valueType": ADDRESS},
        {"type": "map", "keyType": "int", "valueType": ADDRESS},
    ],
)
async def test_a_change_of_a_type_reaches_the_tables(db: LocalDatabase, kind: JsonValue) -> None:
    await create_type(db, street="text", zip="int")
    assert await create_table(db, "t", kind) == OK
    change = {"name": "address", "add": {"fields": {"town": "text"}}, "rename": {"fields": {"street": "road"}}}
    assert await db.on_keyspace({"alterType": change}) == OK
    assert await fields_of(db, "t") == {"address": {"road": "text", "zip": "int", "town": "text"}}
    used = await db.on_keyspace({"dropType": {"name": "address"}})
    assert codes(used) == ["CANNOT_DROP_TYPE_USED_BY_TABLE"]
    assert "t" in message(used)
    await db.on_keyspace({"dropTable": {"name": "t"}})
    assert await db.on_keyspace({"dropType": {"name": "address"}}) == OK
    assert codes(await create_table(db, "t", kind)) == ["UNKNOWN_USER_DEFINED_TYPE"]


async def test_a_refused_change_changes_nothing(db: LocalDatabase) -> None:
    await create_type(db, street="text")
    await create_table(db, "t", ADDRESS)
    both = {"name": "address", "add": {"fields": {"zip": "int"}}, "rename": {"fields": {"nosuch": "x"}}}
    assert codes(await db.on_keyspace({"alterType": both})) == ["CANNOT_RENAME_UNKNOWN_TYPE_FIELD"]
    assert await fields_of(db, "t") == {"address": {"street": "text"}}


async def test_fields_are_single_values(db: LocalDatabase) -> None:
    assert codes(await create_type(db, street={"type": "list", "valueType": "text"})) == ["UNSUPPORTED_TYPE_FIELDS"]
    await create_type(db, street="text")
    bad = {"name": "address", "add": {"fields": {"x": {"type": "userDefined", "udtName": "address"}}}}
    assert codes(await db.on_keyspace({"alterType": bad})) == ["UNSUPPORTED_TYPE_FIELDS"]
    assert codes(await db.on_keyspace({"alterType": {"name": "address", "rename": {"fields": {"street": " "}}}})) == [
        "UNSUPPORTED_SCHEMA_NAME"
    ]


@pytest.mark.parametrize("name", ["\ud800", "'; DROP", "x" * 5000])
async def test_odd_names_of_types_are_only_unknown(db: LocalDatabase, name: str) -> None:
    assert codes(await db.on_keyspace({"dropType": {"name": name}})) == ["CANNOT_DROP_UNKNOWN_TYPE"]
    assert codes(await db.on_keyspace({"dropIndex": {"name": name}})) == ["CANNOT_DROP_UNKNOWN_INDEX"]
    assert codes(await db.on_keyspace({"dropTable": {"name": name}})) == ["CANNOT_DROP_UNKNOWN_TABLE"]
    assert codes(await db.on_keyspace({"createType": {"name": name, "definition": {"fields": {"a": "int"}}}})) == [
        "UNSUPPORTED_SCHEMA_NAME"
    ]
