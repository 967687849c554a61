"""Checks of a credential against the catalog, used before and inside the transaction that writes it."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import SecretStr

from astrolabe.errors import ConflictError, NotFoundError
from astrolabe.portal import rules
from astrolabe.portal.organization import CredentialDraft
from astrolabe.providers.catalogue.provider_info import Hosting, ProviderInfo
from storage.catalog.catalog import CatalogReader
from storage.catalog.rows import CredentialRow, DatabaseRow
from storage.secrets.references import SecretReference


async def check_draft(rows: CatalogReader, draft: CredentialDraft, provider: ProviderInfo) -> list[DatabaseRow]:
    """Return the rows of the draft's databases, or raise everything that is wrong with it."""
    findings = rules.Findings()
    noun = provider.credential_noun
    if provider.hosting is Hosting.HOSTED:
        findings.add("provider", [f"{provider.label} is hosted: it needs no credential and takes none."])
    if provider.open_model is not None:
        findings.add(
            "provider", ["A connection string is more than a key: `astrolabe connection-strings create` makes one."]
        )
    findings.add("name", rules.credential_name_problems(draft.name, noun=noun))
    if await rows.credential(draft.provider, draft.name):
        findings.add("name", [rules.credential_name_taken(draft.name, noun=noun)], ConflictError)
    findings.add("secret", secret_or_reference_problems(draft.secret, noun))
    if isinstance(draft.secret, SecretStr) and draft.secret.get_secret_value().strip() == draft.name:
        findings.add("name", [f"The name is the {noun} itself, and names are shown everywhere. Choose another one."])
    databases = await check_databases(rows, draft.database_ids, findings)
    findings.raise_any()
    return databases


async def check_databases(
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


def secret_or_reference_problems(secret: SecretStr | SecretReference, noun: str) -> list[str]:
    """Return what is wrong with a typed secret, or with the place that one is to be read from."""
    if isinstance(secret, SecretReference):
        return rules.reference_problems(secret)
    return rules.secret_problems(secret.get_secret_value(), noun=noun)


def in_scope(row: CredentialRow, database_id: str) -> bool:
    """Return whether a credential's scope has a database."""
    return any(database.id == database_id for database in row.databases)


def hosted_for(provider: ProviderInfo, database: DatabaseRow) -> bool:
    """Whether the provider needs no credential and is offered where the database is."""
    return provider.hosting is Hosting.HOSTED and provider.offered_in(database.region)
