"""What the command line takes for ``databases``. Nothing heavy is imported here."""

from __future__ import annotations

from tui.cli.arguments import ConfirmedArguments, PrintedArguments, Verbs, add_format, add_noun, add_verb, add_yes


class CreateArguments(PrintedArguments):
    """What ``databases create`` is given."""

    name: str
    provider: str
    region: str


class ListArguments(PrintedArguments):
    """What ``databases list`` is given."""


class DeleteArguments(ConfirmedArguments):
    """What ``databases delete`` is given."""

    name: str


def add_databases(verbs: Verbs) -> None:
    """Add ``databases`` and what belongs to it."""
    noun = add_noun(verbs, "databases", "create, list and delete databases")
    create = add_verb(
        noun,
        "create",
        "databases.run:create",
        CreateArguments,
        "create a database; its keyspace default_keyspace exists at once",
    )
    create.add_argument("name", metavar="NAME", help="unique name")
    create.add_argument("--provider", default="aws", metavar="CLOUD", help="cloud provider (default: %(default)s)")
    create.add_argument("--region", default="us-east-2", metavar="REGION", help="region (default: %(default)s)")
    add_format(create)
    add_format(add_verb(noun, "list", "databases.run:list_all", ListArguments, "list the databases"))
    delete = add_verb(
        noun, "delete", "databases.run:delete", DeleteArguments, "delete a database with everything in it"
    )
    delete.add_argument("name", metavar="NAME", help="the database")
    add_yes(delete)
