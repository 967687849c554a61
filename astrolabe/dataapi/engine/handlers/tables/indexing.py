"""createIndex, createVectorIndex, createTextIndex, dropIndex and listIndexes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from astrolabe.dataapi.engine import index_builds
from astrolabe.dataapi.engine.definitions import index_rules as rules
from astrolabe.dataapi.engine.definitions.naming import LONGEST_INDEX_NAME, check_schema_name
from astrolabe.dataapi.engine.definitions.table_definition import IndexKind, TableDefinition, TableIndex, read_table
from astrolabe.dataapi.engine.handlers.tables.altering import change_table
from astrolabe.dataapi.engine.handlers.tables.creating import tables_of
from astrolabe.dataapi.engine.handlers.tables.index_building import complete_index, empty_dropped
from astrolabe.dataapi.engine.handlers.tables.refusals import NotDoneError, answering, invalid_query, not_done
from astrolabe.dataapi.engine.limits import check_index_limit
from astrolabe.dataapi.engine.target import Engine, KeyspaceHandler, Target, TargetHandler
from astrolabe.dataapi.language.commands.base import Command
from astrolabe.dataapi.language.commands.table_schema import (
    CreateIndex,
    CreateIndexOfAnyKind,
    CreateTextIndex,
    CreateVectorIndex,
    DropIndex,
    ListIndexes,
)
from astrolabe.dataapi.language.name_lists import cut
from astrolabe.dataapi.protocol import JsonValue, Response
from storage.shapes import Container

_Make = Callable[[TableDefinition, str, rules.Place], TableIndex]
"""Makes an index of a name for a column, or says why the column cannot have it."""


async def create_index(target: Target, command: CreateIndex) -> Response:
    """Index a column by its values."""
    options = command.definition.options
    return await _create(
        target,
        command,
        IndexKind.REGULAR,
        command.definition.column,
        lambda table, name, place: rules.regular_index(table, name, place, options),
    )


async def create_vector_index(target: Target, command: CreateVectorIndex) -> Response:
    """Index a column of vectors."""
    options = command.definition.options
    return await _create(
        target,
        command,
        IndexKind.VECTOR,
        command.definition.column,
        lambda table, name, place: rules.vector_index(table, name, place, options),
    )


async def create_text_index(target: Target, command: CreateTextIndex) -> Response:
    """Index a column of texts by their words."""
    options = command.definition.options
    return await _create(
        target,
        command,
        IndexKind.TEXT,
        command.definition.column,
        lambda table, name, place: rules.text_index(table, name, place, options),
    )


async def _create(
    target: Target, command: CreateIndexOfAnyKind, kind: IndexKind, column: JsonValue, make: _Make
) -> Response:
    name = check_schema_name("index", command.name, LONGEST_INDEX_NAME)
    rules.check_type(command.index_type, kind)
    place = rules.parse_place(column)

    many = kind is not IndexKind.VECTOR and await target.rows.has_more_than(target.container, index_builds.ROWS_AT_ONCE)

    async def change(table: TableDefinition) -> TableDefinition:
        """Add the index unless there is one of that name in the keyspace."""
        index = make(table, name, place)
        if await _holder(target.engine, target.container.keyspace, name) is not None:
            if command.options.if_not_exists:
                return table
            raise _exists(target.container.keyspace, name)
        problem = rules.refusal(table, index)
        if problem:
            raise invalid_query(f"The index {name} cannot be made: {problem}.\nCorrect it and send the command again.")
        check_index_limit(await target.store.containers(), target.engine.limits)
        return rules.with_index(table, index, building=many)

    if name in (await change_table(target, change)).building:
        await complete_index(target, name)
    return Response(status={"ok": 1})


async def _holder(engine: Engine, keyspace: str, name: str) -> Container | None:
    """Return the table that has the index of a name, or None."""
    tables = await tables_of(engine, keyspace)
    return next((table for table in tables if name in read_table(table).all_indexes), None)


def _exists(keyspace: str, name: str) -> NotDoneError:
    return not_done(
        "CANNOT_ADD_EXISTING_INDEX",
        f"The keyspace '{keyspace}' has an index {name} already; it is unchanged.\n"
        "Choose another name and send the command again.",
    )


async def drop_index(engine: Engine, keyspace: str, command: DropIndex) -> Response:
    """Drop an index, whichever table has it."""
    name = command.name
    holder = await _holder(engine, keyspace, name)
    if holder is None:
        if command.options.if_exists:
            return Response(status={"ok": 1})
        raise not_done(
            "CANNOT_DROP_UNKNOWN_INDEX",
            f"The keyspace '{keyspace}' has no index {cut(name)}.\n"
            "Correct the name, or say 'ifExists', and send the command again.",
        )

    async def change(table: TableDefinition) -> TableDefinition:
        """Take the index away."""
        return rules.without_index(table, name)

    await change_table(Target(engine, holder, read_table(holder)), change)
    await empty_dropped(engine, holder)
    return Response(status={"ok": 1})


async def list_indexes(target: Target, command: ListIndexes) -> Response:
    """List the indexes of a table, with their columns and options when asked to explain."""
    found = read_table(target.container).all_indexes
    if command.options is not None and command.options.explain:
        return Response(status={"indexes": [index.to_json() for index in found.values()]})
    return Response(status={"indexes": list(found)})


KEYSPACE_HANDLERS: Mapping[type[Command], KeyspaceHandler] = {DropIndex: answering(drop_index)}

HANDLERS: Mapping[type[Command], TargetHandler] = {
    CreateIndex: answering(create_index),
    CreateTextIndex: answering(create_text_index),
    CreateVectorIndex: answering(create_vector_index),
    ListIndexes: list_indexes,
}
