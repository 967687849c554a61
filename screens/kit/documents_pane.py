"""The documents of a collection, one page at a time, as a table or as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.getters import app as app_getter
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import DataTable, Static, TextArea

from astrolabe.dataapi.client.client import Collection
from astrolabe.dataapi.client.rerank_response import VECTOR_RANK, WORD_RANK
from astrolabe.dataapi.client.results import FindPage
from astrolabe.dataapi.language.special_fields import SIMILARITY
from astrolabe.text.safe_text import display_text, show_json, show_value, whole_json
from screens.kit.actions import Action, register
from screens.kit.app_base import Console
from screens.kit.grid import Grid
from screens.kit.viewer import Viewer

PAGE_SIZE = 50
"""Documents of one page; the Data API's own page size."""

MOST_COLUMNS = 8
"""Columns of the table view; the rest is in the document itself."""

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

FIRST_FIELDS = ("_id", *SCORES, *RANKS)
"""Fields that come first in the table view."""

LEFT_OUT = "$rrf"
"""The one score that the table view leaves out: it is made of the ranks and says nothing more."""

_FRACTIONS = (float, Decimal)

EVERYTHING: Mapping[str, Any] = {"*": 1}
"""Projection that includes the vector and the text it was made from."""


def table_columns(documents: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the fields to show: id and similarity first, then by how many documents have them."""
    seen: dict[str, int] = {}
    for document in documents:
        for name in document:
            seen[name] = seen.get(name, 0) + 1
    seen.pop(LEFT_OUT, None)
    first = [name for name in FIRST_FIELDS if name in seen]
    order = {name: place for place, name in enumerate(seen)}
    rest = sorted((name for name in seen if name not in first), key=lambda name: (-seen[name], order[name]))
    return (first + rest)[:MOST_COLUMNS]


class DocumentsPane(Vertical):
    """Shows documents; which collection and what page is decided by the page around it."""

    DEFAULT_CSS = """
    DocumentsPane { height: 1fr; }
    DocumentsPane #json { height: 1fr; border: none; background: $background; display: none; }
    DocumentsPane.-json #json { display: block; }
    DocumentsPane.-json #table { display: none; }
    DocumentsPane.-empty #table, DocumentsPane.-empty #json { display: none; }
    DocumentsPane #nothing { display: none; }
    DocumentsPane.-empty #nothing { display: block; }
    """

    BINDINGS = register(Action("documents.open", "enter", "Open", "Open the whole document, to read, copy or save it."))

    as_json: reactive[bool] = reactive(default=False, init=False)

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

    def compose(self) -> ComposeResult:
        """Lay out both views; one of them is visible."""
        yield Grid("table")
        yield TextArea("", id="json", read_only=True, show_cursor=False, compact=True)
        yield Static("", id="nothing", classes="empty", markup=False)
        yield Static("", id="documents-status", classes="status", markup=False)

    def show(self, documents: Sequence[dict[str, Any]], status: str) -> None:
        """Show these documents and a status line under them."""
        self.remove_class("-empty")
        self.documents = list(documents)
        names = table_columns(self.documents)
        grid = self.query_one("#table", Grid)
        grid.set_columns([(RANKS.get(name, name), None) for name in names])
        grid.fill([(str(place), self._cells(document, names)) for place, document in enumerate(self.documents)])
        self.query_one("#json", TextArea).text = self._json_text()
        self.query_one("#documents-status", Static).update(Content(status))

    def show_nothing(self, words: str) -> None:
        """Say in place of documents why there are none."""
        self.show([], "")
        self.query_one("#nothing", Static).update(Content(display_text(words, limit=400, multiline=True)))
        self.add_class("-empty")

    @staticmethod
    def _cells(document: Mapping[str, Any], names: Sequence[str]) -> list[str]:
        return [_cell(name, document[name]) if name in document else "" for name in names]

    def _json_text(self) -> str:
        return show_json([_rounded(document) for document in self.documents]) if self.as_json else ""

    def watch_as_json(self) -> None:
        """Switch between the views."""
        self.set_class(self.as_json, "-json")
        self.query_one("#json", TextArea).text = self._json_text()
        self.focus_view()

    def focus_view(self) -> None:
        """Put the focus on the view that is visible, if there is one."""
        if self.documents:
            (self.query_one("#json", TextArea) if self.as_json else self.query_one("#table", Grid)).focus()

    def chosen(self) -> dict[str, Any] | None:
        """Return the document under the cursor."""
        key = self.query_one("#table", Grid).chosen()
        return self.documents[int(key)] if key is not None and self.documents else None

    @on(DataTable.RowSelected, "#table")
    def _row_selected(self, event: DataTable.RowSelected) -> None:
        event.stop()
        self.action_documents_open()

    def action_documents_open(self) -> None:
        """Open the document under the cursor."""
        document = self.chosen()
        if document is not None:
            self.post_message(self.Opened(document))


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


class Pager:
    """Walks the pages of a find; the API only goes forward, so the states of the pages before are kept."""

    def __init__(self, collection: Collection, filter: Mapping[str, Any] | None = None) -> None:  # noqa: A002 - the command's word
        self.collection = collection
        self.filter = filter
        self._states: list[str | None] = [None]
        self._next: str | None = None

    @property
    def number(self) -> int:
        """The page's number, from 1."""
        return len(self._states)

    @property
    def has_more(self) -> bool:
        """Whether there is a page after this one."""
        return self._next is not None

    async def read(self) -> FindPage:
        """Read the current page, everything included."""
        page = await self.collection.find(filter=self.filter, projection=EVERYTHING, page_state=self._states[-1])
        self._next = page.next_page_state
        return page

    def forward(self) -> bool:
        """Step to the next page; False when there is none."""
        if self._next is None:
            return False
        self._states.append(self._next)
        return True

    def back(self) -> bool:
        """Step to the page before; False on the first."""
        if len(self._states) == 1:
            return False
        self._states.pop()
        return True

    def status(self, shown: int) -> str:
        """Return the line under the documents: which are shown, and the keys that help."""
        turning = " · [ ] turn pages" if self.has_more or self.number > 1 else ""
        return f"{self.range_words(shown)}{turning} · v JSON"

    def range_words(self, shown: int) -> str:
        """Return which documents are shown, such as ``51–100, and more``."""
        if not shown:
            return "no documents" if self.number == 1 else "no more documents"
        first = (self.number - 1) * PAGE_SIZE + 1
        return f"{first}–{first + shown - 1}" + (", and more" if self.has_more else "")
