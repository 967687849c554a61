"""The Data Explorer: a database's keyspaces, their collections and tables, and the documents or rows in them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import DataTable, Select, Static

from astrolabe.dataapi.client.client import DatabaseClient
from astrolabe.dataapi.client.table_words import row_heading
from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.portal.organization import DEFAULT_KEYSPACE, Database
from screens.explorer.sidebar import about, label, nothing_in, reasons_of
from screens.explorer.tasks import ExplorerTasks
from screens.kit.actions import Action, register
from screens.kit.app_base import Section
from screens.kit.documents_pane import DocumentDialog, DocumentsPane, Pager
from screens.kit.fields import choice, select_options
from screens.kit.grid import Grid
from screens.kit.page import Page

NONE_YET = [("none yet", "")]
"""What a drop-down offers before anything has been read, and when there is nothing."""


class DataExplorerPage(Page):
    """Shows one keyspace: collections and tables on the left, documents or rows of the chosen one on the right."""

    SECTION = Section.EXPLORER
    HEADING = " Data Explorer"
    WATCHES = True

    BINDINGS = register(
        Action("explorer.documents", "enter", "Documents", "Go to the documents or rows.", shown=False),
        Action("explorer.create-collection", "c", "New collection", "Create a collection in this keyspace."),
        Action("explorer.create-table", "t", "New table", "Create a table in this keyspace."),
        Action(
            "explorer.open-table", "o", "Table", "See and change a table's columns, indexes, services.", shown=False
        ),
        Action("explorer.load", "l", "Load", "Load a JSON, JSON Lines or CSV file into the collection."),
        Action("explorer.search", "s", "Search", "Search the collection or table by meaning or by vector."),
        Action("explorer.view", "v", "View", "Switch between the table and the JSON view.", shown=False),
        Action("explorer.next", "right_square_bracket,n", "Next page", "Show the next documents.", shown=False),
        Action(
            "explorer.previous", "left_square_bracket,p", "Previous page", "Show the documents before.", shown=False
        ),
        Action("explorer.create-keyspace", "y", "New keyspace", "Create a keyspace in this database.", shown=False),
        Action("explorer.sample", "m", "Sample", "Create a sample collection: the Python library's own documentation."),
        Action("explorer.delete", "d", "Delete", "Delete the collection or table with everything in it."),
    )

    def __init__(self) -> None:
        super().__init__()
        self.databases: dict[str, Database] = {}
        self.keyspaces: list[str] = []
        self.targets: dict[str, TargetInfo] = {}
        self.reasons: dict[str, dict[str, str]] = {}
        self.pager: Pager | None = None
        self.tasks = ExplorerTasks(self)

    def compose_body(self) -> ComposeResult:
        """Lay out the two choices on top and the two panes under them."""
        with Horizontal(id="where"):
            yield Static("Database", classes="where-label")
            yield choice("database", NONE_YET, "")
            yield Static("Keyspace", classes="where-label")
            yield choice("keyspace", NONE_YET, "")
        with Horizontal(id="panes"):
            with Vertical(id="collections-pane"):
                yield Grid("collections", [("Collections, tables", 24)])
                yield Static("", id="collection-about", markup=False)
            yield DocumentsPane("documents")
        yield Static("", id="explorer-empty", classes="empty", markup=False)

    async def reload(self) -> None:
        """Read databases, keyspaces, collections, tables and the current page of documents or rows."""
        found = await self.app.connection.databases()
        self.databases = {database.id: database for database in found}
        selected = self.app.selection.database
        database = self.databases.get(selected.id) if selected else None
        database = database or (found[0] if found else None)
        if database is None:
            self._show_empty("There is no database yet. Press 1, then n, to create one.")
            return
        if selected is None or selected.id != database.id:
            self.app.select(database)
        self._offer("database", [(one.name, one.id) for one in found], database.id)
        await self._read_keyspaces(database)

    async def _read_keyspaces(self, database: Database) -> None:
        client = await self.app.connection.client(database)
        self.keyspaces = await client.keyspaces()
        keyspace = self.app.selection.keyspace
        if keyspace not in self.keyspaces:
            keyspace = DEFAULT_KEYSPACE if DEFAULT_KEYSPACE in self.keyspaces else next(iter(self.keyspaces), None)
            self.app.select(database, keyspace)
        self._offer("keyspace", [(name, name) for name in self.keyspaces], keyspace)
        self.set_heading("Data Explorer", database.name, keyspace or "")
        if keyspace is None:
            self._show_empty("This database has no keyspace. Press y to create one.")
            return
        await self._read_collections(client, keyspace)

    async def _read_collections(self, client: DatabaseClient, keyspace: str) -> None:
        found = [*await client.collections(keyspace), *await client.tables(keyspace)]
        self.targets = {info.name: info for info in found}
        if not found:
            self._show_empty(
                "This keyspace has no collection and no table.\n\n"
                "Press c to create a collection, t to create a table,\n"
                "or m for a sample to search: what Python's own library says about itself."
            )
            self.refresh_bindings()
            return
        self._show_panes()
        await self._mark_disabled(keyspace)
        grid = self.query_one("#collections", Grid)
        wanted = self.app.selection.collection
        if wanted in self.targets:
            grid.move_cursor(row=list(self.targets).index(wanted))
        if self.focused is None or not self.focused.display:
            grid.focus()
        self.refresh_bindings()

    async def _mark_disabled(self, keyspace: str) -> None:
        """Mark the collections and tables that cannot generate embeddings now, and say why under the list."""
        database = self.app.selection.database
        found = await self.app.workspace.credential_usage.disabled(database) if database is not None else []
        self.reasons = reasons_of(found, keyspace)
        rows = [(name, (label(info, disabled=name in self.reasons),)) for name, info in self.targets.items()]
        self.query_one("#collections", Grid).fill(rows)

    def changed_elsewhere(self) -> None:
        """Show which collections a changed credential or scope has disabled or brought back; keep the page turned."""
        self.in_background(self._mark_again, "disabled")

    async def _mark_again(self) -> None:
        keyspace = self.app.selection.keyspace
        if keyspace is not None and self.targets:
            with self.prevent(DataTable.RowHighlighted):
                await self._mark_disabled(keyspace)
            self._show_about()
        else:
            self.refresh_contents()

    def _show_about(self) -> None:
        info = self.chosen()
        if info is not None:
            self.query_one("#collection-about", Static).update(about(info, self.reasons.get(info.name, {})))

    def _offer(self, name: str, options: Sequence[tuple[str, str]], value: str | None) -> None:
        select = self.query_one(f"#{name}", Select)
        with self.prevent(Select.Changed):
            select.set_options(select_options(options or NONE_YET))
            select.value = value or ""

    def _show_empty(self, words: str) -> None:
        self.targets = {}
        self.query_one("#panes").display = False
        empty = self.query_one("#explorer-empty", Static)
        empty.display = True
        empty.update(Content(words))
        if self.focused is not None:
            self.set_focus(None)

    def _show_panes(self) -> None:
        self.query_one("#panes").display = True
        self.query_one("#explorer-empty").display = False

    @on(Select.Changed, "#database")
    def _database_changed(self, event: Select.Changed) -> None:
        database = self.databases.get(str(event.value))
        if database is not None and database != self.app.selection.database:
            self.app.select(database)
            self.refresh_contents()

    @on(Select.Changed, "#keyspace")
    def _keyspace_changed(self, event: Select.Changed) -> None:
        keyspace = str(event.value)
        if keyspace in self.keyspaces and keyspace != self.app.selection.keyspace:
            self.app.select(self.app.selection.database, keyspace)
            self.refresh_contents()

    @on(DataTable.RowHighlighted, "#collections")
    def _collection_highlighted(self) -> None:
        name = self.query_one("#collections", Grid).chosen()
        info = self.targets.get(name or "")
        if info is None:
            return
        self.app.select_collection(info.name)
        self._show_about()
        self.refresh_bindings()
        self.in_background(partial(self._open_collection, info), "documents")

    @on(DataTable.RowSelected, "#collections")
    def _collection_selected(self) -> None:
        self.action_explorer_documents()

    def action_explorer_documents(self) -> None:
        """Go to the documents or rows."""
        if self.targets:
            self.query_one(DocumentsPane).focus_view()

    async def _open_collection(self, info: TargetInfo) -> None:
        client = await self.app.selected_client()
        self.pager = Pager(client.collection(info.keyspace, info.name))
        await self._read_page()

    async def _read_page(self) -> None:
        info = self.chosen()
        if self.pager is None or info is None:
            return
        page = await self.pager.read()
        pane = self.query_one(DocumentsPane)
        if page.documents or self.pager.number > 1:
            pane.show(page.documents, self.pager.status(len(page.documents)))
        else:
            pane.show_nothing(nothing_in(info))

    @on(DocumentsPane.Opened)
    def _document_opened(self, event: DocumentsPane.Opened) -> None:
        info = self.chosen()
        self.app.ask(DocumentDialog(event.document, row_heading(info, event.document) if info is not None else None))

    def action_explorer_view(self) -> None:
        """Switch the view."""
        pane = self.query_one(DocumentsPane)
        pane.as_json = not pane.as_json

    def action_explorer_next(self) -> None:
        """Show the next page."""
        if self.pager is not None and self.pager.forward():
            self._turn_page()

    def action_explorer_previous(self) -> None:
        """Show the page before."""
        if self.pager is not None and self.pager.back():
            self._turn_page()

    def _turn_page(self) -> None:
        self.in_background(self._read_page, "documents")

    def action_explorer_search(self) -> None:
        """Search the collection or table."""
        self.app.go(Section.SEARCH)

    def action_explorer_create_keyspace(self) -> None:
        """Ask for a keyspace."""
        self.tasks.create_keyspace(self.keyspaces)

    def action_explorer_create_collection(self) -> None:
        """Ask for a collection."""
        self.tasks.create_collection()

    def action_explorer_create_table(self) -> None:
        """Ask for a table."""
        self.tasks.create_table()

    def action_explorer_open_table(self) -> None:
        """Show the table's columns."""
        info, database = self.chosen(), self.app.selection.database
        if info is not None and database is not None:
            self.app.open_table(database, info.keyspace, info.name)

    def action_explorer_load(self) -> None:
        """Load a file into the chosen collection."""
        info = self.chosen()
        if info is not None:
            self.tasks.load(info)

    def action_explorer_sample(self) -> None:
        """Create the sample collection."""
        self.tasks.create_sample()

    def action_explorer_delete(self) -> None:
        """Ask for the name, then delete the collection or drop the table."""
        info = self.chosen()
        if info is not None:
            self.tasks.delete(info)

    def chosen(self) -> TargetInfo | None:
        """Return the collection or table under the cursor."""
        return self.targets.get(self.query_one("#collections", Grid).chosen() or "")

    def allows(self, action: str) -> bool | None:
        """Dim what needs a collection; offer the sample only where there is none."""
        if action == "explorer_sample":
            return not self.targets and self.app.selection.keyspace is not None
        if action == "explorer_load" and self._on_table():
            return None
        if action == "explorer_open_table":
            return self._on_table()
        needs_one = {"explorer_load", "explorer_search", "explorer_view", "explorer_delete"}
        return None if action in needs_one and not self.targets else True

    def _on_table(self) -> bool:
        info = self.chosen() if self.targets else None
        return info is not None and info.is_table
