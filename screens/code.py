"""The command a dialog will send, or has sent, as code."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from astrolabe.dataapi.planned import PlannedCommand
from astrolabe.dataapi.snippets import Language, render
from screens.actions import Action, register
from screens.viewer import Viewer


class CodeDialog(Viewer):
    """Shows a Data API command as JSON, curl and whatever else the snippets can render; tab changes the language."""

    FILE_NAME = "command.txt"

    BINDINGS = register(
        Action("code.next", "tab,right", "Next language", "Show the command in the next language."),
        Action("code.previous", "shift+tab,left", "Previous", "Show it in the language before.", shown=False),
    )

    def __init__(self, planned: PlannedCommand, endpoint: str) -> None:
        """Show a command.

        Args:
            planned: The command with where it goes.
            endpoint: The database's Data API address, named in the snippets.
        """
        self.planned = planned
        self.endpoint = endpoint
        self.languages = tuple(Language)
        self.position = 0
        super().__init__("The command", render(planned, endpoint, self.languages[0]))

    def compose_above(self) -> ComposeResult:
        """Lay out the line of languages."""
        yield Static(self._line(), id="languages")

    def _line(self) -> Content:
        parts = [
            Content.styled(f" {language.value} ", "reverse bold" if place == self.position else "$foreground-muted")
            for place, language in enumerate(self.languages)
        ]
        return Content(" ").join(parts) + Content.styled("   tab: next", "dim")

    def _turn(self, step: int) -> None:
        self.position = (self.position + step) % len(self.languages)
        self.query_one("#languages", Static).update(self._line())
        self.replace_text(render(self.planned, self.endpoint, self.languages[self.position]))

    def action_code_next(self) -> None:
        """Show the next language."""
        self._turn(1)

    def action_code_previous(self) -> None:
        """Show the language before."""
        self._turn(-1)
