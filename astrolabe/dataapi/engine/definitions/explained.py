"""How definitions are shown: by ``listTables``, ``listTypes`` and the schema that comes with rows."""

from __future__ import annotations

import re
from collections.abc import Mapping

from astrolabe.dataapi.engine.definitions.table_definition import TableDefinition
from astrolabe.dataapi.language.tables.column_json import type_json
from astrolabe.dataapi.language.tables.types import ColumnType, ListType, MapType, SetType, UserType, VectorType
from astrolabe.dataapi.protocol import Json

_PLAIN_NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)


def explained_table(keyspace: str, definition: TableDefinition) -> Json:
    """Return a table's definition as ``listTables`` explains it."""
    return {
        "columns": {name: explained_column(keyspace, kind) for name, kind in definition.columns.items()},
        "primaryKey": definition.primary_key.to_json(),
    }


def explained_user_type(keyspace: str, kind: UserType) -> Json:
    """Return a user-defined type as ``listTypes`` explains it."""
    return {**type_json(kind), **_fields(kind), **_support(_qualified(keyspace, kind.udt))}


def row_schema(keyspace: str, columns: Mapping[str, ColumnType]) -> Json:
    """Return the schema that comes with rows: the types of columns, user-defined ones with their fields."""
    return {name: explained_column(keyspace, kind, fields=True) for name, kind in columns.items()}


def explained_column(keyspace: str, kind: ColumnType, *, fields: bool = False) -> Json:
    """Return a column's type; what cannot be filtered by says so.

    Args:
        keyspace: The table's.
        kind: The type.
        fields: Whether user-defined types are shown with their fields.
    """
    shown = type_json(kind)
    if isinstance(kind, VectorType):
        return {**shown, **_support(f"vector<float, {kind.dimension}>")}
    if isinstance(kind, UserType):
        return {**shown, **(_fields(kind) if fields else {}), **_support(_qualified(keyspace, kind.udt))}
    if fields and isinstance(kind, ListType | SetType | MapType) and isinstance(kind.value, UserType):
        return {**shown, "valueType": {**type_json(kind.value), **_fields(kind.value)}}
    return shown


def _fields(kind: UserType) -> Json:
    return {"definition": {"fields": {name: type_json(inner) for name, inner in kind.fields.items()}}}


def _support(definition: str) -> Json:
    return {
        "apiSupport": {
            "createTable": True,
            "insert": True,
            "read": True,
            "filter": False,
            "cqlDefinition": definition,
        }
    }


def _qualified(keyspace: str, name: str) -> str:
    return ".".join(part if _PLAIN_NAME.fullmatch(part) else f'"{part}"' for part in (keyspace, name))
