"""Confirming what cannot be undone: the name has to be typed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from textual import events, on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Button, Input, Static

from astrolabe.dataapi.client.command_builders import PlannedCommand
from astrolabe.text.safe_text import display_text
from screens.kit.dialog import Dialog
from screens.kit.fields import Field, text_input


@dataclass(frozen=True, slots=True)
class DeleteConfirmation:
    """What is about to be destroyed.

    Attributes:
        heading: The dialog's title, such as ``Delete collection``.
        name: What has to be typed, exactly.
        noun: What the field asks for, such as ``Collection name``.
        verb: The button, such as ``Delete collection``.
        consequences: Sentences about what is lost and what stays.
        planned: The command it sends, if it is a Data API command.
        equivalents: What does the same, by what it is written in, if it is none.
    """

    heading: str
    name: str
    noun: str
    verb: str
    consequences: Sequence[str] = ()
    planned: PlannedCommand | None = None
    equivalents: Mapping[str, str] = field(default_factory=dict)


class TypeTheNameDialog(Dialog[str, bool]):
    """Asks for a name to be typed before something is destroyed; dismissed with what ``perform`` has returned."""

    DANGER = True

    def __init__(self, danger: DeleteConfirmation, perform: Callable[[str], Awaitable[bool]]) -> None:
        """Confirm ``danger``; ``perform`` gets the name and does it."""
        super().__init__(perform)
        self.danger = danger

    @property
    def shows_command(self) -> bool:
        """Whether there is something to show."""
        return self.sends_command or bool(self.danger.equivalents)

    @property
    def sends_command(self) -> bool:
        """Whether it is a Data API command."""
        return self.danger.planned is not None

    def action_dialog_code(self) -> None:
        """Show the command, whatever has been typed: it does not depend on that."""
        if self.shows_command:
            self.show_command()

    def equivalents(self) -> Mapping[str, str]:
        """Return what does the same."""
        return self.danger.equivalents

    def heading(self) -> str:
        """Return the title."""
        return self.danger.heading

    def compose_form(self) -> ComposeResult:
        """Say what is lost and ask for the name."""
        for sentence in self.danger.consequences:
            yield Static(Content(display_text(sentence, limit=600)), classes="consequence")
        shown = Content("Type ") + Content.styled(display_text(self.danger.name), "bold") + Content(" to confirm.")
        yield Static(shown, classes="consequence")
        yield Field(self.danger.noun, text_input("typed-name"))

    def submit_label(self) -> str:
        """Return the verb."""
        return self.danger.verb

    @on(events.Mount)
    def _nothing_typed_yet(self) -> None:
        self.query_one("#submit", Button).disabled = True

    @on(Input.Changed, "#typed-name")
    def _name_changed(self, event: Input.Changed) -> None:
        self.query_one("#submit", Button).disabled = event.value != self.danger.name

    def problems(self) -> dict[str, str]:
        """Refuse any other name."""
        typed = self.query_one("#typed-name", Input).value
        return {} if typed == self.danger.name else {"typed-name": f"The name is not {self.danger.name!r}."}

    def draft(self) -> str:
        """Return the name."""
        return self.danger.name

    def planned(self) -> PlannedCommand:
        """Return the command it sends."""
        if self.danger.planned is None:
            return super().planned()
        return self.danger.planned


class ConfirmDialog(TypeTheNameDialog):
    """Asks before something is destroyed that is small, or can be taken back: nothing has to be typed.

    The focus is on Cancel, so that enter alone destroys nothing.
    """

    def compose_form(self) -> ComposeResult:
        """Say what is lost."""
        for sentence in self.danger.consequences:
            yield Static(Content(display_text(sentence, limit=600)), classes="consequence")

    @on(events.Mount)
    def _nothing_typed_yet(self) -> None:
        """Nothing has to be typed."""

    def problems(self) -> dict[str, str]:
        """Refuse nothing."""
        return {}
