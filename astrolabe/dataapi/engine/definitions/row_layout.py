"""How a table's rows lie in the store: their keys, the values that indexes find them by, and the table's shape there.

A key is the token of its partition and then its columns, as bytes that sort as the rows do: partitions by their tokens,
and inside a partition in the order of the clustering columns. What sorts downwards has its bytes turned round.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from astrolabe.dataapi.engine.definitions.table_definition import (
    IndexKind,
    MapPart,
    TableDefinition,
    TableIndex,
    read_table,
)
from astrolabe.dataapi.language.tables.order import downwards, sort_key
from astrolabe.dataapi.language.tables.scalars import Stored
from astrolabe.dataapi.language.tables.tokens import token_of
from astrolabe.dataapi.language.tables.types import (
    ColumnType,
    ListType,
    MapType,
    ScalarType,
    SetType,
    UserType,
    VectorType,
)
from storage.documents.reshaping import Shape
from storage.documents.values import Extract
from storage.shapes import Container, ContainerKind, IndexedValues

_TOKEN_BIAS = 1 << 63


def as_text(raw: bytes) -> str:
    """Return bytes that sort as keys do as the text that the store keeps: a character for every byte."""
    return raw.decode("latin-1")


def partition_prefix(table: TableDefinition, values: Sequence[Stored]) -> bytes:
    """Return the beginning of the keys of a partition.

    Args:
        table: The table.
        values: The stored values of the columns that it is partitioned by, none of them null.
    """
    kinds = [_key_type(table.columns[name]) for name in table.primary_key.partition_by]
    token = token_of(list(zip(kinds, values, strict=True)))
    columns = (sort_key(kind, value) for kind, value in zip(kinds, values, strict=True))
    return (token + _TOKEN_BIAS).to_bytes(8, "big") + b"".join(columns)


def clustering_part(table: TableDefinition, column: str, value: Stored) -> bytes:
    """Return the bytes of a clustering column's value in a key."""
    key = sort_key(_key_type(table.columns[column]), value)
    return downwards(key) if table.primary_key.partition_sort[column] < 0 else key


def row_key(table: TableDefinition, values: Mapping[str, Stored]) -> str:
    """Return the key of a row.

    Args:
        table: The table.
        values: Stored values by column, all columns of the key among them.
    """
    key = table.primary_key
    prefix = partition_prefix(table, [values[name] for name in key.partition_by])
    return as_text(prefix + b"".join(clustering_part(table, name, values[name]) for name in key.partition_sort))


def _key_type(kind: ColumnType) -> ScalarType | VectorType:
    if not isinstance(kind, ScalarType | VectorType):
        raise TypeError(f"a column of the type {kind.name} cannot be in a primary key")
    return kind


def shape_of(table: TableDefinition) -> Shape:
    """Return what the store is to make of a table's definition."""
    texts = [index for index in table.all_indexes.values() if index.kind is IndexKind.TEXT]
    return Shape(
        definition=table.to_json(),
        vectors=table.vector_specs,
        texts={table.stored_as(index.column): index.analyzer for index in texts},
        values={index.name: has_many(table, index) for index in regular_indexes(table)},
        extract=partial(indexed_values, table),
        building_texts={table.stored_as(index.column) for index in texts if index.name in table.building},
        building_values=set(table.building),
    )


def extract_of(container: Container) -> Extract | None:
    """Return what finds the values that a table's rows are found by; None for a collection."""
    return partial(indexed_values, read_table(container)) if container.kind is ContainerKind.TABLE else None


def regular_indexes(table: TableDefinition) -> list[TableIndex]:
    """Return the indexes that rows are entered in, but for those of vectors and words."""
    return [index for index in table.all_indexes.values() if index.kind is IndexKind.REGULAR]


def has_many(table: TableDefinition, index: TableIndex) -> bool:
    """Return whether a row may have several values in an index."""
    return not isinstance(table.columns[index.column], ScalarType)


def indexed_values(table: TableDefinition, body: Mapping[str, Any]) -> IndexedValues:
    """Return the values that a stored row is found by, by the name of the index."""
    found: dict[str, tuple[bytes, ...]] = {}
    for index in regular_indexes(table):
        stored = body.get(table.stored_as(index.column))
        if stored is not None:
            found[index.name] = tuple(dict.fromkeys(_values(table, index, stored)))
    return found


def _values(table: TableDefinition, index: TableIndex, stored: Stored) -> list[bytes]:
    kind = table.columns[index.column]
    if isinstance(kind, ScalarType):
        return [value_key(index, kind, stored)]
    if isinstance(kind, ListType | SetType):
        return [value_key(index, kind.value, element) for element in stored]
    if not isinstance(kind, MapType):
        raise TypeError(f"a column of the type {kind.name} has no regular index")
    if index.part is MapPart.KEYS:
        return [value_key(index, kind.key, key) for key, _ in stored]
    if index.part is MapPart.VALUES:
        return [value_key(index, kind.value, value) for _, value in stored]
    return [entry_key(kind, key, value) for key, value in stored]


def value_key(index: TableIndex, kind: ScalarType | UserType, stored: Stored) -> bytes:
    """Return the bytes of a value in an index, the text options applied.

    A user-defined type may grow: the fields that a value lacks at its end leave no trace.
    """
    key = sort_key(kind, normalizer(index)(stored))
    return key.rstrip(b"\0") if isinstance(kind, UserType) else key


def entry_key(kind: MapType, key: Stored, value: Stored) -> bytes:
    """Return the bytes of an entry of a map in an index."""
    return sort_key(kind.key, key) + sort_key(kind.value, value)


def normalizer(index: TableIndex) -> Callable[[Stored], Stored]:
    """Return what an index makes of a text before it is compared: by its options ``ascii`` and the like."""
    options = index.options
    plain = not (options.get("ascii") or options.get("normalize")) and options.get("caseSensitive", True)
    return _as_it_is if plain else partial(_normalized, options)


def _as_it_is(stored: Stored) -> Stored:
    return stored


def _normalized(options: Mapping[str, Any], stored: Stored) -> Stored:
    if not isinstance(stored, str):
        return stored
    text = stored
    if options.get("normalize"):
        text = unicodedata.normalize("NFC", text)
    if not options.get("caseSensitive", True):
        text = text.lower()
    if options.get("ascii"):
        folded = unicodedata.normalize("NFKD", text)
        text = "".join(letter for letter in folded if not unicodedata.combining(letter))
    return text
