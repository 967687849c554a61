"""The shapes of the organization: databases, integrations, credentials and scopes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import SecretStr

from astrolabe.providers.catalogue.provider_info import Hosting, ModelInfo, ProviderInfo
from storage.secrets.references import SecretReference

DEFAULT_KEYSPACE = "default_keyspace"
"""The keyspace that every database has from the start."""

MOST_DATABASES_AT_ONCE = 10
"""How many databases one dialog may add to a scope; a scope itself has no limit."""


class DatabaseStatus(StrEnum):
    """Life of a database. On this machine it is initializing, then active; the others are Astra DB's.

    A database of this machine may be added to a scope in either state.
    """

    INITIALIZING = "initializing"
    ACTIVE = "active"
    MAINTENANCE = "maintenance"
    HIBERNATED = "hibernated"
    RESUMING = "resuming"
    TERMINATING = "terminating"
    TERMINATED = "terminated"
    ERROR = "error"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Database:
    """A database of the organization."""

    id: str
    name: str
    cloud_provider: str
    region: str
    status: DatabaseStatus
    created_at: datetime

    @property
    def label(self) -> str:
        """How it stands in a list of databases that may be chosen: name, region and status."""
        return f"{self.name}  ({self.region}, {self.status})"


@dataclass(frozen=True, slots=True)
class DatabaseDraft:
    """What the Create database dialog asks for. The name is unique; the keyspace ``default_keyspace`` always exists."""

    name: str
    cloud_provider: str = "aws"
    region: str = "us-east-2"


@dataclass(frozen=True, slots=True)
class Credential:
    """A named secret of one integration. The secret itself is write-only and not in here.

    Attributes:
        id: Stable number in the catalog.
        provider: The provider's key.
        name: Immutable, unique in its integration.
        masked: What may be shown of the secret: its last four characters behind dots, or the reference it is read
            from (``$HF_TOKEN``).
        created_at: When it was added.
        databases: The databases in its scope, by name.
        version: Changes with every change of the credential and is never used again, not even for another credential
            of the same name. Pass it back to change only what was read.
    """

    id: int
    provider: str
    name: str
    masked: str
    created_at: datetime
    databases: tuple[Database, ...] = ()
    version: int = 0


@dataclass(frozen=True, slots=True)
class CredentialDraft:
    """What the Add integration and Add API key dialogs ask for; ``repr`` shows no secret.

    Attributes:
        provider: The provider's key.
        name: The credential's name.
        secret: The secret, kept encrypted; or where to read it from at each use, in which case it is not kept at all.
        database_ids: The databases that go into its scope at once.
    """

    provider: str
    name: str
    secret: SecretStr | SecretReference
    database_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Integration:
    """One provider in the organization: active while it has at least one credential, or is hosted and available."""

    provider: ProviderInfo
    credentials: tuple[Credential, ...] = ()

    @property
    def active(self) -> bool:
        """Whether the tile says Active."""
        if self.provider.hosting is Hosting.HOSTED:
            return self.provider.available
        return bool(self.credentials) or self.provider.keyless


@dataclass(frozen=True, slots=True)
class VectorizeChoice:
    """One entry of "Embedding generation method" for a given database.

    Attributes:
        provider: The integration's provider.
        credentials: Those whose scope has the database; empty for hosted providers, and for a server of the settings
            that needs none. The credential field is active only when there are several.
        models: The models that may be chosen.
        models_by_credential: The models of each credential, where they are not the same for all.
    """

    provider: ProviderInfo
    credentials: tuple[Credential, ...]
    models: tuple[ModelInfo, ...]
    models_by_credential: Mapping[str, tuple[ModelInfo, ...]] = field(default_factory=dict)

    def models_of(self, credential: str | None) -> tuple[ModelInfo, ...]:
        """Return the models that may be chosen with a credential."""
        return self.models_by_credential.get(credential or "", self.models)


@dataclass(frozen=True, slots=True)
class ServiceConfig:
    """``vector.service`` of a collection or column, validated and normalised.

    Attributes:
        provider: Provider key.
        model: Model name.
        credential: ``NAME.providerKey`` or None (no stored credential: header, or hosted).
        parameters: As given, without defaults filled in.
    """

    provider: str
    model: str
    credential: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def credential_name(self) -> str | None:
        """The credential's name without the ``.providerKey`` suffix."""
        return self.credential.removesuffix(".providerKey") if self.credential else None


@dataclass(frozen=True, slots=True)
class Unread:
    """A database whose collections and tables could not be read, so that nobody knows what they use.

    Attributes:
        database: The database.
        reason: Why, in complete sentences.
    """

    database: Database
    reason: str


@dataclass(frozen=True, slots=True)
class Dependent:
    """A collection or table column that vectorizes with a stored credential, and so stops when the credential goes.

    Attributes:
        database: The database it is in.
        keyspace: Its keyspace.
        name: The collection or table.
        service: What it embeds with; names the credential.
        dimension: Length of its vectors.
        column: The table's vector column; None for a collection.
    """

    database: Database
    keyspace: str
    name: str
    service: ServiceConfig
    dimension: int
    column: str | None = None

    @property
    def label(self) -> str:
        """How it is listed: ``shop: default_keyspace.articles``."""
        column = f".{self.column}" if self.column else ""
        return f"{self.database.name}: {self.keyspace}.{self.name}{column}"

    @property
    def credential(self) -> tuple[str, str]:
        """The credential it uses: provider key and name."""
        return self.service.provider, self.service.credential_name or ""


@dataclass(frozen=True, slots=True)
class RemovedCredential:
    """A credential that was removed and not added again since: what must match to bring its collections back.

    Attributes:
        provider: The provider's key.
        name: Its name.
        databases: The databases of its scope that still exist, by name.
        gone: How many of its scope have been deleted since.
        removed_at: When.
    """

    provider: str
    name: str
    databases: tuple[Database, ...]
    gone: int
    removed_at: datetime
