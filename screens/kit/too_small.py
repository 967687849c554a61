"""What stands in the console's place while the terminal is too small to draw in."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from screens.kit.restyling import StyledOnce


class TooSmall(StyledOnce, ModalScreen[None]):
    """Asks for a larger terminal; the console takes it away when there is one."""

    def __init__(self, smallest: tuple[int, int]) -> None:
        """Ask for at least ``smallest``, columns and lines."""
        super().__init__()
        self.smallest = smallest

    def compose(self) -> ComposeResult:
        """Lay out the request."""
        columns, lines = self.smallest
        yield Static(Content(f"Please enlarge the terminal\nto {columns} columns and {lines} lines.\n\n^q quits"))

    def on_screen_resume(self) -> None:
        """Leave if the terminal was enlarged while something else, such as the list of keys, lay on top."""
        if self.app.size.width >= self.smallest[0] and self.app.size.height >= self.smallest[1]:
            self.dismiss()
