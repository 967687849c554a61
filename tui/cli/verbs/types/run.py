"""``astrolabe types``: create, list, alter and drop user-defined types."""

from __future__ import annotations

from collections.abc import Iterable

from astrolabe.dataapi.client.command_builders import PlannedCommand
from astrolabe.dataapi.protocol import Json
from astrolabe.errors import UsageError
from tui.cli.output import Format, say, write_rows
from tui.cli.session import client_of
from tui.cli.verbs.types.arguments import AlterArguments, CreateArguments, DropArguments, ListArguments


async def create(args: CreateArguments) -> int:
    """Create a type."""
    body: Json = {"name": args.name, "definition": {"fields": _pairs(args.field, "--field")}}
    if args.if_not_exists:
        body["options"] = {"ifNotExists": True}
    async with client_of(args) as client:
        await client.run(PlannedCommand({"createType": body}, args.keyspace))
    say(f"The type {args.keyspace}.{args.name} exists.")
    return 0


def _pairs(given: Iterable[str], option: str) -> dict[str, str]:
    pairs = [text.partition(":") for text in given]
    for name, colon, value in pairs:
        if not (colon and name and value):
            raise UsageError(f"{option} {name} lacks what comes after the colon.", hint=f"{option} takes NAME:VALUE.")
    return {name: value.strip() for name, _, value in pairs}


async def list_all(args: ListArguments) -> int:
    """List the types of a keyspace."""
    planned = PlannedCommand({"listTypes": {"options": {"explain": True}}}, args.keyspace)
    async with client_of(args) as client:
        found = (await client.run(planned)).status.get("types", ())
    rows = [{"name": one.get("udtName"), "fields": _fields(one.get("definition") or {})} for one in found]
    write_rows(rows, Format(args.format), empty=f"The keyspace {args.keyspace} has no type.")
    return 0


def _fields(definition: Json) -> Json:
    """Return the fields' types in their short form, where they have one."""
    fields: Json = definition.get("fields") or {}
    return {name: kind["type"] if list(kind) == ["type"] else kind for name, kind in fields.items()}


async def alter(args: AlterArguments) -> int:
    """Add fields to a type, or rename them."""
    body: Json = {"name": args.name}
    if args.add:
        body["add"] = {"fields": _pairs(args.add, "--add")}
    if args.rename:
        body["rename"] = {"fields": _pairs(args.rename, "--rename")}
    if len(body) == 1:
        raise UsageError("Say what changes: with --add or --rename.")
    async with client_of(args) as client:
        await client.run(PlannedCommand({"alterType": body}, args.keyspace))
    say(f"The type {args.keyspace}.{args.name} was changed.")
    return 0


async def drop(args: DropArguments) -> int:
    """Drop a type."""
    body: Json = {"name": args.name}
    if args.if_exists:
        body["options"] = {"ifExists": True}
    async with client_of(args) as client:
        await client.run(PlannedCommand({"dropType": body}, args.keyspace))
    say(f"The type {args.keyspace}.{args.name} was dropped.")
    return 0
