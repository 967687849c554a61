"""An input for a file's path that completes what is typed, as a shell does."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.suggester import Suggester
from textual.widgets import Input

MOST_ENTRIES = 5000
"""Entries of a folder that are looked at; a completion must answer at once."""


class PathSuggester(Suggester):
    """Suggests the first path that continues what is typed; folders end in a slash, hidden files only when asked."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """Return the completed path, or None."""
        return await asyncio.to_thread(complete, value) if value else None


def complete(typed: str) -> str | None:
    """Return ``typed`` continued to the first matching entry of its folder, or None; spelling (``~``) is kept."""
    head, slash, start = typed.rpartition("/")
    folder = Path(head + slash).expanduser() if slash else Path()
    try:
        with os.scandir(folder) as entries:
            found = sorted(
                (entry.name, entry.is_dir())
                for _, entry in zip(range(MOST_ENTRIES), entries, strict=False)
                if entry.name.startswith(start) and (start.startswith(".") or not entry.name.startswith("."))
            )
    except OSError:
        return None
    for name, is_folder in found:
        whole = head + slash + name + ("/" if is_folder else "")
        if whole != typed:
            return whole
    return None


class PathInput(Input):
    """An input that completes paths; tab takes the completion, or goes on to the next field when there is none."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("tab", "complete_path", "Complete", show=False)]

    def __init__(self, id: str, value: str = "", *, placeholder: str = "~/data/articles.csv") -> None:  # noqa: A002
        super().__init__(value, id=id, placeholder=placeholder, suggester=PathSuggester(), compact=True)

    def action_complete_path(self) -> None:
        """Take the completion, or leave the field."""
        completed = complete(self.value) if self.value else None
        if completed is None:
            self.screen.focus_next()
            return
        self.value = completed
        self.cursor_position = len(completed)
