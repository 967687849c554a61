"""Confirming on the command line what cannot be undone: the name has to be typed, or ``--yes`` given."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable

from astrolabe.errors import RuleError, UsageError
from tui.cli.output import say


async def confirm_name(name: str, noun: str, consequences: Iterable[str], *, yes: bool) -> None:
    """Say what will be lost and ask for the name; with ``yes`` do neither.

    Args:
        name: What has to be typed, exactly.
        noun: What it names, such as ``collection``.
        consequences: Sentences about what is lost.
        yes: Whether it was confirmed with the command already.

    Raises:
        UsageError: There is no terminal to ask on.
        RuleError: Another name was typed.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"Deleting a {noun} asks for its name.", hint="Without a terminal, add --yes.")
    for sentence in consequences:
        say(sentence)
    sys.stderr.write(f"Type the {noun}'s name to confirm: ")
    sys.stderr.flush()
    typed = await asyncio.to_thread(sys.stdin.readline)
    if typed.rstrip("\n") != name:
        raise RuleError(f"That is not the {noun}'s name; nothing was changed.", field="name")
