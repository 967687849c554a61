"""createTable, dropTable and listTables."""

from __future__ import annotations

from collections.abc import Mapping

from astrolabe.dataapi.engine.definitions.column_rules import (
    ServiceCheck,
    key_problem,
    not_creatable,
    resolved,
    unknown_types,
    unsortable,
)
from astrolabe.dataapi.engine.definitions.explained import explained_table
from astrolabe.dataapi.engine.definitions.naming import check_schema_name
from astrolabe.dataapi.engine.definitions.table_definition import TableDefinition, read_table
from astrolabe.dataapi.engine.handlers.tables.refusals import NotDoneError, answering, not_done
from astrolabe.dataapi.engine.target import Engine, KeyspaceHandler, look_up
from astrolabe.dataapi.engine.vectorize.service_rules import CheckedService, check_service
from astrolabe.dataapi.language.commands.base import Command
from astrolabe.dataapi.language.commands.schema import ListTables, Service
from astrolabe.dataapi.language.commands.table_schema import CreateTable, DropTable
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.name_lists import cut, listed
from astrolabe.dataapi.language.tables.column_json import read_user_types
from astrolabe.dataapi.language.tables.column_parsing import GivenType, parse_columns
from astrolabe.dataapi.language.tables.key_parsing import PrimaryKey, parse_primary_key
from astrolabe.dataapi.language.tables.types import ColumnType, UserType
from astrolabe.dataapi.protocol import Response
from storage.errors import ContainerExistsError
from storage.shapes import Container, ContainerKind


async def create_table(engine: Engine, keyspace: str, command: CreateTable) -> Response:
    """Create a table."""
    given = parse_columns("createTable", command.definition.columns)
    name = check_schema_name("table", command.name)
    key = parse_primary_key(command.definition.primary_key, given)
    refused = not_creatable(given)
    if refused:
        raise data_api_error(
            "UNSUPPORTED_DATA_TYPE_TABLE_CREATION",
            f"Tables cannot be created with columns of these types: {listed(refused)}.\n"
            "Use other types and send the command again.",
        )
    async with engine.schema_lock:
        columns = await known_columns(engine, keyspace, given)
        _check_key(f"{keyspace}.{name}", columns, key)
        existing = await engine.store.container(keyspace, name)
        if existing is None:
            existing = await _create(engine, keyspace, name, TableDefinition(columns, key))
    if existing is not None and not (command.options.if_not_exists and existing.kind is ContainerKind.TABLE):
        raise _exists(existing)
    return Response(status={"ok": 1})


async def known_columns(engine: Engine, keyspace: str, given: Mapping[str, GivenType]) -> dict[str, ColumnType]:
    """Return columns as they were given with their user-defined types and with checked services.

    Raises:
        DataApiError: A service cannot be.
        NotDoneError: A user-defined type is unknown, or a set has no order.
    """
    types = await user_types_of(engine, keyspace)
    columns = await resolved(given, {**types, **_made_up(given, types)}, service_check(engine))
    unknown = unknown_types(given.values(), types)
    if unknown:
        raise not_done(
            "UNKNOWN_USER_DEFINED_TYPE",
            f"The keyspace '{keyspace}' has no user-defined type {listed(unknown)}. It has: {listed(types)}.\n"
            "Create it with createType, or correct the name, and send the command again.",
        )
    without_order = unsortable(columns)
    if without_order:
        raise driver_error(f"durations have no order, so they cannot be in a set: {without_order}")
    return columns


async def user_types_of(engine: Engine, keyspace: str) -> dict[str, UserType]:
    """Return the user-defined types of a keyspace, by name."""
    return read_user_types(await engine.store.user_types.list(keyspace))


def service_check(engine: Engine) -> ServiceCheck:
    """Return what checks a service for the engine's database."""

    async def usable(provider: str, name: str) -> bool:
        """Ask the portal about a credential of this database."""
        return await engine.vectorizer.covers(engine.database.id, provider, name)

    async def check(service: Service, dimension: int | None) -> CheckedService:
        """Check it by the rules of collections, which are those of columns, too."""
        models_of, region = engine.vectorizer.models_of, engine.database.region
        return await check_service(service, dimension, engine.catalogue, usable, models_of, region=region)

    return check


def driver_error(problem: str) -> NotDoneError:
    """Make the error of a definition that the driver of the database behind the API refuses."""
    return not_done(
        "UNEXPECTED_DRIVER_ERROR",
        f"The database does not take this definition: {problem}.\nChange it and send the command again.",
    )


def _made_up(given: Mapping[str, GivenType], types: Mapping[str, UserType]) -> dict[str, UserType]:
    """Stand in for unknown types until services are checked: a wrong service is told first."""
    return {name: UserType(name) for name in unknown_types(given.values(), types)}


def _check_key(table: str, columns: Mapping[str, ColumnType], key: PrimaryKey) -> None:
    problem = key_problem(columns, key.partition_by, key.partition_sort)
    if problem is not None:
        column = cut(problem.column)
        raise driver_error(f"the column '{column}' cannot be in the primary key of '{table}': {problem.reason}")


async def _create(engine: Engine, keyspace: str, name: str, definition: TableDefinition) -> Container | None:
    """Create the table; return what stands in its place when another program was faster."""
    stored, specs = definition.to_json(), definition.vector_specs
    try:
        await engine.store.create_container(keyspace, name, ContainerKind.TABLE, stored, specs)
    except ContainerExistsError:
        return await engine.store.container(keyspace, name)
    return None


def _exists(existing: Container) -> NotDoneError:
    return not_done(
        "CANNOT_ADD_EXISTING_TABLE",
        f"The keyspace '{existing.keyspace}' has a {existing.kind.value} named {existing.name} already; it is "
        "unchanged.\nChoose another name and send the command again.",
    )


async def drop_table(engine: Engine, keyspace: str, command: DropTable) -> Response:
    """Drop a table with its rows; a collection is left alone."""
    container = await look_up(engine.store, keyspace, command.name)
    if container is not None and container.kind is ContainerKind.COLLECTION:
        raise data_api_error(
            "UNSUPPORTED_COLLECTION_COMMAND",
            f"'{keyspace}.{container.name}' is a collection, and dropTable drops tables. Use deleteCollection.",
        )
    dropped = container is not None and await engine.store.drop_container(container)
    if not dropped and not command.options.if_exists:
        raise not_done(
            "CANNOT_DROP_UNKNOWN_TABLE",
            f"The keyspace '{keyspace}' has no table {cut(command.name)}.\n"
            "Correct the name, or say 'ifExists', and send the command again.",
        )
    return Response(status={"ok": 1})


async def list_tables(engine: Engine, keyspace: str, command: ListTables) -> Response:
    """List the tables, with their definitions when asked to explain."""
    found = await tables_of(engine, keyspace)
    if command.options is not None and command.options.explain:
        explained = [
            {"name": table.name, "definition": explained_table(keyspace, read_table(table))} for table in found
        ]
        return Response(status={"tables": explained})
    return Response(status={"tables": [table.name for table in found]})


async def tables_of(engine: Engine, keyspace: str) -> list[Container]:
    """Return the tables of a keyspace, in name order."""
    return [found for found in await engine.store.containers(keyspace) if found.kind is ContainerKind.TABLE]


HANDLERS: Mapping[type[Command], KeyspaceHandler] = {
    CreateTable: answering(create_table),
    DropTable: answering(drop_table),
    ListTables: list_tables,
}
