"""``astrolabe keyspaces``: create, list and delete the keyspaces of a database."""

from __future__ import annotations

from astrolabe.errors import NotFoundError
from tui.cli.confirm import confirm_name
from tui.cli.output import Format, say, write_rows
from tui.cli.session import client_of
from tui.cli.verbs.keyspaces.arguments import CreateArguments, DeleteArguments, ListArguments


async def create(args: CreateArguments) -> int:
    """Create a keyspace; harmless when it exists."""
    async with client_of(args) as client:
        there = args.name in await client.keyspaces()
        await client.create_keyspace(args.name)
    say(f"The keyspace {args.name} was {'there already' if there else 'created'}.")
    return 0


async def delete(args: DeleteArguments) -> int:
    """Delete a keyspace with everything in it, after its name was typed or ``--yes`` was given."""
    async with client_of(args) as client:
        if args.name not in await client.keyspaces():
            raise NotFoundError(f"The database {args.database} has no keyspace '{args.name}'.", field="keyspace")
        lost = f"All collections and documents in {args.name} are deleted; this cannot be undone."
        await confirm_name(args.name, "keyspace", [lost], yes=args.yes)
        await client.drop_keyspace(args.name)
    say(f"The keyspace {args.name} was deleted.")
    return 0


async def list_all(args: ListArguments) -> int:
    """List the keyspaces."""
    async with client_of(args) as client:
        names = await client.keyspaces()
    write_rows([{"name": name} for name in names], Format(args.format), empty="There is no keyspace.")
    return 0
