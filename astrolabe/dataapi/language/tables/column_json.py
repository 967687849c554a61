"""A column's type between its JSON form, as ``listTables`` shows it, and :mod:`astrolabe.dataapi.language.tables`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from astrolabe.dataapi.language.service import read_service, service_json
from astrolabe.dataapi.language.tables.types import (
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
from astrolabe.dataapi.protocol import Json, JsonValue

UserTypes = Mapping[str, UserType]
"""The user-defined types that a table's columns stand on, by name."""


def read_type(given: JsonValue, types: UserTypes) -> ColumnType:
    """Read a type that was checked before it was stored; a string is a scalar type.

    Raises:
        KeyError, ValueError: The definition is damaged.
    """
    if isinstance(given, str):
        return ScalarType(Scalar(given))
    name = given["type"]
    if name == "userDefined":
        return types[given["udtName"]]
    if name == "vector":
        service = given.get("service")
        return VectorType(int(given["dimension"]), read_service(service) if service is not None else None)
    if name == "map":
        return MapType(_scalar(given["keyType"]), _element(given["valueType"], types))
    if name in {"list", "set"}:
        return (ListType if name == "list" else SetType)(_element(given["valueType"], types))
    return ScalarType(Scalar(name))


def type_json(kind: ColumnType) -> Json:
    """Return a column's type in the object form; keys and values inside it are short where they can be."""
    if isinstance(kind, ScalarType):
        return {"type": kind.name}
    if isinstance(kind, UserType):
        return {"type": kind.name, "udtName": kind.udt}
    if isinstance(kind, VectorType):
        service = {"service": service_json(kind.service)} if kind.service is not None else {}
        return {"type": kind.name, "dimension": kind.dimension, **service}
    key = {"keyType": kind.key.name} if isinstance(kind, MapType) else {}
    return {"type": kind.name, **key, "valueType": _short(kind.value)}


def read_user_types(stored: Mapping[str, Any]) -> dict[str, UserType]:
    """Read user-defined types: name -> field -> name of the field's type."""
    return {
        name: UserType(name, {field: ScalarType(Scalar(kind)) for field, kind in fields.items()})
        for name, fields in stored.items()
    }


def user_type_fields(kind: UserType) -> dict[str, str]:
    """Return a user-defined type's fields as they are stored."""
    return {field: inner.name for field, inner in kind.fields.items()}


def _short(kind: ElementType) -> JsonValue:
    return kind.name if isinstance(kind, ScalarType) else type_json(kind)


def _scalar(given: JsonValue) -> ScalarType:
    return ScalarType(Scalar(given if isinstance(given, str) else given["type"]))


def _element(given: JsonValue, types: UserTypes) -> ElementType:
    read = read_type(given, types)
    if not isinstance(read, ScalarType | UserType):
        raise TypeError(f"{read.name} inside a collection")
    return read
