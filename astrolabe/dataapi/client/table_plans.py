"""Commands that make and change tables and indexes, before they are sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from astrolabe.dataapi.client.command_builders import PlannedCommand
from astrolabe.dataapi.client.table_words import REGULAR_INDEX, TEXT_INDEX, VECTOR_INDEX
from astrolabe.dataapi.protocol import Json, JsonValue

_INDEX_COMMANDS = {VECTOR_INDEX: "createVectorIndex", TEXT_INDEX: "createTextIndex"}


def plan_create_table(keyspace: str, name: str, definition: Mapping[str, Any]) -> PlannedCommand:
    """Create a table."""
    return PlannedCommand({"createTable": {"name": name, "definition": dict(definition)}}, keyspace)


def plan_drop_table(keyspace: str, name: str) -> PlannedCommand:
    """Drop a table and its rows."""
    return PlannedCommand({"dropTable": {"name": name}}, keyspace)


def plan_add_columns(keyspace: str, table: str, columns: Mapping[str, Any]) -> PlannedCommand:
    """Add columns, given by name with their types."""
    return _alter(keyspace, table, "add", dict(columns))


def plan_drop_columns(keyspace: str, table: str, columns: Sequence[str]) -> PlannedCommand:
    """Drop columns and what rows have in them."""
    return _alter(keyspace, table, "drop", list(columns))


def plan_add_services(keyspace: str, table: str, services: Mapping[str, Any]) -> PlannedCommand:
    """Attach services to vector columns, in place of those they have."""
    return _alter(keyspace, table, "addVectorize", dict(services))


def plan_drop_services(keyspace: str, table: str, columns: Sequence[str]) -> PlannedCommand:
    """Take the services of vector columns away; their vectors stay."""
    return _alter(keyspace, table, "dropVectorize", list(columns))


def plan_create_index(
    keyspace: str,
    table: str,
    name: str,
    column: JsonValue,
    *,
    kind: str = REGULAR_INDEX,
    options: Mapping[str, Any] | None = None,
) -> PlannedCommand:
    """Create an index.

    Args:
        keyspace: The table's.
        table: The table.
        name: The index's name, unique in the keyspace.
        column: The column, or ``{column: "$keys"}`` or ``{column: "$values"}`` for a part of a map.
        kind: ``regular``, ``vector`` or ``text``.
        options: What the kind has: ``metric`` and ``sourceModel``, ``analyzer``, or how texts are compared.
    """
    definition: Json = {"column": column}
    if options:
        definition["options"] = dict(options)
    command = _INDEX_COMMANDS.get(kind, "createIndex")
    return PlannedCommand({command: {"name": name, "definition": definition}}, keyspace, table)


def plan_drop_index(keyspace: str, name: str) -> PlannedCommand:
    """Drop an index of a keyspace's table; the rows stay."""
    return PlannedCommand({"dropIndex": {"name": name}}, keyspace)


def _alter(keyspace: str, table: str, change: str, columns: JsonValue) -> PlannedCommand:
    return PlannedCommand({"alterTable": {"operation": {change: {"columns": columns}}}}, keyspace, table)
