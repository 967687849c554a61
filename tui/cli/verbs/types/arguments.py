"""What the command line takes for ``types``. Nothing heavy is imported here."""

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


class CreateArguments(KeyspaceArguments):
    """What ``types create`` is given."""

    name: str
    field: list[str]
    if_not_exists: bool


class ListArguments(KeyspaceArguments, PrintedArguments):
    """What ``types list`` is given."""


class AlterArguments(KeyspaceArguments):
    """What ``types alter`` is given."""

    name: str
    add: list[str]
    rename: list[str]


class DropArguments(KeyspaceArguments):
    """What ``types drop`` is given."""

    name: str
    if_exists: bool


def add_types(verbs: Verbs) -> None:
    """Add ``types`` and what belongs to it."""
    noun = add_noun(verbs, "types", "create, list, alter and drop user-defined types of tables")
    create = add_verb(noun, "create", "types.run:create", CreateArguments, "create a type", epilog=_CREATE)
    create.add_argument("name", metavar="NAME", help="unique name in the keyspace")
    add_place(create, collection=False)
    create.add_argument("--field", action="append", required=True, metavar="NAME:TYPE", help="a field; repeatable")
    create.add_argument("--if-not-exists", action="store_true", help="succeed if there is a type of that name")
    listing = add_verb(noun, "list", "types.run:list_all", ListArguments, "list the types of a keyspace")
    add_place(listing, collection=False)
    add_format(listing)
    alter = add_verb(noun, "alter", "types.run:alter", AlterArguments, "add fields to a type, or rename them")
    alter.add_argument("name", metavar="NAME", help="the type")
    add_place(alter, collection=False)
    alter.add_argument("--add", action="append", default=[], metavar="NAME:TYPE", help="a new field; repeatable")
    alter.add_argument("--rename", action="append", default=[], metavar="OLD:NEW", help="another name; repeatable")
    drop = add_verb(noun, "drop", "types.run:drop", DropArguments, "drop a type that nothing uses")
    drop.add_argument("name", metavar="NAME", help="the type")
    add_place(drop, collection=False)
    drop.add_argument("--if-exists", action="store_true", help="succeed if there is none")


_CREATE = """\
example:
  astrolabe types create address --field street:text --field number:int --database library
"""
