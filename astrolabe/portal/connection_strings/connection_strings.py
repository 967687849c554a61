"""Connection strings: AI services of the user's own description, used by collections as if they were credentials.

Each is a credential of the provider ``connectionString``, named by its identifier, with a row beside it that says where
it leads. So scopes, rehearsal, removal and the change of the key are those of credentials, with nothing said twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import SecretStr

from astrolabe.errors import ConflictError, CorruptStoreError, NotFoundError, RuleError
from astrolabe.portal.audit.trail import AuditTrail, credential_of, database_of
from astrolabe.portal.connection_strings import rules
from astrolabe.portal.connection_strings.connection_string import ConnectionString, ConnectionStringDraft
from astrolabe.portal.credentials.checks import check_databases
from astrolabe.portal.credentials.integrations import Integrations
from astrolabe.portal.credentials.secrets import CredentialSecrets, owner_of
from astrolabe.portal.organization import ServiceConfig, VectorizeChoice
from astrolabe.portal.rules import Findings, in_one_line
from astrolabe.providers.catalogue.address import AddressError
from astrolabe.providers.catalogue.catalogue import CONNECTION_STRING, Catalogue
from astrolabe.providers.catalogue.connectors import Connector, FieldKind, get_connector, model_of, spec_of
from astrolabe.providers.catalogue.provider_info import EmbeddingSpec, ModelInfo
from storage.catalog.catalog import Catalog, CatalogReader, CatalogWriter
from storage.catalog.connection_string_rows import ConnectionStringRow
from storage.catalog.rows import CredentialRow, NewCredential, StoredSecret
from storage.secrets.references import SecretReference

_NO_SECRET = SecretStr("")
"""What is sealed for a connector without a key, so that there is one place for all secrets."""

# Inside the class, ``list`` is its method.
_StringList = list[ConnectionString]
_Messages = list[str]
_Ids = list[str]


class ConnectionStrings:
    """Creates, changes, lists and resolves connection strings.

    Args:
        catalog: Where they are kept.
        providers: The catalogue; some connectors speak like one of its providers.
        integrations: The credentials that carry the secrets and scopes.
        secrets: Seals and reveals the secrets.
        trail: Notes every change.
        allow_plain_http: Whether an address on another machine may be without TLS.
    """

    def __init__(
        self,
        catalog: Catalog,
        providers: Catalogue,
        integrations: Integrations,
        secrets: CredentialSecrets,
        trail: AuditTrail | None = None,
        *,
        allow_plain_http: bool = False,
    ) -> None:
        self._catalog = catalog
        self._providers = providers
        self._integrations = integrations
        self._secrets = secrets
        self._trail = trail or AuditTrail()
        self._allow_plain_http = allow_plain_http

    async def list(self) -> _StringList:
        """Return all connection strings, by name."""
        async with self._catalog.read() as rows:
            return await _all(rows)

    async def get(self, name_or_identifier: str) -> ConnectionString:
        """Return the connection string of that identifier or name.

        Raises:
            NotFoundError: There is none.
        """
        async with self._catalog.read() as rows:
            return _found(await _all(rows), name_or_identifier)

    async def create(self, draft: ConnectionStringDraft, *, secret_follows: bool = False) -> ConnectionString:
        """Add a connection string; the service is not asked.

        Args:
            draft: What it is to be.
            secret_follows: Whether it may come without its secret, as an export without secrets does.

        Raises:
            ConflictError: The name or the identifier is taken.
            NotFoundError: There is no such connector, or a database is gone.
            RuleError: Something is not allowed; ``problems`` has all of it.
            SecretUnreadableError: The key for stored secrets cannot or must not be used.
            ReadOnlyError: The program runs in read-only mode.
        """
        self._catalog.require_writable()
        identifier = draft.identifier or rules.generate_identifier(draft.name)
        async with self._catalog.read() as rows:
            # Asked before the secret is sealed, so that a refused draft leaves no trace, and again when it is written.
            await self._check(rows, draft, None, secret_optional=secret_follows)
        stored, masked = await self._keep(draft.kind, draft.secret or _NO_SECRET, identifier)
        async with self._catalog.write() as rows:
            databases = await self._check(rows, draft, None, secret_optional=secret_follows)
            if not await self._secrets.opens(stored):
                stored, masked = await self._keep(draft.kind, draft.secret or _NO_SECRET, identifier)
            new = NewCredential(CONNECTION_STRING, identifier, stored, masked, self._trail.now())
            number = await rows.insert_credential(new, databases)
            await self._put(rows, number, draft)
            await self._note(rows, "connection.create", draft.name, identifier)
            return _found(await _all(rows), identifier)

    async def edit(
        self, identifier: str, draft: ConnectionStringDraft, *, version: int | None = None
    ) -> ConnectionString:
        """Change everything but the identifier; without a secret in the draft, the one there is stays.

        Raises:
            ConflictError: It has been changed since, or the name is taken.
            NotFoundError: There is no such connection string, or what :meth:`create` says.
            RuleError: Something is not allowed; ``problems`` has all of it.
            SecretUnreadableError: The key for stored secrets cannot or must not be used.
        """
        self._catalog.require_writable()
        async with self._catalog.read() as rows:
            await self._check(rows, draft, _found(await _all(rows), identifier))
        kept = None if draft.secret is None else await self._keep(draft.kind, draft.secret, identifier)
        async with self._catalog.write() as rows:
            before = _found(await _all(rows), identifier)
            _check_version(before, version)
            databases = await self._check(rows, draft, before)
            row = await rows.credential(CONNECTION_STRING, identifier)
            if row is None:
                raise _none(identifier)
            if kept is None and before.connector.key != draft.kind.key:
                kept = await self._keep(draft.kind, _NO_SECRET, identifier)  # another connector's key is none of ours
            stored = kept or (await rows.stored_secret(row.id), before.masked)
            if stored[0] is not None:
                await rows.replace_secret(row.id, stored[0], stored[1])
            await self._put(rows, row.id, draft)
            if draft.database_ids is not None:
                await _set_scope(rows, row, databases)
            await self._note(rows, "connection.edit", draft.name, identifier)
            return _found(await _all(rows), identifier)

    async def remove(self, identifier: str, *, version: int | None = None) -> None:
        """Remove a connection string; collections that use it stop vectorizing at once.

        Raises:
            ConflictError: It has been changed since.
            NotFoundError: There is no such connection string.
        """
        await self._integrations.remove_credential(CONNECTION_STRING, identifier, version=version)

    async def secret(self, identifier: str) -> SecretStr | None:
        """Return the secret, for one export; None when it has none. Never keep it.

        Raises:
            NotFoundError: There is no such connection string.
            SecretUnreadableError: It cannot be decrypted, or its source fails.
        """
        string = await self.get(identifier)
        if string.connector.secret is None or not string.masked:
            return None
        return await self._integrations.read_secret(CONNECTION_STRING, string.identifier)

    async def read(self, secret: SecretStr | SecretReference) -> SecretStr:
        """Return a new secret as the service would get it, for one test; it is not kept.

        Raises:
            SecretUnreadableError: Its source fails.
        """
        return in_one_line(await self._secrets.read(secret))

    def settings_problems(self, connector: Connector, given: Mapping[str, Any]) -> dict[str, _Messages]:
        """Return what is wrong with a settings block, by the field's key."""
        return rules.settings_problems(connector, given, allow_plain_http=self._allow_plain_http)

    async def models(self, identifier: str) -> tuple[ModelInfo, ...]:
        """Return the one model that a connection string leads to; nothing when there is no such string."""
        found = [one for one in await self.list() if one.identifier == identifier]
        return tuple(model_of(one.connector, one.settings, self._providers) for one in found)

    async def choice(self, database_id: str) -> VectorizeChoice | None:
        """Return what "Embedding generation method" offers a database of connection strings; None when it has none."""
        usable = [
            one
            for one in await self.list()
            if not one.lacks_secret and any(database.id == database_id for database in one.databases)
        ]
        models = {one.identifier: (model_of(one.connector, one.settings, self._providers),) for one in usable}
        async with self._catalog.read() as rows:
            credentials = [credential_of(row) for row in await rows.credentials(CONNECTION_STRING)]
        chosen = tuple(one for one in credentials if one.name in models)
        if not chosen:
            return None
        provider = self._providers.get(CONNECTION_STRING)
        return VectorizeChoice(provider, chosen, models[chosen[0].name], models)

    async def connection(
        self, service: ServiceConfig, dimension: int, *, database_id: str | None = None
    ) -> tuple[EmbeddingSpec, SecretStr | None]:
        """Return how a collection's texts are embedded, and the secret for one request. Never keep it.

        Args:
            service: Names the connection string and the model.
            dimension: Length of the collection's vectors.
            database_id: On whose behalf, for the scope; None for a test.

        Raises:
            NotFoundError: There is no such connection string or database.
            RuleError: The database is not in its scope, or it leads to another model now.
            SecretUnreadableError: The secret cannot be decrypted, or its source fails.
        """
        string = await self.get(service.credential_name or "")
        if string.lacks_secret:
            raise no_secret(string)
        model = model_of(string.connector, string.settings, self._providers)
        if model.name != service.model:
            raise RuleError(
                f"The connection string '{string.name}' leads to the model '{model.name}' now, and the collection was "
                f"created with '{service.model}'. Vectors of two models cannot be compared.",
                field="model",
                hint="Put the former model back into the connection string, or create another collection.",
            )
        if database_id is None:
            secret = await self._integrations.read_secret(CONNECTION_STRING, string.identifier)
        else:
            secret = await self._integrations.resolve(database_id, CONNECTION_STRING, string.identifier)
        again = await self.get(string.identifier)
        if again.version != string.version:  # so that no key is sent to the address that another one belongs to
            return await self.connection(service, dimension, database_id=database_id)
        return self.spec(string.connector, string.settings, secret, dimension)

    def spec(
        self, connector: Connector, settings: Mapping[str, Any], secret: SecretStr | None, dimension: int | None
    ) -> tuple[EmbeddingSpec, SecretStr | None]:
        """Return what the engine needs to embed with a connector; the secret is None where it takes none.

        Raises:
            RuleError: The address is none.
        """
        account = rules.read_account(secret) if connector.token and secret is not None else None
        project = str((account or {}).get("project_id", ""))
        try:
            spec = spec_of(connector, settings, self._providers, dimension=dimension, project=project)
        except AddressError as error:
            raise RuleError(error.message, field=connector.address, hint=error.hint) from error
        return spec, secret if connector.secret is not None else None

    async def _check(
        self,
        rows: CatalogReader,
        draft: ConnectionStringDraft,
        before: ConnectionString | None,
        *,
        secret_optional: bool = False,
    ) -> _Ids:
        """Return the ids of the draft's databases, or raise everything that is wrong with it."""
        connector, findings = draft.kind, Findings()
        others = [one for one in await _all(rows) if before is None or one.identifier != before.identifier]
        findings.add("name", rules.name_problems(draft.name))
        if draft.name.strip() in {one.name for one in others}:
            findings.add("name", [rules.name_taken(draft.name.strip())], ConflictError)
        _check_identifier(draft, before, {one.identifier for one in others}, findings)
        for key, messages in self.settings_problems(connector, draft.settings).items():
            findings.add(key, messages)
        keeps = before is not None and before.connector.key == connector.key
        secret_problems = rules.secret_setting_problems(connector, draft.secret, optional=keeps or secret_optional)
        findings.add(connector.secret.key if connector.secret else "secret", secret_problems)
        wanted = list(dict.fromkeys(draft.database_ids or ()))
        already = {database.id for database in before.databases} if before is not None else set()
        added = await check_databases(rows, [one for one in wanted if one not in already], findings)
        findings.raise_any()
        return [one for one in wanted if one in already] + [database.id for database in added]

    async def _keep(
        self, connector: Connector, secret: SecretStr | SecretReference, identifier: str
    ) -> tuple[StoredSecret, str]:
        stored, masked = await self._secrets.keep(secret, owner_of(CONNECTION_STRING, identifier))
        field = connector.secret
        if field is not None and field.kind is FieldKind.SERVICE_ACCOUNT and isinstance(secret, SecretStr):
            masked = str((rules.read_account(secret) or {}).get("client_email", ""))
        return stored, masked if isinstance(secret, SecretReference) or secret.get_secret_value().strip() else ""

    async def _put(self, rows: CatalogWriter, number: int, draft: ConnectionStringDraft) -> None:
        settings = rules.kept_settings(draft.kind, draft.settings)
        await rows.put_connection_string(ConnectionStringRow(number, draft.name.strip(), draft.kind.key, settings))

    async def _note(self, rows: CatalogWriter, action: str, name: str, identifier: str) -> None:
        await self._trail.note(rows, action, name=name.strip(), identifier=identifier)


def _check_identifier(
    draft: ConnectionStringDraft, before: ConnectionString | None, taken: set[str], findings: Findings
) -> None:
    findings.add("identifier", rules.missing_identifier_problems(draft.name, draft.identifier))
    identifier = draft.identifier or rules.generate_identifier(draft.name)
    if before is not None and draft.identifier and identifier != before.identifier:
        fixed = (
            f"The identifier is fixed: collections refer to '{before.identifier}'. Create another connection string."
        )
        findings.add("identifier", [fixed])
    elif before is None and identifier:
        findings.add("identifier", rules.identifier_problems(identifier))
        if identifier in taken:
            findings.add("identifier", [rules.identifier_taken(identifier)], ConflictError)


async def _all(rows: CatalogReader) -> list[ConnectionString]:
    credentials = {row.id: row for row in await rows.credentials(CONNECTION_STRING)}
    return [
        _string(row, credentials[row.credential_id])
        for row in await rows.connection_strings()
        if row.credential_id in credentials
    ]


def _string(row: ConnectionStringRow, credential: CredentialRow) -> ConnectionString:
    try:
        connector = get_connector(row.connector)
    except NotFoundError as error:
        raise CorruptStoreError(f"The connection string '{row.name}' was written by a newer program.") from error
    return ConnectionString(
        name=row.name,
        identifier=credential.name,
        connector=connector,
        settings=row.settings,
        masked=credential.masked,
        created_at=credential.created_at,
        databases=tuple(map(database_of, credential.databases)),
        version=credential.version,
    )


def _found(strings: Sequence[ConnectionString], name_or_identifier: str) -> ConnectionString:
    for string in strings:
        if string.identifier == name_or_identifier:
            return string
    for string in strings:
        if string.name == name_or_identifier:
            return string
    raise _none(name_or_identifier)


def _none(name_or_identifier: str) -> NotFoundError:
    return NotFoundError(
        f"There is no connection string '{name_or_identifier}'.",
        field="credential",
        hint="Create one of exactly this identifier, with the databases that use it.",
    )


def no_secret(string: ConnectionString) -> RuleError:
    """Return the error of a connection string that came without its secret."""
    label = string.connector.secret.label if string.connector.secret is not None else "key"
    return RuleError(
        f"The connection string '{string.name}' has no {label} yet: it came from an export without secrets.",
        field="credential",
        hint="Edit the connection string and put it in.",
    )


def _check_version(string: ConnectionString, version: int | None) -> None:
    if version is not None and version != string.version:
        raise ConflictError(
            f"The connection string '{string.name}' has been changed by another window or program since it was read.",
            hint="Look at it again, then repeat what you wanted to do.",
        )


async def _set_scope(rows: CatalogWriter, row: CredentialRow, database_ids: Sequence[str]) -> None:
    wanted = set(database_ids)
    for database in row.databases:
        if database.id not in wanted:
            await rows.remove_from_scope(row.id, database.id)
    await rows.add_to_scope(row.id, sorted(wanted))
