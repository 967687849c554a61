"""The frame of a dialog that loads a file: the file is asked for and looked at; what becomes of it is another's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from textual import events, on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Static

from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.errors import LoadError
from astrolabe.loading.load_plan import LoadPlan
from astrolabe.loading.preview import Preview, preview
from astrolabe.text.safe_text import show_value
from screens.kit.dialog import Dialog
from screens.kit.fields import Field
from screens.kit.path_input import PathInput

PREVIEW_ROWS = 5
"""Rows looked at closely before a load."""

SECONDS_BEFORE_LOOKING = 0.25
"""Pause in typing after which the file is looked at."""


class LoadFileDialog(Dialog[LoadPlan, LoadPlan]):
    """Asks for a file; dismissed with the plan, which the console then carries out.

    Subclasses give :meth:`compose_contents` and :meth:`show_contents`, what there is to choose once a file is found.

    Attributes:
        preview: The beginning of the file; None as long as there is none that can be read.
    """

    HEADING = "Load data"
    SUBMIT = "Load data"

    def __init__(self, info: TargetInfo, database: str, perform: Callable[[LoadPlan], Awaitable[LoadPlan]]) -> None:
        """Ask for a file.

        Args:
            info: The collection or table that it is loaded into.
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
        """Lay out the file, and below it what becomes of it."""
        yield Field("File", PathInput("file"), help="JSON, JSON Lines or CSV. Tab completes the path.")
        yield Static("", id="file-about", classes="status", markup=False)
        yield from self.compose_contents()

    def compose_contents(self) -> ComposeResult:
        """Lay out what is shown once there is a file."""
        yield from ()

    def show_contents(self, found: Preview | None) -> None:
        """Show what is in the file; None hides it."""

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
        line = self.query_one("#file-about", Static)
        line.display = found is not None
        if found is not None:
            line.update(Content(about(found)))
        self.show_contents(found)

    def problems(self) -> dict[str, str]:
        """Refuse to start without a file that can be read."""
        return {"file": self.file_problem} if self.file_problem else {}

    @property
    def path(self) -> Path:
        """The file that was typed; ``~`` is the home folder."""
        return Path(self.query_one("#file", Input).value.strip()).expanduser()


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
    return show_value(words, limit=600)


def size_words(size: int) -> str:
    """Return a number of bytes as kB, MB or GB."""
    amount, unit = float(size), "bytes"
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":  # noqa: PLR2004 - a kilobyte
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
