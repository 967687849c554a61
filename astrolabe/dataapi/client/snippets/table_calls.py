"""Which method of the clients does what a command on a table, or on a keyspace's tables, does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from astrolabe.dataapi.client.command_builders import PlannedCommand
from astrolabe.dataapi.client.snippets.calls import MethodCall, call_of
from astrolabe.dataapi.protocol import Json, JsonValue

_ON_DATABASE = {"createTable": "createTable", "dropTable": "dropTable", "dropIndex": "dropTableIndex"}
_INDEXES = frozenset({"createIndex", "createVectorIndex", "createTextIndex"})
_ROWS = frozenset({"insertOne", "insertMany", "find", "findOne", "updateOne", "deleteOne", "deleteMany"})
_FLAGS = frozenset({"ifNotExists", "ifExists"})
_NOT_FOR_ROWS = frozenset({"upsert"})


@dataclass(frozen=True, slots=True)
class TableCall:
    """A method of a database or of a table.

    Attributes:
        call: The method; an index's column is the second argument by position, an alteration the only one.
        on_database: Whether it is the database's.
    """

    call: MethodCall
    on_database: bool = False


def table_call_of(planned: PlannedCommand) -> TableCall | None:
    """Return the method for a command about tables, or None when there is none that says all of it."""
    body: JsonValue = planned.command.get(planned.verb)
    if planned.keyspace is None or not isinstance(body, dict):
        return None
    if planned.name is None:
        return _on_database(planned.verb, body)
    if planned.verb in _INDEXES:
        return _index(planned.verb, body)
    if planned.verb == "alterTable" and body.keys() == {"operation"}:
        return TableCall(MethodCall("alter", (body["operation"],), {}))
    call = call_of(planned) if planned.is_table and planned.verb in _ROWS else None
    return None if call is None or call.named.keys() & _NOT_FOR_ROWS else TableCall(call)


def _on_database(verb: str, body: Json) -> TableCall | None:
    options: Json = body.get("options") or {}
    if verb not in _ON_DATABASE or body.keys() - {"name", "definition", "options"} or options.keys() - _FLAGS:
        return None
    definition = {"definition": body["definition"]} if "definition" in body else {}
    call = MethodCall(_ON_DATABASE[verb], (body.get("name"),), definition | _flags(options))
    return TableCall(call, on_database=True)


def _index(verb: str, body: Json) -> TableCall | None:
    definition, options = body.get("definition"), body.get("options") or {}
    if not isinstance(definition, Mapping) or definition.keys() - {"column", "options"} or options.keys() - _FLAGS:
        return None
    named = {"options": definition["options"]} if definition.get("options") else {}
    positional = (body.get("name"), definition.get("column"))
    return TableCall(MethodCall(verb, positional, named | _flags(options)))


def _flags(options: Json) -> Json:
    return {name: value for name, value in options.items() if value is not None}
