"""``astrolabe api``: one command of the Data API, as it is."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from astrolabe.errors import UsageError
from tui.cli.arguments import DEFAULT_KEYSPACE
from tui.cli.output import emit, to_json
from tui.cli.process import FAILED
from tui.cli.session import workspace_of
from tui.cli.verbs.api.arguments import ApiArguments
from tui.cli.verbs.documents.target import read_object


async def api(args: ApiArguments) -> int:
    """Send a command and print the answer."""
    text = await asyncio.to_thread(_read, args.command)
    command = read_object(text, "The command") or {}
    if len(command) != 1:
        raise UsageError("A command is a JSON object with one member, its name.")
    name = args.collection or args.table
    keyspace = args.keyspace or (DEFAULT_KEYSPACE if name is not None else None)
    async with workspace_of(args) as workspace:
        door = await workspace.api(await workspace.connection.find(args.database))
        answer = await door.execute(command, keyspace=keyspace, name=name)
    emit([to_json(answer.to_json(), indent=2)])
    return FAILED if answer.errors else 0


def _read(given: str) -> str:
    if given == "-":
        return sys.stdin.read()
    if given.lstrip().startswith("{"):
        return given
    try:
        return Path(given).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{given} is neither a JSON object nor a file: {error.strerror}.") from error
    except UnicodeDecodeError:
        raise UsageError(f"{given} is not UTF-8.") from None
