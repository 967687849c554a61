"""What stands in the console's place while the terminal is too small to draw in."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static


class TooSmall(ModalScreen[None]):
    """Asks for a larger terminal; the console takes it away when there is one."""

    CSS_PATH = "too_small.tcss"

    def __init__(self, smallest: tuple[int, int]) -> None:
        """Ask for at least ``smallest``, columns and lines."""
        super().__init__()
        self.smallest = smallest

    def compose(self) -> ComposeResult:
        """Lay out the request."""
        columns, lines = self.smallest
        yield Static(Content(f"Please enlarge the terminal\nto {columns} columns and {lines} lines.\n\n^q quits"))
