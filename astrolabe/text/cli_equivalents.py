"""The command lines that do what a dialog of the portal does; the Data API has no command for those."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from pydantic import SecretStr

from astrolabe.dataapi.client.snippets.shell import render_request
from astrolabe.portal.connection_strings.connection_string import ConnectionString, ConnectionStringDraft
from astrolabe.portal.connection_strings.raven_server import RavenPlace
from astrolabe.portal.organization import DatabaseDraft
from astrolabe.providers.simulated.rules import Rule
from astrolabe.serving.options import ServerOptions
from storage.secrets.references import ReferenceKind, SecretReference

Equivalents = Mapping[str, str]
"""Texts by the name of what they are written in."""

COMMAND_LINE, DEVOPS = "astrolabe", "DevOps API"
KEY_VARIABLE = "EMBEDDING_API_KEY"
"""The variable that a command line reads a typed secret from."""

PULL, PUSH = "pull", "push"
"""The verbs that exchange connection strings with a RavenDB server."""

_LINE = 76
_OPTIONS = {
    ReferenceKind.ENVIRONMENT: "--secret-env",
    ReferenceKind.FILE: "--secret-file",
    ReferenceKind.COMMAND: "--secret-command",
}


def command_line(*words: str, before: str = "") -> str:
    """Return a command line of this program for a POSIX shell; a long one is broken before its options.

    Args:
        words: Its words, as the program is to get them.
        before: What stands in front of it, for a pipe.
    """
    quoted = ["astrolabe", *map(shlex.quote, words)]
    line = before + " ".join(quoted)
    if len(line) <= _LINE:
        return line
    lines = [before + quoted[0]]
    for word in quoted[1:]:
        if word.startswith("--"):
            lines.append(f"  {word}")
        else:
            lines[-1] += f" {word}"
    return " \\\n".join(lines)


def create_database(draft: DatabaseDraft, address: str) -> Equivalents:
    """Return what creates a database."""
    words = ("databases", "create", draft.name, "--provider", draft.cloud_provider, "--region", draft.region)
    body = {
        "name": draft.name,
        "cloudProvider": draft.cloud_provider.upper(),
        "region": draft.region,
        "tier": "serverless",
        "capacityUnits": 1,
    }
    return {COMMAND_LINE: command_line(*words), DEVOPS: render_request("POST", f"{address}/v2/databases", body)}


def delete_database(name: str, database_id: str, address: str) -> Equivalents:
    """Return what deletes a database; the command line asks for the name, too."""
    url = f"{address}/v2/databases/{database_id}/terminate"
    return {COMMAND_LINE: command_line("databases", "delete", name), DEVOPS: render_request("POST", url)}


def add_credential(
    provider: str, name: str, secret: SecretStr | SecretReference, databases: Sequence[str]
) -> Equivalents:
    """Return what adds a credential; a typed secret is read from a variable and never written here."""
    words = ["credentials", "add", name, "--provider", provider]
    for database in databases:
        words += ["--database", database]
    return {COMMAND_LINE: _with_secret(words, secret)}


def rotate_credential(provider: str, name: str, secret: SecretStr | SecretReference, *, test: bool) -> Equivalents:
    """Return what puts a new secret in place of a credential's, tested first or not."""
    words = ["credentials", "rotate", name, "--provider", provider, *([] if test else ["--no-test"])]
    return {COMMAND_LINE: _with_secret(words, secret)}


def remove_credential(provider: str, name: str) -> Equivalents:
    """Return what removes a credential."""
    return {COMMAND_LINE: command_line("credentials", "remove", name, "--provider", provider)}


def remove_integration(provider: str) -> Equivalents:
    """Return what removes all credentials of a provider."""
    return {COMMAND_LINE: command_line("integrations", "remove", provider)}


def add_scope(provider: str, name: str, databases: Sequence[str]) -> Equivalents:
    """Return what adds databases to a credential's scope."""
    words = ["scopes", "add", name, "--provider", provider]
    for database in databases:
        words += ["--database", database]
    return {COMMAND_LINE: command_line(*words)}


def remove_scope(provider: str, name: str, database: str) -> Equivalents:
    """Return what takes a database out of a credential's scope."""
    return {COMMAND_LINE: command_line("scopes", "remove", name, "--provider", provider, "--database", database)}


def save_connection_string(
    draft: ConnectionStringDraft, databases: Sequence[str], before: ConnectionString | None = None
) -> Equivalents:
    """Return what creates a connection string, or changes one; a typed secret is read from a variable.

    Args:
        draft: What is to be saved.
        databases: The names of the databases that may use it.
        before: What it is now; None for a new one.
    """
    if before is None:
        words = ["connection-strings", "create", draft.name]
        words += ["--identifier", draft.identifier] if draft.identifier else []
        words += ["--connector", draft.connector]
    else:
        words = ["connection-strings", "edit", before.identifier]
        words += ["--rename", draft.name] if draft.name != before.name else []
        words += ["--connector", draft.connector] if draft.connector != before.connector.key else []
    for key, value in draft.settings.items():
        words += ["--set", f"{key}={value}"] if str(value) != _setting(before, draft, key) else []
    former = sorted(one.name for one in before.databases) if before is not None else []
    if sorted(databases) != former:
        for database in databases or [""]:  # an empty name takes it from all
            words += ["--database", database]
    return {COMMAND_LINE: command_line(*words) if draft.secret is None else _with_secret(words, draft.secret)}


def _setting(before: ConnectionString | None, draft: ConnectionStringDraft, key: str) -> str:
    """Return what a setting is when nothing is said of it."""
    same = before is not None and before.connector.key == draft.connector
    return str(before.settings.get(key, "")) if before is not None and same else ""


def remove_connection_string(identifier: str) -> Equivalents:
    """Return what removes a connection string; the command line asks for the name, too."""
    return {COMMAND_LINE: command_line("connection-strings", "remove", identifier)}


def export_connection_strings(path: str, identifier: str | None, *, with_secrets: bool) -> Equivalents:
    """Return what writes one connection string, or all, to a file; the command line replaces a file that is there."""
    words = ["connection-strings", "export", *([identifier] if identifier is not None else []), "--output", path]
    return {COMMAND_LINE: command_line(*words, *(["--with-secrets"] if with_secrets else []))}


def import_connection_strings(path: str, *, replace: bool) -> Equivalents:
    """Return what reads connection strings from a file."""
    return {COMMAND_LINE: command_line("connection-strings", "import", path, *(["--replace"] if replace else []))}


def exchange_with_raven(
    place: RavenPlace, verb: str, identifier: str | None, *, replace: bool, with_secrets: bool
) -> Equivalents:
    """Return what reads connection strings from a RavenDB server, or saves them there.

    Args:
        place: The database there.
        verb: ``pull`` or ``push``.
        identifier: Only this one; None for all.
        replace: Whether those of the same name are replaced.
        with_secrets: Whether secrets are sent, when saving.
    """
    words = ["connection-strings", verb, *([identifier] if identifier is not None else [])]
    words += ["--url", place.url, "--database", place.database]
    words += ["--certificate", str(place.certificate)] if place.certificate is not None else []
    words += ["--authority", str(place.authority)] if place.authority is not None else []
    words += ["--replace"] if replace else []
    words += ["--with-secrets"] if with_secrets and verb == PUSH else []
    return {COMMAND_LINE: command_line(*words)}


def serve(options: ServerOptions) -> Equivalents:
    """Return what starts the server on its own; the one accepted token, if there is one, stays in the settings."""
    words = ["serve", "--host", options.host, "--port", str(options.port)]
    words += [] if options.require_token else ["--no-token"]
    words += ["--host-names", ",".join(options.host_names)] if options.host_names else []
    words += ["--database", options.database] if options.database is not None else []
    words += ["--certificate", str(options.certificate)] if options.certificate is not None else []
    words += ["--key", str(options.key)] if options.key is not None else []
    return {COMMAND_LINE: command_line(*words)}


def create_token(name: str, *, read_only: bool = False, databases: Sequence[str] = ()) -> Equivalents:
    """Return what creates an application token; without databases it is for all of them."""
    words = ["tokens", "create", name, *(["--read-only"] if read_only else [])]
    words += [word for database in databases for word in ("--database", database)]
    return {COMMAND_LINE: command_line(*words)}


def revoke_token(token_id: str) -> Equivalents:
    """Return what revokes an application token."""
    return {COMMAND_LINE: command_line("tokens", "revoke", token_id)}


def simulate(rule: Rule) -> Equivalents:
    """Return what switches a failure on."""
    words = ["lab", "on", rule.provider, "--trouble", rule.trouble.value]
    words += ["--delay", f"{rule.delay:g}"] if rule.delay is not None else []
    words += ["--calls", str(rule.calls)] if rule.calls is not None else []
    return {COMMAND_LINE: command_line(*words)}


def clear_cache() -> Equivalents:
    """Return what empties the cache of embeddings."""
    return {COMMAND_LINE: command_line("cache", "clear")}


def _with_secret(words: Sequence[str], secret: SecretStr | SecretReference) -> str:
    if isinstance(secret, SecretReference):
        return command_line(*words, _OPTIONS[secret.kind], secret.target)
    return command_line(*words, "--secret-stdin", before=f'printf %s "${KEY_VARIABLE}" | ')
