"""``astrolabe keyspaces``: create and list the keyspaces of a database."""

from __future__ import annotations

from argparse import Namespace

from tui.output import Format, say, write_rows
from tui.session import client_of


async def create(args: Namespace) -> int:
    """Create a keyspace; harmless when it exists."""
    async with client_of(args) as client:
        await client.create_keyspace(args.name)
    say(f"The keyspace {args.name} exists.")
    return 0


async def list_all(args: Namespace) -> int:
    """List the keyspaces."""
    async with client_of(args) as client:
        names = await client.keyspaces()
    write_rows([{"name": name} for name in names], Format(args.format), empty="There is no keyspace.")
    return 0
