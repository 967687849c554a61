"""``astrolabe connection-strings``: AI connection strings, as RavenDB has them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from astrolabe.errors import UsageError
from astrolabe.portal.connection_strings import json as raven_json
from astrolabe.portal.connection_strings.connection_string import ConnectionString, ConnectionStringDraft
from astrolabe.portal.connection_strings.exchange import REPLACE_ADVICE, embedding_strings, push_all, take_in_all
from astrolabe.portal.connection_strings.files import LONGEST_FILE, read_export
from astrolabe.portal.connection_strings.raven_server import RavenPlace, RavenServer
from astrolabe.portal.connection_strings.usage import model_change
from astrolabe.portal.credentials.rehearsal import unread_words
from astrolabe.portal.private_files import write_private
from astrolabe.providers.catalogue.catalogue import CONNECTION_STRING
from astrolabe.providers.catalogue.connectors import MODEL, Connector, get_connector
from astrolabe.workspace import Workspace
from storage.secrets.references import SecretReference
from tui.cli.arguments import SecretArguments
from tui.cli.confirm import confirm_name
from tui.cli.output import Format, emit, say, write_rows
from tui.cli.process import FAILED
from tui.cli.prompts import read_stdin
from tui.cli.session import workspace_of
from tui.cli.verbs.connection_strings.arguments import (
    CreateArguments,
    EditArguments,
    ExportArguments,
    ImportArguments,
    ListArguments,
    PullArguments,
    PushArguments,
    RemoveArguments,
    TestArguments,
)
from tui.cli.verbs.credentials.rehearse import words_of
from tui.cli.verbs.credentials.run import reference_of, secret_of
from tui.cli.verbs.credentials.test import write_tested


async def list_all(args: ListArguments) -> int:
    """List connection strings; of a secret only its last characters, or where it is read from."""
    async with workspace_of(args) as workspace:
        strings = await workspace.connection_strings.list()
    rows = [
        {
            "name": one.name,
            "identifier": one.identifier,
            "connector": one.connector.key,
            "model": one.model,
            "secret": one.masked,
            "databases": len(one.databases),
        }
        for one in strings
    ]
    write_rows(rows, Format(args.format), empty="There is no connection string yet.")
    return 0


async def create(args: CreateArguments) -> int:
    """Create a connection string."""
    connector = get_connector(args.connector)
    async with workspace_of(args) as workspace:
        draft = ConnectionStringDraft(
            name=args.name,
            identifier=args.identifier or "",
            connector=connector.key,
            settings=_settings(args, connector, {}),
            secret=await _secret(args, connector) if connector.secret is not None else None,
            database_ids=await _database_ids(workspace, args.database or []),
        )
        string = await workspace.connection_strings.create(draft)
    say(f"The connection string {string.name} was created with the identifier {string.identifier}.")
    _say_note(connector)
    _say_scope(string)
    return 0


async def edit(args: EditArguments) -> int:
    """Change a connection string; what is not given stays."""
    async with workspace_of(args) as workspace:
        before = await workspace.connection_strings.get(args.name)
        connector = get_connector(args.connector) if args.connector else before.connector
        same = connector.key == before.connector.key
        draft = ConnectionStringDraft(
            name=args.rename or before.name,
            connector=connector.key,
            settings=_settings(args, connector, before.settings if same else {}),
            secret=await _new_secret(args, connector, same=same),
            database_ids=None if args.database is None else await _database_ids(workspace, args.database),
        )
        used = await workspace.connection_usage.dependents(before.identifier)
        change = model_change(before, draft, used)
        if change:
            unknown = unread_words(used.unread)
            await confirm_name(before.name, "connection string", [change], yes=args.yes, unknown=unknown)
        string = await workspace.connection_strings.edit(before.identifier, draft, version=before.version)
    say(f"The connection string {string.name} was changed; its identifier is {string.identifier}.")
    return 0


async def remove(args: RemoveArguments) -> int:
    """Remove a connection string, after its name was typed or ``--yes`` was given."""
    async with workspace_of(args) as workspace:
        string = await workspace.connection_strings.get(args.name)
        rehearsal = await workspace.credential_usage.rehearse_removal(CONNECTION_STRING, [string.identifier])
        unknown = unread_words(rehearsal.unknown)
        await confirm_name(string.name, "connection string", words_of(rehearsal), yes=args.yes, unknown=unknown)
        await workspace.connection_strings.remove(string.identifier, version=string.version)
    say(f"The connection string {string.name} was removed. The key is not removed from your account at the service.")
    return 0


async def test(args: TestArguments) -> int:
    """Ask the service of a connection string for one short embedding."""
    async with workspace_of(args) as workspace:
        string = await workspace.connection_strings.get(args.name)
        tested = await workspace.connection_usage.ask(string.identifier)
    return write_tested([tested], Format(args.format))


async def export(args: ExportArguments) -> int:
    """Write connection strings as RavenDB's JSON; secrets only if that was asked for."""
    async with workspace_of(args) as workspace:
        strings = await chosen(workspace, args.name)
        documents = [await document_of(workspace, one, with_secrets=args.with_secrets) for one in strings]
    text = raven_json.dumps(documents, single=args.name is not None)
    if args.output is None:
        emit([text])
    else:
        await asyncio.to_thread(write_private, Path(args.output), text, overwrite=True)
        say(f"{len(documents)} connection strings were written to {args.output}.")
    say_about_secrets(strings, with_secrets=args.with_secrets)
    return 0


async def import_file(args: ImportArguments) -> int:
    """Read connection strings from RavenDB's JSON."""
    drafts = raven_json.read_text(await _read(args.file))
    async with workspace_of(args) as workspace:
        return await take_in(workspace, drafts, replace=args.replace)


async def pull(args: PullArguments) -> int:
    """Read connection strings from a RavenDB database."""
    async with workspace_of(args) as workspace:
        found, skipped = embedding_strings(await _server(args, workspace).strings(), args.name)
        for name in skipped:
            say(f"{name}: left out, it is for a chat model.")
        if not found:
            say(f"The database {args.database} has no connection string for embeddings.")
            return 0
        return await take_in(workspace, raven_json.read_all(found), replace=args.replace)


async def push(args: PushArguments) -> int:
    """Save connection strings to a RavenDB database."""
    async with workspace_of(args) as workspace:
        strings = await chosen(workspace, args.name)
        server = _server(args, workspace)
        outcomes = []
        words = []
        for outcome in await push_all(
            workspace.connection_strings, server, strings, replace=args.replace, with_secrets=args.with_secrets
        ):
            say(f"{outcome.name}: {outcome.words}")
            outcomes.append(outcome.done)
            words.append(outcome.words)
        _say_how_to_replace(words)
    return 0 if all(outcomes) else FAILED


def _say_how_to_replace(words: Iterable[str]) -> None:
    if REPLACE_ADVICE in words:
        say("With --replace, it takes the place of the one that is there.")


def _server(args: PullArguments | PushArguments, workspace: Workspace) -> RavenServer:
    place = RavenPlace(args.url, args.database, args.certificate, args.authority)
    return RavenServer(place, allow_plain_http=workspace.options.allow_plain_http)


async def take_in(workspace: Workspace, drafts: list[ConnectionStringDraft], *, replace: bool) -> int:
    """Keep connection strings that came from elsewhere; one that cannot be kept holds up no other."""
    outcomes = await take_in_all(workspace.connection_strings, drafts, replace=replace)
    for outcome in outcomes:
        say(f"{outcome.name}: {outcome.words}")
    _say_how_to_replace(outcome.words for outcome in outcomes)
    return 0 if all(outcome.done for outcome in outcomes) else FAILED


async def chosen(workspace: Workspace, name: str | None) -> list[ConnectionString]:
    """Return the named connection string, or all of them."""
    strings = workspace.connection_strings
    return [await strings.get(name)] if name is not None else await strings.list()


async def document_of(workspace: Workspace, string: ConnectionString, *, with_secrets: bool) -> dict[str, Any]:
    """Return a connection string in its JSON form."""
    secret = await workspace.connection_strings.secret(string.identifier) if with_secrets else None
    return raven_json.to_json(string, secret)


def say_about_secrets(strings: list[ConnectionString], *, with_secrets: bool) -> None:
    """Say whether secrets were written out."""
    if not any(one.masked for one in strings):
        return
    if with_secrets:
        say("The secrets are written out in it. Whoever reads it can use them.")
    else:
        say("Secrets were left out (null). --with-secrets writes them out.")


def _settings(args: CreateArguments | EditArguments, connector: Connector, before: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings: the former ones, with those that were given on top."""
    given = [*args.set]
    given += [f"{MODEL}={args.model}"] if args.model is not None else []
    given += [f"{connector.address or 'Endpoint'}={args.endpoint}"] if args.endpoint is not None else []
    found: dict[str, Any] = dict(before)
    for text in given:
        key, equals, value = text.partition("=")
        field = connector.find(key)
        if not equals or field is None or field is connector.secret:
            known = ", ".join(one.key for one in connector.fields if one is not connector.secret)
            problem = "has no value" if not equals else f"is no setting of {connector.label}"
            raise UsageError(f"--set {key[:60]} {problem}.", hint=f"Write KEY=VALUE with one of: {known}.")
        found[field.key] = value
    return found


async def _secret(args: SecretArguments, connector: Connector) -> SecretStr | SecretReference:
    label = connector.secret.label if connector.secret is not None else "key"
    return await secret_of(args, label, f"{connector.label} {label}")


async def _new_secret(args: EditArguments, connector: Connector, *, same: bool) -> SecretStr | SecretReference | None:
    if connector.secret is None:
        return None
    if args.secret_stdin or reference_of(args) is not None or not same:
        return await _secret(args, connector)
    return None


async def _database_ids(workspace: Workspace, names: list[str]) -> tuple[str, ...]:
    return tuple([(await workspace.databases.find(name)).id for name in names if name])


def _say_note(connector: Connector) -> None:
    if connector.note:
        say(connector.note)


def _say_scope(string: ConnectionString) -> None:
    if not string.databases:
        command = f"astrolabe connection-strings edit {string.identifier} --database NAME"
        say(f"No database may use it yet: `{command}`")


async def _read(name: str) -> str:
    """Return the text of a file, or of stdin."""
    if name == "-":
        return await read_stdin(LONGEST_FILE, "export")
    return await asyncio.to_thread(read_export, Path(name))
