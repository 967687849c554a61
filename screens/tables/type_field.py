"""A field for a column's type: a list that gets shorter as one types."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from astrolabe.dataapi.client.table_form import known_type, matching
from astrolabe.text.safe_text import display_text
from screens.kit.fields import text_input

MOST_OFFERED = 40
"""Types in the list at once; typing finds the others."""


class TypeField(Vertical):
    """An input with the matching types under it, while it has the focus.

    Up and down choose in the list, enter takes what is chosen, and so does leaving the field before a whole type was
    typed.
    """

    class Changed(Message):
        """Another type was typed or taken."""

    def __init__(self, id: str, names: Sequence[str], value: str) -> None:  # noqa: A002 - Textual's name
        """Offer the types called ``names``, with ``value`` in the field."""
        super().__init__(id=id)
        self.names = tuple(names)
        self._value = value

    def compose(self) -> ComposeResult:
        """Lay out the input and the list."""
        yield text_input("type-name", self._value)
        matches = OptionList(id="type-matches", compact=True)
        matches.can_focus = False
        yield matches

    @property
    def value(self) -> str:
        """The type: as it is called if it is one, otherwise as it was typed."""
        typed = self.query_one("#type-name", Input).value
        return known_type(typed, self.names) or typed.strip()

    def focus(self, scroll_visible: bool = True) -> TypeField:  # noqa: FBT001, FBT002 - Textual's
        """Put the focus into the input."""
        self.query_one("#type-name", Input).focus(scroll_visible)
        return self

    @on(Input.Changed, "#type-name")
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._offer(event.value)
        self.post_message(self.Changed())

    def _offer(self, typed: str) -> None:
        found = matching(typed, self.names)[:MOST_OFFERED]
        matches = self.query_one("#type-matches", OptionList)
        matches.clear_options()
        matches.add_options([Option(Content(display_text(name)), id=name) for name in found])
        matches.highlighted = 0 if found else None
        matches.display = self.has_focus_within and bool(found) and [typed] != found

    def on_descendant_focus(self) -> None:
        """Show the list: all types when the field is come to, so that one sees what there is."""
        name = self.query_one("#type-name", Input)
        self._offer("" if known_type(name.value, self.names) else name.value)
        matches = self.query_one("#type-matches", OptionList)
        known = known_type(name.value, self.names)
        if known is not None and matches.option_count:
            places = [place for place in range(matches.option_count) if matches.get_option_at_index(place).id == known]
            matches.highlighted = places[0] if places else 0
        name.select_all()

    def on_descendant_blur(self) -> None:
        """Take what the list offers first if what was typed is no type yet."""
        name = self.query_one("#type-name", Input)
        if name.value.strip() and known_type(name.value, self.names) is None:
            self._take()
        self.query_one("#type-matches", OptionList).display = False

    def on_key(self, event: events.Key) -> None:
        """Move in the list, or take what is chosen there."""
        matches = self.query_one("#type-matches", OptionList)
        if event.key in {"up", "down"} and matches.display:
            event.stop()
            event.prevent_default()
            (matches.action_cursor_up if event.key == "up" else matches.action_cursor_down)()
        elif event.key == "enter" and matches.display:
            event.stop()
            event.prevent_default()
            self._take()

    def _take(self) -> None:
        matches = self.query_one("#type-matches", OptionList)
        if matches.highlighted is not None:
            chosen = matches.get_option_at_index(matches.highlighted).id
            name = self.query_one("#type-name", Input)
            name.value = chosen or ""
            name.cursor_position = len(name.value)
            matches.display = False
