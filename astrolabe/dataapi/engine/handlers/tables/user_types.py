"""createType, alterType, dropType and listTypes."""

from __future__ import annotations

from collections.abc import Mapping

from astrolabe.dataapi.engine.definitions.explained import explained_user_type
from astrolabe.dataapi.engine.definitions.naming import check_schema_name
from astrolabe.dataapi.engine.definitions.table_definition import read_table
from astrolabe.dataapi.engine.handlers.tables.creating import tables_of, user_types_of
from astrolabe.dataapi.engine.handlers.tables.refusals import NotDoneError, answering, invalid_query, not_done
from astrolabe.dataapi.engine.target import ROUNDS, Engine, KeyspaceHandler
from astrolabe.dataapi.language.commands.base import Command
from astrolabe.dataapi.language.commands.table_schema import AlterType, CreateType, DropType, ListTypes
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.name_lists import cut, listed
from astrolabe.dataapi.language.tables.column_json import user_type_fields
from astrolabe.dataapi.language.tables.column_parsing import READ_ONLY, check_part_name, parse_type
from astrolabe.dataapi.language.tables.types import ScalarType, UserType
from astrolabe.dataapi.protocol import JsonValue, Response
from storage.errors import ContainerChangedError, ContainerMissingError


async def create_type(engine: Engine, keyspace: str, command: CreateType) -> Response:
    """Create a user-defined type."""
    fields = _fields("createType", command.definition.fields or {})
    name = check_schema_name("type", command.name)
    if not fields:
        raise data_api_error(
            "MISSING_FIELDS_FOR_TYPE_CREATION",
            f"The type '{name}' needs at least one field.\nGive it one and send the command again.",
        )
    async with engine.schema_lock:
        exists = name in await engine.store.user_types.list(keyspace)
        if not exists:
            await engine.store.user_types.put(keyspace, name, user_type_fields(UserType(name, fields)))
    if exists and not command.options.if_not_exists:
        raise not_done(
            "CANNOT_ADD_EXISTING_TYPE",
            f"The keyspace '{keyspace}' has a type {name} already; it is unchanged.\n"
            "Choose another name and send the command again.",
        )
    return Response(status={"ok": 1})


async def alter_type(engine: Engine, keyspace: str, command: AlterType) -> Response:
    """Add fields to a user-defined type and give others new names, in every table that uses it."""
    added = _fields("alterType", command.add.fields or {})
    renamed = {old: check_part_name("field", new) for old, new in (command.rename.fields or {}).items()}
    if not added and not renamed:
        raise data_api_error(
            "MISSING_ALTER_TYPE_OPERATIONS",
            "alterType needs something to do: fields to 'add' or to 'rename'.\nGive some and send the command again.",
        )
    async with engine.schema_lock:
        for _ in range(ROUNDS):
            known = (await user_types_of(engine, keyspace)).get(command.name)
            if known is None:
                raise invalid_query(f"The keyspace '{keyspace}' has no type {cut(command.name)}. Correct the name.")
            try:
                await _put(engine, keyspace, _renamed(_extended(known, added), renamed))
            except (ContainerChangedError, ContainerMissingError):
                continue
            return Response(status={"ok": 1})
    raise too_many_changes()


def too_many_changes() -> NotDoneError:
    """Make the error of a schema that other programs changed again and again while it was about to be changed."""
    return not_done(
        "INTERNAL_SERVER_ERROR", "Other programs kept changing the schema; nothing was done. Send the command again."
    )


async def _put(engine: Engine, keyspace: str, kind: UserType) -> None:
    changed = []
    for table in await tables_of(engine, keyspace):
        definition = read_table(table)
        if kind.udt in definition.user_types:
            changed.append((table, definition.with_types({kind.udt: kind}).to_json()))
    await engine.store.user_types.put(keyspace, kind.udt, user_type_fields(kind), changed)


def _extended(kind: UserType, added: Mapping[str, ScalarType]) -> UserType:
    taken = [name for name in added if name in kind.fields]
    if taken:
        raise _field_exists(kind, taken[0])
    return UserType(kind.udt, {**kind.fields, **added})


def _renamed(kind: UserType, renamed: Mapping[str, str]) -> UserType:
    """Return the type with new names for fields, one after the other; values are kept by position."""
    fields = dict(kind.fields)
    for old, new in renamed.items():
        if old not in fields:
            raise not_done(
                "CANNOT_RENAME_UNKNOWN_TYPE_FIELD",
                f"The type {kind.udt} has no field {cut(old)}. Its fields are: {listed(fields)}.\n"
                "Correct the name and send the command again.",
            )
        if new in fields:
            raise _field_exists(kind, new)
        fields = {new if name == old else name: inner for name, inner in fields.items()}
    return UserType(kind.udt, fields)


def _field_exists(kind: UserType, field: str) -> NotDoneError:
    return not_done(
        "CANNOT_ADD_EXISTING_FIELD",
        f"The type {kind.udt} has a field {cut(field)} already.\nChoose another name and send the command again.",
    )


def _fields(verb: str, given: Mapping[str, JsonValue]) -> dict[str, ScalarType]:
    """Read fields: only single values can be in a user-defined type."""
    kinds = {check_part_name("field", name): parse_type(verb, name, kind) for name, kind in given.items()}
    fields = {name: kind for name, kind in kinds.items() if isinstance(kind, ScalarType)}
    refused = sorted(
        {kind.name for name, kind in kinds.items() if name not in fields or fields[name].scalar in READ_ONLY}
    )
    if refused:
        raise data_api_error(
            "UNSUPPORTED_TYPE_FIELDS",
            f"The fields of a user-defined type cannot be of these types: {listed(refused)}. They are single values, "
            f"but not {listed(sorted(READ_ONLY))}.\nUse other types and send the command again.",
        )
    return fields


async def drop_type(engine: Engine, keyspace: str, command: DropType) -> Response:
    """Drop a user-defined type that no table uses."""
    async with engine.schema_lock:
        users = [
            table.name for table in await tables_of(engine, keyspace) if command.name in read_table(table).user_types
        ]
        if users:
            raise not_done(
                "CANNOT_DROP_TYPE_USED_BY_TABLE",
                f"The type {cut(command.name)} is used by the tables {listed(users)}; it is unchanged.\n"
                "Drop their columns first and send the command again.",
            )
        known = command.name in await engine.store.user_types.list(keyspace)
        dropped = known and await engine.store.user_types.drop(keyspace, command.name)
    if not dropped and not command.options.if_exists:
        raise not_done(
            "CANNOT_DROP_UNKNOWN_TYPE",
            f"The keyspace '{keyspace}' has no type {cut(command.name)}.\n"
            "Correct the name, or say 'ifExists', and send the command again.",
        )
    return Response(status={"ok": 1})


async def list_types(engine: Engine, keyspace: str, command: ListTypes) -> Response:
    """List the user-defined types, with their fields when asked to explain."""
    found = await user_types_of(engine, keyspace)
    if command.options is not None and command.options.explain:
        return Response(status={"types": [explained_user_type(keyspace, kind) for kind in found.values()]})
    return Response(status={"types": list(found)})


HANDLERS: Mapping[type[Command], KeyspaceHandler] = {
    AlterType: answering(alter_type),
    CreateType: answering(create_type),
    DropType: answering(drop_type),
    ListTypes: list_types,
}
