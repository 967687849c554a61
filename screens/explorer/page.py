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
from screens.explorer.changes import ExplorerChanges
from screens.explorer.copying import ask_copy
from screens.explorer.documents import ExplorerPane, Open
from screens.explorer.export import ExportDialog
from screens.explorer.sidebar import reasons_of
from screens.explorer.target_list import TargetList
from screens.explorer.tasks import ExplorerTasks
from screens.kit.actions import Action, register
from screens.kit.app_base import Section
from screens.kit.documents_pane import DocumentDialog, DocumentsPane
from screens.kit.fields import choice, offer
from screens.kit.page import Page

NONE_YET = [("none yet", "")]
"""What a drop-down offers before anything has been read, and when there is nothing."""

NEED_ONE = frozenset(
    {"explorer_load", "explorer_search", "explorer_view", "explorer_delete", "explorer_insert", "explorer_export"}
)
"""Actions that need a collection or table."""

NO_TARGETS = "This keyspace has no collection and no table.\n\nPress c to create a collection, t to create a table"
"""What stands in the place of a keyspace's contents; a line about the sample or a full stop follows."""


class DataExplorerPage(Page):
    """Shows one keyspace: collections and tables on the left, documents or rows of the chosen one on the right."""

    SECTION = Section.EXPLORER
    HEADING = " Data Explorer"
    WATCHES = True

    BINDINGS = register(
        Action("explorer.documents", "enter", "Documents", "Go to the documents or rows.", shown=False),
        Action("explorer.create-collection", "c", "New", "Create a collection in this keyspace."),
        Action("explorer.create-table", "t", "New table", "Create a table in this keyspace."),
        Action(
            "explorer.open-table", "o", "Table", "See and change a table's columns, indexes, services.", shown=False
        ),
        Action("explorer.types", "T", "Types", "See and change this keyspace's user-defined types.", shown=False),
        Action("explorer.load", "L,l", "Load", "Load a JSON, JSON Lines or CSV file."),
        Action("explorer.search", "s", "Search", "Search the collection or table by meaning or by vector."),
        Action("explorer.view", "v", "View", "Switch between the table and the JSON view.", shown=False),
        Action("explorer.next", "right_square_bracket,n", "Next page", "Show the next documents.", shown=False),
        Action(
            "explorer.previous", "left_square_bracket,p", "Previous page", "Show the documents before.", shown=False
        ),
        Action("explorer.create-keyspace", "K,y", "New keyspace", "Create a keyspace in this database.", shown=False),
        Action("explorer.sample", "m", "Sample", "Create a sample collection: the Python library's own documentation."),
        Action("explorer.insert", "i", "Insert", "Insert a document or a row.", shown=False),
        Action("explorer.export", "w", "Export", "Write documents to a file: JSON Lines, JSON or CSV.", shown=False),
        Action("explorer.undo", "u", "Undo", "Take the last change of documents back.", shown=False),
        Action(
            "explorer.delete", "d", "Delete", "Delete what the cursor is on: the document, the collection or the table."
        ),
    )

    def __init__(self) -> None:
        super().__init__()
        self.databases: dict[str, Database] = {}
        self.keyspaces: list[str] = []
        self.list = TargetList()
        self.client: DatabaseClient | None = None
        self.tasks = ExplorerTasks(self)
        self.pane = ExplorerPane("documents")
        self.changes = ExplorerChanges(self, self.pane)

    def compose_body(self) -> ComposeResult:
        """Lay out the two choices on top and the two panes under them."""
        with Horizontal(id="where"):
            yield Static("Database", classes="where-label")
            yield choice("database", NONE_YET, "")
            yield Static("Keyspace", classes="where-label")
            yield choice("keyspace", NONE_YET, "")
        with Horizontal(id="panes"):
            with Vertical(id="collections-pane"):
                yield self.list
                yield Static("", id="collection-about", markup=False)
            yield self.pane
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
        self.client = client = await self.app.connection.client(database)
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
        self.list.take(found)
        if not found:
            sample = ",\nor m for a sample to search: what Python's own library says about itself"
            self._show_empty(f"{NO_TARGETS}{sample if self.allows('explorer_sample') else ''}.")
            self.refresh_bindings()
            return
        self._show_panes()
        await self._mark_disabled(keyspace)
        self.list.point_at(self.app.selection.collection)
        chosen = self.chosen()
        if chosen is not None:
            self._open(chosen)
        if self.focused is None or not self.focused.display:
            self.list.focus()
        self.refresh_bindings()
        exact = self.app.connection.capabilities.exact_counts
        self.in_background(partial(self.list.count, client, exact=exact), "counts")

    async def _mark_disabled(self, keyspace: str) -> None:
        """Mark the collections and tables that cannot generate embeddings now, and say why under the list."""
        database = self.app.selection.database
        known = database is not None and self.app.connection.capabilities.manages_credentials
        found = await self.app.workspace.credential_usage.disabled(database) if database and known else []
        self.list.show(reasons_of(found, keyspace))

    def changed_elsewhere(self) -> None:
        """Show which collections a changed credential or scope has disabled or brought back; keep the page turned."""
        self.in_background(self._mark_again, "disabled")

    async def _mark_again(self) -> None:
        keyspace = self.app.selection.keyspace
        if keyspace is not None and self.list.targets:
            with self.prevent(DataTable.RowHighlighted):
                await self._mark_disabled(keyspace)
            self._show_about()
        else:
            self.refresh_contents()

    def _show_about(self) -> None:
        words = self.list.about()
        if words is not None:
            self.query_one("#collection-about", Static).update(words)

    def _offer(self, name: str, options: Sequence[tuple[str, str]], value: str | None) -> None:
        offer(self.query_one(f"#{name}", Select), options or NONE_YET, value or "")

    def _show_empty(self, words: str) -> None:
        self.list.take([])
        self.pane.close_all()
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
        info = self.chosen()
        if info is not None and not self.pane.is_about(self._place(info)):
            self._open(info)

    def _place(self, info: TargetInfo) -> tuple[str, str, str]:
        database = self.app.selection.database
        return (database.id if database is not None else "", info.keyspace, info.name)

    def _open(self, info: TargetInfo) -> None:
        """Show the documents or rows; keys wait from this moment on."""
        if self.client is not None:
            self.app.select_collection(info.name)
            self._show_about()
            self.refresh_bindings()
            self.pane.open(Open(self._place(info), info, self.client.collection(info.keyspace, info.name)))

    @on(DataTable.RowSelected, "#collections")
    def _collection_selected(self) -> None:
        self.action_explorer_documents()

    def action_explorer_documents(self) -> None:
        """Go to the documents or rows."""
        if self.list.targets:
            self.pane.focus_view()

    @on(DocumentsPane.Opened)
    def _document_opened(self, event: DocumentsPane.Opened) -> None:
        info = self.chosen()
        self.app.ask(DocumentDialog(event.document, row_heading(info, event.document) if info is not None else None))

    def action_explorer_view(self) -> None:
        """Switch the view."""
        self.pane.as_json = not self.pane.as_json

    def action_explorer_next(self) -> None:
        """Show the next page."""
        self.pane.turn(1)

    def action_explorer_previous(self) -> None:
        """Show the page before."""
        self.pane.turn(-1)

    def action_page_back(self) -> None:
        """Leave the filter line, the detail pane, then the documents."""
        if not self.pane.leave() and self.pane.has_focus_within and self.list.targets:
            self.list.focus()

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

    def action_explorer_types(self) -> None:
        """Show the user-defined types."""
        database, keyspace = self.app.selection.database, self.app.selection.keyspace
        if database is not None and keyspace is not None:
            self.app.open_types(database, keyspace)

    def action_explorer_load(self) -> None:
        """Load a file into the chosen collection or table."""
        info = self.chosen()
        if info is not None:
            self.tasks.load(info)

    def action_explorer_sample(self) -> None:
        """Create the sample collection."""
        self.tasks.create_sample()

    def action_explorer_insert(self) -> None:
        """Ask for a new document."""
        self.changes.insert()

    def action_explorer_export(self) -> None:
        """Ask for a file to write documents to."""
        opened = self.pane.opened
        if opened is not None and not self.pane.reading:
            self.app.ask(ExportDialog(self.pane, opened), self._exported)

    def _exported(self, words: str | None) -> None:
        if words is not None:
            self.app.tell(words)

    def action_explorer_undo(self) -> None:
        """Take the last change back."""
        self.changes.undo()

    def action_explorer_delete(self) -> None:
        """Delete what the cursor is on: documents, or the collection or table."""
        info = self.chosen()
        if self.pane.has_focus_within and self.pane.pointed() is not None:
            self.changes.delete()
        elif info is not None:
            self.tasks.delete(info)

    @on(ExplorerPane.Wanted)
    def _wanted(self, event: ExplorerPane.Wanted) -> None:
        if event.what in {"edit", "editor"}:
            self.changes.edit(outside=event.what == "editor")
        elif event.what == "duplicate":
            self.changes.duplicate()
        else:
            ask_copy(self.app, self.pane)

    def chosen(self) -> TargetInfo | None:
        """Return the collection or table under the cursor."""
        return self.list.target()

    def allows(self, action: str) -> bool | None:
        """Dim what needs a collection; offer the sample only where there is none."""
        if action == "explorer_sample":
            here = self.app.connection.capabilities.manages_databases  # the sample's model is on this machine
            return here and not self.list.targets and self.app.selection.keyspace is not None
        if action == "explorer_undo" and not self.app.connection.capabilities.undo:
            return False
        if action == "explorer_open_table":
            return self._on_table()
        return None if action in NEED_ONE and not self.list.targets else True

    def _on_table(self) -> bool:
        info = self.chosen() if self.list.targets else None
        return info is not None and info.is_table
