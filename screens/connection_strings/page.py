"""The Connection strings page: AI services of the user's own description, as RavenDB keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import DataTable, Static

from astrolabe.errors import RuleError
from astrolabe.portal.connection_strings.connection_string import ConnectionString
from astrolabe.portal.connection_strings.exchange import ExchangeOutcome
from astrolabe.portal.credentials.connection_test import Tested
from astrolabe.providers.catalogue.catalogue import CONNECTION_STRING
from astrolabe.providers.embedding.waiting import WaitListener
from screens.connection_strings.connection_files import ExportStringsDialog, ImportStringsDialog
from screens.connection_strings.connection_string import Beside, ConnectionStringDialog
from screens.connection_strings.raven import RavenDialog
from screens.kit.actions import Action, register
from screens.kit.app_base import Section
from screens.kit.confirm import TypeTheNameDialog
from screens.kit.delete_confirmation import connection_danger
from screens.kit.grid import Grid
from screens.kit.page import Page
from screens.kit.test_connection import TestConnectionDialog
from screens.kit.viewer import Viewer

READY, NO_KEY, NO_DATABASE = "● ready", "○ no key", "○ no database"
"""How the state of a connection string is shown: a mark and words, never a colour alone."""


def state_of(string: ConnectionString) -> str:
    """Return whether a collection can use a connection string now, and what it lacks."""
    if string.lacks_secret:
        return NO_KEY
    return READY if string.databases else NO_DATABASE


class ConnectionStringsPage(Page):
    """Lists the connection strings; enter edits one."""

    SECTION = Section.INTEGRATIONS
    HEADING = " Integrations › Connection strings"
    WATCHES = True

    BINDINGS = register(
        Action("strings.create", "n", "New", "Create a connection string."),
        Action("strings.edit", "enter", "Edit", "Change the connection string."),
        Action("strings.test", "t", "Test", "Ask the service for one short embedding."),
        Action("strings.remove", "d", "Remove", "Remove the connection string; its name has to be typed."),
        Action("strings.export", "w", "Export", "Write connection strings as RavenDB's JSON."),
        Action("strings.import", "i", "Import", "Read connection strings from RavenDB's JSON."),
        Action("strings.raven", "r", "RavenDB", "Read from a RavenDB server, or save to one."),
    )

    def __init__(self) -> None:
        super().__init__()
        self.strings: dict[str, ConnectionString] = {}

    def compose_body(self) -> ComposeResult:
        """Lay out the table and what stands in its place when there is nothing."""
        columns = [("Name", 16), ("Identifier", 14), ("Connector", 12), ("State", 13), ("Model", None)]
        yield Grid("strings", columns)
        yield Static(
            Content(
                "There is no connection string yet.\n\nIt says where an AI service is, and which model it runs: OpenAI "
                "and its like, Azure, Google, Hugging Face, Mistral, Ollama.\n\n"
                "Press n to create one, i to import RavenDB's JSON, r to read from a RavenDB server."
            ),
            id="no-strings",
            classes="empty",
        )

    async def reload(self) -> None:
        """Read the connection strings."""
        found = await self.app.workspace.connection_strings.list()
        self.strings = {string.identifier: string for string in found}
        self.query_one("#no-strings").display = not found
        grid = self.query_one(Grid)
        grid.display = bool(found)
        grid.fill([(string.identifier, self._row(string)) for string in found])
        if found and self.focused is None:
            grid.focus()
        self.refresh_bindings()

    @staticmethod
    def _row(string: ConnectionString) -> tuple[str, ...]:
        model = string.model or "this program's own"
        return string.name, string.identifier, string.connector.label, state_of(string), model

    def chosen(self) -> ConnectionString | None:
        """Return the connection string under the cursor."""
        return self.strings.get(self.query_one(Grid).chosen() or "")

    def action_strings_create(self) -> None:
        """Ask for a connection string."""
        self.open_in_background(partial(self._ask, None), "create")

    def action_strings_edit(self) -> None:
        """Ask for what is to change."""
        string = self.chosen()
        if string is not None:
            self.open_in_background(partial(self._ask, string), "edit")

    @on(DataTable.RowSelected)
    def _row_selected(self) -> None:
        self.action_strings_edit()

    async def _ask(self, string: ConnectionString | None) -> None:
        workspace = self.app.workspace
        others = [one for one in self.strings.values() if one != string]
        databases = await workspace.databases.list()
        if string is None:
            dialog = ConnectionStringDialog(None, Beside(others, databases), workspace.connection_strings.create)
        else:
            used = await workspace.connection_usage.dependents(string.identifier)
            edit = partial(workspace.connection_strings.edit, string.identifier, version=string.version)
            dialog = ConnectionStringDialog(string, Beside(others, databases, used), edit)
        self.app.ask(dialog, self._saved)

    def _saved(self, string: ConnectionString | None) -> None:
        if string is not None:
            self.app.tell(f"{string.name} was saved; its identifier is {string.identifier}.")
            self.refresh_contents()

    def action_strings_test(self) -> None:
        """Ask the service of the chosen connection string."""
        string = self.chosen()
        if string is not None:
            self.open_in_background(partial(self._test, string), "test connection")

    async def _test(self, string: ConnectionString) -> None:
        usage = self.app.workspace.connection_usage
        try:
            question, _ = await usage.question(string.identifier)
        except RuleError as error:
            self.app.tell(f"{error.message} {error.hint}".rstrip(), warning=True)
            return

        async def ask(_question: object, on_wait: WaitListener | None) -> Tested:
            return await usage.ask(string.identifier, on_wait=on_wait)

        self.app.ask(TestConnectionDialog(string.name, ask, questions=[question]))

    def action_strings_remove(self) -> None:
        """Remove the chosen connection string, after its name has been typed."""
        string = self.chosen()
        if string is not None:
            self.open_in_background(partial(self._ask_remove, string), "remove")

    async def _ask_remove(self, string: ConnectionString) -> None:
        workspace = self.app.workspace
        rehearsal = await workspace.credential_usage.rehearse_removal(CONNECTION_STRING, [string.identifier])

        async def remove(_name: str) -> bool:
            await workspace.connection_strings.remove(string.identifier, version=string.version)
            return True

        self.app.ask(TypeTheNameDialog(connection_danger(string, rehearsal), remove), self._removed)

    def _removed(self, done: bool | None) -> None:  # noqa: FBT001 - the result of a dialog
        if done:
            self.refresh_contents()

    def action_strings_export(self) -> None:
        """Ask for a file to write."""
        if self.strings:
            strings = self.app.workspace.connection_strings
            self.app.ask(ExportStringsDialog(self.chosen(), tuple(self.strings.values()), strings), self._exported)

    def _exported(self, words: str | None) -> None:
        if words is not None:
            self.app.tell(words)

    def action_strings_import(self) -> None:
        """Ask for a file to read."""
        self.app.ask(ImportStringsDialog(self.app.workspace.connection_strings), self._exchanged)

    def action_strings_raven(self) -> None:
        """Ask for a RavenDB server."""
        workspace = self.app.workspace
        plain = workspace.options.allow_plain_http
        dialog = RavenDialog(
            self.chosen(), tuple(self.strings.values()), workspace.connection_strings, allow_plain_http=plain
        )
        self.app.ask(dialog, self._exchanged)

    def _exchanged(self, outcomes: Sequence[ExchangeOutcome] | None) -> None:
        if outcomes is None:
            return
        self.refresh_contents()
        if len(outcomes) == 1 and outcomes[0].done:
            self.app.tell(f"{outcomes[0].name}: {outcomes[0].words}")
            return
        lines = [f"{'✓' if one.done else '✗'} {one.name}: {one.words}" for one in outcomes]
        done = sum(one.done for one in outcomes)
        heading = f"{done} of {len(outcomes)} connection strings"
        self.app.ask(Viewer(heading, "\n\n".join(lines) or "There was no connection string for embeddings."))

    def allows(self, action: str) -> bool | None:
        """Dim what needs a connection string while there is none."""
        needs_one = action in {"strings_edit", "strings_test", "strings_remove", "strings_export"}
        return None if needs_one and not self.strings else True
