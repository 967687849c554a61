"""Help made from the keys that work right now; no table of keys is kept by hand."""

from __future__ import annotations

from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.keys import format_key
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from astrolabe.text.safe_text import display_text
from screens.kit.actions import Action, action_of, register
from screens.kit.restyling import StyledOnce

GROUP_ORDER: tuple[str, ...] = ("everywhere", "widget")
"""Groups that come last, in this order; the page's own come first."""


class HelpDialog(StyledOnce, ModalScreen[None]):
    """Lists the keys of the page below it, the page's own first."""

    BINDINGS = register(Action("help.close", "escape,question_mark,f1,q", "Close", "Close the help."))

    WIDTH: ClassVar[int] = 18

    def __init__(self, page: Screen[object]) -> None:
        """Explain the keys that work on ``page`` now."""
        super().__init__()
        self.groups = live_keys(page)

    def compose(self) -> ComposeResult:
        """Lay out one block a group."""
        with Vertical(id="dialog", classes="-viewer"), VerticalScroll(id="help"):
            for group, rows in self.groups:
                heading = group.replace("-", " ").capitalize()
                yield Static(Content.styled(heading, "bold $text-accent"), classes="help-group")
                table = Table.grid(padding=(0, 2), expand=True)
                table.add_column(width=self.WIDTH)
                table.add_column(ratio=1)
                for keys, text in rows:
                    table.add_row(Text(keys, style="bold"), Text(display_text(text, limit=300)))
                yield Static(table, classes="help-rows")

    def on_mount(self) -> None:
        """Name the dialog."""
        self.query_one("#dialog", Vertical).border_title = Content("Keys · esc closes")
        self.query_one("#help").focus()

    def action_help_close(self) -> None:
        """Close."""
        self.dismiss(None)


def live_keys(page: Screen[object]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the keys that work on ``page`` now, grouped: (group, [(keys, what they do)])."""
    groups: dict[str, dict[str, tuple[list[str], str]]] = {}
    for active in page.active_bindings.values():
        binding = active.binding
        action = action_of(binding)
        text = action.help if action else binding.tooltip or binding.description
        if not text or binding.system or not active.enabled:
            continue
        group = action.place if action else "widget"
        rows = groups.setdefault("everywhere" if group in {"app", "page"} else group, {})
        keys, _ = rows.setdefault(binding.action, ([], text))
        keys.append(format_key(binding.key))
    ordered = sorted(groups, key=lambda name: GROUP_ORDER.index(name) + 1 if name in GROUP_ORDER else 0)
    titles = {"widget": "In the focused part"}
    return [
        (titles.get(name, name), [(" ".join(keys), text) for keys, text in groups[name].values()]) for name in ordered
    ]
