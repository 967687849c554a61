"""One page of documents or rows: as a table or as JSON, with the one under the cursor in detail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.getters import app as app_getter
from textual.message import Message
from textual.reactive import reactive
from textual.timer import Timer
from textual.widgets import Static, TextArea

from astrolabe.dataapi.client.rerank_response import VECTOR_RANK, WORD_RANK
from astrolabe.dataapi.language.special_fields import LEXICAL, SIMILARITY, VECTOR, VECTORIZE
from astrolabe.text.safe_text import display_text, show_json, show_value, whole_json
from screens.kit.actions import Action, register
from screens.kit.app_base import Console
from screens.kit.detail import REST, DetailPane
from screens.kit.record_table import Column, RecordTable
from screens.kit.text_area import show_text
from screens.kit.viewer import Viewer

SIMILARITY_DIGITS = 4
"""Decimals of a similarity that are shown; what is copied or saved has all of them."""

NOT_AMONG_THEM = "–"
"""In place of a rank, for a document that one of the searches has not found."""

ID_LIMIT = 20
"""Characters of an id in the table view."""

SCORES = (SIMILARITY, "$rerank")
"""Fields that are shortened to :data:`SIMILARITY_DIGITS`."""

RANKS: Mapping[str, str] = {VECTOR_RANK: "meaning", WORD_RANK: "words"}
"""Places among the results of each of the two searches of a hybrid one, and their headings in the table view."""

LEFT_OUT = "$rrf"
"""The one score that the table view leaves out: it is made of the ranks and says nothing more."""

_FRACTIONS = (float, Decimal)


LAST_FIELDS = (LEXICAL, VECTORIZE, VECTOR)
"""Fields that come last in the table view: long, and made of the others."""


def table_columns(documents: Sequence[Mapping[str, Any]], keys: Sequence[str] = ("_id",)) -> list[str]:
    """Return every field: keys and scores first, then by how many have them, vectors and texts last."""
    seen: dict[str, int] = {}
    for document in documents:
        for name in document:
            seen[name] = seen.get(name, 0) + 1
    seen.pop(LEFT_OUT, None)
    first = [name for name in (*keys, *SCORES, *RANKS) if name in seen]
    last = [name for name in LAST_FIELDS if name in seen]
    order = {name: place for place, name in enumerate(seen)}
    rest = sorted((name for name in seen if name not in {*first, *last}), key=lambda name: (-seen[name], order[name]))
    return first + rest + last


class DocumentsPane(Vertical):
    """Shows documents; which collection and what page is decided by the page around it."""

    DEFAULT_CSS = """
    DocumentsPane #pane { height: 1fr; layout: vertical; }
    DocumentsPane #json { height: 1fr; border: none; background: $background; display: none; }
    DocumentsPane.-json #json { display: block; }
    DocumentsPane.-json #table { display: none; }
    DocumentsPane.-empty #pane { display: none; }
    DocumentsPane #nothing { display: none; }
    DocumentsPane.-empty #nothing { display: block; }
    DocumentsPane #table { min-height: 9; }
    DocumentsPane #detail { display: none; height: 45%; }
    DocumentsPane.-detail #detail { display: block; }
    """

    BINDINGS = register(
        Action("documents.open", "enter", "Open", "Open the whole document, to read, copy or save it."),
        Action("documents.detail", "z", "Pane", "Show or hide the document under the cursor beside the table."),
    )

    as_json: reactive[bool] = reactive(default=False, init=False)
    with_detail: reactive[bool] = reactive(default=False, init=False)

    app = app_getter(Console)

    class Opened(Message):
        """A document was chosen.

        Attributes:
            document: The document.
        """

        def __init__(self, document: Mapping[str, Any]) -> None:
            super().__init__()
            self.document = document

    def __init__(self, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.documents: list[dict[str, Any]] = []
        self._keys: tuple[str, ...] = ("_id",)
        self._status = self._said = ""
        self._following: Timer | None = None

    def compose(self) -> ComposeResult:
        """Lay out both views; one of them is visible."""
        with Container(id="pane"):
            yield RecordTable("table")
            yield TextArea("", id="json", read_only=True, show_cursor=False, compact=True)
            yield DetailPane(id="detail")
        yield Static("", id="nothing", classes="empty", markup=False)
        yield Static("", id="documents-status", classes="status", markup=False)

    @property
    def table(self) -> RecordTable:
        """The table."""
        return self.query_one("#table", RecordTable)

    def show(
        self,
        documents: Sequence[dict[str, Any]],
        status: str,
        *,
        keys: Sequence[str] = ("_id",),
        row: int = 0,
        sort: Mapping[str, Any] | None = None,
    ) -> None:
        """Show these documents and a status line under them.

        Args:
            documents: What to show; every field of theirs gets a column.
            status: What the line says first; which columns are shown is added.
            keys: The fields that tell one from the other; they come first.
            row: The row under the cursor.
            sort: The order, to mark the column that it goes by.
        """
        self.remove_class("-empty")
        table, field = self.table, self.table.field
        self.documents, self._keys, self._status = list(documents), tuple(keys), status
        names = table_columns(self.documents, keys)
        table.fill(
            [self._column(name, (sort or {}).get(name)) for name in names],
            [self._cells(document, names) for document in self.documents],
            row=row,
            column=names.index(field) if field in names else 0,
        )
        show_text(self.query_one("#json", TextArea), self._json_text())
        self._show_status()
        self._show_detail()

    def _column(self, name: str, order: object) -> Column:
        values = [document[name] for document in self.documents if document.get(name) is not None]
        numbers = all(isinstance(value, int | float | Decimal) and not isinstance(value, bool) for value in values)
        arrow = {1: " ↑", -1: " ↓"}.get(order, "") if isinstance(order, int) else ""
        return Column(name, RANKS.get(name, name) + arrow, right=bool(values) and numbers)

    def show_nothing(self, words: str, status: str = "") -> None:
        """Say in place of documents why there are none."""
        self.show([], status)
        self.query_one("#nothing", Static).update(Content(display_text(words, limit=800, multiline=True)))
        self.add_class("-empty")

    def say(self, status: str) -> None:
        """Change what the line under the documents says."""
        self._status = status
        self._show_status()

    @on(RecordTable.Moved)
    def _moved(self) -> None:
        self._show_status()
        if self._following is None and self.with_detail:
            self._following = self.set_timer(REST, self._follow)

    def _follow(self) -> None:
        self._following = None
        self._show_detail()

    def _show_status(self) -> None:
        columns = "" if self.as_json or not self.documents else self.table.columns_words()
        words = " · ".join(part for part in (columns, self._status) if part)
        if words != self._said:  # one line, whatever it says: nothing has to be laid out anew
            self._said = words
            self.query_one("#documents-status", Static).update(Content(words), layout=False)

    def _show_detail(self) -> None:
        if self.with_detail:
            document = self.chosen()
            heading = " ".join(show_value((document or {}).get(name), limit=40) for name in self._keys)
            shown = _rounded(document) if document is not None else None
            self.query_one(DetailPane).show(heading if document is not None else "", shown)

    @staticmethod
    def _cells(document: Mapping[str, Any], names: Sequence[str]) -> list[str]:
        return [_cell(name, document[name]) if name in document else "" for name in names]

    def _json_text(self) -> str:
        return show_json([_rounded(document) for document in self.documents]) if self.as_json else ""

    def watch_as_json(self) -> None:
        """Switch between the views."""
        self.set_class(self.as_json, "-json")
        show_text(self.query_one("#json", TextArea), self._json_text())
        self._show_status()
        self.focus_view()

    def watch_with_detail(self) -> None:
        """Show or hide the detail pane."""
        detail = self.query_one(DetailPane)
        if not self.with_detail and detail.has_focus:
            self.focus_view()
        self.set_class(self.with_detail, "-detail")
        self._show_detail()

    def focus_view(self) -> None:
        """Put the focus on the view that is visible, if there is one."""
        if self.documents:
            (self.query_one("#json", TextArea) if self.as_json else self.table).focus()

    def chosen(self) -> dict[str, Any] | None:
        """Return the document under the cursor."""
        row = self.table.row
        return self.documents[row] if row < len(self.documents) else None

    @on(RecordTable.Chosen)
    def action_documents_open(self) -> None:
        """Open the document under the cursor."""
        document = self.chosen()
        if document is not None:
            self.post_message(self.Opened(document))

    def action_documents_detail(self) -> None:
        """Show or hide the detail pane."""
        self.with_detail = not self.with_detail

    def leave_detail(self) -> bool:
        """Close the detail pane; False when it is closed already."""
        shown = self.with_detail
        self.with_detail = False
        return shown


def _cell(name: str, value: object) -> str:
    if name in SCORES and isinstance(value, int | float | Decimal):
        return f"{value:.{SIMILARITY_DIGITS}f}"
    if name in RANKS:
        return NOT_AMONG_THEM if value is None else show_value(value)
    return show_value(value, limit=ID_LIMIT) if name == "_id" else show_value(value)


def _rounded(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document to look at: its scores to as many digits as mean something."""
    scores = {name: document[name] for name in (*SCORES, LEFT_OUT) if name in document}
    shown = {name: round(score, SIMILARITY_DIGITS) for name, score in scores.items() if isinstance(score, _FRACTIONS)}
    return {**document, **shown}


class DocumentDialog(Viewer):
    """One whole document as JSON; copied and saved with its whole vector."""

    FILE_NAME = "document.json"

    def __init__(self, document: Mapping[str, Any], heading: str | None = None) -> None:
        """Show a document.

        Args:
            document: The document, or a table's row.
            heading: What it is called; None calls a document by its id.
        """
        self.document = document
        heading = heading or f"Document {show_value(document.get('_id'), limit=60)}"
        super().__init__(heading, whole_json(document))

    def shown(self) -> str:
        """Return the document with its vector shortened, made safe."""
        return show_json(_rounded(self.document))
