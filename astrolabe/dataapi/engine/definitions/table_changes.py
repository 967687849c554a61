"""What alterTable makes of a table's definition: columns come and go, and so do the services of vector columns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from astrolabe.dataapi.engine.definitions.naming import with_types
from astrolabe.dataapi.engine.definitions.table_definition import TableDefinition
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.name_lists import listed
from astrolabe.dataapi.language.tables.column_json import type_json
from astrolabe.dataapi.language.tables.column_parsing import GivenType
from astrolabe.dataapi.language.tables.types import ColumnType, VectorType
from astrolabe.errors import DataApiError
from astrolabe.portal.organization import ServiceConfig


def check_new(table: TableDefinition, given: Mapping[str, GivenType]) -> None:
    """Refuse to add columns that are there.

    Raises:
        DataApiError: ``CANNOT_ADD_EXISTING_COLUMNS``.
    """
    taken = [name for name in given if name in table.columns]
    if taken:
        raise data_api_error(
            "CANNOT_ADD_EXISTING_COLUMNS",
            f"The table has these columns already: {with_types(given, taken)}. Its columns are: "
            f"{with_types(table.columns)}.\nUse other names and send the command again.",
        )


def came_back_changed(table: TableDefinition, columns: Mapping[str, ColumnType]) -> list[str]:
    """Return the new columns that were dropped before and had another type."""
    return [
        name
        for name, kind in columns.items()
        if name in table.dropped and table.dropped[name] != _without_service(kind)
    ]


def with_columns(table: TableDefinition, columns: Mapping[str, ColumnType]) -> TableDefinition:
    """Return the definition with new columns behind the others."""
    aliases = dict(table.aliases)
    for name in columns:
        if name in table.dropped:
            aliases[name] = _fresh(table, name, {*table.columns, *table.dropped, *columns})
    return replace(table, columns={**table.columns, **columns}, aliases=aliases)


def without_columns(table: TableDefinition, names: Collection[str]) -> TableDefinition:
    """Return the definition without columns that may be dropped.

    Raises:
        DataApiError: ``CANNOT_DROP_UNKNOWN_COLUMNS``, ``CANNOT_DROP_PRIMARY_KEY_COLUMNS`` or
            ``CANNOT_DROP_INDEXED_COLUMNS``.
    """
    _check_known("CANNOT_DROP_UNKNOWN_COLUMNS", table, names)
    in_key = [name for name in names if name in table.primary_key.columns]
    if in_key:
        raise data_api_error(
            "CANNOT_DROP_PRIMARY_KEY_COLUMNS",
            f"The columns of the primary key cannot be dropped: {listed(in_key)}. The key is: "
            f"{with_types(table.key_columns)}.\nLeave them out and send the command again.",
        )
    found = [index for index in table.all_indexes.values() if index.column in names]
    if found:
        indexed = list(dict.fromkeys(index.column for index in found))
        raise data_api_error(
            "CANNOT_DROP_INDEXED_COLUMNS",
            f"Columns with an index cannot be dropped: {listed(indexed)}. Drop the index first "
            f"({listed(index.name for index in found)}) and "
            "send the command again.",
        )
    dropped = {name: _without_service(table.columns[name]) for name in names}
    return replace(
        table,
        columns={name: kind for name, kind in table.columns.items() if name not in dropped},
        dropped={**table.dropped, **dropped},
    )


def vectorizable(table: TableDefinition, names: Iterable[str]) -> dict[str, VectorType]:
    """Return the vector columns that services are to be attached to.

    Raises:
        DataApiError: ``CANNOT_VECTORIZE_UNKNOWN_COLUMNS`` or ``CANNOT_VECTORIZE_NON_VECTOR_COLUMNS``.
    """
    return _vectors("CANNOT_VECTORIZE", table, list(names))


def with_services(table: TableDefinition, services: Mapping[str, ServiceConfig]) -> TableDefinition:
    """Return the definition with services of vector columns, in the place of those they have."""
    return _serviced(table, services)


def without_services(table: TableDefinition, names: Collection[str]) -> TableDefinition:
    """Return the definition with vector columns that have no service any more.

    Raises:
        DataApiError: ``CANNOT_DROP_VECTORIZE_FROM_UNKNOWN_COLUMNS`` or
            ``CANNOT_DROP_VECTORIZE_FROM_NON_VECTOR_COLUMNS``.
    """
    return _serviced(table, dict.fromkeys(_vectors("CANNOT_DROP_VECTORIZE_FROM", table, list(names))))


def _serviced(table: TableDefinition, services: Mapping[str, ServiceConfig | None]) -> TableDefinition:
    changed = {
        name: replace(kind, service=services[name]) for name, kind in table.vector_columns.items() if name in services
    }
    return replace(table, columns={**table.columns, **changed})


def _vectors(code: str, table: TableDefinition, names: list[str]) -> dict[str, VectorType]:
    _check_known(f"{code}_UNKNOWN_COLUMNS", table, names)
    others = [name for name in names if name not in table.vector_columns]
    if others:
        raise data_api_error(
            f"{code}_NON_VECTOR_COLUMNS",
            f"Only vector columns can have an embedding service, not {with_types(table.columns, others)}. The vector "
            f"columns are: {with_types(table.vector_columns)}.\nUse these and send the command again.",
        )
    return {name: table.vector_columns[name] for name in names}


def _check_known(code: str, table: TableDefinition, names: Iterable[str]) -> None:
    unknown = [name for name in names if name not in table.columns]
    if unknown:
        raise unknown_columns(code, table, unknown)


def unknown_columns(code: str, table: TableDefinition, unknown: Iterable[str]) -> DataApiError:
    """Make the error of columns that a table does not have."""
    return data_api_error(
        code,
        f"The table has no columns {listed(unknown)}. Its columns are: {with_types(table.columns)}.\n"
        "Correct the names and send the command again.",
    )


def _without_service(kind: ColumnType) -> dict[str, object]:
    """Return what has to be the same for a column to come back."""
    return type_json(replace(kind, service=None) if isinstance(kind, VectorType) else kind)


def _fresh(table: TableDefinition, name: str, taken: Collection[str]) -> str:
    """Return a name to store a column under that has come back: one with a greater number than the last one had."""
    last = table.aliases.get(name)
    number = int(last.rpartition("@")[2]) + 1 if last is not None else 1
    while f"{name}@{number}" in {*taken, *table.aliases.values()}:
        number += 1
    return f"{name}@{number}"
