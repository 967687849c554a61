"""The dialogs that change a document: its text, what of it changes, and whether it goes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static, TextArea

from astrolabe.dataapi.client.command_builders import CollectionTarget, PlannedCommand, plan_insert_one
from astrolabe.dataapi.client.document_changes import DocumentChange, Step, steps_between
from astrolabe.dataapi.client.items import noun
from astrolabe.dataapi.client.search_form import read_json
from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.dataapi.protocol import Json
from astrolabe.errors import RuleError
from astrolabe.text.safe_text import display_text, show_value
from screens.kit.dialog import Dialog
from storage import jsontext

SHOWN = 240
"""Characters of a value in a list of changes."""


class ChangedMeanwhileError(RuleError):
    """Somebody else has changed the document.

    Attributes:
        current: What is there now; None when it was deleted.
    """

    def __init__(self, message: str, current: Json | None) -> None:
        super().__init__(message, hint="Nothing was written. Close this and edit what is there now.")
        self.current = current


class JsonDialog(Dialog[Json, Json]):
    """A document as text to be edited, when there is no editor or its result cannot be read."""

    SUBMIT = "Go on"

    def __init__(
        self, heading: str, text: str, perform: Callable[[Json], Awaitable[Json]], *, problem: str = ""
    ) -> None:
        """Edit ``text``; ``problem`` is what is wrong with it already."""
        super().__init__(perform)
        self.title_words = heading
        self.text = text
        self.problem = problem

    def heading(self) -> str:
        """Return the title."""
        return self.title_words

    def compose_form(self) -> ComposeResult:
        """Lay out the text."""
        yield TextArea(self.text, id="document-text", soft_wrap=True, show_line_numbers=True, compact=True)

    def focus_first(self) -> None:
        """Begin in the text."""
        self.query_one("#document-text", TextArea).focus()
        self.say(self.problem, wrong=True)

    @on(TextArea.Changed)
    def _mended(self) -> None:
        """Take back what was said of a mistake."""
        if not self._busy and self.query_one("#document-text", TextArea).text != self.text:
            self.say("")

    def problems(self) -> dict[str, str]:
        """Say where the text is no JSON object."""
        try:
            self.draft()
        except RuleError as error:
            return {"document-text": error.message}
        return {}

    def draft(self) -> Json:
        """Return the document that the text spells."""
        return read_document(self.query_one("#document-text", TextArea).text)


class InsertDialog(JsonDialog):
    """A new document as text."""

    SUBMIT = "Insert"

    def __init__(self, info: TargetInfo, text: str, perform: Callable[[Json], Awaitable[Json]]) -> None:
        """Insert into the collection or table of ``info``, beginning with ``text``."""
        super().__init__(f"Insert a {noun(info)} into {info.name}", text, perform)
        self.info = info

    def planned(self) -> PlannedCommand:
        """Return the command it sends."""
        return plan_insert_one(CollectionTarget(self.info.keyspace, self.info.name), self.draft())


class ReviewDialog(Dialog[DocumentChange, Json]):
    """Shows what of a document changes, before it is sent."""

    SUBMIT = "Write"

    def __init__(self, change: DocumentChange, perform: Callable[[DocumentChange], Awaitable[Json]]) -> None:
        """Show ``change``."""
        super().__init__(self._send)
        self.change = change
        self._write = perform

    def heading(self) -> str:
        """Return the title."""
        return f"Change a {noun(self.change.info)} of {self.change.info.name}"

    def compose_form(self) -> ComposeResult:
        """List the fields that change."""
        yield Static(difference(self.change.steps), id="difference", markup=False)
        again = embedded_again(self.change)
        if again:
            yield Static(Content.styled(again, "$text-warning"), classes="consequence")

    def draft(self) -> DocumentChange:
        """Return the change."""
        return self.change

    def planned(self) -> PlannedCommand:
        """Return the command it sends."""
        return self.change.planned()

    async def _send(self, change: DocumentChange) -> Json:
        try:
            return await self._write(change)
        except ChangedMeanwhileError as error:
            self._show_both(error.current)
            raise

    def _show_both(self, current: Json | None) -> None:
        if current is None:
            return
        theirs = steps_between(self.change.info, self.change.before, current)
        lines = [
            Content.styled("What somebody else changed:\n", "bold"),
            difference(theirs),
            Content.styled("\nWhat you would change:\n", "bold"),
            difference(self.change.steps),
        ]
        self.query_one("#difference", Static).update(Content("").join(lines))


def read_document(text: str) -> Json:
    """Return the document that a text spells, numbers with every digit.

    Raises:
        RuleError: Not a JSON object, or one that names a field twice.
    """
    value = read_json(text, "document")
    if not isinstance(value, dict):
        raise RuleError("A document is a JSON object.", field="document")
    try:
        return dict(jsontext.loads(text, unique_keys=True))
    except jsontext.DuplicateKeyError as error:
        raise RuleError(f"The field {error.key} stands there twice.", field="document") from error


def difference(steps: Sequence[Step]) -> Content:
    """Return the fields that change, each with what goes and what comes."""
    lines: list[Content] = []
    for step in steps:
        name = display_text(step.path, limit=80)
        if step.was:
            lines.append(Content.styled(f" - {name}: {_value(step.before)}", "$text-error"))
        if step.stays:
            lines.append(Content.styled(f" + {name}: {_value(step.after)}", "$text-success"))
    return Content("\n").join(lines)


def _value(value: object) -> str:
    if isinstance(value, str):
        return display_text(jsontext.dumps(value), limit=SHOWN)
    return show_value(value, limit=SHOWN)


def embedded_again(change: DocumentChange) -> str:
    """Return who embeds a changed text again; empty when none has changed."""
    if not change.vectorized_again:
        return ""
    service = change.info.service
    if service is None:
        return "The text is embedded again."
    key = f" with the key {service.credential_name}" if service.credential_name else ""
    return f"The text is embedded again by {service.provider}, {service.model}{key}."
