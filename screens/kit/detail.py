"""The detail pane: the document under the cursor, whole, as JSON in colour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from astrolabe.text.safe_text import display_text, show_json
from screens.kit.json_colours import colour_json

REST = 0.08
"""Seconds that the cursor rests before the pane follows: a held key would send a document for each row."""


class DetailPane(VerticalScroll):
    """Shows one document; follows what it is told to."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", "Scroll down.", show=False),
        Binding("k", "scroll_up", "Scroll up.", show=False),
        Binding("g", "scroll_home", "Go to the beginning.", show=False),
        Binding("G", "scroll_end", "Go to the end.", show=False),
    ]
    DEFAULT_CSS = """
    DetailPane { border-top: solid $panel; border-title-color: $text-accent; scrollbar-size-vertical: 1; }
    DetailPane:focus { border-top: solid $primary; }
    DetailPane > Static { width: 100%; height: auto; padding: 0 1; }
    """

    def compose(self) -> ComposeResult:
        """Lay out the text."""
        yield Static("", markup=False)

    def show(self, heading: str, document: Mapping[str, Any] | None) -> None:
        """Show a document, from its beginning; None shows nothing."""
        self.border_title = Content(display_text(heading, limit=60))
        text = Content("") if document is None else colour_json(show_json(document))
        self.query_one(Static).update(text)
        self.scroll_home(animate=False)
