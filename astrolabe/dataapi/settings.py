"""A collection's settings: the JSON that is stored with it, and their typed reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from astrolabe.dataapi.language.ids import DefaultId
from astrolabe.dataapi.language.indexing import IndexingRules, parse_indexing
from astrolabe.dataapi.protocol import Json
from astrolabe.dataapi.services import read_service
from astrolabe.portal.model import ServiceConfig
from storage.model import COLLECTION_VECTOR, Container, ContainerKind, Metric, VectorSpec

DISABLED = {"enabled": False}
"""What ``lexical`` and ``rerank`` of a collection say while it has neither."""

INDEXES_OF_FIELDS = 8
"""Indexes that a collection takes upstream for its ordinary fields."""


@dataclass(frozen=True, slots=True)
class CollectionSettings:
    """What a collection's commands have to know of it.

    Attributes:
        default_id: Type of the ids that are generated; None means UUIDs as plain text.
        dimension: Length of its vectors; None when it has none.
        metric: Similarity metric; None when it has no vectors.
        service: What embeds its texts; None when nothing does.
        indexing: Which of its fields are indexed.
    """

    default_id: DefaultId | None = None
    dimension: int | None = None
    metric: Metric | None = None
    service: ServiceConfig | None = None
    indexing: IndexingRules = field(default_factory=IndexingRules)


def read_settings(definition: Mapping[str, Any]) -> CollectionSettings:
    """Read a stored definition; it was checked before it was stored."""
    vector = definition.get("vector") or {}
    service = vector.get("service")
    default_id = (definition.get("defaultId") or {}).get("type")
    return CollectionSettings(
        default_id=DefaultId(default_id) if default_id else None,
        dimension=int(vector["dimension"]) if vector else None,
        metric=Metric(vector["metric"]) if vector else None,
        service=read_service(service) if service else None,
        indexing=parse_indexing(definition.get("indexing")),
    )


def vector_specs(definition: Mapping[str, Any]) -> dict[str, VectorSpec]:
    """Return the named vectors that a definition asks the store for: one, or none."""
    settings = read_settings(definition)
    if settings.dimension is None or settings.metric is None:
        return {}
    return {COLLECTION_VECTOR: VectorSpec(settings.dimension, settings.metric)}


def indexes_used(container: Container) -> int:
    """Return how many indexes a collection or table takes out of the database's allowance, as upstream counts."""
    definition = container.definition
    if container.kind is ContainerKind.TABLE:
        return len(definition.get("indexes") or ())
    denied = (definition.get("indexing") or {}).get("deny") == ["*"]
    lexical = bool((definition.get("lexical") or {}).get("enabled"))
    return (0 if denied else INDEXES_OF_FIELDS) + bool(container.vectors) + lexical


def same_settings(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two definitions mean the same; the order of indexing paths does not count."""
    return _comparable(one) == _comparable(other)


def _comparable(definition: Mapping[str, Any]) -> Json:
    indexing = definition.get("indexing") or {}
    return {**definition, "indexing": {kind: sorted(paths) for kind, paths in indexing.items()}}
