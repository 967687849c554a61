"""The colours of the lines that ``serve`` writes."""

from __future__ import annotations

from collections.abc import Callable

RED, YELLOW, DIM = "\x1b[31m", "\x1b[33m", "\x1b[2m"
NONE = "-"
"""Stands where there is nothing to say."""

_PLAIN = "\x1b[0m"


def painter(*, colour: bool) -> Callable[[str, str], str]:
    """Return what puts a text into a colour, or leaves it as it is."""
    return lambda text, ink: f"{ink}{text}{_PLAIN}" if colour and ink else text
