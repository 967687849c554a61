"""Application tokens: what programs show to the Data API server. Only a digest of each is kept."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import SecretStr

from astrolabe.errors import ConflictError, NotFoundError
from astrolabe.portal.audit.trail import AuditTrail
from astrolabe.portal.rules import Findings
from storage.catalog.catalog import Catalog, CatalogReader
from storage.catalog.rows import TokenRow

PREFIX = "AstraCS"
"""What application tokens begin with, so that clients and secret scanners know one when they see it."""

LONGEST_NAME = 50
_ID_BYTES = 12
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class ApplicationToken:
    """A token as it may be shown.

    Attributes:
        id: The part of the token after its prefix.
        name: Unique.
        created_at: With a time zone.
        read_only: Whether it may change nothing.
        databases: Ids of the databases that it is for; None for all, those that are made later too.
    """

    id: str
    name: str
    created_at: datetime
    read_only: bool = False
    databases: tuple[str, ...] | None = None

    def is_for(self, database_id: str) -> bool:
        """Whether it may be used with a database."""
        return self.databases is None or database_id in self.databases

    def scope(self, names: Mapping[str, str]) -> list[str]:
        """Return the names of its databases, those that are gone left out.

        Args:
            names: Of the databases there are, by id.
        """
        chosen = names if self.databases is None else self.databases
        return [names[database_id] for database_id in chosen if database_id in names]


UNLIMITED = ApplicationToken("", "", datetime.min.replace(tzinfo=UTC))
"""What a request may do whose token is that of the settings, or that needs none: everything."""


_TokenList = list[ApplicationToken]


class Tokens:
    """Creates, lists, checks and revokes application tokens.

    Args:
        catalog: Where their digests are kept.
        trail: Notes every change.
    """

    def __init__(self, catalog: Catalog, trail: AuditTrail | None = None) -> None:
        self._catalog = catalog
        self._trail = trail or AuditTrail()

    async def create(
        self, name: str, *, read_only: bool = False, databases: Sequence[str] | None = None
    ) -> tuple[ApplicationToken, SecretStr]:
        """Create a token and return it with its secret, which cannot be read again.

        Args:
            name: Unique.
            read_only: Whether it may change nothing.
            databases: Ids or names of the databases that it is for; None for all.

        Raises:
            ConflictError: The name is taken.
            NotFoundError: There is no such database.
            RuleError: The name is empty, too long, or has characters that do not show.
        """
        cleaned = name.strip()
        findings = Findings()
        findings.add("name", _name_problems(cleaned))
        token_id = secrets.token_hex(_ID_BYTES)
        secret = f"{PREFIX}:{token_id}:{secrets.token_hex(_SECRET_BYTES)}"
        async with self._catalog.write() as rows:
            if any(row.name == cleaned for row in await rows.tokens()):
                findings.add("name", [f"There is a token '{cleaned}' already."], ConflictError)
            findings.raise_any()
            scope = None if databases is None else await _ids(rows, databases)
            row = TokenRow(token_id, cleaned, _digest(secret), self._trail.now(), read_only, scope)
            await rows.insert_token(row)
            rights: dict[str, str | Sequence[str]] = {"rights": "read only"} if read_only else {}
            rights |= {"databases": scope} if scope is not None else {}
            await self._trail.note(rows, "token.create", id=token_id, name=cleaned, **rights)
        return _token(row), SecretStr(secret)

    async def list(self) -> _TokenList:
        """Return the tokens, by name."""
        async with self._catalog.read() as rows:
            return [_token(row) for row in await rows.tokens()]

    async def revoke(self, name_or_id: str) -> ApplicationToken:
        """Remove a token; it is refused from the next request on.

        Raises:
            NotFoundError: There is no such token.
        """
        async with self._catalog.write() as rows:
            found = [row for row in await rows.tokens() if name_or_id in {row.id, row.name}]
            if not found:
                hint = "`astrolabe tokens list` shows those there are."
                raise NotFoundError(f"There is no token '{name_or_id}'.", field="token", hint=hint)
            row = next((row for row in found if row.id == name_or_id), found[0])
            await rows.delete_token(row.id)
            await self._trail.note(rows, "token.revoke", id=row.id, name=row.name)
        return _token(row)

    async def of(self, secret: SecretStr) -> ApplicationToken | None:
        """Return the token that was created here and not revoked since; None when there is none of that secret."""

        async def read(rows: CatalogReader) -> dict[bytes, ApplicationToken]:
            return {row.digest: _token(row) for row in await rows.tokens()}

        known = await self._catalog.remembered("tokens by digest", read)
        return known.get(_digest(secret.get_secret_value()))


def _digest(secret: str) -> bytes:
    """Return what is kept: the secret has 256 random bits, so a slow hash would add nothing."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _token(row: TokenRow) -> ApplicationToken:
    return ApplicationToken(row.id, row.name, row.created_at, row.read_only, row.databases)


async def _ids(rows: CatalogReader, databases: Sequence[str]) -> tuple[str, ...]:
    """Return the ids of databases, each once.

    Raises:
        NotFoundError: There is no such database.
    """
    found: dict[str, None] = {}
    for name_or_id in databases:
        row = await rows.database(name_or_id) or await rows.database_named(name_or_id)
        if row is None:
            hint = "`astrolabe databases list` shows those there are."
            raise NotFoundError(f"There is no database '{name_or_id}'.", field="databases", hint=hint)
        found[row.id] = None
    return tuple(found)


def _name_problems(name: str) -> list[str]:
    problems = []
    if not 1 <= len(name) <= LONGEST_NAME:
        problems.append(f"A token's name has 1 to {LONGEST_NAME} characters; this one has {len(name)}.")
    if not name.isprintable():
        problems.append("A token's name has no characters that cannot be seen.")
    return problems
