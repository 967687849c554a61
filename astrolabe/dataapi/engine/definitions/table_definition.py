"""A table's definition: the JSON that is stored with it, and its typed reading.

Stored are ``columns`` and ``primaryKey`` as ``listTables`` shows them, and beside them ``indexes`` (by name, each
with its kind, column, part and options), ``building`` (the same of indexes that are not complete yet), ``types`` (the
fields of the user-defined types in use), ``dropped`` (what columns were that are gone: a column comes back with its old
type or not at all) and ``storedAs``.

Rows are not rewritten when a column is dropped. So that its values do not come back with a new column of the same name,
that one is stored under another name: :meth:`TableDefinition.stored_as`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from astrolabe.dataapi.language.named_vectors import DEFAULT_SOURCE_MODEL, NamedVector
from astrolabe.dataapi.language.tables.column_json import (
    read_type,
    read_user_types,
    type_json,
    user_type_fields,
)
from astrolabe.dataapi.language.tables.key_parsing import PrimaryKey
from astrolabe.dataapi.language.tables.types import ColumnType, UserType, VectorType, user_types
from astrolabe.dataapi.protocol import Json, JsonValue
from storage.lexical.analyzers import STANDARD_ANALYZER, Analyzer, read_analyzer
from storage.shapes import Container, Metric, VectorSpec


class IndexKind(StrEnum):
    """What an index is made for."""

    REGULAR = "regular"
    TEXT = "text"
    VECTOR = "vector"


class MapPart(StrEnum):
    """What of a list, set or map an index holds."""

    KEYS = "$keys"
    VALUES = "$values"
    ENTRIES = "$entries"


@dataclass(frozen=True, slots=True)
class TableIndex:
    """An index of a table.

    Attributes:
        name: Its name; no other index of the keyspace has it.
        kind: What it is made for.
        column: The column that it indexes.
        part: What of the column; None for columns of single values and for vectors.
        options: As ``listIndexes`` shows them: ``ascii``, ``caseSensitive``, ``normalize``; ``analyzer``; or ``metric``
            and ``sourceModel``.
        build: Tells an index that is building from one of the same name that was dropped; empty for complete ones.
    """

    name: str
    kind: IndexKind
    column: str
    part: MapPart | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    build: str = ""

    @property
    def analyzer(self) -> Analyzer:
        """How a text index reads its words."""
        given = self.options.get("analyzer")
        return read_analyzer(given) if given is not None else STANDARD_ANALYZER

    @property
    def metric(self) -> Metric:
        """What a vector index compares by."""
        return Metric(self.options.get("metric", Metric.COSINE))

    def to_json(self) -> Json:
        """Return the index as ``listIndexes`` explains it; the entries of a map are what its bare name means."""
        entries = self.part is None or self.part is MapPart.ENTRIES
        column: JsonValue = self.column if entries else {self.column: self.part}
        return {
            "name": self.name,
            "definition": {"column": column, "options": dict(self.options)},
            "indexType": self.kind.value,
        }

    def stored(self) -> Json:
        """Return what is stored under the index's name."""
        part = {"part": self.part.value} if self.part is not None else {}
        build = {"build": self.build} if self.build else {}
        return {"kind": self.kind.value, "column": self.column, **part, "options": dict(self.options), **build}


@dataclass(frozen=True, slots=True)
class TableDefinition:
    """What a table's commands have to know of it.

    Attributes:
        columns: Their types, in the order they were defined in.
        primary_key: What rows are found by.
        indexes: The indexes by name, in the order they were made in.
        dropped: The stored types of columns that were dropped.
        aliases: The names that columns are stored under, of those that came back after they had been dropped.
        building: Indexes that lack rows that were there before them: written, but not searched in.
    """

    columns: Mapping[str, ColumnType]
    primary_key: PrimaryKey
    indexes: Mapping[str, TableIndex] = field(default_factory=dict)
    dropped: Mapping[str, Json] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    building: Mapping[str, TableIndex] = field(default_factory=dict)

    @property
    def all_indexes(self) -> Mapping[str, TableIndex]:
        """The indexes by name, those that are not complete at the end."""
        return {**self.indexes, **self.building}

    def stored_as(self, column: str) -> str:
        """Return the name that a column's values, or its vectors, are stored under."""
        return self.aliases.get(column, column)

    @property
    def key_columns(self) -> Mapping[str, ColumnType]:
        """The columns of the primary key with their types, in the order of the key."""
        return {name: self.columns[name] for name in self.primary_key.columns}

    @property
    def vector_columns(self) -> Mapping[str, VectorType]:
        """The columns of vectors."""
        return {name: kind for name, kind in self.columns.items() if isinstance(kind, VectorType)}

    @property
    def user_types(self) -> Mapping[str, UserType]:
        """The user-defined types that the columns stand on, by name."""
        return {found.udt: found for kind in self.columns.values() for found in user_types(kind)}

    def indexes_on(self, column: str, kind: IndexKind | None = None) -> list[TableIndex]:
        """Return the complete indexes of a column, of one kind or (None) of all."""
        return [
            index for index in self.indexes.values() if index.column == column and (kind is None or index.kind is kind)
        ]

    @property
    def vectors(self) -> Mapping[str, NamedVector]:
        """The vectors that rows may have, by column: their metric is that of the column's index."""
        return {name: self._vector(name, kind) for name, kind in self.vector_columns.items()}

    @property
    def vector_specs(self) -> Mapping[str, VectorSpec]:
        """What the store keeps of the vectors, by the names that they are stored under."""
        return {self.stored_as(name): vector.spec for name, vector in self.vectors.items()}

    @property
    def analyzers(self) -> Mapping[str, Analyzer]:
        """How the texts are read that a text index finds by their words, by column."""
        return {index.column: index.analyzer for index in self.indexes.values() if index.kind is IndexKind.TEXT}

    def _vector(self, name: str, kind: VectorType) -> NamedVector:
        found = next(iter(self.indexes_on(name, IndexKind.VECTOR)), None)
        metric = found.metric if found is not None else Metric.COSINE
        source = found.options.get("sourceModel") if found is not None else None
        return NamedVector(name, kind.dimension, metric, source or DEFAULT_SOURCE_MODEL, kind.service)

    def with_types(self, types: Mapping[str, UserType]) -> TableDefinition:
        """Return the definition with newer fields of user-defined types."""
        known = {**self.user_types, **types}
        return replace(self, columns={name: read_type(type_json(kind), known) for name, kind in self.columns.items()})

    def to_json(self) -> Json:
        """Return what is stored."""
        return {
            "columns": {name: type_json(kind) for name, kind in self.columns.items()},
            "primaryKey": self.primary_key.to_json(),
            "indexes": {name: index.stored() for name, index in self.indexes.items()},
            "types": {name: user_type_fields(kind) for name, kind in self.user_types.items()},
            "dropped": dict(self.dropped),
            "storedAs": dict(self.aliases),
            **({"building": {name: index.stored() for name, index in self.building.items()}} if self.building else {}),
        }


def building_indexes(container: Container) -> list[str]:
    """Return the names of the indexes of a table that are not complete yet; a collection has none."""
    return list(container.definition.get("building") or ())


def read_table(container: Container) -> TableDefinition:
    """Read a stored table's definition; it was checked before it was stored."""
    stored = container.definition
    types = read_user_types(stored.get("types") or {})
    key = stored["primaryKey"]
    return TableDefinition(
        columns={name: read_type(kind, types) for name, kind in stored["columns"].items()},
        primary_key=PrimaryKey(tuple(key["partitionBy"]), dict(key["partitionSort"])),
        indexes=_read_indexes(stored.get("indexes")),
        dropped=dict(stored.get("dropped") or {}),
        aliases=dict(stored.get("storedAs") or {}),
        building=_read_indexes(stored.get("building")),
    )


def _read_indexes(stored: Mapping[str, Any] | None) -> dict[str, TableIndex]:
    return {name: _read_index(name, index) for name, index in (stored or {}).items()}


def _read_index(name: str, stored: Mapping[str, Any]) -> TableIndex:
    part = stored.get("part")
    kind, column, options = IndexKind(stored["kind"]), stored["column"], stored.get("options") or {}
    return TableIndex(name, kind, column, MapPart(part) if part is not None else None, options, stored.get("build", ""))
