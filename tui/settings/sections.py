"""The sections of the settings: what each of them may say."""

from __future__ import annotations

from dataclasses import fields
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
)

from astrolabe.dataapi.engine.limits import DatabaseLimits
from astrolabe.dataapi.language.allowances import ASTRA_LIMITS, CommandLimits
from astrolabe.serving.options import LARGEST_REQUEST, MOST_CONNECTIONS
from astrolabe.workspace import DEFAULT_HOST, DEFAULT_PORT, base_address
from storage.embedding_cache.cache import DEFAULT_BYTES
from storage.secrets.keyring import KeyPlace
from tui.settings.providers import listed

_MEGABYTE = 1024 * 1024


class LogLevel(StrEnum):
    """How much is written to the log file."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """How the server writes its lines about requests."""

    TEXT = "text"
    JSON = "json"


class SecretsSettings(BaseModel):
    """How stored secrets are kept."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key_source: KeyPlace = KeyPlace.AUTO
    """Where the key is kept that encrypts them: ``auto`` is the key file, unless the keyring holds it already."""


class EmbeddingCacheSettings(BaseModel):
    """Whether vectors of texts are kept, so that no provider is asked twice for the same."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = True
    """Whether the cache is used."""
    size_mb: int = Field(default=DEFAULT_BYTES // _MEGABYTE, ge=1, le=1_000_000)
    """Megabytes that it may grow to; then what was not used for the longest time goes."""

    @property
    def most_bytes(self) -> int | None:
        """The size in bytes; None when the cache is off."""
        return self.size_mb * _MEGABYTE if self.enabled else None


class LimitsSettings(BaseModel):
    """What every database may hold, over all its keyspaces, and what one command may bring or ask for.

    Those whose least value is Astra DB's are what the console, the loads and the clients go by.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    collections: int = Field(default=DatabaseLimits().collections, ge=1, le=1_000_000)
    """Collections."""
    indexes: int = Field(default=DatabaseLimits().indexes, ge=1, le=1_000_000)
    """Indexes of all collections and tables together."""
    insert_documents: int = Field(default=ASTRA_LIMITS.insert_documents, ge=ASTRA_LIMITS.insert_documents, le=10_000)
    """Documents or rows of one insertMany."""
    document_characters: int = Field(default=ASTRA_LIMITS.document_characters, ge=1000, le=100_000_000)
    """Characters of a document as JSON."""
    document_depth: int = Field(default=ASTRA_LIMITS.document_depth, ge=1, le=100)
    """Objects and arrays inside one another."""
    object_properties: int = Field(default=ASTRA_LIMITS.object_properties, ge=1, le=100_000)
    """Indexed properties of one object."""
    document_properties: int = Field(default=ASTRA_LIMITS.document_properties, ge=1, le=100_000)
    """Indexed properties of a document."""
    array_elements: int = Field(default=ASTRA_LIMITS.array_elements, ge=1, le=1_000_000)
    """Elements of an indexed array."""
    string_bytes: int = Field(default=ASTRA_LIMITS.string_bytes, ge=1, le=10_000_000)
    """Bytes of an indexed string."""
    vector_dimension: int = Field(default=ASTRA_LIMITS.vector_dimension, ge=1, le=65_536)
    """Numbers of a vector of a collection."""
    filter_comparisons: int = Field(default=ASTRA_LIMITS.filter_comparisons, ge=1, le=10_000)
    """Comparisons of a filter."""
    filter_values: int = Field(default=ASTRA_LIMITS.filter_values, ge=ASTRA_LIMITS.filter_values, le=10_000)
    """Values of one ``$in``, ``$nin`` or ``$all`` of a collection."""
    sorted_documents: int = Field(default=ASTRA_LIMITS.sorted_documents, ge=1, le=10_000_000)
    """Documents or rows that a sort by fields looks at."""
    found_documents: int = Field(default=ASTRA_LIMITS.found_documents, ge=ASTRA_LIMITS.found_documents, le=100_000)
    """Documents or rows of a search."""
    counted_documents: int = Field(default=ASTRA_LIMITS.counted_documents, ge=1, le=10_000_000)
    """Where countDocuments stops."""

    @property
    def per_database(self) -> DatabaseLimits:
        """The limits as a database is opened with them."""
        commands = {limit.name: getattr(self, limit.name) for limit in fields(CommandLimits)}
        return DatabaseLimits(self.collections, self.indexes, commands=CommandLimits(**commands))


class EmbeddedSettings(BaseModel):
    """The models of the Embedded provider."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    minilm_dir: Path | None = None
    """Folder with ``model.safetensors`` and ``tokenizer.json`` of all-MiniLM-L6-v2; None takes their package."""

    @field_validator("minilm_dir")
    @classmethod
    def _whole_path(cls, path: Path | None) -> Path | None:
        return path and path.expanduser().absolute()


class ServerSettings(BaseModel):
    """Where ``astrolabe serve`` listens, and whom it answers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = DEFAULT_HOST
    """Name or address to listen on."""
    port: int = Field(default=DEFAULT_PORT, ge=0, le=65535)
    """Port to listen on; 0 takes a free one."""
    token: SecretStr | None = None
    """The one accepted token, in place of the stored ones."""
    require_token: bool = True
    """Whether requests need a token."""
    database: str | None = None
    """Database of requests that name none."""
    certificate: Path | None = None
    """TLS certificate chain, PEM."""
    key: Path | None = None
    """The certificate's private key, PEM."""
    host_names: Annotated[tuple[str, ...], BeforeValidator(listed)] = ()
    """Names of this machine that requests without a token may be addressed to, beside those of loopback."""

    port_per_database: bool = False
    """Whether every database has a port of its own, too."""
    astra_host_names: bool = False
    """Whether the host names that Astra DB would give the databases are answered, with TLS."""
    astra_port: int = Field(default=443, ge=0, le=65535)
    """Port of these host names; 0 takes a free one."""
    log_format: LogFormat = LogFormat.TEXT
    """How the lines about requests are written on stderr."""
    log_bodies: bool = False
    """Whether they have what was sent and answered, too, with secrets masked."""
    connections: int = Field(default=MOST_CONNECTIONS, ge=8, le=100_000)
    """Connections at once, where the process may have twice as many descriptors."""
    largest_request_mb: int = Field(default=LARGEST_REQUEST // _MEGABYTE, ge=1, le=100)
    """Megabytes of a request's body."""
    requests_per_second: int = Field(default=0, ge=0, le=1_000_000)
    """Requests that are taken in a second; 0 for any number."""
    slow_ms: int = Field(default=1000, ge=0, le=3_600_000)
    """Milliseconds from which on a request is marked as slow."""
    compare: str | None = None
    """Address of another server that is sent every request to the default database, too, to compare the answers."""
    compare_token: SecretStr | None = None
    """The token that it is sent."""

    @property
    def address(self) -> str:
        """The server's address, without a path."""
        return base_address(self.host, self.port, tls=self.certificate is not None)

    @field_validator("certificate", "key")
    @classmethod
    def _whole_path(cls, path: Path | None) -> Path | None:
        return path and path.expanduser().absolute()

    @field_validator("token")
    @classmethod
    def _not_blank(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and not token.get_secret_value().strip():
            raise ValueError("a blank token would keep nobody out")
        return token
