"""A menu: a few things to do with one thing, each with its letter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from astrolabe.text.safe_text import display_text
from screens.kit.actions import Action, register
from screens.kit.restyling import StyledOnce


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a menu.

    Attributes:
        id: What the menu is dismissed with.
        key: The letter that chooses it.
        label: What it is called.
    """

    id: str
    key: str
    label: str


class MenuDialog(StyledOnce, ModalScreen[str | None]):
    """Lists entries; enter or an entry's letter chooses it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *register(Action("menu.close", "escape,q", "Close", "Close the menu; nothing is done.")),
        Binding("k", "menu_up", "Go up.", show=False),
        Binding("j", "menu_down", "Go down.", show=False),
    ]

    def __init__(self, heading: str, entries: Sequence[Entry]) -> None:
        """Offer ``entries`` for the thing called ``heading``."""
        super().__init__()
        self.heading = heading
        self.entries = tuple(entries)

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        with Vertical(id="dialog", classes="-menu"):
            yield OptionList(*(self._option(entry) for entry in self.entries), id="menu", compact=True)

    @staticmethod
    def _option(entry: Entry) -> Option:
        return Option(Content.styled(f" {entry.key} ", "bold $accent") + Content(f" {entry.label}"), id=entry.id)

    def on_mount(self) -> None:
        """Name the menu and focus its first line."""
        frame = self.query_one("#dialog", Vertical)
        frame.border_title = Content(display_text(self.heading, limit=40))
        frame.border_subtitle = Content("enter does it · esc closes")
        self.set_focus(self.query_one("#menu", OptionList))

    def on_key(self, event: events.Key) -> None:
        """Choose the entry of a letter."""
        chosen = next((entry for entry in self.entries if entry.key == event.key), None)
        if chosen is not None:
            event.stop()
            self.dismiss(chosen.id)

    @on(OptionList.OptionSelected)
    def _option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_id)

    def action_menu_close(self) -> None:
        """Close without a choice."""
        self.dismiss(None)

    def action_menu_up(self) -> None:
        """Go to the line above."""
        self.query_one("#menu", OptionList).action_cursor_up()

    def action_menu_down(self) -> None:
        """Go to the line below."""
        self.query_one("#menu", OptionList).action_cursor_down()
