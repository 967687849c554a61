"""What the command line takes for ``tokens``. Nothing heavy is imported here."""

from __future__ import annotations

from tui.cli.arguments import Arguments, PrintedArguments, Verbs, add_format, add_noun, add_verb


class CreateArguments(Arguments):
    """What ``tokens create`` is given."""

    name: str
    may_only_read: bool
    database: list[str]


class ListArguments(PrintedArguments):
    """What ``tokens list`` is given."""


class RevokeArguments(Arguments):
    """What ``tokens revoke`` is given."""

    name: str


def add_tokens(verbs: Verbs) -> None:
    """Add ``tokens`` and what belongs to it."""
    noun = add_noun(verbs, "tokens", "create, list and revoke the tokens of programs that use the server")
    create = add_verb(
        noun,
        "create",
        "tokens.run:create",
        CreateArguments,
        "create an application token; it is printed this once",
        read_only=False,
    )
    create.add_argument("name", metavar="NAME", help="unique name")
    create.add_argument(
        "--read-only",
        dest="may_only_read",
        action="store_true",
        help="it may change nothing: its other commands are refused",
    )
    create.add_argument(
        "--database", action="append", default=[], metavar="NAME", help="accept it for this database alone; repeatable"
    )
    add_format(
        add_verb(
            noun,
            "list",
            "tokens.run:list_all",
            ListArguments,
            "list the application tokens; their secrets are not kept",
        )
    )
    revoke = add_verb(
        noun, "revoke", "tokens.run:revoke", RevokeArguments, "revoke an application token; it is refused from then on"
    )
    revoke.add_argument("name", metavar="NAME", help="name or id of the token")
