"""A collection's settings: the JSON that is stored with it, and their typed reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from astrolabe.dataapi.engine.rerank.rules import RerankChoice
from astrolabe.dataapi.language.ids import DefaultId
from astrolabe.dataapi.language.indexing import parse_indexing
from astrolabe.dataapi.language.named_vectors import DEFAULT_SOURCE_MODEL, NamedVector
from astrolabe.dataapi.language.rules import DocumentRules
from astrolabe.dataapi.language.service import read_service
from astrolabe.dataapi.language.special_fields import VECTOR
from astrolabe.dataapi.protocol import Json
from storage.lexical.analyzers import Analyzer
from storage.shapes import Container, ContainerKind, Metric, VectorSpec

DISABLED = {"enabled": False}
"""What ``lexical`` and ``rerank`` of a collection say while it has neither."""

INDEXES_OF_FIELDS = 8
"""Indexes that a collection takes upstream for its ordinary fields."""


@dataclass(frozen=True, slots=True)
class CollectionDefinition:
    """What a collection's commands have to know of it.

    Attributes:
        rules: What its documents, filters and sorts are read against.
        rerank: What puts results in order; None when reranking is off.
    """

    rules: DocumentRules
    rerank: RerankChoice | None = None

    @property
    def vectors(self) -> Mapping[str, NamedVector]:
        """Its only vector, or none."""
        return self.rules.vectors

    @property
    def analyzers(self) -> Mapping[str, Analyzer]:
        """How its only text that is searched by words is read, or none."""
        return self.rules.analyzers


def read_collection(container: Container) -> CollectionDefinition:
    """Read a stored collection's definition; it was checked before it was stored."""
    definition = container.definition
    default_id = (definition.get("defaultId") or {}).get("type")
    rules = DocumentRules(
        name=f"{container.keyspace}.{container.name}",
        default_id=DefaultId(default_id) if default_id else None,
        vectors={name: _named_vector(name, spec, definition) for name, spec in container.vectors.items()},
        analyzers={name: text.analyzer for name, text in container.texts.items()},
        indexing=parse_indexing(definition.get("indexing"), most=None),
    )
    return CollectionDefinition(rules, RerankChoice.read(definition))


def _named_vector(name: str, spec: VectorSpec, definition: Mapping[str, Any]) -> NamedVector:
    options = definition.get("vector") or {}
    service = options.get("service")
    return NamedVector(
        name,
        spec.dimension,
        spec.metric,
        options.get("sourceModel") or DEFAULT_SOURCE_MODEL,
        read_service(service) if service is not None else None,
    )


def vector_specs(definition: Mapping[str, Any]) -> dict[str, VectorSpec]:
    """Return the named vectors that a definition asks the store for: one, or none."""
    vector = definition.get("vector")
    if not vector:
        return {}
    return {VECTOR: VectorSpec(int(vector["dimension"]), Metric(vector["metric"]))}


def indexes_used(container: Container) -> int:
    """Return how many indexes a collection or table takes out of the database's allowance, as upstream counts."""
    definition = container.definition
    if container.kind is ContainerKind.TABLE:
        return len(definition.get("indexes") or ()) + len(definition.get("building") or ())
    denied = (definition.get("indexing") or {}).get("deny") == ["*"]
    lexical = bool((definition.get("lexical") or {}).get("enabled"))
    return (0 if denied else INDEXES_OF_FIELDS) + bool(container.vectors) + lexical


def same_settings(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two definitions mean the same; the order of indexing paths does not count."""
    return _comparable(one) == _comparable(other)


def _comparable(definition: Mapping[str, Any]) -> Json:
    indexing = definition.get("indexing") or {}
    return {**definition, "indexing": {kind: sorted(paths) for kind, paths in indexing.items()}}
