"""An error, with what failed, who can mend it, what to try, and a technical tail to copy."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from astrolabe.errors import AstrolabeError, DataApiError, ProviderError
from screens.text import display_text
from screens.unexpected import source_of
from screens.viewer import Viewer


class ErrorDialog(Viewer):
    """Shows an error of the tree; the text can be copied and saved."""

    FILE_NAME = "error.txt"

    def __init__(self, error: AstrolabeError) -> None:
        """Show ``error``."""
        self.error = error
        super().__init__(error.title, describe(error))
        self.add_class("-error")

    def compose_above(self) -> ComposeResult:
        """Say where it comes from."""
        yield Static(Content(display_text(source_of(self.error))), id="owner")


def describe(error: AstrolabeError) -> str:
    """Return the error as paragraphs: what failed, what to try, and the technical tail."""
    parts = [error.message]
    if error.hint:
        parts.append(f"What to try: {error.hint}")
    if isinstance(error, ProviderError) and error.words:
        parts.append(f"The provider said: {error.words}")
    tail = technical_tail(error)
    return "\n\n".join([*parts, tail] if tail else parts)


def technical_tail(error: AstrolabeError) -> str:
    """Return codes and ids that a report needs; empty when there are none."""
    if isinstance(error, DataApiError):
        where = f"{error.family.value}/{error.scope}" if error.scope else error.family.value
        return f"Code: {error.code} ({where})\nError id: {error.id}"
    if isinstance(error, ProviderError):
        status = f", HTTP {error.status}" if error.status else ""
        return f"Provider: {error.provider}{status}, {error.attempts} attempt(s), {error.failure.value}"
    return ""
