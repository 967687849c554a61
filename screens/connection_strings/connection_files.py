"""Connection strings to and from a file of RavenDB's JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Checkbox, Input, Select, Static

from astrolabe.portal.connection_strings import json as raven_json
from astrolabe.portal.connection_strings.connection_string import ConnectionString
from astrolabe.portal.connection_strings.connection_strings import ConnectionStrings
from astrolabe.portal.connection_strings.exchange import ExchangeOutcome, take_in_all
from astrolabe.portal.connection_strings.files import read_export
from astrolabe.portal.private_files import write_private
from astrolabe.text.cli_equivalents import Equivalents, export_connection_strings, import_connection_strings
from screens.kit.dialog import Dialog
from screens.kit.fields import Field, check, choice
from screens.kit.path_input import PathInput

ONE, ALL = "one", "all"
"""Which connection strings are meant."""

SECRETS_WARNING = "Whoever reads them can use them; they are left out otherwise."


@dataclass(frozen=True, slots=True)
class ExportDraft:
    """What is to be written.

    Attributes:
        path: The file; it must not be there yet.
        strings: Which ones.
        single: Whether one object is written, or a list.
        with_secrets: Whether the secrets are written out.
    """

    path: Path
    strings: tuple[ConnectionString, ...]
    single: bool
    with_secrets: bool


@dataclass(frozen=True, slots=True)
class ImportDraft:
    """What is to be read, and whether it takes the place of what is there."""

    path: Path
    replace: bool


def which_field(chosen: ConnectionString | None, label: str, *, more: Sequence[tuple[str, str]] = ()) -> Field:
    """Return the row that chooses between the connection string under the cursor and all of them."""
    options = [*more, *([(f"Only {chosen.name}", ONE)] if chosen else []), ("All of them", ALL)]
    return Field(label, choice("which", options, options[0][1]))


class ExportStringsDialog(Dialog[ExportDraft, str]):
    """Asks for a file, and whether secrets go into it; dismissed with a sentence on what was written."""

    HEADING = "Export connection strings"
    SUBMIT = "Export"

    def __init__(
        self, chosen: ConnectionString | None, every: tuple[ConnectionString, ...], strings: ConnectionStrings
    ) -> None:
        """Export ``chosen`` or ``every`` connection string; ``strings`` reveals the secrets."""
        super().__init__(self._write)
        self.chosen = chosen
        self.every = every
        self.strings = strings

    def compose_form(self) -> ComposeResult:
        """Lay out the form."""
        yield which_field(self.chosen, "Which")
        yield Field("File", PathInput("file", "connection-strings.json"), help="A new file, that only you can read.")
        yield Field("", check("secrets", "Write the secrets out"), help=SECRETS_WARNING)

    def problems(self) -> dict[str, str]:
        """Ask for a file."""
        return {} if self.query_one("#file", Input).value.strip() else {"file": "Enter the file to write."}

    def draft(self) -> ExportDraft:
        """Return what was filled in."""
        single = self.query_one("#which", Select).value == ONE
        return ExportDraft(
            Path(self.query_one("#file", Input).value.strip()),
            (self.chosen,) if single and self.chosen is not None else self.every,
            single,
            self.query_one("#secrets", Checkbox).value,
        )

    def equivalents(self) -> Equivalents:
        """Return the command line that writes the file."""
        draft = self.draft()
        identifier = draft.strings[0].identifier if draft.single else None
        return export_connection_strings(str(draft.path), identifier, with_secrets=draft.with_secrets)

    async def _write(self, draft: ExportDraft) -> str:
        documents = []
        for string in draft.strings:
            secret = await self.strings.secret(string.identifier) if draft.with_secrets else None
            documents.append(raven_json.to_json(string, secret))
        text = raven_json.dumps(documents, single=draft.single)
        await asyncio.to_thread(write_private, draft.path, text)
        how = "with their secrets" if draft.with_secrets else "without their secrets"
        return f"{len(documents)} connection strings were written to {draft.path}, {how}."


class ImportStringsDialog(Dialog[ImportDraft, list[ExchangeOutcome]]):
    """Asks for a file of RavenDB's JSON; dismissed with what became of each connection string in it."""

    HEADING = "Import connection strings"
    SUBMIT = "Import"

    def __init__(self, strings: ConnectionStrings) -> None:
        """Keep what is read in ``strings``."""
        super().__init__(self._read)
        self.strings = strings

    def compose_form(self) -> ComposeResult:
        """Lay out the form."""
        words = (
            "One connection string, a list of them, or what a RavenDB server answers. A missing key can follow later."
        )
        yield Static(Content(words), classes="consequence")
        yield Field("File", PathInput("file", placeholder="connection-strings.json"), help="tab completes the path.")
        yield Field("", check("replace", "Replace those of the same name"))

    def problems(self) -> dict[str, str]:
        """Ask for a file."""
        return {} if self.query_one("#file", Input).value.strip() else {"file": "Enter the file to read."}

    def draft(self) -> ImportDraft:
        """Return what was filled in."""
        path = Path(self.query_one("#file", Input).value.strip())
        return ImportDraft(path, self.query_one("#replace", Checkbox).value)

    def equivalents(self) -> Equivalents:
        """Return the command line that reads the file."""
        draft = self.draft()
        return import_connection_strings(str(draft.path), replace=draft.replace)

    async def _read(self, draft: ImportDraft) -> list[ExchangeOutcome]:
        drafts = raven_json.read_text(await asyncio.to_thread(read_export, draft.path))
        return await take_in_all(self.strings, drafts, replace=draft.replace)
