"""What the command line takes for ``console``. Nothing heavy is imported here."""

from __future__ import annotations

from tui.cli.arguments import Arguments, Verbs, add_verb


class ConsoleArguments(Arguments):
    """What ``console`` is given."""


class DemoArguments(Arguments):
    """What ``console demo`` is given."""


def add_demo(verbs: Verbs) -> None:
    """Add the verb ``demo``; the console itself opens without a verb."""
    words = "open the console on a throw-away data folder, filled with a sample"
    add_verb(verbs, "demo", "console.run:demo", DemoArguments, words)
