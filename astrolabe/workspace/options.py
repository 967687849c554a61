"""What a workspace is opened with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from astrolabe.dataapi.engine.limits import DatabaseLimits
from astrolabe.providers.catalogue.setup import ProviderSetup
from astrolabe.providers.rerank.engine import RerankerAccess
from astrolabe.providers.simulated.rules import Rule
from storage.embedding_cache.cache import DEFAULT_BYTES
from storage.secrets.keyring import KeyPlace

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8181
"""The port that the Data API's own server has, too."""


def base_address(host: str, port: int, *, tls: bool = False) -> str:
    """Return the address of a server on a host and port."""
    named = f"[{host}]" if ":" in host else host
    return f"{'https' if tls else 'http'}://{named}:{port}"


LOCAL_ENDPOINT = base_address(DEFAULT_HOST, DEFAULT_PORT)
"""Where `astrolabe serve` answers unless told otherwise."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class WorkspaceOptions:
    """What a workspace is opened with.

    Attributes:
        data_dir: The data folder; created with mode 0700 when it is missing.
        provider_urls: Addresses in place of the catalogue's, by provider key.
        provider_setups: All else that is set for a provider, by provider key; its address counts before the above.
        unlisted_models: Whether models are offered that the providers have and Astra DB does not list.
        rerankers: How reranking models are reached, by provider key; those that are missing are not asked.
        allow_plain_http: Whether a provider on another machine may be spoken to without TLS.
        read_only: Refuse every change, in the portal and in the databases.
        key_place: Where the key of the stored secrets is kept.
        cache_bytes: Size that the cache of embeddings may grow to; None for no cache.
        served_at: The address of the server of this data folder, as the settings have it.
        default_database: Name or id of the database that the bare address belongs to, if any.
        now: The clock for everything that is recorded.
        user: Who is noted in the audit trail; the operating system's name of the user when None.
        minilm_folder: Folder with the files of all-MiniLM-L6-v2; None takes the package that carries them.
        limits: What every database may hold.
        open_databases: How many databases are open at once; as many as the process's descriptors allow when None.
        troubles: What the failure lab answers in this process, beside what is kept with the data.
    """

    data_dir: Path
    provider_urls: Mapping[str, str] = field(default_factory=dict)
    rerankers: Mapping[str, RerankerAccess] = field(default_factory=dict)
    allow_plain_http: bool = False
    read_only: bool = False
    provider_setups: Mapping[str, ProviderSetup] = field(default_factory=dict)
    unlisted_models: bool = False
    key_place: KeyPlace = KeyPlace.AUTO
    cache_bytes: int | None = DEFAULT_BYTES
    served_at: str = LOCAL_ENDPOINT
    default_database: str | None = None
    now: Callable[[], datetime] = _utc_now
    user: str | None = None
    minilm_folder: Path | None = None
    limits: DatabaseLimits = field(default_factory=DatabaseLimits)
    open_databases: int | None = None
    troubles: tuple[Rule, ...] = ()
