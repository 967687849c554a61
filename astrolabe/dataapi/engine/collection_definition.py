"""A collection's settings: the JSON that is stored with it, and their typed reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from astrolabe.dataapi.engine.rerank.rules import RerankChoice
from astrolabe.dataapi.language.ids import DefaultId
from astrolabe.dataapi.language.indexing import parse_indexing
from astrolabe.dataapi.language.rules import CollectionRules
from astrolabe.dataapi.language.service import read_service
from astrolabe.dataapi.protocol import Json
from astrolabe.portal.organization import ServiceConfig
from storage.lexical.analyzers import STANDARD_ANALYZER
from storage.shapes import COLLECTION_VECTOR, Container, ContainerKind, Metric, VectorSpec

DISABLED = {"enabled": False}
"""What ``lexical`` and ``rerank`` of a collection say while it has neither."""

INDEXES_OF_FIELDS = 8
"""Indexes that a collection takes upstream for its ordinary fields."""


@dataclass(frozen=True, slots=True)
class CollectionDefinition:
    """What a collection's commands have to know of it.

    Attributes:
        rules: What its documents, filters and sorts are read against.
        service: What embeds its texts; None when nothing does.
        rerank: What puts results in order; None when reranking is off.
    """

    rules: CollectionRules
    service: ServiceConfig | None = None
    rerank: RerankChoice | None = None


def read_settings(container: Container) -> CollectionDefinition:
    """Read a stored collection's definition; it was checked before it was stored."""
    definition = container.definition
    default_id = (definition.get("defaultId") or {}).get("type")
    service = (definition.get("vector") or {}).get("service")
    rules = CollectionRules(
        name=f"{container.keyspace}.{container.name}",
        default_id=DefaultId(default_id) if default_id else None,
        vector=container.vectors.get(COLLECTION_VECTOR),
        vectorize=service is not None,
        lexical=container.analyzer is not None,
        analyzer=container.analyzer or STANDARD_ANALYZER,
        indexing=parse_indexing(definition.get("indexing")),
    )
    embedding = read_service(service) if service is not None else None
    return CollectionDefinition(rules, embedding, RerankChoice.read(definition))


def vector_specs(definition: Mapping[str, Any]) -> dict[str, VectorSpec]:
    """Return the named vectors that a definition asks the store for: one, or none."""
    vector = definition.get("vector")
    if not vector:
        return {}
    return {COLLECTION_VECTOR: VectorSpec(int(vector["dimension"]), Metric(vector["metric"]))}


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
