"""What the command line takes for ``help``. Nothing heavy is imported here."""

from __future__ import annotations

from tui.cli.arguments import Arguments, Verbs, add_verb


class HelpArguments(Arguments):
    """What ``help`` is given."""

    verb: list[str]
    man: bool


def add_help(verbs: Verbs) -> None:
    """Add ``help``."""
    words = "explain a verb, such as `astrolabe help load`"
    parser = add_verb(verbs, "help", "help.run:explain", HelpArguments, words)
    parser.add_argument(
        "verb", metavar="VERB", nargs="*", default=[], help="the verb, or noun and verb (default: all of them)"
    )
    parser.add_argument("--man", action="store_true", help="print the whole as a man page: > astrolabe.1")
