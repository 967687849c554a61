"""Confirming on the command line what cannot be undone: the name has to be typed, or ``--yes`` given."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from astrolabe.errors import AstrolabeError, Owner, RuleError, UsageError
from tui.cli.output import say
from tui.cli.prompts import ask_line


class UnknownConsequencesError(AstrolabeError):
    """What is about to be destroyed may be in use: that could not be found out."""

    default_owner = Owner.MACHINE

    @property
    def title(self) -> str:
        """A heading of a few words."""
        return "It is not known what this stops"


async def confirm_name(name: str, noun: str, consequences: Iterable[str], *, yes: bool, unknown: str = "") -> None:
    """Say what will be lost and ask for the name; with ``yes`` only say it.

    Args:
        name: What has to be typed, exactly.
        noun: What it names, such as ``collection``.
        consequences: Sentences about what is lost.
        yes: Whether it was confirmed with the command already.
        unknown: What could not be found out, as a sentence: it is said first, and nothing is confirmed in advance then.

    Raises:
        UnknownConsequencesError: It was confirmed with the command, and what it does is not known.
        UsageError: There is no terminal to ask on.
        RuleError: Another name was typed.
    """
    if yes and unknown:
        raise UnknownConsequencesError(
            f"{unknown} So --yes is not enough; nothing was changed.",
            hint=f"Repair the databases, or delete them; or leave out --yes and type the {noun}'s name.",
        )
    if not yes and not sys.stdin.isatty():
        raise UsageError(f"Deleting a {noun} asks for its name.", hint="Without a terminal, add --yes.")
    for sentence in filter(None, (unknown, *consequences)):
        say(sentence)
    if yes:
        return
    if await ask_line(f"Type the {noun}'s name to confirm: ") != name:
        raise RuleError(f"That is not the {noun}'s name; nothing was changed.", field="name")
