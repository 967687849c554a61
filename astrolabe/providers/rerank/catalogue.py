"""The reranking models, read from ``rerankers.toml`` beside this module."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from astrolabe.providers.catalogue.provider_info import (
    AuthenticationMode,
    AuthenticationToken,
    AuthenticationType,
    Hosting,
    ModelStatus,
    ProviderInfo,
)

RERANKING_KEY_HEADER = "reranking-api-key"
"""The header that carries a reranker's key for one request."""


@dataclass(frozen=True, slots=True)
class RerankModel:
    """A reranking model: its name, whether it is its provider's default, and its life cycle."""

    name: str
    is_default: bool = False
    status: ModelStatus = ModelStatus.SUPPORTED
    status_message: str = ""


@dataclass(frozen=True, slots=True)
class RerankerInfo:
    """A provider of reranking models.

    Attributes:
        key: What goes into ``service.provider``; case-sensitive.
        label: How messages call it.
        display_name: How findRerankingProviders calls it.
        is_default: Whether collections get it that name none.
        passages: Passages in one request.
        words: JSON pointers to its own words in an error, the first that exists counts.
        models: In their order.
    """

    key: str
    label: str
    display_name: str
    is_default: bool
    passages: int
    words: tuple[str, ...]
    models: tuple[RerankModel, ...]

    def model(self, name: str) -> RerankModel | None:
        """Return the model of that name, or None."""
        return next((model for model in self.models if model.name == name), None)

    @property
    def authentication(self) -> Mapping[AuthenticationType, AuthenticationMode]:
        """The ways of authentication: none, or a key in a header."""
        token = AuthenticationToken(RERANKING_KEY_HEADER, "Authorization")
        return {
            AuthenticationType.NONE: AuthenticationMode(enabled=True),
            AuthenticationType.HEADER: AuthenticationMode(enabled=True, tokens=(token,)),
        }

    @property
    def as_provider(self) -> ProviderInfo:
        """What the errors of providers say of it."""
        return ProviderInfo(
            key=self.key,
            label=f"{self.label} reranking",
            hosting=Hosting.HOSTED,
            url=None,
            credential_noun="key",
            models=(),
            parameters=(),
            batch_limit=self.passages,
            description="",
        )


@dataclass(frozen=True, slots=True)
class Rerankers:
    """The providers of reranking models."""

    providers: tuple[RerankerInfo, ...]

    def find(self, key: str) -> RerankerInfo | None:
        """Return the provider of that key (case-sensitive), or None."""
        return next((provider for provider in self.providers if provider.key == key), None)

    @property
    def default(self) -> tuple[RerankerInfo, RerankModel]:
        """The default provider and its default model."""
        provider = next(provider for provider in self.providers if provider.is_default)
        return provider, next(model for model in provider.models if model.is_default)


@lru_cache(maxsize=1)
def load_rerankers() -> Rerankers:
    """Read the catalogue."""
    text = resources.files(__package__).joinpath("rerankers.toml").read_text(encoding="utf-8")
    entries: list[dict[str, Any]] = tomllib.loads(text)["reranker"]
    return Rerankers(tuple(_reranker(entry) for entry in entries))


def _reranker(entry: dict[str, Any]) -> RerankerInfo:
    models = tuple(_model(model) for model in entry.pop("model"))
    default = entry.pop("default", False)
    return RerankerInfo(**entry | {"words": tuple(entry["words"])}, is_default=default, models=models)


def _model(entry: dict[str, Any]) -> RerankModel:
    status = ModelStatus(entry.pop("status", ModelStatus.SUPPORTED))
    return RerankModel(entry["name"], entry.get("default", False), status, entry.get("status_message", ""))
