"""The documents of the collection that is chosen in the explorer: pages, filter, order, marks and counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.message import Message

from astrolabe.dataapi.client.client import Collection
from astrolabe.dataapi.client.items import key_fields, key_of, noun
from astrolabe.dataapi.client.pages import EVERYTHING, Query, ShownPage, read_page
from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.dataapi.language.paths import escape_name
from astrolabe.dataapi.protocol import Json
from astrolabe.errors import AstrolabeError
from screens.explorer.query_line import QueryLine
from screens.kit.actions import Action, register
from screens.kit.documents_pane import DocumentsPane
from screens.kit.workers import WorkerBoundary
from storage import jsontext

READ, COUNT = "documents", "count"
"""The groups of the work that reading and counting are."""

UNSORTED = ("$vector", "$vectorize", "$lexical")
"""Fields that no find can be sorted by in an order from small to large."""


@dataclass(frozen=True, slots=True)
class Open:
    """What is open.

    Attributes:
        place: The database's id, the keyspace and the name.
        info: What is known of it.
        collection: Its handle.
    """

    place: tuple[str, str, str]
    info: TargetInfo
    collection: Collection


class ExplorerPane(DocumentsPane, WorkerBoundary):
    """Shows one answer at a time: rows, page label, filter and cursor change together or not at all.

    While an answer is on its way, keys are kept; those that come when that takes too long are refused.

    Attributes:
        opened: What is open; None when there is nothing.
        shown: The answer that is on the screen.
        marked: The filters of the rows that are marked, by their text; they may be on other pages.
        all_marked: Whether everything that matches the filter is marked.
    """

    BINDINGS = register(
        Action("documents.filter", "slash", "Filter", "Show only the documents that match a filter in JSON."),
        Action("documents.up", "less_than_sign", "Sort", "Sort by the column under the cursor.", key_display="< >"),
        Action("documents.down", "greater_than_sign", "Sort down", "Sort it the other way round.", shown=False),
        Action("documents.edit", "e", "Edit", "Edit the document under the cursor as JSON, here."),
        Action("documents.editor", "E", "Editor", "Edit it in $VISUAL or $EDITOR.", shown=False),
        Action("documents.duplicate", "D", "Duplicate", "Insert a copy of it, to be changed first.", shown=False),
        Action("documents.copy", "y", "Copy", "Copy the value, the key or the whole of it.", shown=False),
        Action("documents.mark", "space", "Mark", "Mark or unmark the document under the cursor.", shown=False),
        Action("documents.mark-all", "asterisk", "Mark all", "Mark all that match, or unmark all.", shown=False),
    )

    class Wanted(Message):
        """Something is to be done with the document under the cursor, or with what is marked.

        Attributes:
            what: ``edit``, ``editor``, ``duplicate`` or ``copy``.
        """

        def __init__(self, what: str) -> None:
            super().__init__()
            self.what = what

    def __init__(self, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id)
        self.opened: Open | None = None
        self.shown: ShownPage | None = None
        self.marked: dict[str, Json] = {}
        self.all_marked = False
        self._total = ""
        self._turn = 0
        self._place: tuple[str, str, str] | None = None
        self._release: Callable[[], None] | None = None
        self._failed = False

    def compose(self) -> ComposeResult:
        """Lay out the filter over the documents."""
        yield QueryLine()
        yield from super().compose()

    @property
    def reading(self) -> bool:
        """Whether an answer is on its way: what is on the screen may then not be acted on."""
        return self._release is not None

    @property
    def asked(self) -> Query:
        """The filter and order of the answer that is shown."""
        return self.shown.query if self.shown is not None else Query()

    def is_about(self, place: tuple[str, str, str]) -> bool:
        """Tell whether a collection is open, or on its way."""
        return self._place == place

    def open(self, opened: Open) -> None:
        """Show a collection; the one that is open is read again where it is."""
        if self.opened is not None and self.opened.place == opened.place and self.shown is not None:
            self.opened = opened
            self.reload()
            return
        self.query_one(QueryLine).clear()
        self._read(opened, Query(), (None,))

    def reload(self) -> None:
        """Read the page that is shown again, and keep the cursor where it is."""
        if self.opened is not None and self.shown is not None:
            self._read(self.opened, self.shown.query, self.shown.states, row=self.table.row)

    def turn(self, step: int) -> None:
        """Show another page; not while one is on its way."""
        if self.opened is None or self.shown is None or self.reading:
            return
        states = self.shown.states_of(step)
        if states is not None:
            self._read(self.opened, self.shown.query, states)

    def ask(self, query: Query) -> None:
        """Show the first page of another query."""
        if self.opened is not None and not self.reading:
            self._read(self.opened, query, (None,))

    def _read(self, opened: Open, query: Query, states: tuple[str | int | None, ...], row: int = 0) -> None:
        if self._release is None:
            self._release = self.app.hold_keys()
        self._turn += 1
        self._place = opened.place
        self.in_background(partial(self._answer, self._turn, opened, query, states, row), READ)

    async def _answer(
        self, turn: int, opened: Open, query: Query, states: tuple[str | int | None, ...], row: int
    ) -> None:
        try:
            projection = EVERYTHING if not opened.info.is_table else None
            page = await read_page(opened.collection, query, states, projection=projection)
            if not page.documents and len(states) > 1:  # what was on this page has been deleted
                page = await read_page(opened.collection, query, states[:-1], projection=projection)
            self._show(opened, page, row)
        except AstrolabeError:
            if self.opened is None or self.opened.place != opened.place:  # rows of another collection would deceive
                self.opened = self.shown = None
                self.show_nothing("This could not be read. Press f5 to try again.")
            raise
        finally:
            if turn == self._turn and self._release is not None:
                self.call_after_refresh(self._release)
                self._release = None

    def _show(self, opened: Open, page: ShownPage, row: int) -> None:
        same = self.opened is not None and self.opened.place == opened.place
        if not same or page.query != self.asked:
            self.marked, self.all_marked, self._total = {}, False, ""
        before = self.shown if same else None
        self.opened, self.shown = opened, page
        self.query_one(QueryLine).show(page.query)
        if page.number == 1 and not page.has_more:
            self._total = f"{len(page.documents):,}"
        self._show_page(row)
        again = before is not None and page.states == before.states and page.query == before.query
        if (page.number > 1 or page.has_more) and (again or not self._total):
            self.in_background(partial(self._count, opened, page.query), COUNT)

    def _show_page(self, row: int) -> None:
        opened, page = self.opened, self.shown
        if opened is None or page is None:
            return
        if page.documents:
            self.show(page.documents, self._words(), keys=key_fields(opened.info), row=row, sort=page.query.sort)
            self._draw_marks()
        else:
            self.show_nothing(nothing_words(opened.info, page.query))
            if self.has_focus_within and not self.query_one(QueryLine).asking:
                self.screen.set_focus(None)

    def _words(self) -> str:
        if self.opened is None or self.shown is None or not self.shown.documents:
            return ""
        turning = " · [ ] pages" if self.shown.has_more or self.shown.number > 1 else ""
        return f"{self._marked_words()}{self.shown.range_words(self._total)}{turning} · v JSON"

    def _marked_words(self) -> str:
        if self.all_marked:
            return f"all {self._total} marked · " if self._total else "all marked · "
        return f"{len(self.marked):,} marked · " if self.marked else ""

    async def _count(self, opened: Open, query: Query) -> None:
        """Say how many there are; what takes long to know exactly is said roughly first."""
        exact = self.app.connection.capabilities.exact_counts
        collection, is_table = opened.collection, opened.info.is_table
        if exact and not query.filter and not is_table:
            self._counted(opened, query, f"{await collection.estimated_count():,}")
            return
        if not is_table:
            found = await collection.count(query.filter or None)
            self._counted(opened, query, f"{found.count:,}{'+' if found.more else ''}")
            if not found.more:
                return
        if exact:
            self._counted(opened, query, f"{await collection.count_exactly(query.filter or None):,}")

    def _counted(self, opened: Open, query: Query, words: str) -> None:
        if self.opened is opened and query == self.asked:
            self._total = words
            self.say(self._words())

    def close_all(self) -> None:
        """Show nothing any more: there is no collection."""
        self._turn += 1
        self.workers.cancel_node(self)
        self.opened = self.shown = self._place = None
        if self._release is not None:
            self._release()
            self._release = None

    def _key(self, document: Mapping[str, Any]) -> tuple[str, Json]:
        assert self.opened is not None  # noqa: S101 - documents are shown
        key = key_of(self.opened.info, document)
        return jsontext.dumps(key), key

    def _draw_marks(self) -> None:
        rows = {
            row
            for row, document in enumerate(self.documents)
            if self.all_marked or self._key(document)[0] in self.marked
        }
        self.table.mark(rows)
        self.say(self._words())

    def pointed(self) -> Json | None:
        """Return the document that the cursor is to be seen on; None in the JSON view, which has no cursor."""
        return None if self.as_json else self.chosen()

    def unmark(self) -> None:
        """Mark nothing."""
        self.marked, self.all_marked = {}, False
        if self.opened is not None:
            self._draw_marks()

    def action_documents_mark(self) -> None:
        """Mark the document under the cursor, or take its mark away, and go on to the next."""
        document = self.chosen()
        if document is None or self.reading or self.as_json:
            return
        if self.all_marked:
            self.unmark()
        text, key = self._key(document)
        if self.marked.pop(text, None) is None:
            self.marked[text] = key
        self._draw_marks()
        self.table.action_move(1, 0)

    def action_documents_mark_all(self) -> None:
        """Mark everything that matches the filter, on every page."""
        if self.documents and not self.reading:
            self.marked, self.all_marked = {}, not self.all_marked
            self._draw_marks()

    def action_documents_filter(self) -> None:
        """Open the line for a filter."""
        if self.opened is not None:
            self.query_one(QueryLine).ask()

    @on(QueryLine.Asked)
    def _filter_asked(self, event: QueryLine.Asked) -> None:
        if self.opened is None or self.reading:
            return
        self.query_one(QueryLine).close()
        self.ask(replace(self.asked, filter=event.filter))
        self.focus_view()

    def _sort(self, way: int) -> None:
        field = self.table.field
        if field is None or self.as_json:
            return
        if field in UNSORTED:
            self.app.tell(f"The Data API does not sort by {field} this way.", warning=True)
            return
        path = field if self.opened is None or self.opened.info.is_table else escape(field)
        sort = {} if dict(self.asked.sort) == {path: way} else {path: way}
        self.ask(replace(self.asked, sort=sort))

    def action_documents_up(self) -> None:
        """Sort from small to large; once more takes the order away."""
        self._sort(1)

    def action_documents_down(self) -> None:
        """Sort from large to small; once more takes the order away."""
        self._sort(-1)

    def action_documents_edit(self) -> None:
        """Edit the document here."""
        self.post_message(self.Wanted("edit"))

    def action_documents_editor(self) -> None:
        """Edit the document in the user's editor."""
        self.post_message(self.Wanted("editor"))

    def action_documents_duplicate(self) -> None:
        """Insert a copy."""
        self.post_message(self.Wanted("duplicate"))

    def action_documents_copy(self) -> None:
        """Copy something of the document."""
        self.post_message(self.Wanted("copy"))

    def leave(self) -> bool:
        """Leave what is innermost: the filter line, the detail pane; False when there is nothing to leave."""
        line = self.query_one(QueryLine)
        if line.asking:
            line.close()
            line.show(self.asked)
            self.focus_view()
            return True
        if self.leave_detail():
            return True
        if self.marked or self.all_marked:
            self.unmark()
            return True
        return False


def escape(field: str) -> str:
    """Return a field's name as it stands in a path."""
    return field if field.startswith("$") else escape_name(field)


def nothing_words(info: TargetInfo, query: Query) -> str:
    """Return what stands in place of documents, and what to press."""
    if query.filter:
        return f"No {noun(info)} matches the filter.\n\nPress / to change it; an empty one shows all."
    if info.is_table:
        return "This table has no rows.\n\nPress L to load a file, i to insert one, or o to see its columns."
    return "This collection has no documents.\n\nPress L to load a file, or i to insert one."
