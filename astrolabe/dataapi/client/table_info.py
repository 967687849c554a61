"""What pages, verbs and loads know of a table: its answer to ``listTables``, with its types and indexes beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.dataapi.language.named_vectors import DEFAULT_SOURCE_MODEL, NamedVector
from astrolabe.dataapi.language.tables.column_json import UserTypes, read_type, read_user_types
from astrolabe.dataapi.language.tables.key_parsing import PrimaryKey
from astrolabe.dataapi.language.tables.types import ColumnType, VectorType
from astrolabe.dataapi.protocol import Json
from storage.shapes import ContainerKind, Metric

_METRICS = {metric.value: metric for metric in Metric}


def table_info(
    keyspace: str, entry: Mapping[str, Any], types: UserTypes | None = None, indexes: Iterable[Json] | None = None
) -> TargetInfo:
    """Read a table as ``listTables`` explains it.

    Args:
        keyspace: The keyspace.
        entry: The table's part of the answer: ``name`` and ``definition``.
        types: The user-defined types of the keyspace; columns of others are left out.
        indexes: The table's indexes as ``listIndexes`` explains them; they say by which metric vectors are compared
            and which texts are searched by words. None where nobody has asked: vectors count as compared by cosine.
    """
    definition = dict(entry.get("definition") or {})
    columns = _columns(definition.get("columns") or {}, types or {})
    key = definition.get("primaryKey") or {}
    known = None if indexes is None else tuple(indexes)
    return TargetInfo(
        name=str(entry.get("name", "")),
        keyspace=keyspace,
        kind=ContainerKind.TABLE,
        vectors={
            name: _vector(name, kind, known or ()) for name, kind in columns.items() if isinstance(kind, VectorType)
        },
        texts=tuple(column for index in known or () if (column := _indexed(index, "text")) in columns),
        options=definition,
        columns=columns,
        primary_key=PrimaryKey(tuple(key.get("partitionBy") or ()), dict(key.get("partitionSort") or {})),
        indexes=known,
    )


def has_user_types(entry: Mapping[str, Any]) -> bool:
    """Whether a column of a table, as ``listTables`` explains it, stands on a user-defined type."""
    columns = (entry.get("definition") or {}).get("columns") or {}
    return any(
        isinstance(part, Mapping) and part.get("type") == "userDefined"
        for kind in columns.values()
        if isinstance(kind, Mapping)
        for part in (kind, kind.get("valueType"))
    )


def user_types(answered: Iterable[Mapping[str, Any]]) -> UserTypes:
    """Read the user-defined types of a keyspace as ``listTypes`` explains them."""
    fields = {str(one["udtName"]): (one.get("definition") or {}).get("fields") or {} for one in answered}
    return read_user_types(
        {name: {field: scalar_name(kind) for field, kind in inner.items()} for name, inner in fields.items()}
    )


def scalar_name(kind: str | Mapping[str, Any]) -> str:
    """Return the name of a type in either of its spellings."""
    return kind if isinstance(kind, str) else str(kind["type"])


def _columns(given: Mapping[str, Any], types: UserTypes) -> dict[str, ColumnType]:
    columns: dict[str, ColumnType] = {}
    for name, kind in given.items():
        try:
            columns[name] = read_type(kind, types)
        except (KeyError, ValueError, TypeError):
            continue  # a type that another server has and this program does not
    return columns


def _vector(name: str, kind: VectorType, indexes: Sequence[Json]) -> NamedVector:
    """Return a vector column's vector; its metric is that of its index."""
    found = next((index for index in indexes if _indexed(index, "vector") == name), {})
    options = (found.get("definition") or {}).get("options") or {}
    metric = _METRICS.get(str(options.get("metric")), Metric.COSINE)
    source = str(options.get("sourceModel") or DEFAULT_SOURCE_MODEL)
    return NamedVector(name, kind.dimension, metric, source, kind.service)


def _indexed(index: Mapping[str, Any], kind: str) -> str:
    """Return the column that an index of a kind is on; empty for an index of another kind."""
    column = (index.get("definition") or {}).get("column")
    return column if index.get("indexType") == kind and isinstance(column, str) else ""
