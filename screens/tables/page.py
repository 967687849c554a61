"""The page of a table: its columns with types, keys, indexes, and services with their state."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.widgets import DataTable, Static

from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.errors import NotFoundError
from astrolabe.portal.organization import Database
from screens.kit.actions import Action, register
from screens.kit.app_base import Section
from screens.kit.grid import Grid
from screens.kit.page import Page
from screens.tables.changes import TableChanges
from screens.tables.column_words import HEADINGS, cells, details

WIDE = 120
"""Columns of a terminal from which on nothing is shortened to fit."""


class TablePage(Page):
    """Shows one table, column by column."""

    SECTION = Section.EXPLORER
    HEADING = " Data Explorer"
    WATCHES = True

    BINDINGS = register(
        Action("table.add", "a", "Add column", "Add a column to the table."),
        Action("table.index", "i", "Index", "Make an index on the chosen column."),
        Action("table.service", "e", "Service", "Attach a service to the chosen vector column, or change it."),
        Action("table.search", "s", "Search", "Search the table by one of its columns."),
        Action("table.drop", "d", "Drop", "Drop an index, a service, the column or the table; asks before."),
    )

    def __init__(self, database: Database, keyspace: str, name: str) -> None:
        """Show the table ``name`` of a keyspace of ``database``."""
        super().__init__()
        self.database = database
        self.keyspace = keyspace
        self.table_name = name
        self.table: TargetInfo | None = None
        self.reasons: dict[str, str] = {}
        self.changes = TableChanges(self, database, self._dropped)

    def compose_body(self) -> ComposeResult:
        """Lay out the columns, and what there is to say of the chosen one."""
        yield Grid("columns", HEADINGS)
        yield Static("", id="column-about", markup=False)

    async def reload(self) -> None:
        """Read the table again."""
        client = await self.app.connection.client(self.database)
        self.table = await client.table(self.keyspace, self.table_name)
        if self.table is None:
            raise NotFoundError(f"The table {self.keyspace}.{self.table_name} does not exist any more.", field="table")
        known = self.app.connection.capabilities.manages_credentials
        found = await self.app.workspace.credential_usage.disabled(self.database) if known else []
        here = (self.keyspace, self.table_name)
        self.reasons = {
            one.dependent.column or "": one.reason
            for one in found
            if (one.dependent.keyspace, one.dependent.name) == here
        }
        self.set_heading("Data Explorer", self.database.name, self.keyspace, f"Table {self.table_name}")
        self._fill(self.table)

    def _fill(self, table: TargetInfo) -> None:
        grid = self.query_one("#columns", Grid)
        wide = self.app.size.width >= WIDE
        chosen = grid.chosen()
        grid.set_columns([(heading, None if wide else width) for heading, width in HEADINGS])
        grid.fill([(name, cells(table, name, self.reasons)) for name in table.columns])
        if chosen is not None and chosen in table.columns:
            grid.move_cursor(row=list(table.columns).index(chosen))
        if self.focused is None:
            grid.focus()
        self._show_details()

    def on_resize(self) -> None:
        """Give the columns of the list the width there is."""
        if self.table is not None:
            self._fill(self.table)

    @on(DataTable.RowHighlighted, "#columns")
    def _show_details(self) -> None:
        column = self.chosen()
        if self.table is not None and column is not None:
            words = details(self.table, column, self.reasons)
            self.query_one("#column-about", Static).update(words)
        self.refresh_bindings()

    def chosen(self) -> str | None:
        """Return the column under the cursor."""
        column = self.query_one("#columns", Grid).chosen()
        return column if self.table is not None and column in self.table.columns else None

    def _dropped(self) -> None:
        self.app.select_collection(None)
        self.app.tell(f"Table {self.table_name} was dropped.")
        self.action_page_back()

    def action_table_add(self) -> None:
        """Add a column."""
        if self.table is not None:
            self.changes.add_column(self.table)

    def action_table_index(self) -> None:
        """Make an index."""
        column = self.chosen()
        if self.table is not None and column is not None:
            self.changes.create_index(self.table, column)

    def action_table_service(self) -> None:
        """Attach a service."""
        column = self.chosen()
        if self.table is not None and column is not None and column in self.table.vectors:
            self.changes.change_service(self.table, column)

    def action_table_search(self) -> None:
        """Search the table."""
        self.app.select(self.database, self.keyspace, self.table_name)
        self.app.go(Section.SEARCH)

    def action_table_drop(self) -> None:
        """Drop something."""
        column = self.chosen()
        if self.table is not None and column is not None:
            self.changes.drop(self.table, column)

    def allows(self, action: str) -> bool | None:
        """Dim what the chosen column cannot have."""
        if action == "table_service":
            column = self.chosen()
            return True if self.table is not None and column in self.table.vectors else None
        return None if action in {"table_index", "table_drop"} and self.chosen() is None else True
