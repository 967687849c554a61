"""Commands on the database."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from astrolabe.dataapi.language.commands.base import Command, CommandPart, NewName, NoOptions, OldName, Text
from astrolabe.dataapi.language.values import shown
from astrolabe.dataapi.protocol import Json
from astrolabe.providers.catalogue.provider_info import ModelStatus


def _known_status(value: str) -> str:
    if value and value.upper() not in set(ModelStatus):
        known = ", ".join(ModelStatus)
        message = f"must be one of {known}, or empty for all"
        raise ValueError(message)
    return value


STRATEGIES = ("SimpleStrategy", "NetworkTopologyStrategy")
"""Replication classes of keyspaces."""


def _known_strategy(replication: Json) -> Json:
    strategy = replication.get("class")
    if strategy not in STRATEGIES:
        message = f"'class' must be one of {' and '.join(STRATEGIES)}, not {shown(strategy)}"
        raise ValueError(message)
    return replication


class KeyspaceOptions(CommandPart):
    """Replication is understood and has no meaning on one machine."""

    replication: Annotated[Json, AfterValidator(_known_strategy)] | None = None


class CreateKeyspace(Command):
    """Create a keyspace unless it exists."""

    name: NewName
    options: KeyspaceOptions | None = None


class DropKeyspace(Command):
    """Drop a keyspace and everything in it."""

    name: OldName
    options: NoOptions = None


class FindKeyspaces(Command):
    """List the keyspaces."""

    options: NoOptions = None


class CreateNamespace(CreateKeyspace):
    """Deprecated spelling of :class:`CreateKeyspace`."""


class DropNamespace(DropKeyspace):
    """Deprecated spelling of :class:`DropKeyspace`."""


class FindNamespaces(FindKeyspaces):
    """Deprecated spelling of :class:`FindKeyspaces`."""


class ProviderOptions(CommandPart):
    """Which models to list; null and empty text mean all, in any life cycle."""

    filter_model_status: Annotated[Text, AfterValidator(_known_status)] | None = None


class FindEmbeddingProviders(Command):
    """List the embedding providers; without ``options`` only supported models are shown."""

    options: ProviderOptions | None = None


class FindRerankingProviders(FindEmbeddingProviders):
    """List the reranking providers."""
