"""The Rehearse page: what a change of a credential would stop, and what would come back. It changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Select, SelectionList, Static

from astrolabe.portal.credentials.rehearsal import Rehearsal, unread_words
from astrolabe.portal.organization import Credential, Database
from astrolabe.text.safe_text import display_text
from screens.kit.app_base import Section
from screens.kit.fields import Field, choice, many_of, text_input
from screens.kit.grid import Grid
from screens.kit.page import Page

REMOVE, REPLACE, SCOPE = "remove", "replace", "scope"
_CHANGES = [
    ("Remove it", REMOVE),
    ("Remove it, then add it under a name and scope", REPLACE),
    ("Change its scope", SCOPE),
]
_EFFECTS = (
    ("stops", "✗ stops"),
    ("comes_back", "✓ comes back"),
    ("goes_on", "✓ goes on"),
    ("still_stopped", "– stays disabled"),
)


class RehearsePage(Page):
    """Asks for a change of one credential and lists its effect on every collection and column concerned."""

    SECTION = Section.INTEGRATIONS

    def __init__(self, credential: Credential, databases: Sequence[Database]) -> None:
        """Rehearse changes of ``credential``; ``databases`` may be in its scope."""
        super().__init__()
        self.credential = credential
        self.databases = tuple(databases)

    def compose_body(self) -> ComposeResult:
        """Lay out the change above and its effects below."""
        yield Field("Change", choice("change", _CHANGES, REMOVE), help="Nothing is changed here; this only says.")
        yield Field("New name", text_input("new-name", self.credential.name), help="Collections find it by this name.")
        rows = [(database.label, database.id) for database in self.databases]
        scope = frozenset(database.id for database in self.credential.databases)
        yield Field("Scope afterwards", many_of("scope", rows, scope), help="Space ticks a database.")
        yield Static("", id="verdict", markup=False)
        yield Grid("effects", [("Effect", 16), ("Database", 18), ("Collection or column", None)])

    async def reload(self) -> None:
        """Rehearse the change that is chosen."""
        self.set_heading("Integrations", self.credential.provider, self.credential.name, "Rehearse")
        change = str(self.query_one("#change", Select).value)
        name, scope = self.query_one("#new-name", Input), self.query_one("#scope", SelectionList)
        self._field(name).display = change == REPLACE
        self._field(scope).display = change != REMOVE
        if self.focused is None:
            self.query_one("#change", Select).focus()
        self._show(await self._rehearse(change, name.value, tuple(scope.selected)))

    @staticmethod
    def _field(control: Input | SelectionList[str]) -> Field:
        return next(row for row in control.ancestors if isinstance(row, Field))

    async def _rehearse(self, change: str, name: str, scope: tuple[str, ...]) -> Rehearsal:
        usage, provider, own = self.app.workspace.credential_usage, self.credential.provider, self.credential.name
        if change == REMOVE:
            return await usage.rehearse_removal(provider, [own])
        if change == REPLACE:
            return await usage.rehearse_replacement(provider, own, name, scope)
        left = {database.id for database in self.databases} - set(scope)
        return await usage.rehearse_scope(provider, own, add=scope, remove=left)

    def _show(self, rehearsal: Rehearsal) -> None:
        rows = [
            (f"unknown {place}", ("? unknown", one.database.name, "could not be read"))
            for place, one in enumerate(rehearsal.unknown)
        ]
        rows += [
            (f"{member} {place}", (words, one.database.name, one.label.partition(": ")[2]))
            for member, words in _EFFECTS
            for place, one in enumerate(getattr(rehearsal, member))
        ]
        self.query_one("#effects", Grid).fill(rows)
        counts = [(len(getattr(rehearsal, member)), words.partition(" ")[2]) for member, words in _EFFECTS]
        parts = [f"{count} {words}" for count, words in counts if count]
        unknown = unread_words(rehearsal.unknown)
        known = ", ".join(parts) or ("" if unknown else "Nothing is concerned.")
        words = " ".join(filter(None, (unknown, known)))
        self.query_one("#verdict", Static).update(Content(display_text(words, limit=600)))

    @on(Select.Changed)
    @on(Input.Changed)
    @on(SelectionList.SelectedChanged)
    def _changed(self) -> None:
        if self.is_mounted:
            self.in_background(partial(self.reload), "rehearse")
