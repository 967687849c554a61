"""Integrations, their credentials and the scopes that say which database may use which credential.

Nothing is remembered between calls: every question is answered from the catalog, so a change made by another window or
program counts at once, and a removed credential stops working at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pydantic import SecretStr

from astrolabe.errors import ConflictError, NotFoundError, RuleError, SecretUnreadableError
from astrolabe.portal import rules
from astrolabe.portal.model import Credential, CredentialDraft, Integration, VectorizeChoice
from astrolabe.portal.records import AuditTrail, credential_of, existing_database
from astrolabe.portal.secrets import CredentialSecrets, owner_of
from astrolabe.providers.catalogue import Catalogue
from astrolabe.providers.model import Hosting, ModelStatus, ProviderInfo
from storage.catalog import Catalog, CatalogReader, CatalogWriter
from storage.catalog_rows import CredentialRow, DatabaseRow, NewCredential
from storage.secret_references import SecretReference

# Inside the class, ``list`` is its method.
_IntegrationList = list[Integration]
_ChoiceList = list[VectorizeChoice]


class Integrations:
    """What the Integrations pages do, and what a collection may choose from.

    Args:
        catalog: Where credentials and scopes are kept.
        providers: The provider catalogue; says which hosted providers are available.
        secrets: Seals and reveals the credentials' secrets.
        trail: Notes every change.
    """

    def __init__(
        self, catalog: Catalog, providers: Catalogue, secrets: CredentialSecrets, trail: AuditTrail | None = None
    ) -> None:
        self._catalog = catalog
        self._providers = providers
        self._secrets = secrets
        self._trail = trail or AuditTrail()

    async def list(self) -> _IntegrationList:
        """Return one integration for every provider, in the portal's order."""
        async with self._catalog.read() as rows:
            credentials = [credential_of(row) for row in await rows.credentials()]
        return [
            Integration(provider, tuple(found for found in credentials if found.provider == provider.key))
            for provider in self._providers.providers
        ]

    async def get(self, provider_key: str) -> Integration:
        """Return the integration of one provider.

        Raises:
            NotFoundError: There is no such provider.
        """
        provider = self._providers.get(provider_key)
        async with self._catalog.read() as rows:
            return Integration(provider, tuple(map(credential_of, await rows.credentials(provider_key))))

    async def add_credential(self, draft: CredentialDraft) -> Credential:
        """Add a credential with its first scope; the provider is not asked.

        Raises:
            NotFoundError: There is no such provider, or one of the databases is gone.
            ConflictError: The integration already has a credential of that name.
            RuleError: The provider is hosted, or the name, the secret or the number of databases is not allowed.
            SecretUnreadableError: The key for stored secrets cannot or must not be used.
        """
        provider = self._providers.get(draft.provider)
        async with self._catalog.read() as rows:
            # Asked before the secret is sealed, so that a refused draft leaves no trace, and again when it is written.
            await _check_draft(rows, draft, provider)
        stored, masked = await self._secrets.keep(draft.secret, owner_of(draft.provider, draft.name))
        async with self._catalog.write() as rows:
            databases = await _check_draft(rows, draft, provider)
            new = NewCredential(draft.provider, draft.name, stored, masked, self._trail.now())
            await rows.insert_credential(new, [database.id for database in databases])
            await self._note(rows, "credential.add", draft.provider, draft.name, databases)
            return await self._current(rows, draft.provider, draft.name)

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
            await rows.delete_credential(row.id)
            await self._note(rows, "credential.remove", provider, name, row.databases)

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
            databases = await _check_databases(rows, database_ids, findings, at_least_one=True)
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

    async def choices(self, database_id: str) -> _ChoiceList:
        """Return what "Embedding generation method" offers to a database, in the portal's order.

        External providers appear only if the database is in the scope of at least one of their credentials; hosted ones
        only if they are available here and offered in the database's region.

        Raises:
            NotFoundError: There is no such database.
        """
        async with self._catalog.read() as rows:
            database = await existing_database(rows, database_id)
            usable = [credential_of(row) for row in await rows.credentials() if _in_scope(row, database_id)]
        found = []
        for provider in self._providers.providers:
            credentials = tuple(credential for credential in usable if credential.provider == provider.key)
            if provider.available and (_hosted_for(provider, database) or credentials):
                models = tuple(model for model in provider.models if model.status is ModelStatus.SUPPORTED)
                found.append(VectorizeChoice(provider, credentials, models))
        return found

    async def covers(self, database_id: str, provider: str, name: str) -> bool:
        """Return whether a database may use a credential; False when either does not exist."""
        async with self._catalog.read() as rows:
            row = await rows.credential(provider, name)
        return row is not None and _in_scope(row, database_id)

    async def resolve(self, database_id: str, provider: str, name: str) -> SecretStr:
        """Return a credential's secret for one request on behalf of a database. Never keep it.

        Raises:
            NotFoundError: There is no such credential or database.
            RuleError: The database is not in the credential's scope.
            SecretUnreadableError: The secret cannot be decrypted, or its source fails.
        """
        async with self._catalog.read() as rows:
            row = await self._row(rows, provider, name, None)
            database = await existing_database(rows, database_id)
            stored = await rows.stored_secret(row.id)
        noun, label = self._words(provider)
        if stored is None or not _in_scope(row, database_id):
            raise RuleError(
                f"The database '{database.name}' is not in the scope of the {label} {noun} '{name}'.",
                field="credential",
                hint=f"Add the database to the scope of the {noun} on the page of the integration.",
            )
        try:
            return await self._secrets.reveal(stored, owner_of(provider, name))
        except SecretUnreadableError as error:
            raise SecretUnreadableError(
                f"The {label} {noun} '{name}' cannot be used. {error.message}", path=error.path, hint=error.hint
            ) from error

    async def _current(self, rows: CatalogReader, provider: str, name: str) -> Credential:
        return credential_of(await self._row(rows, provider, name, None))

    async def _row(self, rows: CatalogReader, provider: str, name: str, version: int | None) -> CredentialRow:
        noun, label = self._words(provider)
        row = await rows.credential(provider, name)
        if row is None:
            raise NotFoundError(
                f"The {label} integration has no {noun} '{name}'.",
                field="credential",
                hint=f"Add {rules.with_article(noun)} of exactly this name, with the databases that use it.",
            )
        if version is not None and version != row.version:
            raise ConflictError(
                f"The {label} {noun} '{name}' has been changed by another window or program since it was read.",
                field="credential",
                hint="Look at it again, then repeat what you wanted to do.",
            )
        return row

    async def _note(
        self, rows: CatalogWriter, action: str, provider: str, name: str, databases: Iterable[DatabaseRow]
    ) -> None:
        names = [database.name for database in databases]
        await self._trail.note(rows, action, provider=provider, credential=name, databases=names)

    def _words(self, provider: str) -> tuple[str, str]:
        """Return the noun and the label of a provider; of one that the catalogue no longer has, too."""
        info = self._providers.find(provider)
        return (info.credential_noun, info.label) if info else ("credential", provider)


async def _check_draft(rows: CatalogReader, draft: CredentialDraft, provider: ProviderInfo) -> list[DatabaseRow]:
    """Return the rows of the draft's databases, or raise everything that is wrong with it."""
    findings = rules.Findings()
    noun = provider.credential_noun
    if provider.hosting is Hosting.HOSTED:
        findings.add("provider", [f"{provider.label} is hosted: it needs no credential and takes none."])
    findings.add("name", rules.credential_name_problems(draft.name, noun=noun))
    if await rows.credential(draft.provider, draft.name):
        findings.add("name", [rules.credential_name_taken(draft.name, noun=noun)], ConflictError)
    if isinstance(draft.secret, SecretReference):
        findings.add("secret", rules.reference_problems(draft.secret))
    else:
        findings.add("secret", rules.secret_problems(draft.secret.get_secret_value(), noun=noun))
    databases = await _check_databases(rows, draft.database_ids, findings)
    findings.raise_any()
    return databases


async def _check_databases(
    rows: CatalogReader, database_ids: Sequence[str], findings: rules.Findings, *, at_least_one: bool = False
) -> list[DatabaseRow]:
    """Return the rows of the databases, each once, and note what is wrong with adding them to a scope."""
    distinct = list(dict.fromkeys(database_ids))
    findings.add("databases", rules.scope_problems(len(distinct), at_least_one=at_least_one))
    found = [await rows.database(database_id) for database_id in distinct]
    missing = [database_id for database_id, row in zip(distinct, found, strict=True) if row is None]
    messages = [f"The database '{database_id}' does not exist any more." for database_id in missing]
    findings.add("databases", messages, NotFoundError)
    return [row for row in found if row is not None]


def _in_scope(row: CredentialRow, database_id: str) -> bool:
    return any(database.id == database_id for database in row.databases)


def _hosted_for(provider: ProviderInfo, database: DatabaseRow) -> bool:
    """Whether the provider needs no credential and is offered where the database is."""
    return provider.hosting is Hosting.HOSTED and (not provider.regions or database.region in provider.regions)
