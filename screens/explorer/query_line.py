"""The line over the documents: the filter that is being typed, or what is in force."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from astrolabe.dataapi.client.pages import Query
from astrolabe.dataapi.client.search_form import read_filter
from astrolabe.errors import RuleError
from astrolabe.text.safe_text import display_text, show_value
from screens.kit.fields import WRONG

MOST_REMEMBERED = 50
"""Filters that the history keeps."""


class FilterInput(Input):
    """One line of JSON; up and down go through what was asked before."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "history(-1)", "The filter before.", show=False),
        Binding("down", "history(1)", "The filter after.", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(id="filter-line", placeholder='{"field": "value"}, empty for all', compact=True)
        self.history: list[str] = []
        self._place = 0

    def on_focus(self) -> None:
        """Begin at the end of the history."""
        self._place = len(self.history)

    def remember(self, text: str) -> None:
        """Keep a filter that was asked for."""
        if text and text not in self.history[-1:]:
            self.history[:] = [*self.history, text][-MOST_REMEMBERED:]

    def action_history(self, step: int) -> None:
        """Go through the history."""
        place = self._place + step
        if 0 <= place <= len(self.history):
            self._place = place
            self.value = self.history[place] if place < len(self.history) else ""
            self.cursor_position = len(self.value)


class QueryLine(Vertical):
    """Shows which filter and which order are in force, and takes another filter."""

    DEFAULT_CSS = """
    QueryLine { height: auto; }
    QueryLine > #asking { height: 1; display: none; padding: 0 1; }
    QueryLine.-asking > #asking { display: block; }
    QueryLine #asking Static { width: auto; padding-right: 1; color: $foreground-muted; }
    QueryLine FilterInput { width: 1fr; background: $field; }
    QueryLine FilterInput:focus { background: $field-focus; }
    QueryLine > #in-force { height: auto; max-height: 3; padding: 0 1; color: $text-accent; display: none; }
    QueryLine > #in-force.-wrong { color: $text-error; }
    """

    class Asked(Message):
        """A filter was typed that can be read.

        Attributes:
            filter: What it says.
        """

        def __init__(self, filter: dict[str, Any]) -> None:  # noqa: A002 - the command's own word
            super().__init__()
            self.filter = filter

    class Left(Message):
        """The line was left."""

    def __init__(self) -> None:
        super().__init__()
        self._said = ("", False)

    def compose(self) -> ComposeResult:
        """Lay out the line and what is in force."""
        with Horizontal(id="asking"):
            yield Static("Filter")
            yield FilterInput()
        yield Static("", id="in-force", markup=False)

    def show(self, query: Query) -> None:
        """Say what is in force."""
        self._say(in_force(query))

    def ask(self) -> None:
        """Open the line."""
        self.add_class("-asking")
        self.query_one(FilterInput).focus()

    @property
    def asking(self) -> bool:
        """Whether the line is open."""
        return self.has_class("-asking")

    def close(self) -> None:
        """Close the line; what was typed is kept for the next time."""
        self.remove_class("-asking")

    def clear(self) -> None:
        """Forget what was typed: it was about another collection."""
        self.query_one(FilterInput).value = ""

    def _say(self, words: str, *, wrong: bool = False) -> None:
        line = self.query_one("#in-force", Static)
        if (words, wrong) != self._said:
            self._said = (words, wrong)
            line.set_class(wrong, "-wrong")
            line.update(Content(words))
            line.display = bool(words)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Read what was typed, or say where it cannot be read."""
        event.stop()
        try:
            found = read_filter(event.value)
        except RuleError as error:
            self._say(f"{WRONG} {display_text(error.message)}", wrong=True)
            return
        self.query_one(FilterInput).remember(event.value.strip())
        self.post_message(self.Asked(found))

    def on_input_changed(self, event: events.Event) -> None:
        """Take back what was said of a mistake: it may be mended."""
        event.stop()
        line = self.query_one("#in-force", Static)
        if line.has_class("-wrong"):
            self._say("")


def in_force(query: Query) -> str:
    """Return which filter and order are in force, in words; empty when there are none."""
    parts: list[str] = []
    if query.filter:
        parts.append(f"filter {show_value(dict(query.filter), limit=160)}")
    parts += sorted_words(query)
    return " · ".join(parts)


def sorted_words(query: Query) -> Sequence[str]:
    """Return the order in words, field by field."""
    return [f"by {display_text(name, limit=40)} {'↓' if way == -1 else '↑'}" for name, way in query.sort.items()]
