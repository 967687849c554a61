"""What the command line takes for ``indexes``. Nothing heavy is imported here."""

from __future__ import annotations

from tui.cli.arguments import (
    KeyspaceArguments,
    PrintedArguments,
    Verbs,
    add_format,
    add_noun,
    add_place,
    add_verb,
)

KINDS = ("regular", "vector", "text")


class CreateArguments(KeyspaceArguments):
    """What ``indexes create`` is given."""

    name: str
    table: str
    column: str
    kind: str
    options: str | None
    if_not_exists: bool


class ListArguments(KeyspaceArguments, PrintedArguments):
    """What ``indexes list`` is given."""

    table: str


class DropArguments(KeyspaceArguments):
    """What ``indexes drop`` is given."""

    name: str
    if_exists: bool


def add_indexes(verbs: Verbs) -> None:
    """Add ``indexes`` and what belongs to it."""
    noun = add_noun(verbs, "indexes", "create, list and drop indexes of tables")
    words = "create an index on a column of a table"
    create = add_verb(noun, "create", "indexes.run:create", CreateArguments, words, epilog=_CREATE)
    create.add_argument("name", metavar="NAME", help="unique name in the keyspace")
    add_place(create, collection=False)
    create.add_argument("--table", required=True, metavar="NAME", help="the table")
    create.add_argument("--column", required=True, metavar="NAME", help="the column; JSON for the keys of a map")
    create.add_argument("--kind", choices=KINDS, default="regular", help="what it is for (default: %(default)s)")
    create.add_argument("--options", metavar="JSON", help='its options, such as \'{"metric": "dot_product"}\'')
    create.add_argument("--if-not-exists", action="store_true", help="succeed if there is an index of that name")
    listing = add_verb(noun, "list", "indexes.run:list_all", ListArguments, "list the indexes of a table")
    add_place(listing, collection=False)
    listing.add_argument("--table", required=True, metavar="NAME", help="the table")
    add_format(listing)
    drop = add_verb(noun, "drop", "indexes.run:drop", DropArguments, "drop an index")
    drop.add_argument("name", metavar="NAME", help="the index")
    add_place(drop, collection=False)
    drop.add_argument("--if-exists", action="store_true", help="succeed if there is none")


_CREATE = """\
examples:
  astrolabe indexes create by_year --table books --column year --database library
  astrolabe indexes create by_meaning --table books --column v --kind vector --database library
  astrolabe indexes create by_words --table books --column title --kind text --options '{"analyzer": "english"}' \\
      --database library
"""
