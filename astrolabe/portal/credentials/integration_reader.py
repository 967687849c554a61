"""What may be read of integrations: their credentials, scopes, and what a database may choose and use.

Nothing is remembered between calls: every question is answered from the catalog, so a change made by another window or
program counts at once, and a removed credential stops working at once.
"""

from __future__ import annotations

from pydantic import SecretStr

from astrolabe.errors import ConflictError, NotFoundError, RuleError, SecretUnreadableError
from astrolabe.portal import rules
from astrolabe.portal.audit.trail import AuditTrail, credential_of, database_of, existing_database
from astrolabe.portal.credentials.checks import hosted_for, in_scope, secret_or_reference_problems
from astrolabe.portal.credentials.secrets import CredentialSecrets, owner_of
from astrolabe.portal.organization import Credential, Integration, RemovedCredential, VectorizeChoice
from astrolabe.providers.catalogue.catalogue import Catalogue
from storage.catalog.catalog import Catalog, CatalogReader
from storage.catalog.rows import CredentialRow, StoredSecret
from storage.secrets.references import SecretReference

# Inside the class, ``list`` is its method.
_CredentialList = list[Credential]
_IntegrationList = list[Integration]
_ChoiceList = list[VectorizeChoice]
_RemovedList = list[RemovedCredential]


class IntegrationReader:
    """Answers questions about integrations; changes nothing.

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

    async def credentials(self) -> _CredentialList:
        """Return all credentials with their scopes, connection strings among them, by provider and name."""
        async with self._catalog.read() as rows:
            return [credential_of(row) for row in await rows.credentials()]

    async def get(self, provider_key: str) -> Integration:
        """Return the integration of one provider.

        Raises:
            NotFoundError: There is no such provider.
        """
        provider = self._providers.get(provider_key)
        async with self._catalog.read() as rows:
            return Integration(provider, tuple(map(credential_of, await rows.credentials(provider_key))))

    async def credential(self, provider: str, name: str) -> Credential:
        """Return one credential.

        Raises:
            NotFoundError: There is no such credential.
        """
        async with self._catalog.read() as rows:
            return await self._current(rows, provider, name)

    async def removed(self, provider: str) -> _RemovedList:
        """Return the provider's removed credentials that were not added again, the last removed first."""
        async with self._catalog.read() as rows:
            known = {row.id: database_of(row) for row in await rows.databases()}
            remembered = await rows.removed_credentials(provider)
        found = []
        for row in remembered:
            databases = [known[number] for number in row.database_ids if number in known]
            databases.sort(key=lambda database: database.name.casefold())
            gone = len(row.database_ids) - len(databases)
            found.append(RemovedCredential(provider, row.name, tuple(databases), gone, row.removed_at))
        return found

    async def choices(self, database_id: str) -> _ChoiceList:
        """Return what "Embedding generation method" offers to a database, in the portal's order.

        External providers appear only if the database is in the scope of at least one of their credentials, or if the
        settings name a server that needs none; hosted ones only if they are available here and offered in the
        database's region. Models that their provider has ended are left out.

        Raises:
            NotFoundError: There is no such database.
        """
        async with self._catalog.read() as rows:
            database = await existing_database(rows, database_id)
            usable = [credential_of(row) for row in await rows.credentials() if in_scope(row, database_id)]
        found, today = [], self._trail.now().date()
        for provider in self._providers.providers:
            credentials = tuple(credential for credential in usable if credential.provider == provider.key)
            if provider.available and (hosted_for(provider, database) or provider.keyless or credentials):
                models = tuple(model for model in provider.models if model.offered_on(today))
                if models or provider.free_models:
                    found.append(VectorizeChoice(provider, credentials, models))
        return found

    async def covers(self, database_id: str, provider: str, name: str) -> bool:
        """Return whether a database may use a credential; False when either does not exist."""
        async with self._catalog.read() as rows:
            row = await rows.credential(provider, name)
        return row is not None and in_scope(row, database_id)

    async def resolve(self, database_id: str, provider: str, name: str) -> SecretStr:
        """Return a credential's secret for one request on behalf of a database. Never keep it.

        Raises:
            NotFoundError: There is no such credential or database.
            RuleError: The database is not in the credential's scope.
            SecretUnreadableError: The secret cannot be decrypted, or its source fails.
        """
        return await self._reveal(provider, name, await self._stored(provider, name, database_id), database_id)

    async def read_secret(
        self, provider: str, name: str, secret: SecretStr | SecretReference | None = None
    ) -> SecretStr:
        """Return a credential's secret, or a new one for it, for one connection test. Never keep it.

        Raises:
            NotFoundError: There is no such credential.
            RuleError: The new secret is not allowed.
            SecretUnreadableError: The secret cannot be decrypted, or its source fails.
        """
        if secret is None:
            return await self._reveal(provider, name, await self._stored(provider, name, None))
        findings = rules.Findings()
        findings.add("secret", secret_or_reference_problems(secret, self._words(provider)[0]))
        findings.raise_any()
        return await self._secrets.read(secret)

    async def check_secret(self, provider: str, name: str) -> bool:
        """Return whether the credential's secret is stored; a stored one is decrypted, a named source is not read.

        Raises:
            NotFoundError: There is no such credential.
            SecretUnreadableError: It is stored and cannot be decrypted.
        """
        stored = await self._stored(provider, name, None)
        if isinstance(stored, SecretReference):
            return False
        await self._reveal(provider, name, stored)
        return True

    async def _stored(self, provider: str, name: str, database_id: str | None) -> StoredSecret:
        """Return what a credential keeps, if the database (None: anyone) may use it."""
        async with self._catalog.read() as rows:
            row = await self._row(rows, provider, name, None)
            database = await existing_database(rows, database_id) if database_id is not None else None
            stored = await rows.stored_secret(row.id)
        if stored is None or (database is not None and not in_scope(row, database.id)):
            noun, label = self._words(provider)
            whose = database.name if database is not None else ""
            raise RuleError(
                f"The database '{whose}' is not in the scope of the {label} {noun} '{name}'.",
                field="credential",
                hint=f"Add the database to the scope of the {noun} on the page of the integration.",
            )
        return stored

    async def _reveal(
        self, provider: str, name: str, stored: StoredSecret, database_id: str | None = None
    ) -> SecretStr:
        """Return the secret; one that was sealed anew between reading and decrypting is read again."""
        try:
            return await self._secrets.reveal(stored, owner_of(provider, name))
        except SecretUnreadableError as error:
            now = await self._stored(provider, name, database_id)
            if now != stored:
                return await self._reveal(provider, name, now, database_id)
            noun, label = self._words(provider)
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

    def _words(self, provider: str) -> tuple[str, str]:
        """Return the noun and the label of a provider; of one that the catalogue no longer has, too."""
        info = self._providers.find(provider)
        return (info.credential_noun, info.label) if info else ("credential", provider)
