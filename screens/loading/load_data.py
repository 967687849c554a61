"""The Load Data dialog: a file, its first rows, and the Vector Field that embeddings are made from."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from textual import events, on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Checkbox, Input, Select, Static

from astrolabe.dataapi.client.command_builders import CollectionTarget, PlannedCommand, plan_insert_many
from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.errors import LoadError
from astrolabe.loading.load_plan import LoadPlan
from astrolabe.loading.preview import FieldType, Preview, preview
from astrolabe.loading.vector_field import can_have_words, place_vector, place_words
from astrolabe.text.safe_text import show_value
from screens.kit.dialog import Dialog
from screens.kit.fields import Field, check, choice, select_options
from screens.kit.grid import Grid
from screens.kit.path_input import PathInput
from storage.lexical.analyzers import MOST_BYTES

NO_FIELD = "none"
"""Value of the Vector Field that uses no field."""

PREVIEW_ROWS = 5
"""Rows shown before a load."""

PREVIEW_COLUMNS = 6
"""Columns shown before a load."""

SECONDS_BEFORE_LOOKING = 0.25
"""Pause in typing after which the file is looked at."""


class LoadDataDialog(Dialog[LoadPlan, LoadPlan]):
    """Asks what to load into a collection; dismissed with the plan, which the console then carries out."""

    HEADING = "Load data"
    SUBMIT = "Load data"

    def __init__(self, info: TargetInfo, database: str, perform: Callable[[LoadPlan], Awaitable[LoadPlan]]) -> None:
        """Ask for a file.

        Args:
            info: The collection that it is loaded into.
            database: Id of its database.
            perform: Starts the load.
        """
        super().__init__(perform)
        self.info = info
        self.database = database
        self.preview: Preview | None = None
        self.file_problem = "Choose a file."

    def heading(self) -> str:
        """Return the title."""
        return f"Load data into {self.info.keyspace}.{self.info.name}"

    def compose_form(self) -> ComposeResult:
        """Lay out the file, its first rows and the Vector Field."""
        yield Field("File", PathInput("file"), help="JSON, JSON Lines or CSV. Tab completes the path.")
        yield Static("", id="file-about", classes="status", markup=False)
        yield Grid("preview", cursor=False)
        yield Field("Vector Field", choice("vector-field", [("none", NO_FIELD)], NO_FIELD), help=self._vector_help())
        yield Field(
            "",
            check("words", "Searchable by words, too"),
            help=f"The text also goes to $lexical. It may have {MOST_BYTES:,} bytes of words there.",
        )

    def _vector_help(self) -> str:
        if self.info.service is not None:
            return "The field whose text is embedded; it stays in the document too. With none, no search finds them."
        if self.info.vector is not None:
            return f"The field that holds the vector, an array of {self.info.vector.dimension} numbers."
        return "This collection has no vectors."

    @on(events.Mount)
    def _hide_what_needs_a_file(self) -> None:
        self._show_preview(None)

    @on(Input.Changed, "#file")
    def _file_changed(self) -> None:
        self.file_problem = "The file is being looked at; a moment."
        self.in_background(self._look, "preview")

    async def _look(self) -> None:
        await asyncio.sleep(SECONDS_BEFORE_LOOKING)
        typed = self.query_one("#file", Input).value.strip()
        if not typed or typed.endswith("/"):
            self.file_problem = "Choose a file."
            self._show_preview(None)
            return
        try:
            found = await asyncio.to_thread(look_at, typed)
        except LoadError as error:
            self.file_problem = error.message
            self._show_preview(None)
            if error.line is not None:  # a fault in the file; a path that leads nowhere is perhaps not complete yet
                self.fields()["file"].set_problem(error.message)
            return
        self.file_problem = ""
        self.fields()["file"].set_problem("")
        self._show_preview(found)

    def _show_preview(self, found: Preview | None) -> None:
        self.preview = found
        self.query_one("#preview").display = found is not None
        self.query_one("#file-about").display = found is not None
        row = self.fields()["vector-field"]
        row.display = found is not None
        self.fields()["words"].display = found is not None and can_have_words(self.info)
        if found is None:
            return
        self.query_one("#file-about", Static).update(Content(about(found)))
        names = [field.name for field in found.fields][:PREVIEW_COLUMNS]
        grid = self.query_one("#preview", Grid)
        grid.set_columns([(name, None) for name in names])
        rows = [[show_value(one[name], limit=40) if name in one else "" for name in names] for one in found.rows]
        grid.fill([(str(place), cells) for place, cells in enumerate(rows)])
        self._offer_vector_fields(found)

    def _offer_vector_fields(self, found: Preview) -> None:
        select = self.query_one("#vector-field", Select)
        wanted = FieldType.TEXT if self.info.service is not None else FieldType.VECTOR
        fitting = [field.name for field in found.fields if field.type in {wanted, FieldType.MIXED}]
        names = fitting if self.info.vector is not None else []
        select.set_options(select_options([*((name, name) for name in names), ("none", NO_FIELD)]))
        suggested = found.suggested_vector_field if self.info.service is not None else next(iter(names), None)
        select.value = suggested if suggested in names else NO_FIELD

    def problems(self) -> dict[str, str]:
        """Refuse to start without a file that can be read."""
        return {"file": self.file_problem} if self.preview is None else {}

    def _vector_field(self) -> str | None:
        value = self.query_one("#vector-field", Select).value
        return None if value in {NO_FIELD, Select.NULL} else str(value)

    def _words(self) -> bool:
        return self.query_one("#words", Checkbox).value

    def draft(self) -> LoadPlan:
        """Return the plan."""
        path = Path(self.query_one("#file", Input).value.strip()).expanduser()
        return LoadPlan(path, self.database, self.info, self._vector_field(), words=self._words(), no_vectors=True)

    def planned(self) -> PlannedCommand:
        """Return the insertMany that the first rows would become."""
        documents = [dict(row) for row in self.preview.rows] if self.preview else []
        for document in documents:
            place_vector(document, self._vector_field(), self.info)
            if self._words():
                place_words(document)
        return plan_insert_many(CollectionTarget(self.info.keyspace, self.info.name), documents)


def look_at(typed: str) -> Preview:
    """Return the first rows of a file; ``~`` is the home folder.

    Raises:
        LoadError: There is no such file, or it holds no rows.
    """
    return preview(Path(typed).expanduser(), PREVIEW_ROWS)


def about(found: Preview) -> str:
    """Return a file's format, size and first faults in one line."""
    words = f"{found.format.value}, {size_words(found.size)}, {len(found.fields)} fields"
    if found.faults:
        words += f"; {len(found.faults)} of the first rows cannot be loaded: {found.faults[0]}"
    words = " ".join([f"{words}." if found.notes else words, *found.notes])
    return show_value(words)


def size_words(size: int) -> str:
    """Return a number of bytes as kB, MB or GB."""
    amount, unit = float(size), "bytes"
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":  # noqa: PLR2004 - a kilobyte
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
