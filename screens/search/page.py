"""The Search page: by meaning or by vector, by words, or by both, as the collection can."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Select, Static

from astrolabe.dataapi.client.client import DatabaseClient
from astrolabe.dataapi.client.pages import EVERYTHING
from astrolabe.dataapi.client.rerank_response import read_page
from astrolabe.dataapi.client.search_form import (
    DEFAULT_LIMIT,
    SearchDraft,
    SearchMode,
    columns,
    modes,
    plan_search,
    problems,
)
from astrolabe.dataapi.client.table_words import row_heading, vector_index
from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.dataapi.protocol import Response
from astrolabe.errors import AstrolabeError
from astrolabe.portal.organization import ServiceConfig
from astrolabe.providers.embedding.waiting import wait_listener
from astrolabe.text.safe_text import display_text
from screens.kit.actions import Action, register
from screens.kit.app_base import Section
from screens.kit.code import CodeDialog
from screens.kit.countdown import Countdown
from screens.kit.documents_pane import DocumentDialog, DocumentsPane
from screens.kit.fields import WRONG, choice, offer, text_input
from screens.kit.page import Page

SEARCH = "search"
"""The group of the work that a search is."""


_WHAT_NOW = "\n\nenter searches again · esc leaves the field · / goes to the query"
NOTHING = "Nothing found. Try other words, or a wider filter." + _WHAT_NOW
NOTHING_BY_WORDS = "Nothing found. A document has to have every word: try fewer, or a wider filter." + _WHAT_NOW

MODE_WORDS: Mapping[SearchMode, str] = {
    SearchMode.MEANING: "meaning",
    SearchMode.HYBRID: "hybrid",
    SearchMode.WORDS: "words",
}
"""What the form calls the modes."""


class SearchPage(Page):
    """Searches the collection or table that is selected in the Data Explorer."""

    SECTION = Section.SEARCH
    HEADING = " Search"
    AUTO_FOCUS = "#query"  # at once: what is typed while the page is still being read belongs to the query

    BINDINGS = register(
        Action("search.query", "slash", "Query", "Go to the query."),
        Action("search.view", "v", "View", "Switch between the table and the JSON view."),
        Action("search.code", "f2", "Command", "Show the search as JSON, curl and more."),
        Action("search.mode", "f3", "Mode", "Search by meaning, by both, or by words; only what the collection can."),
        Action("search.index", "f6", "Create index", "Create the vector index that the chosen column lacks."),
        Action("search.explorer", "e", "Collection", "Choose another collection or table in the Data Explorer."),
    )

    def __init__(self) -> None:
        super().__init__()
        self.info: TargetInfo | None = None
        self.client: DatabaseClient | None = None
        self.shown_for: tuple[str, str, str] | None = None
        self.mode = SearchMode.MEANING
        self.searched = False

    def compose_body(self) -> ComposeResult:
        """Lay out the form on top and the results under it."""
        with Horizontal(classes="search-row"):
            yield Static("Search for", classes="search-label")
            yield text_input("query")
            yield Static("Mode", id="mode-label")
            yield Static("", id="mode", markup=False)
        with Horizontal(classes="search-row"):
            yield Static("Filter", classes="search-label")
            yield text_input("filter", placeholder='{"field": "value"}, empty for all')
            yield Static("Limit", id="limit-label")
            yield text_input("limit", str(DEFAULT_LIMIT), max_length=4)
        with Horizontal(classes="search-row", id="column-row"):
            yield Static("Column", classes="search-label")
            yield choice("column", [("none", "")], "")
            yield Static("", id="column-note", markup=False)
        yield Static("", id="search-message", markup=False)
        yield DocumentsPane("results")
        yield Static("", id="search-empty", classes="empty", markup=False)

    async def reload(self) -> None:
        """Read what can be searched; results stay while the collection is the same."""
        self.info = await self._read_info()
        self._show_form(self.info)
        self.refresh_bindings()  # what the collection can do decides which keys are offered
        if self.info is None:
            return
        database = self.app.selection.database
        here = (database.id if database is not None else "", self.info.keyspace, self.info.name)
        if self.shown_for != here:
            if self.shown_for is not None:  # a filter is about the fields of one collection
                self.query_one("#filter", Input).value = ""
            self.shown_for = here
            self._clear()

    async def _read_info(self) -> TargetInfo | None:
        selection = self.app.selection
        if selection.database is None or selection.keyspace is None:
            return None
        known = {database.id for database in await self.app.connection.databases()}
        if selection.database.id not in known:
            return None
        self.client = await self.app.connection.client(selection.database)
        if selection.keyspace not in await self.client.keyspaces():
            return None
        found = {info.name: info for info in await self.client.collections(selection.keyspace)}
        if selection.collection is not None and selection.collection not in found:
            return await self.client.table(selection.keyspace, selection.collection)
        return found.get(selection.collection or next(iter(found), ""))

    def _show_form(self, info: TargetInfo | None) -> None:
        for row in (*self.query(".search-row"), self.query_one("#results")):
            row.display = info is not None
        empty = self.query_one("#search-empty", Static)
        empty.display = info is None
        if info is None:
            empty.update(
                Content("There is no collection to search yet.\n\nPress 3 and choose one in the Data Explorer.")
            )
            self.set_heading("Search")
            return
        database = self.app.selection.database
        self.set_heading("Search", database.name if database else "", info.keyspace, info.name)
        able = modes(info)
        if self.mode not in able:
            self.mode = able[0]
        for part in ("#mode-label", "#mode"):
            self.query_one(part).display = len(able) > 1
        self._show_mode(info)

    def _offer_columns(self, info: TargetInfo) -> None:
        """Offer the columns of a table that the mode can search by, where there are several, or one lacks its index."""
        names = columns(self.mode, info) if info.is_table else ()
        select = self.query_one("#column", Select)
        before = select.value
        offer(
            select,
            [(name, name) for name in names] or [("none", "")],
            before if before in names else next(iter(names), ""),
        )
        lacking = self._without_index(info)
        self.query_one("#column-row").display = len(names) > 1 or lacking is not None
        note = "no vector index: f6 creates it" if lacking is not None else ""
        self.query_one("#column-note", Static).update(Content(note))

    def _column(self) -> str | None:
        value = self.query_one("#column", Select).value
        return str(value) if self.info is not None and self.info.is_table and value else None

    def _without_index(self, info: TargetInfo) -> str | None:
        """Return the chosen column if it is one of vectors that cannot be searched yet."""
        column = self._column() if self.mode is SearchMode.MEANING else None
        return column if column in info.vectors and vector_index(info, column or "") is None else None

    def _show_mode(self, info: TargetInfo) -> None:
        self._offer_columns(info)
        by_vector = self.mode is SearchMode.MEANING and service_of(info, self._column()) is None
        self.query_one("#mode", Static).update(Content("vector" if by_vector else MODE_WORDS[self.mode]))
        self.query_one("#query", Input).placeholder = what_to_type(info, self.mode, self._column())
        self.refresh_bindings()

    def _clear(self) -> None:
        self.searched = False
        self.query_one(DocumentsPane).show_nothing(
            "Say what you are looking for, then press enter.\nf1 lists the keys."
        )
        self._say({})

    def _draft(self) -> SearchDraft:
        return SearchDraft(
            query=self.query_one("#query", Input).value,
            filter=self.query_one("#filter", Input).value,
            limit=self.query_one("#limit", Input).value,
            mode=self.mode,
            column=self._column(),
        )

    def _say(self, found: Mapping[str, str], *, move: bool = True) -> None:
        line = self.query_one("#search-message", Static)
        names = {"query": "Search for", "column": "Column", "filter": "Filter", "limit": "Limit"}
        line.update(Content("\n".join(f"{WRONG} {names[name]}: {display_text(text)}" for name, text in found.items())))
        line.display = bool(found)
        for name in names:
            self.query_one(f"#{name}").set_class(name in found, "-wrong")
        for name in names:
            if name in found and move:
                self.query_one(f"#{name}").focus()
                return

    @on(Input.Changed)
    def _field_changed(self) -> None:
        """Take back what was said of a field once it is mended."""
        if self.info is not None and self.query_one("#search-message").display:
            self._say(self._problems(self.info), move=False)

    def _problems(self, info: TargetInfo) -> dict[str, str]:
        """Return what keeps the form from being searched with, by field."""
        found = problems(self._draft(), info)
        if not found and self.query_one("#query", Input).value.strip() and self._without_index(info) is not None:
            found = {"column": "It has no vector index, so it cannot be searched: press f6 to create it."}
        return found

    @on(Select.Changed, "#column")
    def _column_changed(self) -> None:
        if self.info is not None:
            self._show_mode(self.info)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.search()

    def search(self) -> None:
        """Check the form and search."""
        if self.info is None:
            return
        found = self._problems(self.info)
        self._say(found)
        if not found:
            self.searched = True
            self.query_one(DocumentsPane).show_nothing("Searching …")
            self.in_background(partial(self._search, self.info), SEARCH)

    async def _search(self, info: TargetInfo) -> None:
        if self.client is None:
            return
        pane = self.query_one(DocumentsPane)
        countdown = Countdown(self, lambda words: pane.show_nothing(f"{words}\n\nesc stops waiting."))
        started = time.perf_counter()
        try:
            with wait_listener(countdown.start):
                response = await self.client.run(plan_search(self._draft(), info))
        except AstrolabeError:
            pane.show_nothing("The search failed. Press enter in the query to try again.")
            raise
        finally:
            countdown.stop()
        milliseconds = (time.perf_counter() - started) * 1000
        documents, fused = results(response)
        if not documents:
            pane.show_nothing(NOTHING_BY_WORDS if self.mode is SearchMode.WORDS else NOTHING)
            return
        pane.show(documents, self._words(len(documents), milliseconds, fused=fused))
        if self.screen.is_current:
            pane.focus_view()

    @property
    def searching(self) -> bool:
        """Whether a search is under way."""
        return any(one.group == SEARCH and one.node is self and not one.is_finished for one in self.workers)

    def _words(self, count: int, milliseconds: float, *, fused: bool) -> str:
        took = "" if self.app.environment.timeless else f" in {milliseconds:.0f} ms"
        order = " · fused by rank: no reranker" if fused else ""
        return f"{count} result{'' if count == 1 else 's'}{took}{order} · / query · v JSON"

    @on(DocumentsPane.Opened)
    def _document_opened(self, event: DocumentsPane.Opened) -> None:
        self.open_in_background(partial(self._show_document, event.document), "document")

    async def _show_document(self, found: Mapping[str, Any]) -> None:
        """Show a result whole: a search answers without vectors."""
        whole: Mapping[str, Any] | None = None
        if self.info is not None and self.client is not None and not self.info.is_table:
            collection = self.client.collection(self.info.keyspace, self.info.name)
            whole = await collection.find_one(filter={"_id": found.get("_id")}, projection=EVERYTHING)
        heading = row_heading(self.info, found) if self.info else None
        self.app.ask(DocumentDialog({**found, **(whole or {})}, heading))

    def entered(self) -> None:
        """Begin with the query again, if there is something to search."""
        if self.query_one(".search-row").display:
            self.query_one("#query", Input).focus()

    def action_search_query(self) -> None:
        """Go to the query."""
        self.query_one("#query", Input).focus()

    def action_search_view(self) -> None:
        """Switch the view."""
        pane = self.query_one(DocumentsPane)
        pane.as_json = not pane.as_json

    def action_search_mode(self) -> None:
        """Search in the next way that the collection can; what has been searched for is searched for again."""
        if self.info is None:
            return
        able = modes(self.info)
        self.mode = able[(able.index(self.mode) + 1) % len(able)]
        self._show_mode(self.info)
        if self.searched and not isinstance(self.focused, Input):
            self.search()

    def action_search_index(self) -> None:
        """Create the index that the column lacks."""
        column = self._without_index(self.info) if self.info is not None else None
        if self.info is not None and self.client is not None and column is not None:
            self._say({})
            self.app.create_index(self.client, self.info, column, self._index_made)

    def _index_made(self, column: str | None) -> None:
        if column is not None:
            self.refresh_contents()

    def action_search_explorer(self) -> None:
        """Go to the Data Explorer."""
        self.app.go(Section.EXPLORER)

    def action_search_code(self) -> None:
        """Show the command the search sends."""
        if self.info is None or self.client is None:
            return
        found = problems(self._draft(), self.info)
        self._say(found)
        if not found:
            self.app.ask(CodeDialog(plan_search(self._draft(), self.info), self.client.endpoint))

    def action_page_back(self) -> None:
        """Stop a search under way, or leave an input, then the detail pane, then the page for the Data Explorer."""
        if self.searching:
            self.workers.cancel_group(self, SEARCH)
            self.query_one(DocumentsPane).show_nothing("Stopped. Press enter in the query to search again.")
        elif isinstance(self.focused, Input):
            self.set_focus(None)  # without a result there is nothing else that could take the keys
            self.query_one(DocumentsPane).focus_view()
        elif not self.query_one(DocumentsPane).leave_detail():
            self.app.go(Section.EXPLORER)

    def allows(self, action: str) -> bool | None:
        """Dim what needs a collection."""
        if action in {"search_query", "search_view"} and isinstance(self.focused, Input):
            return False  # there the key is a letter
        if action == "search_index":
            return self.info is not None and self._without_index(self.info) is not None
        if self.info is None:
            return None if action in {"search_query", "search_view", "search_code", "search_mode"} else True
        return None if action == "search_mode" and len(modes(self.info)) == 1 else True


def results(response: Response) -> tuple[Sequence[dict[str, object]], bool]:
    """Return the documents of an answer, with their ranks if it has any, and whether no model decided the order."""
    page = read_page(response)
    return page.rows(), page.fused


def service_of(info: TargetInfo, column: str | None) -> ServiceConfig | None:
    """Return what makes vectors of texts: in a collection, or in the chosen column of a table."""
    vector = info.vectors.get(column or "")
    return vector.service if vector is not None else info.service


def what_to_type(info: TargetInfo, mode: SearchMode, column: str | None = None) -> str:
    """Return what the query field asks for, by what is searched by and what the collection or column can do."""
    if mode is SearchMode.WORDS:
        return "words; a document has to have every one"
    if mode is SearchMode.HYBRID:
        return "words; matched by meaning and as they are"
    if service_of(info, column) is not None:
        return "words; they are matched by meaning"
    vector = info.vectors.get(column or "", info.vector)
    if vector is not None:
        return f"a vector: a JSON array of {vector.dimension} numbers"
    return f"this {'table' if info.is_table else 'collection'} has no vector; use the filter"
