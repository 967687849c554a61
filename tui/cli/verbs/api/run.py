"""``astrolabe api``: one command of the Data API, as it is."""

from __future__ import annotations

from astrolabe.errors import UsageError
from tui.cli.arguments import DEFAULT_KEYSPACE
from tui.cli.given import read_given
from tui.cli.output import emit, to_json
from tui.cli.process import FAILED
from tui.cli.session import client_of
from tui.cli.verbs.api.arguments import ApiArguments


async def api(args: ApiArguments) -> int:
    """Send a command and print the answer."""
    command = await read_given(args.command, "The command")
    if len(command) != 1:
        raise UsageError("A command is a JSON object with one member, its name.")
    name = args.collection or args.table
    keyspace = args.keyspace or (DEFAULT_KEYSPACE if name is not None else None)
    async with client_of(args) as client:
        answer = await client.api.execute(command, keyspace=keyspace, name=name)
    emit([to_json(answer.to_json(), indent=2)])
    return FAILED if answer.errors else 0
