"""What pages, verbs and loads know of a collection or a table: as the API explains it, here or over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from astrolabe.dataapi.language.named_vectors import DEFAULT_SOURCE_MODEL, NamedVector
from astrolabe.dataapi.language.service import read_service
from astrolabe.dataapi.language.special_fields import LEXICAL, VECTOR
from astrolabe.dataapi.language.tables.key_parsing import PrimaryKey
from astrolabe.dataapi.language.tables.types import ColumnType
from astrolabe.dataapi.protocol import Json
from astrolabe.portal.organization import ServiceConfig
from storage.shapes import ContainerKind, Metric

_METRICS = {metric.value: metric for metric in Metric}


@dataclass(frozen=True, slots=True)
class TargetInfo:
    """A collection or a table.

    Attributes:
        name: Its name.
        keyspace: The keyspace it lives in.
        kind: Collection or table.
        vectors: The vectors that its documents or rows may have, by name, in their order.
        texts: The names of the texts that are searched by words.
        rerank: Whether results of two searches can be put into one order, by a model or by fusion.
        options: Everything, as answered: a collection's options, or a table's definition.
        columns: A table's columns with their types, in their order; those of a type that is not known here are left
            out. Empty for a collection.
        primary_key: What a table's rows are found by; None for a collection.
        indexes: A table's indexes as ``listIndexes`` explains them; None where nobody has asked.
    """

    name: str
    keyspace: str
    kind: ContainerKind = ContainerKind.COLLECTION
    vectors: Mapping[str, NamedVector] = field(default_factory=dict)
    texts: tuple[str, ...] = ()
    rerank: bool = False
    options: Json = field(default_factory=dict)
    columns: Mapping[str, ColumnType] = field(default_factory=dict)
    primary_key: PrimaryKey | None = None
    indexes: tuple[Json, ...] | None = None

    @property
    def is_table(self) -> bool:
        """Whether it is a table."""
        return self.kind is ContainerKind.TABLE

    @property
    def key_columns(self) -> tuple[str, ...]:
        """The columns of a table's key, in the order of the key; empty for a collection."""
        return self.primary_key.columns if self.primary_key is not None else ()

    @property
    def vector(self) -> NamedVector | None:
        """The vector that a search goes by when none is named: the first; None when there is none."""
        return next(iter(self.vectors.values()), None)

    @property
    def service(self) -> ServiceConfig | None:
        """What makes the first vector of a text; None when nothing does."""
        return self.vector.service if self.vector is not None else None

    @property
    def services(self) -> tuple[ServiceConfig, ...]:
        """What makes vectors of texts, for each vector that has it."""
        return tuple(vector.service for vector in self.vectors.values() if vector.service is not None)

    @property
    def lexical(self) -> bool:
        """Whether anything is searched by words."""
        return bool(self.texts)


def collection_info(keyspace: str, entry: Mapping[str, Any]) -> TargetInfo:
    """Read a collection as ``findCollections`` explains it; what an answer lacks, the collection lacks."""
    options = dict(entry.get("options") or {})
    return TargetInfo(
        name=str(entry.get("name", "")),
        keyspace=keyspace,
        vectors=_vectors(options.get("vector") or {}),
        texts=(LEXICAL,) if (options.get("lexical") or {}).get("enabled") else (),
        rerank=bool((options.get("rerank") or {}).get("enabled")),
        options=options,
    )


def _vectors(given: Mapping[str, Any]) -> dict[str, NamedVector]:
    dimension, service = given.get("dimension"), given.get("service")
    if dimension is None:
        return {}
    metric = _METRICS.get(str(given.get("metric")), Metric.COSINE)
    source = str(given.get("sourceModel") or DEFAULT_SOURCE_MODEL)
    return {VECTOR: NamedVector(VECTOR, int(dimension), metric, source, read_service(service) if service else None)}
