"""Connections to databases elsewhere: kept, listed, removed, and which of them is used.

The token of a connection is a credential beside it, so that it is sealed, read from its source and sealed anew as all
other secrets are.
"""

from __future__ import annotations

import re

from pydantic import SecretStr

from astrolabe.errors import ConflictError, CorruptStoreError, NotFoundError
from astrolabe.portal.audit.trail import AuditTrail
from astrolabe.portal.connections.saved_connection import ConnectionDraft, ConnectionKind, SavedConnection, filled_in
from astrolabe.portal.credentials.checks import secret_or_reference_problems
from astrolabe.portal.credentials.secrets import CredentialSecrets, owner_of
from astrolabe.portal.rules import Findings
from astrolabe.providers.catalogue.address import AddressError, check
from storage.catalog.catalog import Catalog, CatalogReader
from storage.catalog.connection_rows import ConnectionRow
from storage.catalog.rows import CONNECTION, NewCredential
from storage.secrets.references import SecretReference

THIS_MACHINE = "this-machine"
"""The name by which the databases of this machine are chosen; no connection has it."""

_CHOSEN = "connection"
_LONGEST_NAME = 50
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

# Inside the class, ``list`` is its method.
_ConnectionList = list[SavedConnection]
_Messages = list[str]


class SavedConnections:
    """Adds, lists, removes and chooses connections.

    Args:
        catalog: Where they are kept.
        secrets: Seals and reveals their tokens.
        trail: Notes every change.
        allow_plain_http: Whether a token may go to another machine without TLS.
    """

    def __init__(
        self, catalog: Catalog, secrets: CredentialSecrets, trail: AuditTrail, *, allow_plain_http: bool = False
    ) -> None:
        self._catalog = catalog
        self._secrets = secrets
        self._trail = trail
        self._allow_plain_http = allow_plain_http

    async def list(self) -> _ConnectionList:
        """Return all connections, by name."""
        async with self._catalog.read() as rows:
            return [_connection(row) for row in await rows.connections()]

    async def get(self, name: str) -> SavedConnection:
        """Return the connection of that name.

        Raises:
            NotFoundError: There is none.
        """
        async with self._catalog.read() as rows:
            return await _found(rows, name)

    async def check(self, draft: ConnectionDraft, *, replace: bool = False) -> None:
        """Refuse a draft that breaks a rule.

        Raises:
            ConflictError: The name is taken, and replacing was not asked for.
            RuleError: Something is not allowed; ``problems`` has all of it.
        """
        async with self._catalog.read() as rows:
            self._findings(draft, {row.name for row in await rows.connections()}, replace=replace).raise_any()

    async def add(self, draft: ConnectionDraft, *, replace: bool = False) -> SavedConnection:
        """Keep a connection; nobody is asked whether it works.

        Args:
            draft: What it is to be.
            replace: Whether it may take the place of one of its name.

        Raises:
            ConflictError: The name is taken.
            RuleError: Something is not allowed; ``problems`` has all of it.
            SecretUnreadableError: The key for stored secrets cannot or must not be used.
            ReadOnlyError: The program runs in read-only mode.
        """
        self._catalog.require_writable()
        await self.check(draft, replace=replace)
        owner = owner_of(CONNECTION, draft.name)
        kept = None if draft.secret is None else await self._secrets.keep(draft.secret, owner)
        async with self._catalog.write() as rows:
            names = {row.name for row in await rows.connections()}
            self._findings(draft, names, replace=replace).raise_any()
            if draft.secret is not None and kept is not None and not await self._secrets.opens(kept[0]):
                kept = await self._secrets.keep(draft.secret, owner)
            await rows.delete_connection(draft.name)
            if kept is not None:
                await rows.insert_credential(NewCredential(CONNECTION, draft.name, *kept, self._trail.now()))
            await rows.put_connection(_row(draft, self._trail))
            action = "remote.replace" if draft.name in names else "remote.add"
            await self._trail.note(rows, action, name=draft.name, address=draft.address)
            return await _found(rows, draft.name)

    async def remove(self, name: str) -> None:
        """Remove a connection and its token; what it leads to stays as it is.

        Raises:
            NotFoundError: There is none.
        """
        async with self._catalog.write() as rows:
            await _found(rows, name)
            await rows.delete_connection(name)
            if await rows.setting(_CHOSEN) == name:
                await rows.put_setting(_CHOSEN, None)
            await self._trail.note(rows, "remote.remove", name=name)

    async def chosen(self) -> str | None:
        """Return the name of the connection that is used where none is named; None for this machine."""
        return await self._catalog.setting(_CHOSEN)

    async def choose(self, name: str | None) -> None:
        """Use a connection where none is named; None goes back to this machine.

        Raises:
            NotFoundError: There is none.
        """
        async with self._catalog.write() as rows:
            if name is not None:
                await _found(rows, name)
            await rows.put_setting(_CHOSEN, name)

    async def secret(self, name: str) -> SecretStr | None:
        """Return a connection's token or password, for its requests; None when it has none.

        Raises:
            SecretUnreadableError: It cannot be decrypted, or its source fails.
        """
        async with self._catalog.read() as rows:
            row = await rows.credential(CONNECTION, name)
            stored = await rows.stored_secret(row.id) if row is not None else None
        return None if stored is None else await self._secrets.reveal(stored, owner_of(CONNECTION, name))

    async def read(self, secret: SecretStr | SecretReference | None) -> SecretStr | None:
        """Return a draft's secret as the endpoint would get it, for one test.

        Raises:
            SecretUnreadableError: Its source fails.
        """
        return None if secret is None else await self._secrets.read(secret)

    def _findings(self, draft: ConnectionDraft, taken: set[str], *, replace: bool) -> Findings:
        findings = Findings()
        findings.add("name", _name_problems(draft.name))
        if draft.name in taken and not replace:
            findings.add("name", [f"There is a connection '{draft.name}' already."], ConflictError)
        findings.add("address", self._address_problems(draft.address))
        if draft.data_address:
            findings.add("data_address", self._address_problems(filled_in(draft.data_address, "id", "region", "name")))
        if draft.kind is ConnectionKind.ASTRA and draft.secret is None:
            findings.add("secret", ["Astra DB wants an application token."])
        if draft.user and draft.secret is None:
            findings.add("secret", [f"The user {draft.user} has no password."])
        if draft.secret is not None:
            findings.add("secret", secret_or_reference_problems(draft.secret, "password" if draft.user else "token"))
        return findings

    def _address_problems(self, address: str) -> _Messages:
        try:
            check(address, allow_plain_http=self._allow_plain_http)
        except AddressError as error:
            return [error.message.replace("The provider's address", "The address"), error.hint]
        if "@" in address:
            return ["Name and password do not belong into the address: `--user` takes them."]
        if "?" in address or "#" in address:
            return ["An address ends with its path: what follows ? or # is not sent, and no place for a token."]
        return []


def _name_problems(name: str) -> list[str]:
    if name == THIS_MACHINE:
        return [f"{THIS_MACHINE} stands for the databases of this machine."]
    if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name):
        return [f"A name has 1 to {_LONGEST_NAME} letters, digits, dots, hyphens and underscores; this has others."]
    return []


def _row(draft: ConnectionDraft, trail: AuditTrail) -> ConnectionRow:
    given = {
        "user": draft.user,
        "data_address": draft.data_address,
        "ca_file": draft.ca_file,
        "client_certificate": draft.client_certificate,
    }
    settings = {name: value for name, value in given.items() if value}
    return ConnectionRow(
        draft.name, draft.kind.value, draft.address, settings, draft.production, draft.read_only, trail.now()
    )


def _connection(row: ConnectionRow) -> SavedConnection:
    try:
        kind = ConnectionKind(row.kind)
    except ValueError as error:
        raise CorruptStoreError(f"The connection '{row.name}' was written by a newer program.") from error
    settings = row.settings
    return SavedConnection(
        name=row.name,
        kind=kind,
        address=row.address,
        user=settings.get("user", ""),
        data_address=settings.get("data_address", ""),
        ca_file=settings.get("ca_file", ""),
        client_certificate=settings.get("client_certificate", ""),
        production=row.production,
        read_only=row.read_only,
        masked=row.masked,
        created_at=row.created_at,
    )


async def _found(rows: CatalogReader, name: str) -> SavedConnection:
    found = next((row for row in await rows.connections() if row.name == name), None)
    if found is None:
        names = ", ".join(row.name for row in await rows.connections())
        hint = f"There are: {names}." if names else "`astrolabe connections add` adds one."
        raise NotFoundError(f"There is no connection '{name}'.", field="connection", hint=hint)
    return _connection(found)
