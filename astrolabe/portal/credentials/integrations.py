"""Integrations, their credentials and the scopes that say which database may use which credential: every change.

Each change is one transaction that looks again at what it changes, and notes who did it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pydantic import SecretStr

from astrolabe.errors import ConflictError, NotFoundError
from astrolabe.portal import rules
from astrolabe.portal.credentials.checks import check_databases, check_draft, secret_or_reference_problems
from astrolabe.portal.credentials.integration_reader import IntegrationReader
from astrolabe.portal.credentials.secrets import owner_of
from astrolabe.portal.organization import Credential, CredentialDraft
from storage.catalog.catalog import CatalogWriter
from storage.catalog.rows import CredentialRow, DatabaseRow, NewCredential, RemovedCredentialRow, StoredSecret
from storage.secrets.references import SecretReference


class Integrations(IntegrationReader):
    """What the Integrations pages do, and what a collection may choose from."""

    async def add_credential(self, draft: CredentialDraft) -> Credential:
        """Add a credential with its first scope; the provider is not asked.

        Raises:
            NotFoundError: There is no such provider, or one of the databases is gone.
            ConflictError: The integration already has a credential of that name.
            RuleError: The provider is hosted, or the name, the secret or the number of databases is not allowed.
            SecretUnreadableError: The key for stored secrets cannot or must not be used.
            ReadOnlyError: The program runs in read-only mode.
        """
        self._catalog.require_writable()
        provider = self._providers.get(draft.provider)
        async with self._catalog.read() as rows:
            # Asked before the secret is sealed, so that a refused draft leaves no trace, and again when it is written.
            await check_draft(rows, draft, provider)
        stored, masked = await self._secrets.keep(draft.secret, owner_of(draft.provider, draft.name))
        async with self._catalog.write() as rows:
            databases = await check_draft(rows, draft, provider)
            stored = await self._still_opened(stored, draft.secret, owner_of(draft.provider, draft.name))
            new = NewCredential(draft.provider, draft.name, stored, masked, self._trail.now())
            await rows.insert_credential(new, [database.id for database in databases])
            await self._note(rows, "credential.add", draft.provider, draft.name, databases)
            return await self._current(rows, draft.provider, draft.name)

    async def rotate(
        self, provider: str, name: str, secret: SecretStr | SecretReference, *, version: int | None = None
    ) -> Credential:
        """Put another secret in place of a credential's; name and scope stay. The provider is not asked.

        Every request made before or after the one transaction finds a secret; there is no moment without.

        Args:
            provider: The provider's key.
            name: The credential's name.
            secret: The new secret, or where to read it from at each use.
            version: Change it only if it is still as it was read; None changes it in any case.

        Raises:
            NotFoundError: There is no such credential.
            ConflictError: It has been changed since.
            RuleError: The secret is not allowed.
            SecretUnreadableError: The key for stored secrets cannot or must not be used.
            ReadOnlyError: The program runs in read-only mode.
        """
        self._catalog.require_writable()
        findings = rules.Findings()
        findings.add("secret", secret_or_reference_problems(secret, self._words(provider)[0]))
        findings.raise_any()
        stored, masked = await self._secrets.keep(secret, owner_of(provider, name))
        async with self._catalog.write() as rows:
            row = await self._row(rows, provider, name, version)
            stored = await self._still_opened(stored, secret, owner_of(provider, name))
            await rows.replace_secret(row.id, stored, masked)
            await self._note(rows, "credential.rotate", provider, name, row.databases)
            return await self._current(rows, provider, name)

    async def remove_credential(self, provider: str, name: str, *, version: int | None = None) -> None:
        """Remove a credential and its scope; the provider's own copy of the secret stays.

        Collections that use it stop vectorizing at once.

        Args:
            provider: The provider's key.
            name: The credential's name.
            version: Remove it only if it is still as it was read; None removes it in any case.

        Raises:
            NotFoundError: There is no such credential.
            ConflictError: It has been changed since.
        """
        async with self._catalog.write() as rows:
            row = await self._row(rows, provider, name, version)
            await self._remove(rows, row)

    async def remove_integration(self, provider: str, *, versions: Mapping[str, int] | None = None) -> int:
        """Remove all credentials of a provider in one step, and return how many there were.

        Args:
            provider: The provider's key.
            versions: Remove them only if there are exactly these credentials, each still as it was read (name to
                version); None removes whatever there is.

        Raises:
            NotFoundError: There is no such provider, or it has no credential.
            ConflictError: A credential was added, changed or removed since they were read.
        """
        label = self._providers.get(provider).label
        async with self._catalog.write() as rows:
            found = await rows.credentials(provider)
            if not found:
                raise NotFoundError(f"The {label} integration has no credential, so it is inactive already.")
            if versions is not None and versions != {row.name: row.version for row in found}:
                raise ConflictError(
                    f"The {label} integration has been changed by another window or program since it was read.",
                    hint="Look at it again, then repeat what you wanted to do.",
                )
            for row in found:
                await self._remove(rows, row)
        return len(found)

    async def add_to_scope(
        self, provider: str, name: str, database_ids: Sequence[str], *, version: int | None = None
    ) -> Credential:
        """Let databases use a credential, at most ten at once; those that already may stay.

        Args:
            provider: The provider's key.
            name: The credential's name.
            database_ids: The databases; they may still be initializing.
            version: Change it only if it is still as it was read; None changes it in any case.

        Raises:
            NotFoundError: There is no such credential, or one of the databases is gone.
            ConflictError: The credential has been changed since.
            RuleError: No database, or more than ten.
        """
        async with self._catalog.write() as rows:
            row = await self._row(rows, provider, name, version)
            findings = rules.Findings()
            databases = await check_databases(rows, database_ids, findings, at_least_one=True)
            findings.raise_any()
            if await rows.add_to_scope(row.id, [database.id for database in databases]):
                await self._note(rows, "scope.add", provider, name, databases)
            return await self._current(rows, provider, name)

    async def remove_from_scope(
        self, provider: str, name: str, database_id: str, *, version: int | None = None
    ) -> Credential:
        """Take a database out of a credential's scope.

        The database's collections that use the credential stop vectorizing at once.

        Args:
            provider: The provider's key.
            name: The credential's name.
            database_id: The database.
            version: Change it only if it is still as it was read; None changes it in any case.

        Raises:
            NotFoundError: There is no such credential, or the database is not in its scope.
            ConflictError: The credential has been changed since.
        """
        async with self._catalog.write() as rows:
            row = await self._row(rows, provider, name, version)
            database = next((found for found in row.databases if found.id == database_id), None)
            if database is None:
                raise NotFoundError(
                    f"The scope of '{name}' does not have the database '{database_id}'.",
                    field="database",
                    hint="Look at the scope again; another window or program may have changed it.",
                )
            await rows.remove_from_scope(row.id, database_id)
            await self._note(rows, "scope.remove", provider, name, [database])
            return await self._current(rows, provider, name)

    async def _still_opened(
        self, stored: StoredSecret, secret: SecretStr | SecretReference, owner: str
    ) -> StoredSecret:
        """Return what to write, inside the write transaction: the key may have been changed after the sealing."""
        if await self._secrets.opens(stored):
            return stored
        return (await self._secrets.keep(secret, owner))[0]

    async def _remove(self, rows: CatalogWriter, row: CredentialRow) -> None:
        scope = tuple(database.id for database in row.databases)
        await rows.remember_removed(RemovedCredentialRow(row.provider, row.name, scope, self._trail.now()))
        await rows.delete_credential(row.id)
        await self._note(rows, "credential.remove", row.provider, row.name, row.databases)

    async def _note(
        self, rows: CatalogWriter, action: str, provider: str, name: str, databases: Iterable[DatabaseRow]
    ) -> None:
        names = [database.name for database in databases]
        await self._trail.note(rows, action, provider=provider, credential=name, databases=names)
