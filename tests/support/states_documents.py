"""The states of working with the documents of a collection: looking, finding, changing, taking along."""

from __future__ import annotations

from textual.pilot import Pilot
from textual.widgets import TextArea

from tests.support.console import articles
from tests.support.state import State
from tests.support.steps import Step, submit_without_end, text

SHOP = ("down", "enter")
IN = (*SHOP, "enter")
POINTS_IN = (*SHOP, "down", "enter")


def replaced(old: str, new: str) -> Step:
    """Return the step that replaces something in the text that is being edited."""

    async def step(pilot: Pilot[int]) -> None:
        area = pilot.app.screen.query_one("#document-text", TextArea)
        assert old in area.text
        area.text = area.text.replace(old, new)

    return step


EDITED = (*IN, "e", replaced('"price": 240', '"price": 199.50'), "ctrl+s")
TEXT_EDITED = (*IN, "e", replaced('"$vectorize": "A light red', '"$vectorize": "A very light red'), "ctrl+s")

DOCUMENTS = (
    State("explorer-cell", (*IN, "down", "right"), articles),
    State("explorer-last-column", (*IN, "dollar_sign"), articles),
    State("explorer-detail", (*IN, "z", "down"), articles),
    State("explorer-detail-day", (*IN, "z", "down"), articles, theme="astrolabe-day"),
    State("explorer-filter-line", (*IN, "slash", text('{"price": {"$lt": 100}}')), articles),
    State("explorer-filter-wrong", (*IN, "slash", text('{"price": }'), "enter"), articles),
    State("explorer-filtered", (*IN, "slash", text('{"price": {"$lt": 100}}'), "enter"), articles),
    State("explorer-filtered-nothing", (*IN, "slash", text('{"price": 1}'), "enter"), articles),
    State("explorer-sorted", (*POINTS_IN, "right", "greater_than_sign"), articles),
    State("explorer-marked", (*IN, "space", "down", "space"), articles),
    State("explorer-all-marked", (*POINTS_IN, "asterisk"), articles),
    State("copy-menu", (*IN, "right", "y"), articles),
    State("edit-document", (*IN, "e"), articles),
    State("edit-document-invalid", (*IN, "e", replaced('"price": 240', '"price": '), "ctrl+s"), articles),
    State("edit-document-key", (*IN, "e", replaced('"a1"', '"a9"'), "ctrl+s"), articles),
    State("review-change", EDITED, articles),
    State("review-change-command", (*EDITED, "f2"), articles),
    State("review-change-text", TEXT_EDITED, articles),
    State("review-change-busy", (*EDITED, submit_without_end), articles),
    State("insert-document", (*IN, "i"), articles),
    State("duplicate-document", (*IN, "D"), articles),
    State("delete-document", (*IN, "d"), articles),
    State("delete-documents", (*POINTS_IN, "asterisk", "d"), articles),
    State("export", (*IN, "w"), articles),
    State("export-marked", (*IN, "space", "w"), articles),
)
"""All of them."""
