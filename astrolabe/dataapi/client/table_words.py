"""A table's indexes as objects, and its columns' types in a word or two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.dataapi.language.tables.types import ColumnType, ListType, MapType, SetType, UserType, VectorType
from astrolabe.dataapi.protocol import Json

REGULAR_INDEX, VECTOR_INDEX, TEXT_INDEX = "regular", "vector", "text"
"""Kinds of indexes: one makes filters fast, the others are what something is searched by."""


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """An index of a table.

    Attributes:
        name: Its name, unique in the keyspace.
        kind: ``regular``, ``vector`` or ``text``.
        column: The column it is for.
        part: What of the column is indexed: ``$keys`` or ``$values``; empty for all of it.
        options: As answered, such as ``{"metric": "cosine"}``.
    """

    name: str
    kind: str
    column: str
    part: str
    options: Json


def indexes_of(info: TargetInfo, column: str | None = None) -> list[IndexInfo]:
    """Return the indexes of a table that was read with them: all, or those of one column."""
    found = map(_index, info.indexes or ())
    return [one for one in found if column is None or one.column == column]


def vector_index(info: TargetInfo, column: str) -> IndexInfo | None:
    """Return what a vector column is searched by; None when it cannot be searched."""
    return next((one for one in indexes_of(info, column) if one.kind == VECTOR_INDEX), None)


def type_words(kind: ColumnType) -> str:
    """Return a column's type in short, such as ``set<text>``, ``map<text, int>`` or ``vector(256)``."""
    if isinstance(kind, VectorType):
        return f"vector({kind.dimension})"
    if isinstance(kind, MapType):
        return f"map<{kind.key.name}, {type_words(kind.value)}>"
    if isinstance(kind, ListType | SetType):
        return f"{kind.name}<{type_words(kind.value)}>"
    return kind.udt if isinstance(kind, UserType) else kind.name


def row_heading(info: TargetInfo, row: Mapping[str, object]) -> str | None:
    """Return how a table's row is called: by its primary key; None for a collection, whose documents have ids."""
    if not info.is_table:
        return None
    return "Row " + ", ".join(str(row.get(name, "")) for name in info.key_columns)


def _index(entry: Json) -> IndexInfo:
    definition = entry.get("definition") or {}
    column, part = definition.get("column"), ""
    if isinstance(column, Mapping):
        column, part = next(iter(column.items()), ("", ""))
    options = dict(definition.get("options") or {})
    return IndexInfo(str(entry.get("name", "")), str(entry.get("indexType", "")), str(column), str(part), options)
