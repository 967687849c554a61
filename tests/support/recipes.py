"""The recipes of the guide to clients: each program as it stands there, and what the guide says that it prints."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "clients.md"
_SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
_PROGRAM = re.compile(r"```(sh|python|js|java)\n([^`]+)```\n\n```text\n([^`]+)```")


@dataclass(frozen=True, slots=True)
class Recipe:
    """A program of the guide.

    Attributes:
        heading: The section that it stands in.
        language: `sh`, `python`, `js` or `java`.
        text: The program.
        prints: What it prints.
    """

    heading: str
    language: str
    text: str
    prints: str


@cache
def recipes() -> tuple[Recipe, ...]:
    """Return all recipes of the guide, in its order; a block of code that nothing is printed by is none."""
    parts = _SECTION.split(GUIDE.read_text("utf-8"))[1:]
    return tuple(
        Recipe(heading, *found)
        for heading, section in zip(parts[::2], parts[1::2], strict=True)
        for found in _PROGRAM.findall(section)
    )


def recipes_of(heading: str) -> list[Recipe]:
    """Return the recipes of one section."""
    return [recipe for recipe in recipes() if recipe.heading == heading]
