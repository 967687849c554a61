"""What the command line takes for ``tables``. Nothing heavy is imported here."""

from __future__ import annotations

from tui.cli.arguments import (
    ConfirmedArguments,
    KeyspaceArguments,
    PrintedArguments,
    Verbs,
    add_format,
    add_noun,
    add_place,
    add_verb,
    add_yes,
)


class CreateArguments(KeyspaceArguments):
    """What ``tables create`` is given."""

    name: str
    column: list[str]
    key: list[str]
    sort_by: list[str]
    definition: str | None
    if_not_exists: bool


class ListArguments(KeyspaceArguments, PrintedArguments):
    """What ``tables list`` is given."""


class ShowArguments(KeyspaceArguments):
    """What ``tables show`` is given."""

    name: str


class AlterArguments(KeyspaceArguments):
    """What ``tables alter`` is given."""

    name: str
    operation: str


class DropArguments(KeyspaceArguments, ConfirmedArguments):
    """What ``tables drop`` is given."""

    name: str


def add_tables(verbs: Verbs) -> None:
    """Add ``tables`` and what belongs to it."""
    noun = add_noun(verbs, "tables", "create, list, show, alter and drop tables")
    create = add_verb(noun, "create", "tables.run:create", CreateArguments, "create a table", epilog=_CREATE)
    create.add_argument("name", metavar="NAME", help="unique name in the keyspace")
    add_place(create, collection=False)
    create.add_argument("--column", action="append", default=[], metavar="NAME:TYPE", help="a column; repeatable")
    create.add_argument("--key", action="append", default=[], metavar="NAME", help="column of the key; repeatable")
    create.add_argument(
        "--sort-by",
        action="append",
        default=[],
        metavar="NAME[:desc]",
        help="column that sorts a partition; repeatable",
    )
    create.add_argument("--definition", metavar="JSON|FILE|-", help="the definition as the Data API has it")
    create.add_argument("--if-not-exists", action="store_true", help="succeed if there is a table of that name")
    listing = add_verb(noun, "list", "tables.run:list_all", ListArguments, "list the tables of a keyspace")
    add_place(listing, collection=False)
    add_format(listing)
    show = add_verb(noun, "show", "tables.run:show", ShowArguments, "print a table's definition and indexes as JSON")
    show.add_argument("name", metavar="NAME", help="the table")
    add_place(show, collection=False)
    alter = add_verb(noun, "alter", "tables.run:alter", AlterArguments, "change a table's columns", epilog=_ALTER)
    alter.add_argument("name", metavar="NAME", help="the table")
    alter.add_argument("operation", metavar="JSON|FILE|-", help="what changes, as the Data API has it")
    add_place(alter, collection=False)
    drop = add_verb(noun, "drop", "tables.run:drop", DropArguments, "drop a table and its rows, for ever")
    drop.add_argument("name", metavar="NAME", help="the table")
    add_place(drop, collection=False)
    add_yes(drop)


_CREATE = """\
examples:
  astrolabe tables create books --database library --column id:text --column title:text --column 'v:vector(384)' \\
      --key id
  astrolabe tables create visits --database library --column page:text --column at:timestamp --column n:int \\
      --key page --sort-by at:desc
  astrolabe tables create books --database library --definition books.json

Types: text, int, bigint, double, boolean, uuid, timestamp, … list<text>, set<int>, map<text,int>, vector(N). What makes
a vector of a text stands in a definition: {"type": "vector", "dimension": 256, "service": {"provider": …, …}}.
"""

_ALTER = """\
examples:
  astrolabe tables alter books '{"add": {"columns": {"year": "int"}}}' --database library
  astrolabe tables alter books '{"dropVectorize": {"columns": ["v"]}}' --database library
"""
