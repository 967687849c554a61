"""Lists of foreign names in messages."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

LONGEST_NAME = 100
"""Characters of a foreign name that a message shows."""

_MOST_LISTED = 20


def cut(name: str) -> str:
    """Return the name, with an ellipsis in place of what is too long for a message."""
    return name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…"


def listed(names: Iterable[str]) -> str:
    """Return names joined with commas, ``None`` for none; a long list ends in an ellipsis."""
    found = list(islice(names, _MOST_LISTED + 1))
    shown = [cut(name) for name in found[:_MOST_LISTED]]
    return ", ".join([*shown, "…"] if len(found) > _MOST_LISTED else shown) or "None"
