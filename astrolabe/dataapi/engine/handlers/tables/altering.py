"""alterTable: one operation on the columns of a table, or on the services of its vector columns."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from astrolabe.dataapi.engine.definitions import table_changes as changes
from astrolabe.dataapi.engine.definitions.column_rules import not_creatable
from astrolabe.dataapi.engine.definitions.row_layout import shape_of
from astrolabe.dataapi.engine.definitions.table_definition import TableDefinition, read_table
from astrolabe.dataapi.engine.handlers.tables.creating import known_columns, service_check
from astrolabe.dataapi.engine.handlers.tables.refusals import answering, not_done
from astrolabe.dataapi.engine.handlers.tables.user_types import too_many_changes
from astrolabe.dataapi.engine.target import ROUNDS, Target, TargetHandler
from astrolabe.dataapi.language.commands.base import Command, CommandPart
from astrolabe.dataapi.language.commands.parsing import parse_part
from astrolabe.dataapi.language.commands.schema import Service
from astrolabe.dataapi.language.commands.table_schema import AlterTable, ColumnNames, GivenColumns
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.name_lists import cut, listed
from astrolabe.dataapi.language.tables.column_parsing import parse_columns
from astrolabe.dataapi.language.values import type_name
from astrolabe.dataapi.protocol import JsonValue, Response
from astrolabe.errors import DataApiError
from storage.errors import ContainerChangedError, ContainerMissingError, StorageError

_log = logging.getLogger(__name__)

_VERB = "alterTable"

Change = Callable[[TableDefinition], Awaitable[TableDefinition]]
"""Makes the new definition of a table from the one it has."""

_PartT = TypeVar("_PartT", GivenColumns, ColumnNames)


async def change_table(target: Target, change: Change) -> TableDefinition:
    """Change a table's definition and return it; what another program changes meanwhile is not overwritten.

    The trail is told of services that columns have got or lost.

    Raises:
        DataApiError, NotDoneError: What ``change`` raises; nothing was done then.
        ContainerMissingError: The table was dropped.
    """
    store, container = target.store, target.container
    async with target.engine.schema_lock:
        for _ in range(ROUNDS):
            found = await store.container(container.keyspace, container.name)
            if found is None or found.id != container.id:
                raise ContainerMissingError(f"The table '{target.name}' was dropped meanwhile.")
            before = read_table(found)
            changed = await change(before)
            try:
                await store.change_container(found, shape_of(changed))
            except ContainerChangedError:
                continue
            await _note_services(target, before, changed)
            return changed
    raise too_many_changes()


async def _note_services(target: Target, before: TableDefinition, after: TableDefinition) -> None:
    """Tell the trail; a change that was done stays done where that is not possible."""
    trail = target.engine.service_trail
    had = {name: kind.service for name, kind in before.vector_columns.items()}
    has = {name: kind.service for name, kind in after.vector_columns.items()}
    for column in sorted({*had, *has}) if trail is not None else ():
        service = had.get(column), has.get(column)
        if trail is not None and service[0] != service[1]:
            try:
                await trail.note(target.engine.database, f"{target.name}.{column}", *service)
            except StorageError as error:
                _log.warning("The audit trail lacks a change of the service of a column: %s", error.message)


async def alter_table(target: Target, command: AlterTable) -> Response:
    """Add or drop columns, or attach or drop services."""
    operation, content = _operation(command.operation)
    await change_table(target, _OPERATIONS[operation](target, content))
    return Response(status={"ok": 1})


def _operation(given: JsonValue) -> tuple[str, JsonValue]:
    if given is None:
        raise _nothing_to_do("it has no 'operation'")
    if not isinstance(given, Mapping) or len(given) != 1:
        shape = f"an object with {len(given)} members" if isinstance(given, Mapping) else type_name(given)
        raise data_api_error(
            "REQUEST_STRUCTURE_MISMATCH",
            f"'operation' of '{_VERB}' must be an object with exactly one member, one of {', '.join(_OPERATIONS)}, not "
            f"{shape}.",
        )
    ((name, content),) = given.items()
    if name not in _OPERATIONS:
        raise data_api_error(
            "COMMAND_UNKNOWN",
            f"'{cut(name)}' is no operation of '{_VERB}'. Its operations are: {', '.join(_OPERATIONS)}.\n"
            "Use one of them and send the command again.",
        )
    return name, content


def _part(model: type[_PartT], operation: str, content: JsonValue) -> _PartT:
    """Read the columns of an operation, of which there has to be one."""
    part: CommandPart = parse_part(_VERB, ("operation", operation), model, {} if content is None else content)
    if not isinstance(part, model) or not part.columns:
        raise _nothing_to_do(f"'{operation}' names no columns")
    return part


def _nothing_to_do(problem: str) -> DataApiError:
    return data_api_error(
        "MISSING_ALTER_TABLE_OPERATIONS",
        f"'{_VERB}' has nothing to do: {problem}.\nGive it something and send the command again.",
    )


def _adding(target: Target, content: JsonValue) -> Change:
    given = parse_columns(_VERB, _part(GivenColumns, "add", content).columns)

    async def change(table: TableDefinition) -> TableDefinition:
        """Add columns."""
        changes.check_new(table, given)
        refused = not_creatable(given)
        if refused:
            raise data_api_error(
                "CANNOT_ADD_UNSUPPORTED_DATA_TYPE_COLUMNS",
                f"Columns of these types cannot be added: {listed(refused)}.\nUse other types and send the command "
                "again.",
            )
        columns = await known_columns(target.engine, target.container.keyspace, given)
        changed = changes.came_back_changed(table, columns)
        if changed:
            raise not_done(
                "CANNOT_ADD_PREVIOUSLY_DROPPED_COLUMN",
                f"These columns were dropped and had another type: {listed(changed)}. They can come back with that "
                "type only.\nUse other names, or the old type, and send the command again.",
            )
        return changes.with_columns(table, columns)

    return change


def _dropping(_target: Target, content: JsonValue) -> Change:
    names = list(dict.fromkeys(_part(ColumnNames, "drop", content).columns or ()))

    async def change(table: TableDefinition) -> TableDefinition:
        """Drop columns."""
        return changes.without_columns(table, names)

    return change


def _attaching(target: Target, content: JsonValue) -> Change:
    given = {
        name: parse_part(_VERB, ("operation", "addVectorize", "columns", name), Service, service)
        for name, service in (_part(GivenColumns, "addVectorize", content).columns or {}).items()
    }

    async def change(table: TableDefinition) -> TableDefinition:
        """Attach services, in the place of those the columns have; the dimension stays."""
        check = service_check(target.engine)
        columns = changes.vectorizable(table, given)
        checked = {name: await check(given[name], kind.dimension) for name, kind in columns.items()}
        return changes.with_services(table, {name: found.service for name, found in checked.items()})

    return change


def _detaching(_target: Target, content: JsonValue) -> Change:
    names = list(dict.fromkeys(_part(ColumnNames, "dropVectorize", content).columns or ()))

    async def change(table: TableDefinition) -> TableDefinition:
        """Drop services; the vectors stay."""
        return changes.without_services(table, names)

    return change


_OPERATIONS: Mapping[str, Callable[[Target, JsonValue], Change]] = {
    "add": _adding,
    "addVectorize": _attaching,
    "drop": _dropping,
    "dropVectorize": _detaching,
}

HANDLERS: Mapping[type[Command], TargetHandler] = {AlterTable: answering(alter_table)}
