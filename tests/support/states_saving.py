"""Saving a text to a file, from the dialogs that show one, in each of its states."""

from __future__ import annotations

from screens.kit.app_base import Section
from tests.support.console import articles, hugging_face
from tests.support.state import REFUSED, State
from tests.support.steps import failing_with, submit_without_end, text

DOCUMENT = ("down", "enter", "enter", "enter", "w")

SAVING = (
    State("save", DOCUMENT, articles),
    State("save-command", ("down", "enter", "c", text("reviews"), "f2", "tab", "tab", "w"), articles),
    State("save-audit", ("a", "e"), hugging_face, start=Section.ACTIVITY),
    State("save-there", (*DOCUMENT, text("articles.csv"), "ctrl+s"), articles),
    State("save-nowhere", (*DOCUMENT, text("no/such/folder/document.json"), "ctrl+s"), articles),
    State("save-invalid", (*DOCUMENT, "backspace", "ctrl+s"), articles),
    State("save-busy", (*DOCUMENT, submit_without_end), articles),
    State("save-error", (*DOCUMENT, failing_with(REFUSED)), articles),
)
"""Its states."""
