"""One registry of what the user can do.

An action is declared once, next to the page that performs it. Its key binding, its place in the footer, its row in
the help and its entry in the command palette all come from that declaration, and a user's keymap refers to its id.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding, BindingType


@dataclass(frozen=True, slots=True)
class Action:
    """Something the user can do with a key.

    Attributes:
        id: ``place.verb``; the method that performs it is ``action_place_verb`` on the page or dialog.
        keys: One or more keys, comma separated; letters, F-keys or plain ctrl+letter, so that they survive SSH.
        label: One or two words for the footer.
        help: A sentence for the help, the palette and the tooltip.
        shown: Whether the footer shows it.
        priority: Whether it wins over a focused input; only for quitting, help and submitting.
        key_display: How the key is written, when its name is clumsy.
    """

    id: str
    keys: str
    label: str
    help: str
    shown: bool = True
    priority: bool = False
    key_display: str | None = None

    @property
    def method(self) -> str:
        """The action's name in Textual's sense."""
        return self.id.replace(".", "_").replace("-", "_")

    @property
    def place(self) -> str:
        """The page or dialog it belongs to; the heading of its group in the help."""
        return self.id.partition(".")[0]

    def binding(self) -> Binding:
        """Return the key binding."""
        return Binding(
            self.keys,
            self.method,
            self.label,
            show=self.shown,
            key_display=self.key_display,
            priority=self.priority,
            tooltip=self.help,
            id=self.id,
        )


REGISTRY: dict[str, Action] = {}
"""Every action of the console by id, filled as the pages' modules are imported."""


def register(*actions: Action) -> list[BindingType]:
    """Add actions to the registry and return their bindings, for a class's ``BINDINGS``."""
    for action in actions:
        known = REGISTRY.setdefault(action.id, action)
        if known != action:
            message = f"two actions are called {action.id!r}"
            raise ValueError(message)
    return [action.binding() for action in actions]


def action_of(binding: Binding) -> Action | None:
    """Return the action behind a binding, or None for a binding of the framework's own widgets."""
    return REGISTRY.get(binding.id or "")
