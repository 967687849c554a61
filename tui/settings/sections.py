"""The sections of the settings: what each of them may say."""

from __future__ import annotations

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
    """What every database may hold, over all its keyspaces."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    collections: int = Field(default=DatabaseLimits().collections, ge=1, le=1_000_000)
    """Collections."""
    indexes: int = Field(default=DatabaseLimits().indexes, ge=1, le=1_000_000)
    """Indexes of all collections and tables together."""

    @property
    def per_database(self) -> DatabaseLimits:
        """The limits as a database is opened with them."""
        return DatabaseLimits(self.collections, self.indexes)


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
