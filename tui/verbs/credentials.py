"""``astrolabe credentials`` and ``astrolabe scopes``: secrets of providers, and which databases may use them."""

from __future__ import annotations

import asyncio
import getpass
import sys
from argparse import Namespace

from pydantic import SecretStr

from astrolabe.errors import UsageError
from astrolabe.portal.model import Credential, CredentialDraft
from astrolabe.portal.rules import secret_warnings
from astrolabe.providers.model import ProviderInfo
from astrolabe.workspace import Workspace
from storage.secret_references import ReferenceKind, SecretReference
from tui.output import Format, say, write_rows
from tui.session import workspace_of

LONGEST_INPUT = 100_000
"""Characters read from stdin for a secret; what is longer is none."""


async def add(args: Namespace) -> int:
    """Add a credential, with its first scope if databases are named."""
    async with workspace_of(args) as workspace:
        provider = workspace.catalogue.get(args.provider)
        ids = await _database_ids(workspace, args.database)
        secret = await _secret(args, provider)
        credential = await workspace.integrations.add_credential(CredentialDraft(provider.key, args.name, secret, ids))
    say(f"The {provider.credential_noun} {credential.name} was added to {provider.label} ({credential.masked}).")
    if not ids:
        command = f"astrolabe scopes add {credential.name} --provider {provider.key} --database NAME"
        say(f"No database may use it yet: `{command}`")
    return 0


async def list_all(args: Namespace) -> int:
    """List credentials; of a secret only its last characters, or where it is read from."""
    async with workspace_of(args) as workspace:
        credentials = await _credentials(workspace, args.provider)
    rows = [
        {
            "name": credential.name,
            "provider": credential.provider,
            "secret": credential.masked,
            "databases": len(credential.databases),
            "created_at": credential.created_at.isoformat(timespec="seconds"),
        }
        for credential in credentials
    ]
    write_rows(rows, Format(args.format), empty="There is no credential yet.")
    return 0


async def add_scope(args: Namespace) -> int:
    """Let databases use a credential."""
    async with workspace_of(args) as workspace:
        provider = workspace.catalogue.get(args.provider)
        ids = await _database_ids(workspace, args.database)
        credential = await workspace.integrations.add_to_scope(provider.key, args.name, ids)
    names = ", ".join(database.name for database in credential.databases)
    say(f"The {provider.credential_noun} {credential.name} may be used by: {names}.")
    return 0


async def list_scopes(args: Namespace) -> int:
    """List one line for every credential and database that may use it."""
    async with workspace_of(args) as workspace:
        credentials = await _credentials(workspace, args.provider)
    rows = [
        {"credential": credential.name, "provider": credential.provider, "database": database.name}
        for credential in credentials
        for database in credential.databases
    ]
    write_rows(rows, Format(args.format), empty="No database may use any credential yet.")
    return 0


async def _credentials(workspace: Workspace, provider: str | None) -> list[Credential]:
    if provider is not None:
        return list((await workspace.integrations.get(provider)).credentials)
    return [credential for integration in await workspace.integrations.list() for credential in integration.credentials]


async def _database_ids(workspace: Workspace, names: list[str]) -> tuple[str, ...]:
    return tuple([(await workspace.databases.find(name)).id for name in names])


async def _secret(args: Namespace, provider: ProviderInfo) -> SecretStr | SecretReference:
    """Return the secret, or where it is to be read from at each use."""
    references = {
        ReferenceKind.ENVIRONMENT: args.secret_env,
        ReferenceKind.FILE: args.secret_file,
        ReferenceKind.COMMAND: args.secret_command,
    }
    for kind, target in references.items():
        if target is not None:
            return SecretReference(kind, target)
    if args.secret_stdin or not sys.stdin.isatty():
        text = await asyncio.to_thread(sys.stdin.read, LONGEST_INPUT + 1)
        if len(text) > LONGEST_INPUT:
            raise UsageError(f"More than {LONGEST_INPUT} characters came from stdin; that is no secret.")
    else:
        text = await asyncio.to_thread(getpass.getpass, f"{provider.label} {provider.credential_noun} (not shown): ")
    for warning in secret_warnings(text.removesuffix("\n"), noun=provider.credential_noun):
        say(warning)
    return SecretStr(text)
