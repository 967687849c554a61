"""The command lines that do what a dialog of the portal does; the Data API has no command for those."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from pydantic import SecretStr

from astrolabe.dataapi.snippets.shell import render_request
from astrolabe.portal.model import DatabaseDraft
from astrolabe.providers.lab import Rule
from storage.secret_references import ReferenceKind, SecretReference

Equivalents = Mapping[str, str]
"""Texts by the name of what they are written in."""

COMMAND_LINE, DEVOPS = "astrolabe", "DevOps API"
KEY_VARIABLE = "EMBEDDING_API_KEY"
"""The variable that a command line reads a typed secret from."""

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
