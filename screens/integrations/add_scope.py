"""The Add database dialog: more databases for a credential's scope."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import SelectionList, Static

from astrolabe.portal.organization import MOST_DATABASES_AT_ONCE, Credential, Database
from astrolabe.portal.rules import scope_problems
from astrolabe.text.cli_equivalents import Equivalents, add_scope
from astrolabe.text.safe_text import display_text
from screens.kit.dialog import Dialog
from screens.kit.fields import Field, many_of


class AddScopeDialog(Dialog[tuple[str, ...], Credential]):
    """Asks which databases a credential may be used by, besides those that already may."""

    SUBMIT = "Add database"

    def __init__(
        self,
        credential: Credential,
        databases: Sequence[Database],
        perform: Callable[[tuple[str, ...]], Awaitable[Credential]],
    ) -> None:
        """Offer ``databases``, those not yet in the scope of ``credential``."""
        super().__init__(perform)
        self.credential = credential
        self.databases = tuple(databases)

    def heading(self) -> str:
        """Return the title."""
        return f"Add database to the scope of {self.credential.name}"

    def compose_form(self) -> ComposeResult:
        """Lay out the list, or say that there is nothing to add."""
        if not self.databases:
            text = f"Every database is already in the scope of {display_text(self.credential.name)}."
            yield Static(Content(text), classes="consequence")
            return
        rows = [
            (f"{database.name}  ({database.region}, {database.status})", database.id) for database in self.databases
        ]
        yield Field(
            "Databases", many_of("scope", rows), help=f"Space ticks one; up to {MOST_DATABASES_AT_ONCE} at once."
        )

    def _chosen(self) -> tuple[str, ...]:
        lists = self.query("#scope").results(SelectionList)
        return tuple(value for found in lists for value in found.selected)

    def problems(self) -> dict[str, str]:
        """Ask for at least one and at most ten."""
        found = scope_problems(len(self._chosen()), at_least_one=True)
        return {"scope": " ".join(found)} if found else {}

    def equivalents(self) -> Equivalents:
        """Return the command line that adds them."""
        chosen = self._chosen()
        names = [database.name for database in self.databases if database.id in chosen]
        return add_scope(self.credential.provider, self.credential.name, names)

    def draft(self) -> tuple[str, ...]:
        """Return the ids of the chosen databases."""
        return self._chosen()
