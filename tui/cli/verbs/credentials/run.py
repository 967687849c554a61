"""``astrolabe credentials`` and ``astrolabe scopes``: secrets of providers, and which databases may use them."""

from __future__ import annotations

import sys

from pydantic import SecretStr

from astrolabe.portal.credentials.rehearsal import unread_words
from astrolabe.portal.organization import Credential, CredentialDraft
from astrolabe.portal.rules import secret_warnings
from astrolabe.providers.catalogue.provider_info import ProviderInfo
from astrolabe.workspace import Workspace
from storage.secrets.references import ReferenceKind, SecretReference
from tui.cli.arguments import SecretArguments
from tui.cli.confirm import confirm_name
from tui.cli.output import Format, say, write_rows
from tui.cli.process import FAILED
from tui.cli.prompts import ask_hidden, read_stdin
from tui.cli.session import workspace_of
from tui.cli.verbs.credentials.arguments import (
    AddArguments,
    AddScopeArguments,
    ListArguments,
    ListScopesArguments,
    ReencryptArguments,
    RemoveArguments,
    RemoveScopeArguments,
    RotateArguments,
)
from tui.cli.verbs.credentials.rehearse import words_of

LONGEST_INPUT = 100_000
"""Characters read from stdin for a secret; what is longer is none."""


async def add(args: AddArguments) -> int:
    """Add a credential, with its first scope if databases are named."""
    async with workspace_of(args) as workspace:
        provider = workspace.catalogue.get(args.provider)
        ids = await _database_ids(workspace, args.database)
        secret = await provider_secret(args, provider)
        credential = await workspace.integrations.add_credential(CredentialDraft(provider.key, args.name, secret, ids))
    say(f"The {provider.credential_noun} {credential.name} was added to {provider.label} ({credential.masked}).")
    if not ids:
        command = f"astrolabe scopes add {credential.name} --provider {provider.key} --database NAME"
        say(f"No database may use it yet: `{command}`")
    return 0


async def list_all(args: ListArguments) -> int:
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


async def add_scope(args: AddScopeArguments) -> int:
    """Let databases use a credential."""
    async with workspace_of(args) as workspace:
        provider = workspace.catalogue.get(args.provider)
        ids = await _database_ids(workspace, args.database)
        credential = await workspace.integrations.add_to_scope(provider.key, args.name, ids)
    names = ", ".join(database.name for database in credential.databases)
    say(f"The {provider.credential_noun} {credential.name} may be used by: {names}.")
    return 0


async def remove(args: RemoveArguments) -> int:
    """Remove a credential, after its name was typed or ``--yes`` was given."""
    async with workspace_of(args) as workspace:
        provider = workspace.catalogue.get(args.provider)
        credential = await workspace.integrations.credential(provider.key, args.name)
        rehearsal = await workspace.credential_usage.rehearse_removal(provider.key, [credential.name])
        stays = f"The {provider.credential_noun} is not removed from your account at the provider; delete it there too."
        await confirm_name(
            credential.name,
            provider.credential_noun,
            (*words_of(rehearsal), stays),
            yes=args.yes,
            unknown=unread_words(rehearsal.unknown),
        )
        await workspace.integrations.remove_credential(provider.key, credential.name, version=credential.version)
    say(f"The {provider.credential_noun} {credential.name} was removed.")
    names = ", ".join(database.name for database in credential.databases) or "no database"
    say(f"Its name and scope are remembered; the scope was: {names}.")
    return 0


async def rotate(args: RotateArguments) -> int:
    """Put a new secret in place of a credential's, tested against the provider first."""
    async with workspace_of(args) as workspace:
        provider = workspace.catalogue.get(args.provider)
        before = await workspace.integrations.credential(provider.key, args.name)
        secret = await provider_secret(args, provider)
        credential = await workspace.credential_usage.rotate(
            provider.key, args.name, secret, test=not args.no_test, version=before.version
        )
    say(f"The {provider.credential_noun} {credential.name} has a new secret ({credential.masked}); its scope stays.")
    return 0


async def reencrypt(args: ReencryptArguments) -> int:
    """Seal all stored secrets with a new key; may be stopped at any moment and run again."""
    async with workspace_of(args) as workspace:
        done = await workspace.reencryption.run()
    say(f"{done.resealed} stored secrets are sealed with a new key, kept in {done.place}.")
    for owner in done.unreadable:
        say(f"The secret of {owner} cannot be read: its key is lost. Rotate it to enter a new one.")
    return FAILED if done.unreadable else 0


async def remove_scope(args: RemoveScopeArguments) -> int:
    """Take a database out of a credential's scope, after its name was typed or ``--yes`` was given."""
    async with workspace_of(args) as workspace:
        provider = workspace.catalogue.get(args.provider)
        credential = await workspace.integrations.credential(provider.key, args.name)
        database = await workspace.databases.find(args.database)
        rehearsal = await workspace.credential_usage.rehearse_scope(provider.key, credential.name, remove=[database.id])
        rehearsal = rehearsal.within({database.id})
        unknown = unread_words(rehearsal.unknown)
        await confirm_name(database.name, "database", words_of(rehearsal), yes=args.yes, unknown=unknown)
        await workspace.integrations.remove_from_scope(
            provider.key, credential.name, database.id, version=credential.version
        )
    say(f"{database.name} is no longer in the scope of the {provider.credential_noun} {credential.name}.")
    return 0


async def list_scopes(args: ListScopesArguments) -> int:
    """List one line for every credential and database that may use it."""
    async with workspace_of(args) as workspace:
        everything = await workspace.integrations.credentials()
        credentials = [one for one in everything if args.provider in {None, one.provider}]
        if not credentials and args.provider is not None:
            workspace.catalogue.get(args.provider)  # raises the error for one that does not exist
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


async def provider_secret(args: SecretArguments, provider: ProviderInfo) -> SecretStr | SecretReference:
    """Return a provider's secret, or where it is to be read from at each use."""
    return await secret_of(args, provider.credential_noun, f"{provider.label} {provider.credential_noun}")


def reference_of(args: SecretArguments) -> SecretReference | None:
    """Return where a secret is to be read from at each use; None when no option says so."""
    references = {
        ReferenceKind.ENVIRONMENT: args.secret_env,
        ReferenceKind.FILE: args.secret_file,
        ReferenceKind.COMMAND: args.secret_command,
    }
    for kind, target in references.items():
        if target is not None:
            return SecretReference(kind, target)
    return None


async def secret_of(args: SecretArguments, noun: str, question: str) -> SecretStr | SecretReference:
    """Return the secret, or where it is to be read from at each use; ask for it where no option says.

    Args:
        args: With the options of a secret.
        noun: What the secret is called.
        question: What is asked for at a terminal.
    """
    reference = reference_of(args)
    if reference is not None:
        return reference
    if args.secret_stdin or not sys.stdin.isatty():
        text = await read_stdin(LONGEST_INPUT, "secret")
    else:
        text = await ask_hidden(f"{question} (not shown): ")
    for warning in secret_warnings(text.removesuffix("\n"), noun=noun):
        say(warning)
    return SecretStr(text)
