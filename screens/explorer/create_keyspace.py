"""The Create keyspace dialog."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection

from textual.app import ComposeResult
from textual.widgets import Input

from astrolabe.dataapi.client.command_builders import PlannedCommand, plan_create_keyspace
from astrolabe.portal.rules import keyspace_name_problems
from screens.kit.dialog import Dialog
from screens.kit.fields import Field, text_input


class CreateKeyspaceDialog(Dialog[str, str]):
    """Asks for a keyspace's name."""

    HEADING = "Create keyspace"
    SUBMIT = "Create keyspace"

    def __init__(self, taken: Collection[str], perform: Callable[[str], Awaitable[str]]) -> None:
        """Ask for a name that is not in ``taken``."""
        super().__init__(perform)
        self.taken = frozenset(taken)

    def compose_form(self) -> ComposeResult:
        """Lay out the form."""
        yield Field(
            "Keyspace name",
            text_input("keyspace-name", max_length=100),
            help="1 to 48 letters, digits and underscores.",
        )

    def _typed(self) -> str:
        return self.query_one("#keyspace-name", Input).value.strip()

    def problems(self) -> dict[str, str]:
        """Check the name."""
        found = keyspace_name_problems(self._typed())
        if self._typed() in self.taken:
            found = [*found, f"There is a keyspace {self._typed()} already."]
        return {"keyspace-name": " ".join(found)} if found else {}

    def draft(self) -> str:
        """Return the name."""
        return self._typed()

    def planned(self) -> PlannedCommand:
        """Return the command."""
        return plan_create_keyspace(self._typed())
