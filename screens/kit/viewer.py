"""Dialogs that only show something: text to read, copy or save."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.getters import app as app_getter
from textual.screen import ModalScreen
from textual.widgets import Button, Static, TextArea

from astrolabe.text.safe_text import VIEWER_LIMIT, display_text
from screens.kit.actions import Action, register
from screens.kit.app_base import Console
from screens.kit.restyling import StyledOnce
from screens.kit.text_area import show_text
from screens.kit.workers import WorkerBoundary


class Viewer(StyledOnce, ModalScreen[None], WorkerBoundary):
    """A scrolling, selectable text with copy and save.

    Copying sends the text to the terminal's clipboard (OSC 52), which works over SSH where the terminal allows it;
    nobody can tell whether it arrived, so saving to a file is always offered beside it.
    """

    FILE_NAME: ClassVar[str] = "astrolabe.txt"

    BINDINGS = register(
        Action("viewer.close", "escape,q", "Close", "Close this dialog."),
        Action("viewer.copy", "c", "Copy", "Send the whole text to the terminal's clipboard."),
        Action("viewer.save", "w", "Save", "Save the whole text to a file; its path is asked for."),
    )

    app = app_getter(Console)

    def __init__(self, heading: str, text: str) -> None:
        """Show a text.

        Args:
            heading: The border's title; may be foreign text.
            text: The whole text; shown up to 10,000 characters, copied and saved whole.
        """
        super().__init__()
        self.heading = heading
        self.text = text

    def compose(self) -> ComposeResult:
        """Lay out the text and its buttons."""
        with Vertical(id="dialog", classes="-viewer"):
            yield from self.compose_above()
            yield TextArea(self.shown(), id="text", read_only=True, show_cursor=False, soft_wrap=True, compact=True)
            with Horizontal(id="buttons"):
                yield Button("Close", id="close", compact=True)
                yield Static(Content("esc close · c copy · w save to a file"), id="dialog-keys")

    def compose_above(self) -> ComposeResult:
        """Lay out what stands above the text."""
        yield from ()

    def shown(self) -> str:
        """Return the part of the text that is shown, made safe."""
        return display_text(self.text, limit=VIEWER_LIMIT, multiline=True)

    def on_mount(self) -> None:
        """Name the dialog and let the text scroll."""
        self.query_one("#dialog", Vertical).border_title = Content(display_text(self.heading, limit=70))
        for text in self.query("#text").results(TextArea):  # none when the program is being left at this moment
            text.focus()

    def replace_text(self, text: str) -> None:
        """Show another text."""
        self.text = text
        show_text(self.query_one("#text", TextArea), self.shown())

    def action_viewer_close(self) -> None:
        """Close."""
        self.dismiss(None)

    def action_viewer_copy(self) -> None:
        """Send the text to the terminal's clipboard."""
        # Half of a surrogate pair is no UTF-8 and would end the program here.
        self.app.copy_to_clipboard(self.text.encode("utf-8", "replace").decode("utf-8"))
        self.app.tell("Sent to the terminal's clipboard. If your terminal does not take it, press w to save a file.")

    def file_name(self) -> str:
        """Return the name that is suggested for a file."""
        return self.FILE_NAME

    def action_viewer_save(self) -> None:
        """Ask for a file to save the text to."""
        self.app.save(self.text, self.file_name())

    @on(Button.Pressed, "#close")
    def _close_pressed(self) -> None:
        self.action_viewer_close()
