"""An error, with what failed, who can mend it, what to try, and a technical tail to copy."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from astrolabe.errors import AstrolabeError, DataApiError
from astrolabe.text.error_text import source_of
from astrolabe.text.provider_report import failure_of, title_of
from astrolabe.text.safe_text import display_text
from screens.kit.viewer import Viewer


class ErrorDialog(Viewer):
    """Shows an error of the tree; the text can be copied and saved."""

    FILE_NAME = "error.txt"

    def __init__(self, error: AstrolabeError) -> None:
        """Show ``error``."""
        self.error = error
        super().__init__(title_of(error), describe(error))
        self.add_class("-error")

    def compose_above(self) -> ComposeResult:
        """Say where it comes from."""
        yield Static(Content(display_text(source_of(self.error))), id="owner")


def describe(error: AstrolabeError) -> str:
    """Return the error as paragraphs: what failed, what was said, what it means, what to do, and the technical tail."""
    failure = failure_of(error)
    parts = [error.message]
    if failure is not None:
        parts = [failure.message]
        parts += (
            [f"The provider said: {failure.words}"] if failure.words and failure.words not in failure.message else []
        )
        parts += [f"Most likely: {failure.meaning}"] if failure.meaning else []
        parts += [f"What to do: {failure.step}"] if failure.step else []
    elif error.hint:
        parts.append(f"What to do: {error.hint}")
    tail = technical_tail(error)
    return "\n\n".join([*parts, tail] if tail else parts)


def technical_tail(error: AstrolabeError) -> str:
    """Return codes and ids that a report needs; empty when there are none."""
    lines = []
    if isinstance(error, DataApiError):
        where = f"{error.family.value}/{error.scope}" if error.scope else error.family.value
        lines += [f"Code: {error.code} ({where})", f"Error id: {error.id}"]
    failure = failure_of(error)
    if failure is not None:
        status = f", HTTP {failure.status}" if failure.status else ""
        lines.append(f"Provider: {failure.provider}{status}, {failure.attempts} attempt(s), {failure.failure.value}")
        lines += [f"Request id: {failure.request_id}"] if failure.request_id else []
        lines += ["Simulated: the failure lab failed in the provider's place."] if failure.simulated else []
    return "\n".join(lines)
