"""``astrolabe serve``: the Data API on this machine, until it is interrupted."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

from astrolabe.errors import UsageError
from astrolabe.portal.organization import Database, DatabaseDraft
from astrolabe.serving.authority import Authority, host_names
from astrolabe.serving.server import DataApiServer
from astrolabe.workspace import Workspace
from tui.cli.output import emit, say
from tui.cli.session import options_of, require_this_machine, server_options, settings_of
from tui.cli.verbs.authority.run import hosts_lines
from tui.cli.verbs.serve.arguments import ServeArguments
from tui.cli.verbs.serve.comparison_report import comparison_report
from tui.cli.verbs.serve.request_log import request_log
from tui.settings.sections import ServerSettings

HTTPS = 443
"""The port that addresses with https leave out."""

log = logging.getLogger(__name__)


async def serve(args: ServeArguments) -> int:
    """Serve until cancelled; requests that have begun are finished."""
    require_this_machine(args)
    settings = settings_of(args)
    async with Workspace.opened(options_of(settings)) as workspace:
        await _database(workspace, settings.server.database, create=args.create)
        with request_log(settings.server) as told:
            options = server_options(settings)
            server = DataApiServer(workspace, options, told.request, told.compared)
            await server.start()
            comparison = server.comparison
            if comparison is not None:
                told.last = lambda: comparison_report(comparison, settings.server.log_format)
            try:
                await _tell(workspace, server, settings.server)
                emit([server.address])  # last: whoever waits for it has been told everything
                await server.wait()
            finally:
                await server.stop()
                log_weather(workspace)
    return 0


async def _database(workspace: Workspace, name: str | None, *, create: bool) -> None:
    """Make the database that is asked for, if there is none.

    Raises:
        UsageError: It is to be made and has no name.
        ReadOnlyError: Nothing may be changed.
    """
    if not create:
        return
    if name is None:
        raise UsageError("--create needs the name of a database.", hint="`astrolabe serve --database NAME --create`")
    if all(name not in {database.name, database.id} for database in await workspace.databases.list()):
        await workspace.create_database(DatabaseDraft(name))
        say(f"The database {name} was created.")


def log_weather(workspace: Workspace) -> None:
    """Write into the log how each provider has been with each credential."""
    for report in workspace.engine.weather.reports():
        log.info(
            "%s with %s: %d requests, %d failed, %d texts, %d tokens, p50 %.3f s, p95 %.3f s",
            report.provider,
            report.credential or "no stored credential",
            report.requests,
            report.failed,
            report.texts,
            report.tokens,
            report.median or 0.0,
            report.slow or 0.0,
        )


def _astra_names(workspace: Workspace, server: DataApiServer, databases: Sequence[Database]) -> Iterator[str]:
    """Yield what leads programs to the host names of Astra DB's kind, and lets them trust the server."""
    port = server.doors.astra_port
    shown = "" if port == HTTPS else f":{port}"
    for database in databases:
        yield f"{database.name}: https://{host_names(database)[0]}{shown}"
    yield "These lines in the hosts file (/etc/hosts) lead the names here:"
    yield from hosts_lines(databases)
    if server.doors.renewed:
        yield "The certificate of the authority is new; programs have to read it again."
    certificate = Authority(workspace.options.data_dir).certificate
    yield f"Programs have to trust {certificate}: `astrolabe authority show` says how."


async def _tell(workspace: Workspace, server: DataApiServer, settings: ServerSettings) -> None:
    """Say on stderr what a program that connects needs to know."""
    databases = await workspace.databases.list()
    if not databases:
        say(
            "There is no database yet: `astrolabe databases create NAME`, or `astrolabe serve --database NAME --create`"
        )
    for database in databases:
        # The port may have been chosen just now.
        address = workspace.endpoint(database).removeprefix(settings.address)
        say(f"{database.name}: {server.address}{address}")
        port = server.doors.port_of(database)
        if port is not None:
            say(f"{database.name}: {server.address_of(port)}")
    if server.doors.astra_port is not None:
        for line in _astra_names(workspace, server, databases):
            say(line)
    if server.comparison is not None:
        token = "with" if settings.compare_token is not None else "without"
        say(f"Requests to the default database are sent to {server.comparison.host}, too, {token} a token.")
    if settings.require_token and settings.token is None and not await workspace.tokens.list():
        say("There is no application token yet, so every request will be refused: `astrolabe tokens create NAME`")
    say("Ctrl+C stops the server.")
