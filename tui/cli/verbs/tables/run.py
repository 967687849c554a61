"""``astrolabe tables``: create, list, show, alter and drop tables."""

from __future__ import annotations

import re
from typing import Any

from astrolabe.dataapi.client.client import DatabaseClient
from astrolabe.dataapi.client.command_builders import PlannedCommand
from astrolabe.dataapi.protocol import Json
from astrolabe.errors import NotFoundError, UsageError
from tui.cli.confirm import confirm_name
from tui.cli.given import read_given
from tui.cli.output import Format, emit, say, to_json, write_rows
from tui.cli.session import client_of
from tui.cli.verbs.tables.arguments import AlterArguments, CreateArguments, DropArguments, ListArguments, ShowArguments

_COLLECTION_TYPE = re.compile(r"(list|set|map)<\s*([^<>,\s]+)\s*(?:,\s*([^<>,\s]+)\s*)?>")
_VECTOR = re.compile(r"vector\(\s*(\d+)\s*\)")


async def create(args: CreateArguments) -> int:
    """Create a table from columns or from a definition."""
    definition = await _definition(args)
    body: Json = {"name": args.name, "definition": definition}
    if args.if_not_exists:
        body["options"] = {"ifNotExists": True}
    async with client_of(args) as client:
        await client.run(PlannedCommand({"createTable": body}, args.keyspace))
    say(f"The table {args.keyspace}.{args.name} exists in {args.database}.")
    return 0


async def _definition(args: CreateArguments) -> Json:
    if args.definition is not None:
        if args.column or args.key or args.sort_by:
            raise UsageError("--definition and --column, --key, --sort-by exclude each other.")
        return await read_given(args.definition, "The definition")
    if not args.column or not args.key:
        raise UsageError("A table needs a --column and a --key.", hint="`astrolabe tables create --help` has examples.")
    columns = dict(_column(given) for given in args.column)
    if not args.sort_by and len(args.key) == 1:
        return {"columns": columns, "primaryKey": args.key[0]}
    sort = {name: -1 if order == "desc" else 1 for name, order in map(_sorting, args.sort_by)}
    return {"columns": columns, "primaryKey": {"partitionBy": args.key, "partitionSort": sort}}


def _column(given: str) -> tuple[str, Any]:
    name, colon, kind = given.rpartition(":")
    kind = kind.strip()
    if not colon or not name or not kind:
        raise UsageError(f"--column {given} has no type.", hint="Write it as NAME:TYPE, such as title:text.")
    vector, collection = _VECTOR.fullmatch(kind), _COLLECTION_TYPE.fullmatch(kind)
    if vector is not None:
        return name, {"type": "vector", "dimension": int(vector[1])}
    if collection is None:
        return name, kind
    if collection[1] == "map":
        return name, {"type": "map", "keyType": collection[2], "valueType": collection[3]}
    return name, {"type": collection[1], "valueType": collection[2]}


def _sorting(given: str) -> tuple[str, str]:
    name, _, order = given.partition(":")
    if order not in {"", "asc", "desc"}:
        raise UsageError(f"--sort-by {given} has no order of that name.", hint="The orders are asc and desc.")
    return name, order


async def list_all(args: ListArguments) -> int:
    """List the tables of a keyspace."""
    async with client_of(args) as client:
        tables = await listed(client, args.keyspace)
    rows = [_row(one["name"], one.get("definition") or {}) for one in tables]
    write_rows(rows, Format(args.format), empty=f"The keyspace {args.keyspace} has no table yet.")
    return 0


async def listed(client: DatabaseClient, keyspace: str) -> list[Json]:
    """Return the tables of a keyspace with their definitions, as ``listTables`` explains them."""
    response = await client.run(PlannedCommand({"listTables": {"options": {"explain": True}}}, keyspace))
    return list(response.status.get("tables", ()))


def _row(name: str, definition: Json) -> Json:
    columns, key = definition.get("columns") or {}, definition.get("primaryKey") or {}
    vectors = [one for one, kind in columns.items() if isinstance(kind, dict) and kind.get("type") == "vector"]
    served = [one for one in vectors if columns[one].get("service")]
    return {
        "name": name,
        "columns": len(columns),
        "key": ", ".join(key.get("partitionBy") or ()),
        "sort": ", ".join(key.get("partitionSort") or ()),
        "vectors": ", ".join(vectors),
        "vectorize": ", ".join(served),
    }


async def show(args: ShowArguments) -> int:
    """Print a table's definition and its indexes."""
    async with client_of(args) as client:
        found = await existing(client, args.keyspace, args.name)
        planned = PlannedCommand({"listIndexes": {"options": {"explain": True}}}, args.keyspace, args.name)
        indexes = (await client.run(planned)).status.get("indexes", [])
    emit([to_json({**found, "indexes": indexes}, indent=2)])
    return 0


async def existing(client: DatabaseClient, keyspace: str, name: str) -> Json:
    """Return a table as ``listTables`` explains it.

    Raises:
        NotFoundError: There is no such table; the hint names those there are.
    """
    tables = await listed(client, keyspace)
    found = next((one for one in tables if one["name"] == name), None)
    if found is None:
        names = ", ".join(str(one["name"]) for one in tables)
        hint = f"It has: {names}." if names else f"`astrolabe tables create {name} …` creates one."
        raise NotFoundError(f"The keyspace {keyspace} has no table '{name}'.", field="table", hint=hint)
    return found


async def alter(args: AlterArguments) -> int:
    """Change a table's columns."""
    operation = await read_given(args.operation, "The operation")
    async with client_of(args) as client:
        await client.run(PlannedCommand({"alterTable": {"operation": operation}}, args.keyspace, args.name))
    say(f"The table {args.keyspace}.{args.name} was changed.")
    return 0


async def drop(args: DropArguments) -> int:
    """Drop a table, after its name was typed or ``--yes`` was given."""
    async with client_of(args) as client:
        await existing(client, args.keyspace, args.name)
        lost = f"All rows of {args.keyspace}.{args.name} are deleted; this cannot be undone."
        await confirm_name(args.name, "table", [lost], yes=args.yes)
        await client.run(PlannedCommand({"dropTable": {"name": args.name}}, args.keyspace))
    say(f"The table {args.keyspace}.{args.name} was dropped.")
    return 0
