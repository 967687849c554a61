"""The part of a form that asks for a secret: typed here and kept encrypted, or read at each use from somewhere else."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from pydantic import SecretStr
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Select

from astrolabe.portal.rules import reference_problems, secret_problems, secret_warnings
from screens.kit.actions import Action, register
from screens.kit.dialog import Dialog, DraftT, ResultT
from screens.kit.fields import Field, SecretInput, choice, text_input
from storage.secrets.references import ReferenceKind, SecretReference

TryOut = Callable[[SecretStr | SecretReference, str], Coroutine[Any, Any, None]]
"""Opens the connection test of a secret that is not stored yet, and of the name that it is to get."""

TYPED = "typed"
"""The source that is no reference."""

SOURCES = [
    ("Typed here, kept encrypted", TYPED),
    ("Environment variable, read at each use", ReferenceKind.ENVIRONMENT.value),
    ("File, read at each use", ReferenceKind.FILE.value),
    ("Command, run at each use", ReferenceKind.COMMAND.value),
]
"""Where a secret can come from, as the drop-down lists it."""

_TARGETS = {
    ReferenceKind.ENVIRONMENT.value: ("Environment variable", "Its name, such as HF_TOKEN; set it before the start."),
    ReferenceKind.FILE.value: ("File", "Its whole path, such as /run/secrets/hf."),
    ReferenceKind.COMMAND.value: ("Command", "Such as: pass show hf. It runs without a shell and prints the secret."),
}


class SecretRow(Vertical):
    """The row of the secret itself: a masked input, or the name of the place that it is read from."""

    def __init__(self, noun: str) -> None:
        """Ask for a secret that the portal calls ``noun``."""
        super().__init__(id="secret-row")
        self.noun = noun
        self.source = TYPED
        self.styles.height = "auto"

    def compose(self) -> ComposeResult:
        """Lay out both rows; one of them is shown."""
        label = self.noun[0].upper() + self.noun[1:]
        yield Field(label, SecretInput(id="secret"), help=self._typed_help(""))
        yield Field("", text_input("secret-target"))

    def on_mount(self) -> None:
        """Show the masked input."""
        self.show(TYPED)

    def show(self, source: str) -> None:
        """Show the row for a source."""
        self.source = source
        typed, named = self.query(Field)
        typed.display, named.display = source == TYPED, source != TYPED
        if source != TYPED:
            label, help_text = _TARGETS[source]
            named.set_label(label)
            named.set_help(help_text)

    @on(Input.Changed, "#secret")
    def _say_what_is_removed(self, event: Input.Changed) -> None:
        self.query(Field).first().set_help(self._typed_help(event.value))

    def _typed_help(self, value: str) -> str:
        removed = secret_warnings(value, noun=self.noun)
        if removed:
            return " ".join(removed).replace("was removed", "will be removed")
        return "Kept encrypted on this machine, never shown again. Keep your own copy."

    def problems(self) -> dict[str, str]:
        """Return what is wrong, by the id of the control."""
        if self.source == TYPED:
            found = {"secret": secret_problems(self.query_one("#secret", Input).value, noun=self.noun)}
        else:
            found = {"secret-target": reference_problems(self._reference())}
        return {field: " ".join(texts) for field, texts in found.items() if texts}

    def secret(self) -> SecretStr | SecretReference:
        """Return the secret, redacted from here on, or where it is read from."""
        if self.source == TYPED:
            return SecretStr(self.query_one("#secret", Input).value)
        return self._reference()

    def _reference(self) -> SecretReference:
        return SecretReference(ReferenceKind(self.source), self.query_one("#secret-target", Input).value.strip())


class SourceField(Field):
    """The row that chooses where the secret comes from; it changes the :class:`SecretRow` of its dialog."""

    def __init__(self) -> None:
        """Offer the sources; typing is the first."""
        super().__init__("Secret from", choice("secret-source", SOURCES, TYPED), help=_SOURCE_HELP)

    @on(Select.Changed, "#secret-source")
    def _source_changed(self, event: Select.Changed) -> None:
        self.screen.query_one(SecretRow).show(str(event.value))


_SOURCE_HELP = "A secret that is not typed here is not stored: only where it is read from."


class TryingOut(Dialog[DraftT, ResultT]):
    """Base of dialogs with a :class:`SecretRow`: f4 tests the secret before it is saved. Saving needs no test.

    No mixin: the framework follows the first base for the style sheet, and would draw the dialog as no dialog.
    """

    OTHER_KEYS = "f4 test · "

    BINDINGS = register(Action("secret.test", "f4", "Test connection", "Ask the provider with the secret typed here."))

    try_out: TryOut | None = None

    def name_to_try(self) -> str:
        """Return what the credential is called, for the test's title."""
        return ""

    def action_secret_test(self) -> None:
        """Test the secret; the form stays as it is."""
        row = self.query_one(SecretRow)
        found = row.problems()
        for field in row.query(Field):
            field.set_problem(found.get(field.control.id or "", ""))
            if field.problem:
                field.control.focus()
        if self.try_out is not None and not found:
            self.open_in_background(partial(self.try_out, row.secret(), self.name_to_try()), "try out")
