"""What the command line takes for ``api``. Nothing heavy is imported here."""

from __future__ import annotations

from tui.cli.arguments import DatabaseArguments, Verbs, add_place, add_verb


class ApiArguments(DatabaseArguments):
    """What ``api`` is given."""

    command: str
    keyspace: str | None
    collection: str | None
    table: str | None


def add_api(verbs: Verbs) -> None:
    """Add ``api``."""
    words = "send a command of the Data API and print its answer"
    api = add_verb(verbs, "api", "api.run:api", ApiArguments, words, epilog=_API)
    api.add_argument("command", metavar="JSON|FILE|-", help="the command, a file with it, or - for stdin")
    add_place(api, collection=False, keyspace=False)
    api.add_argument("--keyspace", metavar="NAME", help="for commands on a keyspace")
    kind = api.add_mutually_exclusive_group()
    kind.add_argument("--collection", metavar="NAME", help="for commands on a collection (keyspace: default_keyspace)")
    kind.add_argument("--table", metavar="NAME", help="for commands on a table (keyspace: default_keyspace)")


_API = """\
examples:
  astrolabe api '{"findKeyspaces": {}}' --database library
  astrolabe api '{"find": {"limit": 2}}' --database library --collection books
  astrolabe api - --database library --keyspace default_keyspace < create-table.json

The answer is printed as JSON. The exit code is 1 when it has errors in it.
"""
