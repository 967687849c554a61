"""The providers that a workspace's options set up: their catalogue, and the engine that asks them."""

from __future__ import annotations

from astrolabe.portal.failure_lab import FailureLab
from astrolabe.providers.catalogue.catalogue import Catalogue, load_catalogue
from astrolabe.providers.embedding.engine import EmbeddingEngine
from astrolabe.providers.local.models import LocalModels
from astrolabe.workspace.options import WorkspaceOptions
from storage.embedding_cache.cache import EmbeddingCache


def catalogue_of(options: WorkspaceOptions) -> Catalogue:
    """Return the providers and models there are with these settings."""
    return load_catalogue(
        configured=_urls(options).keys(),
        setups=options.provider_setups,
        unlisted_models=options.unlisted_models,
        local_models=LocalModels(minilm_folder=options.minilm_folder),
    )


def embedding_engine(
    options: WorkspaceOptions, catalogue: Catalogue, cache: EmbeddingCache, lab: FailureLab
) -> EmbeddingEngine:
    """Return what turns texts into vectors, with the addresses, keys and the cache that the settings ask for."""
    return EmbeddingEngine(
        catalogue,
        urls=_urls(options),
        keys={key: setup.key for key, setup in options.provider_setups.items() if setup.key is not None},
        allow_plain_http=options.allow_plain_http,
        cache=cache if options.cache_bytes else None,
        lab=lab,
        now=options.now,
    )


def _urls(options: WorkspaceOptions) -> dict[str, str]:
    """Return the addresses that the settings give providers, by key."""
    set_up = {key: setup.address for key, setup in options.provider_setups.items() if setup.address}
    return dict(options.provider_urls) | set_up
