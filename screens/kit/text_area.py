"""Texts of many lines that are shown and not edited."""

from __future__ import annotations

from textual.widgets import TextArea


def show_text(area: TextArea, text: str) -> None:
    """Let an area show another text.

    The framework draws the new one only when its size or the cursor changes with it: a text of as many lines as the
    one before would stay unseen.
    """
    area.text = text
    area.refresh()
