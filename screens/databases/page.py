"""The Databases page: the organization's databases, and the way into each of them."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import DataTable, Static

from astrolabe.portal.organization import Database, DatabaseStatus
from astrolabe.text.cli_equivalents import delete_database
from screens.databases.create import CreateDatabaseDialog
from screens.kit.actions import Action, register
from screens.kit.app_base import Section
from screens.kit.confirm import DeleteConfirmation, TypeTheNameDialog
from screens.kit.grid import Grid
from screens.kit.page import Page

STATUS_MARKS = {DatabaseStatus.ACTIVE: "● active", DatabaseStatus.INITIALIZING: "○ initializing"}
"""How a status is shown: a mark and a word, never a colour alone."""


class DatabasesPage(Page):
    """Lists the databases; enter opens one in the Data Explorer."""

    SECTION = Section.DATABASES
    HEADING = " Databases"
    WATCHES = True

    BINDINGS = register(
        Action("databases.create", "n", "New database", "Create a database."),
        Action("databases.open", "enter", "Open", "Open the database in the Data Explorer."),
        Action("databases.delete", "d", "Delete", "Delete the database and everything in it."),
    )

    def __init__(self) -> None:
        super().__init__()
        self.databases: dict[str, Database] = {}
        self._just_created = ""

    def compose_body(self) -> ComposeResult:
        """Lay out the table and what stands in its place when there is nothing."""
        yield Grid("databases", [("Name", 22), ("Status", 14), ("Provider", 8), ("Region", 14), ("Created", 10)])
        yield Static(
            Content("There is no database yet.\n\nPress n to create one; it takes a name and a second."),
            id="no-databases",
            classes="empty",
        )

    async def reload(self) -> None:
        """Read the databases."""
        found = await self.app.connection.databases()
        self.databases = {database.id: database for database in found}
        self.query_one("#no-databases").display = not found
        grid = self.query_one(Grid)
        grid.display = bool(found)
        grid.fill([(database.id, self._row(database)) for database in found])
        if self._just_created in self.databases:
            grid.move_cursor(row=list(self.databases).index(self._just_created))
            self._just_created = ""
        if found and self.focused is None:
            grid.focus()

    @staticmethod
    def _row(database: Database) -> tuple[str, ...]:
        known = database.created_at.timestamp() != 0  # an endpoint does not tell
        created = database.created_at.astimezone().strftime("%Y-%m-%d") if known else ""
        return (
            database.name,
            STATUS_MARKS.get(database.status, f"◌ {database.status}"),
            database.cloud_provider,
            database.region,
            created,
        )

    def chosen(self) -> Database | None:
        """Return the database under the cursor."""
        return self.databases.get(self.query_one(Grid).chosen() or "")

    def action_databases_create(self) -> None:
        """Ask for a new database."""
        self.app.ask(CreateDatabaseDialog(self.app.connection.create_database), self._created)

    def _created(self, database: Database | None) -> None:
        if database is not None:
            self._just_created = database.id
            self.app.tell(f"Database {database.name} is {database.status}.")
            self.refresh_contents()

    @on(DataTable.RowSelected)
    def _row_selected(self) -> None:
        self.action_databases_open()

    def action_databases_open(self) -> None:
        """Open the chosen database in the Data Explorer."""
        database = self.chosen()
        if database is not None:
            self.app.select(database)
            self.app.go(Section.EXPLORER)

    def action_databases_delete(self) -> None:
        """Ask for the name, then delete the database."""
        database = self.chosen()
        if database is None:
            return
        danger = DeleteConfirmation(
            heading="Delete database",
            name=database.name,
            noun="Database name",
            verb="Delete database",
            consequences=(
                f"All keyspaces, collections and documents of {database.name} are deleted; this cannot be undone.",
                "It leaves the scope of every credential. The credentials themselves stay.",
            ),
            equivalents=delete_database(database.name, database.id, self.app.workspace.options.served_at),
        )

        async def delete(_name: str) -> bool:
            await self.app.connection.delete_database(database)
            return True

        self.app.ask(TypeTheNameDialog(danger, delete), self._deleted)

    def _deleted(self, done: bool | None) -> None:  # noqa: FBT001 - the result of a dialog
        if done:
            if self.app.selection.database not in self.databases.values():
                self.app.select(None)
            self.refresh_contents()

    def allows(self, action: str) -> bool | None:
        """Dim what needs a database while there is none, and hide what the connection cannot do."""
        if (
            action in {"databases_create", "databases_delete"}
            and not self.app.connection.capabilities.manages_databases
        ):
            return False
        needs_one = action in {"databases_open", "databases_delete"}
        return None if needs_one and not self.databases else True
