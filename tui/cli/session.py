"""What every verb begins with: the settings, the log, and the workspace, opened and closed around the work."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from astrolabe.dataapi.client.client import DatabaseClient
from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.errors import NotFoundError, UsageError
from astrolabe.portal.connections.saved_connections import THIS_MACHINE
from astrolabe.portal.organization import Database
from astrolabe.serving.options import ServerOptions
from astrolabe.workspace import Workspace, WorkspaceOptions
from astrolabe.workspace.elsewhere import connect
from tui.cli.arguments import Arguments, DatabaseArguments, TargetArguments
from tui.cli.output import say
from tui.cli.process import start_log
from tui.settings.sections import ServerSettings
from tui.settings.settings import Settings, load_settings

PRODUCTION = "production"
"""The word for a connection that is marked so."""

READ_ONLY = "read-only"
"""The word for a connection through which nothing is changed."""

_FLAGS = ("data_dir", "theme", "mouse", "log_level", "read_only", "connection")
_SERVER_FLAGS = tuple(ServerSettings.model_fields)


def settings_of(args: Arguments) -> Settings:
    """Read the settings with the command line's flags on top, and start the log.

    Raises:
        UsageError: A setting is unknown or wrong.
    """
    given = {name: getattr(args, name) for name in _FLAGS if hasattr(args, name)}
    if getattr(args, "serving", False):
        server = {name: getattr(args, name, None) for name in _SERVER_FLAGS}
        given["server"] = {name: value for name, value in server.items() if value is not None}
    settings = load_settings(given, config=getattr(args, "config", None))
    start_log(settings.log_level)
    return settings


def options_of(settings: Settings, *, data_dir: Path | None = None) -> WorkspaceOptions:
    """Return what the workspace needs to know of the settings; ``data_dir`` takes the place of theirs."""
    return WorkspaceOptions(
        data_dir=data_dir or settings.data_dir,
        provider_setups=settings.provider_setups,
        unlisted_models=settings.unlisted_models,
        rerankers=settings.reranker_access,
        allow_plain_http=settings.allow_plain_http,
        read_only=settings.read_only,
        key_place=settings.secrets.key_source,
        cache_bytes=settings.embedding_cache.most_bytes,
        served_at=settings.server.address,
        default_database=settings.server.database,
        limits=settings.limits.per_database,
        troubles=settings.troubles,
        minilm_folder=settings.embedded.minilm_dir,
    )


def server_options(all_settings: Settings) -> ServerOptions:
    """Return what the server needs to know of the settings."""
    settings = all_settings.server
    return ServerOptions(
        host=settings.host,
        port=settings.port,
        token=settings.token,
        require_token=settings.require_token,
        database=settings.database,
        certificate=settings.certificate,
        key=settings.key,
        host_names=settings.host_names,
        port_per_database=settings.port_per_database,
        astra_port=settings.astra_port if settings.astra_host_names else None,
        compare=settings.compare,
        compare_token=settings.compare_token,
        allow_plain_http=all_settings.allow_plain_http,
        connections=settings.connections,
        largest_request=settings.largest_request_mb << 20,
        requests_per_second=settings.requests_per_second or None,
    )


def require_this_machine(args: Arguments) -> None:
    """Refuse ``--connection`` for a verb that would do here what was meant to be done there.

    Raises:
        UsageError: It names another place. One that ``connections use`` has chosen, or a setting, keeps nobody from it.
    """
    named = getattr(args, "connection", None)
    if named not in {None, "", THIS_MACHINE}:
        raise UsageError(
            f"This verb is about this machine; --connection {named} does not apply to it.",
            hint="Leave --connection out. Verbs on keyspaces, collections, tables, documents, load and search take it.",
        )


@asynccontextmanager
async def workspace_of(args: Arguments) -> AsyncIterator[Workspace]:
    """Lend the workspace that the command line and the settings ask for, for work on this machine.

    Raises:
        UsageError: ``--connection`` names another place.
    """
    require_this_machine(args)
    async with Workspace.opened(options_of(settings_of(args))) as workspace:
        yield workspace


@asynccontextmanager
async def connected(args: Arguments) -> AsyncIterator[Workspace]:
    """Lend the workspace with the connection that the command line, the settings or `connections use` ask for.

    Raises:
        NotFoundError: There is no such connection.
    """
    settings = settings_of(args)
    async with Workspace.opened(options_of(settings)) as workspace:
        marks = await go_where_asked(workspace, settings)
        if PRODUCTION in marks:
            say(f"Production: {marks[0]}.")
        yield workspace


async def go_where_asked(workspace: Workspace, settings: Settings) -> tuple[str, ...]:
    """Put the connection in place that the settings or `connections use` ask for.

    Returns:
        What is said of it wherever it is used: its name, :data:`PRODUCTION` and :data:`READ_ONLY` where it is marked
        so; nothing for this machine.

    Raises:
        NotFoundError: There is no such connection.
    """
    name = settings.connection or await workspace.connections.chosen()
    if name is None or name == THIS_MACHINE:
        return ()
    workspace.connection = connection = await connect(workspace, name)
    marks = ((connection.production, PRODUCTION), (connection.read_only, READ_ONLY))
    return (name, *(word for marked, word in marks if marked))


async def database_of(workspace: Workspace, name: str) -> Database:
    """Return the database that the command line names; none need be named of a connection that has only one.

    Raises:
        NotFoundError: There is none of that name.
        UsageError: None is named, and there are several or none.
    """
    connection = workspace.connection
    if name:
        return await connection.find(name)
    if connection.capabilities.manages_databases:
        hint = "`astrolabe databases list` lists those there are; `--help` explains the verb."
        raise UsageError("Say which database: --database NAME.", hint=hint)
    found = await connection.databases()
    if len(found) == 1:
        return found[0]
    names = ", ".join(database.name for database in found) or "none"
    raise UsageError("Say which database: --database NAME.", hint=f"The connection {connection.name} has: {names}.")


@asynccontextmanager
async def client_of(args: DatabaseArguments) -> AsyncIterator[DatabaseClient]:
    """Lend a client to the database that ``--database`` names.

    Raises:
        NotFoundError: There is no such database.
    """
    async with connected(args) as workspace:
        yield await workspace.connection.client(await database_of(workspace, args.database))


async def existing_target(client: DatabaseClient, args: TargetArguments) -> TargetInfo:
    """Return the collection or the table that the command line names.

    Raises:
        NotFoundError: There is none of that name; the hint names those there are.
        DataApiError: There is no such keyspace.
    """
    if args.table is None:
        return await existing_collection(client, args.keyspace, args.collection or "")
    found = await client.table(args.keyspace, args.table)
    if found is None:
        names = ", ".join(info.name for info in await client.tables(args.keyspace))
        hint = f"It has: {names}." if names else f"`astrolabe tables create {args.table} …` creates one."
        raise NotFoundError(f"The keyspace {args.keyspace} has no table '{args.table}'.", field="table", hint=hint)
    return found


async def existing_collection(client: DatabaseClient, keyspace: str, name: str) -> TargetInfo:
    """Return a collection.

    Raises:
        NotFoundError: There is no such collection; the hint names those there are.
        DataApiError: There is no such keyspace.
    """
    collections = await client.collections(keyspace)
    found = next((info for info in collections if info.name == name), None)
    if found is None:
        names = ", ".join(info.name for info in collections)
        hint = f"It has: {names}." if names else f"`astrolabe collections create {name} …` creates one."
        raise NotFoundError(f"The keyspace {keyspace} has no collection '{name}'.", field="collection", hint=hint)
    return found


def utf8(text: str, what: str) -> str:
    """Return an argument that is text.

    Raises:
        UsageError: The bytes given are not UTF-8.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"{what} is not valid UTF-8.") from error
    return text
