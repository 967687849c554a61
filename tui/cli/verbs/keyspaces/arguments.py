"""What the command line takes for ``keyspaces``. Nothing heavy is imported here."""

from __future__ import annotations

from tui.cli.arguments import (
    ConfirmedArguments,
    DatabaseArguments,
    PrintedArguments,
    Verbs,
    add_format,
    add_noun,
    add_place,
    add_verb,
    add_yes,
)


class CreateArguments(DatabaseArguments):
    """What ``keyspaces create`` is given."""

    name: str


class ListArguments(DatabaseArguments, PrintedArguments):
    """What ``keyspaces list`` is given."""


class DeleteArguments(DatabaseArguments, ConfirmedArguments):
    """What ``keyspaces delete`` is given."""

    name: str


def add_keyspaces(verbs: Verbs) -> None:
    """Add ``keyspaces`` and what belongs to it."""
    noun = add_noun(verbs, "keyspaces", "create, list and delete keyspaces")
    create = add_verb(noun, "create", "keyspaces.run:create", CreateArguments, "create a keyspace")
    create.add_argument("name", metavar="NAME", help="unique name in the database")
    add_place(create, collection=False, keyspace=False)
    listing = add_verb(noun, "list", "keyspaces.run:list_all", ListArguments, "list the keyspaces of a database")
    add_place(listing, collection=False, keyspace=False)
    add_format(listing)
    delete = add_verb(
        noun, "delete", "keyspaces.run:delete", DeleteArguments, "delete a keyspace with everything in it"
    )
    delete.add_argument("name", metavar="NAME", help="the keyspace")
    add_place(delete, collection=False, keyspace=False)
    add_yes(delete)
