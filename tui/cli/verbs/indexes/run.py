"""``astrolabe indexes``: create, list and drop indexes of tables."""

from __future__ import annotations

from astrolabe.dataapi.client.command_builders import PlannedCommand
from astrolabe.dataapi.protocol import Json
from tui.cli.given import read_json, read_object
from tui.cli.output import Format, say, write_rows
from tui.cli.session import client_of
from tui.cli.verbs.indexes.arguments import CreateArguments, DropArguments, ListArguments

_COMMANDS = {"regular": "createIndex", "vector": "createVectorIndex", "text": "createTextIndex"}


async def create(args: CreateArguments) -> int:
    """Create an index."""
    column = read_json(args.column, "--column") if args.column.lstrip().startswith("{") else args.column
    definition: Json = {"column": column}
    options = read_object(args.options, "--options")
    if options is not None:
        definition["options"] = options
    body: Json = {"name": args.name, "definition": definition}
    if args.if_not_exists:
        body["options"] = {"ifNotExists": True}
    async with client_of(args) as client:
        await client.run(PlannedCommand({_COMMANDS[args.kind]: body}, args.keyspace, args.table))
    say(f"The index {args.name} on {args.keyspace}.{args.table} exists.")
    return 0


async def list_all(args: ListArguments) -> int:
    """List the indexes of a table."""
    planned = PlannedCommand({"listIndexes": {"options": {"explain": True}}}, args.keyspace, args.table)
    async with client_of(args) as client:
        found = (await client.run(planned)).status.get("indexes", ())
    rows = [
        {
            "name": one.get("name"),
            "column": (one.get("definition") or {}).get("column"),
            "kind": one.get("indexType"),
            "options": (one.get("definition") or {}).get("options"),
        }
        for one in found
    ]
    write_rows(rows, Format(args.format), empty=f"The table {args.keyspace}.{args.table} has no index.")
    return 0


async def drop(args: DropArguments) -> int:
    """Drop an index."""
    body: Json = {"name": args.name}
    if args.if_exists:
        body["options"] = {"ifExists": True}
    async with client_of(args) as client:
        await client.run(PlannedCommand({"dropIndex": body}, args.keyspace))
    say(f"The index {args.name} was dropped.")
    return 0
