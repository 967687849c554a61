"""The dialog that writes documents to a file: all of a collection, what matches the filter, or what is marked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.widgets import Checkbox, Input, Select

from astrolabe.dataapi.client.items import counted, noun
from astrolabe.dataapi.client.journal import read_whole
from astrolabe.dataapi.protocol import Json
from astrolabe.errors import RuleError
from astrolabe.loading.export import EVERYTHING, Pages, Selected, export_lines, form_of, to_file
from screens.explorer.documents import ExplorerPane, Open
from screens.kit.dialog import Dialog
from screens.kit.fields import Field, check, choice
from screens.kit.path_input import PathInput

ALL, MATCHING, MARKED = "all", "matching", "marked"


@dataclass(frozen=True, slots=True)
class ExportDraft:
    """What is written where.

    Attributes:
        path: The file, as typed.
        what: ``all``, ``matching`` or ``marked``.
        vectors: Whether the vectors are written, too.
        replace: Whether a file that is there is replaced.
    """

    path: Path
    what: str
    vectors: bool
    replace: bool


class ExportDialog(Dialog[ExportDraft, str]):
    """Asks for a file and writes it; esc cancels while it is being written, and leaves nothing behind.

    Dismissed with what there is to say of it.
    """

    SUBMIT = "Write"

    def __init__(self, pane: ExplorerPane, opened: Open) -> None:
        """Export from what ``pane`` shows."""
        super().__init__(self._write)
        self.opened = opened
        self.asked = pane.asked
        self.keys: list[Json] = list(pane.marked.values())
        self.choices = self._choices(marked=bool(self.keys))
        self._pointed_out: Path | None = None

    def _choices(self, *, marked: bool) -> list[tuple[str, str]]:
        words = noun(self.opened.info, 2)
        offered = [(f"all {words}", ALL)]
        if self.asked.filter:
            offered.insert(0, (f"{words} that match the filter", MATCHING))
        if marked:
            offered.insert(0, (f"{counted(self.opened.info, len(self.keys))}, marked", MARKED))
        return offered

    def heading(self) -> str:
        """Return the title."""
        return f"Export {self.opened.info.name}"

    def compose_form(self) -> ComposeResult:
        """Ask where to, and what."""
        yield Field(
            "File",
            PathInput("file", f"{self.opened.info.name}.jsonl"),
            help="The ending decides: .jsonl one document a line, .json one list, .csv columns.",
        )
        yield Field("What", choice("what", self.choices, self.choices[0][1]))
        if self.opened.info.vectors and not self.opened.info.is_table:
            yield Field("Vectors", check("vectors", "write the vectors, too"))

    @on(Input.Changed, "#file")
    def _another_file(self) -> None:
        self.fields()["file"].set_problem("")

    def problems(self) -> dict[str, str]:
        """Ask for a file."""
        path = self.query_one("#file", Input).value.strip()
        if not path:
            return {"file": "Enter the file to write."}
        return {"file": "That is a folder."} if Path(path).expanduser().is_dir() else {}

    def draft(self) -> ExportDraft:
        """Return what was filled in."""
        path = Path(self.query_one("#file", Input).value.strip()).expanduser()
        vectors = any(box.value for box in self.query("#vectors").results(Checkbox))
        what = str(self.query_one("#what", Select).value)
        return ExportDraft(path, what, vectors, replace=path == self._pointed_out)

    async def _write(self, draft: ExportDraft) -> str:
        if not draft.replace and draft.path.exists():
            self._pointed_out = draft.path
            raise RuleError("There is such a file already. ^s again replaces it.", field="file")
        lines = export_lines(lambda: self._pages(draft), form_of(str(draft.path)))
        count = await to_file(lines, draft.path, self._written)
        return f"{counted(self.opened.info, count)} were written to {draft.path}"

    def _written(self, count: int) -> None:
        self.say(f"{counted(self.opened.info, count)} written … esc stops.")

    def _pages(self, draft: ExportDraft) -> Pages:
        if draft.what == MARKED:
            return self._marked_pages(vectors=draft.vectors)
        wanted = EVERYTHING if draft.vectors else None
        where = self.asked.filter if draft.what == MATCHING else None
        return Selected(self.opened.collection, where or None, projection=wanted).pages()

    async def _marked_pages(self, *, vectors: bool) -> AsyncIterator[list[Json]]:
        hidden = () if vectors else ("$vector",)
        found = await read_whole(self.opened.collection, self.opened.info, self.keys)
        yield [{name: value for name, value in one.items() if name not in hidden} for one in found]
