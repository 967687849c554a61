"""Connection strings on their way in and out: from a file or a RavenDB server, and to one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import SecretStr

from astrolabe.errors import AstrolabeError, NotFoundError
from astrolabe.portal.connection_strings.connection_string import ConnectionString, ConnectionStringDraft
from astrolabe.portal.connection_strings.connection_strings import ConnectionStrings
from astrolabe.portal.connection_strings.json import is_for_embeddings, to_json

REPLACE_ADVICE = "There is one of that name already, and replacing was not asked for."
"""Said of a connection string that would take the place of another."""


@dataclass(frozen=True, slots=True)
class ExchangeOutcome:
    """What became of one connection string.

    Attributes:
        name: Its name.
        done: Whether it was kept or saved.
        words: A sentence or two about it.
    """

    name: str
    done: bool
    words: str


class Server(Protocol):
    """What this needs of a RavenDB server."""

    async def strings(self) -> dict[str, Mapping[str, Any]]:
        """Return the connection strings by name."""
        ...

    async def put(self, document: Mapping[str, Any], secret: SecretStr | None) -> None:
        """Save one."""
        ...


def embedding_strings(
    found: Mapping[str, Mapping[str, Any]], name: str | None
) -> tuple[list[Mapping[str, Any]], list[str]]:
    """Return what a server has for embeddings, or the one of that name, and the names of what is left out.

    Raises:
        NotFoundError: The server has none of that name.
    """
    if name is not None:
        if name not in found:
            names = ", ".join(sorted(found)) or "none"
            raise NotFoundError(
                f"The server has no connection string '{name}'.", field="name", hint=f"It has: {names}."
            )
        return [found[name]], []
    wanted = [entry for entry in found.values() if is_for_embeddings(entry)]
    return wanted, sorted(key for key, entry in found.items() if not is_for_embeddings(entry))


async def take_in_all(
    strings: ConnectionStrings, drafts: Sequence[ConnectionStringDraft], *, replace: bool
) -> list[ExchangeOutcome]:
    """Keep connection strings that came from elsewhere; one that cannot be kept holds up no other.

    Args:
        strings: Where they are kept.
        drafts: What came; a secret may be missing.
        replace: Whether one takes the place of another of the same name.
    """
    return [await _take_one(strings, draft, replace=replace) for draft in drafts]


async def _take_one(strings: ConnectionStrings, draft: ConnectionStringDraft, *, replace: bool) -> ExchangeOutcome:
    name = draft.name.strip()
    before = next((one for one in await strings.list() if one.name == name), None)
    if before is not None and not replace:
        return ExchangeOutcome(name, done=False, words=REPLACE_ADVICE)
    try:
        if before is None:
            string = await strings.create(draft, secret_follows=True)
        else:
            string = await strings.edit(before.identifier, draft, version=before.version)
    except AstrolabeError as error:
        return ExchangeOutcome(name, done=False, words=f"{error.message} {error.hint}".rstrip())
    lacking = " Its key did not come along: edit it and put it in." if string.lacks_secret else ""
    return ExchangeOutcome(name, done=True, words=f"Kept with the identifier {string.identifier}.{lacking}")


async def push_all(
    strings: ConnectionStrings,
    server: Server,
    chosen: Sequence[ConnectionString],
    *,
    replace: bool,
    with_secrets: bool,
) -> list[ExchangeOutcome]:
    """Save connection strings to a RavenDB server; one that cannot be saved holds up no other.

    Args:
        strings: Reveals the secrets.
        server: The server.
        chosen: What to save.
        replace: Whether one takes the place of another of the same name there.
        with_secrets: Whether the secrets go along; without, those that the server has stay.

    Raises:
        AstrolabeError: The server cannot be asked at all.
    """
    there = await server.strings()
    return [
        await _push_one(strings, server, one, there.get(one.name), replace=replace, with_secrets=with_secrets)
        for one in chosen
    ]


async def _push_one(
    strings: ConnectionStrings,
    server: Server,
    string: ConnectionString,
    before: Mapping[str, Any] | None,
    *,
    replace: bool,
    with_secrets: bool,
) -> ExchangeOutcome:
    refusal = _refusal(string, before, replace=replace)
    if refusal:
        return ExchangeOutcome(string.name, done=False, words=refusal)
    try:
        secret = await strings.secret(string.identifier) if with_secrets else _kept_there(string, before)
        await server.put(to_json(string, secret), secret)
    except AstrolabeError as error:
        return ExchangeOutcome(string.name, done=False, words=f"{error.message} {error.hint}".rstrip())
    lacking = string.connector.secret is not None and secret is None
    return ExchangeOutcome(string.name, done=True, words="Saved, without its key." if lacking else "Saved.")


def _refusal(string: ConnectionString, before: Mapping[str, Any] | None, *, replace: bool) -> str:
    if before is None:
        return ""
    if not replace:
        return REPLACE_ADVICE
    if not is_for_embeddings(before):
        return "The one of that name there is for a chat model; it was left alone."
    if before.get("Identifier") not in {None, string.identifier}:
        return (
            f"Its identifier there is '{before['Identifier']}' and here '{string.identifier}'; what refers to it there "
            "would lose it, so it was left alone."
        )
    return ""


def _kept_there(string: ConnectionString, before: Mapping[str, Any] | None) -> SecretStr | None:
    """Return the secret that the server has already, so that saving without secrets takes none away."""
    block = (before or {}).get(string.connector.block)
    field = string.connector.secret
    value = block.get(field.key) if isinstance(block, Mapping) and field is not None else None
    return SecretStr(value) if isinstance(value, str) and value else None
