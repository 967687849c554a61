"""Values of columns of every type but vectors: what is stored of them, and what answers show.

Stored lists are lists, sets are lists without equals in the order of their type, maps are lists of pairs in the order
of their keys, and values of user-defined types are lists by the position of the field, with null for what is missing;
a type that has grown since is longer than its older values.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest

from astrolabe.dataapi.language.name_lists import cut
from astrolabe.dataapi.language.tables.order import sort_key
from astrolabe.dataapi.language.tables.problems import NO_CODEC, ValueProblemError
from astrolabe.dataapi.language.tables.scalars import Stored, read_scalar, write_scalar
from astrolabe.dataapi.language.tables.types import (
    TEXTS,
    ColumnType,
    ElementType,
    ListType,
    MapType,
    Scalar,
    ScalarType,
    SetType,
    UserType,
    VectorType,
)
from astrolabe.dataapi.language.values import type_name
from astrolabe.dataapi.protocol import JsonValue

_PAIR = 2


def read_value(kind: ColumnType, value: JsonValue) -> Stored:
    """Return what is stored of a JSON value; None for null, which means that there is no value.

    Raises:
        ValueProblemError: The value does not fit the type.
        TypeError: The type is a vector's; those are stored apart.
    """
    if value is None:
        return None
    if isinstance(kind, ScalarType):
        return read_scalar(kind.scalar, value)
    if isinstance(kind, UserType):
        return _read_fields(kind, value)
    if isinstance(kind, MapType):
        return _read_map(kind, value)
    if isinstance(kind, VectorType):
        raise TypeError("vectors are no part of a stored row")
    return _read_elements(kind, value)


def read_operand(kind: ColumnType, value: JsonValue) -> Stored:
    """Return a value that a filter compares with, as it would be stored; unlike in rows, ``$uuid`` is understood.

    Raises:
        ValueProblemError: The value does not fit the type.
    """
    is_uuid = isinstance(kind, ScalarType) and kind.scalar in {Scalar.UUID, Scalar.TIMEUUID}
    if is_uuid and isinstance(value, Mapping) and list(value) == ["$uuid"]:
        value = value["$uuid"]
    return read_value(kind, value)


def write_value(kind: ColumnType, stored: Stored) -> JsonValue:
    """Return the JSON of a stored value; None where rows leave it out: no value, and nothing in it."""
    if stored is None:
        return None
    if isinstance(kind, ScalarType):
        return write_scalar(kind.scalar, stored)
    if isinstance(kind, UserType):
        return _write_fields(kind, stored) or None
    if isinstance(kind, MapType):
        return _write_map(kind, stored) or None
    if isinstance(kind, VectorType):
        raise TypeError("vectors are no part of a stored row")
    return [_write_element(kind.value, element) for element in stored] or None


def as_set(kind: ElementType, elements: list[Stored]) -> list[Stored]:
    """Return stored elements in the order of their type, each once."""
    return [element for _, element in sorted({sort_key(kind, element): element for element in elements}.items())]


def as_map(kind: ScalarType, pairs: list[list[Stored]]) -> list[list[Stored]]:
    """Return stored pairs in the order of their keys; of equal keys the last one counts."""
    return [pair for _, pair in sorted({sort_key(kind, pair[0]): pair for pair in pairs}.items())]


def _read_elements(kind: ListType | SetType, value: JsonValue) -> list[Stored]:
    if not isinstance(value, list):
        raise ValueProblemError(NO_CODEC)
    elements = [
        _read_element(
            kind.value,
            element,
            f"null values are not allowed in {kind.name} column",
            "(list/set) declared element type",
        )
        for element in value
    ]
    return as_set(kind.value, elements) if isinstance(kind, SetType) else elements


def _read_map(kind: MapType, value: JsonValue) -> list[list[Stored]]:
    no_null = "null keys/values are not allowed in map column"
    pairs = [
        [
            _read_element(kind.key, key, no_null, "map declared key type"),
            _read_element(kind.value, inner, no_null, "map declared value type"),
        ]
        for key, inner in _pairs(value)
    ]
    return as_map(kind.key, pairs)


def _pairs(value: JsonValue) -> list[tuple[JsonValue, JsonValue]]:
    """Return the pairs of an object, or of a list of lists of two; an empty list is no map."""
    if isinstance(value, Mapping):
        return list(value.items())
    if not isinstance(value, list) or not value:
        raise ValueProblemError(NO_CODEC)
    if not all(isinstance(pair, list) and len(pair) == _PAIR for pair in value):
        raise ValueProblemError(NO_CODEC)
    return [(key, inner) for key, inner in value]


def _read_element(kind: ElementType, value: JsonValue, no_null: str, declared: str) -> Stored:
    if value is None:
        raise ValueProblemError(no_null)
    try:
        return read_value(kind, value)
    except ValueProblemError as problem:
        if problem.reason != NO_CODEC:
            raise
        shown = f"UDT({kind.udt})" if isinstance(kind, UserType) else kind.name.upper()
        reason = f"no codec matching {declared} `{shown}`, actual value type `{type_name(value)}`"
        raise ValueProblemError(reason) from None


def _read_fields(kind: UserType, value: JsonValue) -> list[Stored]:
    """Read the fields of an object, or of a list of pairs of name and value."""
    if isinstance(value, list) and value and all(isinstance(pair, list) and len(pair) == _PAIR for pair in value):
        value = {name: inner for name, inner in value if isinstance(name, str)} if _names_only(value) else None
    if not isinstance(value, Mapping):
        raise ValueProblemError(NO_CODEC)
    unknown = next((name for name in value if name not in kind.fields), None)
    if unknown is not None:
        raise ValueProblemError(f"Missing field '{cut(unknown)}' in UDT '{kind.udt}'")
    return [_read_field(kind, field, inner, value.get(field)) for field, inner in kind.fields.items()]


def _names_only(pairs: list[list[JsonValue]]) -> bool:
    return all(isinstance(name, str) for name, _ in pairs)


def _read_field(kind: UserType, field: str, inner: ScalarType, value: JsonValue) -> Stored:
    try:
        return read_value(inner, value)
    except ValueProblemError as problem:
        if problem.reason != NO_CODEC:
            raise
        shown = f"declared type `{inner.name.upper()}`, actual type `{type_name(value)}`"
        raise ValueProblemError(f"no codec matching in UDT {kind.udt} for field {cut(field)}, {shown}") from None


def _write_element(kind: ElementType, stored: Stored) -> JsonValue:
    return _write_fields(kind, stored) if isinstance(kind, UserType) else write_scalar(kind.scalar, stored)


def _write_fields(kind: UserType, stored: list[Stored]) -> dict[str, JsonValue]:
    fields = zip_longest(kind.fields.items(), stored)
    return {name: write_scalar(inner.scalar, value) for (name, inner), value in fields if value is not None}


def _write_map(kind: MapType, stored: list[list[Stored]]) -> JsonValue:
    pairs = [[write_scalar(kind.key.scalar, key), _write_element(kind.value, inner)] for key, inner in stored]
    return dict(pairs) if kind.key.scalar in TEXTS else pairs
