"""What the command line takes for ``info``. Nothing heavy is imported here."""

from __future__ import annotations

from tui.cli.arguments import PrintedArguments, Verbs, add_format, add_verb


class InfoArguments(PrintedArguments):
    """What ``info`` is given."""


def add_info(verbs: Verbs) -> None:
    """Add the verb ``info``."""
    words = "print the version, every path, and what is optional and present"
    add_format(add_verb(verbs, "info", "info.run:info", InfoArguments, words))
