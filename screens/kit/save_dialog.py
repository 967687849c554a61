"""The dialog that saves a text to a file of the user's choice."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from textual.app import ComposeResult
from textual.widgets import Input

from astrolabe.errors import RuleError
from astrolabe.portal.private_files import FileIsThereError, write_private
from screens.kit.dialog import Dialog
from screens.kit.fields import Field
from screens.kit.path_input import PathInput


@dataclass(frozen=True, slots=True)
class SaveDraft:
    """Where to save.

    Attributes:
        path: The file, as typed.
        replace: Whether a file that is there is replaced.
    """

    path: Path
    replace: bool


class SaveDialog(Dialog[SaveDraft, Path]):
    """Asks for a path; one where a file is has to be submitted twice. Dismissed with the path that was written."""

    HEADING = "Save to a file"

    def __init__(self, text: str, name: str) -> None:
        """Save ``text``; ``name`` is suggested."""
        super().__init__(self._write)
        # Half of a surrogate pair is no UTF-8.
        self.text = text.encode("utf-8", "replace").decode("utf-8")
        self.name_of_file = name
        self._pointed_out: Path | None = None

    def compose_form(self) -> ComposeResult:
        """Ask for the path."""
        yield Field(
            "File",
            PathInput("file", self.name_of_file),
            help="Tab completes the path. Only you will be able to read the file.",
        )

    def problems(self) -> dict[str, str]:
        """Ask for a path."""
        return {} if self.query_one("#file", Input).value.strip() else {"file": "Enter the file to write."}

    def draft(self) -> SaveDraft:
        """Return what was filled in."""
        path = Path(self.query_one("#file", Input).value.strip())
        return SaveDraft(path, replace=path == self._pointed_out)

    async def _write(self, draft: SaveDraft) -> Path:
        try:
            await asyncio.to_thread(write_private, draft.path, self.text, overwrite=draft.replace)
        except FileIsThereError as error:
            self._pointed_out = draft.path
            raise RuleError("There is such a file already. ^s again replaces it.", field="file") from error
        return draft.path.expanduser().absolute()
