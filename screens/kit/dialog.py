"""The frame of a dialog: it asks, checks, shows the command it will send, and carries it out without losing input."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.getters import app as app_getter
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Button, Checkbox, Input, Select, SelectionList, Static

from astrolabe.dataapi.client.command_builders import PlannedCommand
from astrolabe.errors import AstrolabeError, RuleError
from astrolabe.text.error_text import source_of
from astrolabe.text.safe_text import display_text
from screens.kit.actions import Action, register
from screens.kit.app_base import Console
from screens.kit.code import CodeDialog, EquivalentsDialog
from screens.kit.fields import WRONG, Field
from screens.kit.restyling import StyledOnce
from screens.kit.workers import WorkerBoundary

DraftT = TypeVar("DraftT")
ResultT = TypeVar("ResultT")


class Dialog(StyledOnce, ModalScreen[ResultT | None], WorkerBoundary, Generic[DraftT, ResultT]):
    """Base of every dialog that changes something.

    The dialog collects a draft, checks it with the rules of the room below, and hands it to ``perform``. While that
    runs the dialog is busy; when it fails the dialog stays, shows why, and keeps what was typed; when it succeeds the
    result is what the dialog is dismissed with. None means cancelled.

    Subclasses give ``HEADING``, ``SUBMIT``, :meth:`compose_form`, :meth:`draft` and, where there are rules,
    :meth:`problems`; where a Data API command is sent, :meth:`planned`.

    Attributes:
        perform: Carries the draft out.
    """

    HEADING: ClassVar[str] = ""
    SUBMIT: ClassVar[str] = "Save"
    DANGER: ClassVar[bool] = False
    OTHER_KEYS: ClassVar[str] = ""
    """What further keys do, before those of every dialog; ends in a separator."""

    BINDINGS = register(
        Action("dialog.cancel", "escape", "Cancel", "Close the dialog; nothing is changed.", priority=True),
        Action("dialog.submit", "ctrl+s", "Save", "Check the form and carry it out.", priority=True),
        Action(
            "dialog.code",
            "f2",
            "Command",
            "Show what this dialog does as a command, in every language it can be written in.",
        ),
    )

    app = app_getter(Console)

    def __init__(self, perform: Callable[[DraftT], Awaitable[ResultT]]) -> None:
        """Ask for a draft.

        Args:
            perform: Carries the draft out; raises an :class:`AstrolabeError` that the dialog then shows.
        """
        super().__init__()
        self.perform = perform
        self._busy = False
        self._let_keys_through: Callable[[], None] = lambda: None

    def compose(self) -> ComposeResult:
        """Lay out the frame around the form."""
        with Vertical(id="dialog", classes="-danger" if self.DANGER else ""):
            with VerticalScroll(id="form", can_focus=False):
                yield from self.compose_form()
            yield Static("", id="message", markup=False)
            with Horizontal(id="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                label = Content(self.submit_label())
                yield Button(label, id="submit", variant="error" if self.DANGER else "primary", compact=True)
                yield Static(self._keys(), id="dialog-keys")

    def _keys(self) -> Content:
        command = "f2 command · " if self.shows_command else ""
        if command and self.OTHER_KEYS:  # all in full would be cut where the button's words are long
            return Content(f"{command}{self.OTHER_KEYS}^s ok · esc back")
        return Content(f"{command}{self.OTHER_KEYS}^s does it · esc cancels")

    @property
    def shows_command(self) -> bool:
        """Whether f2 can show a command that does the same: of the Data API, or of the shell."""
        return self.sends_command or type(self).equivalents is not Dialog.equivalents

    @property
    def sends_command(self) -> bool:
        """Whether the dialog sends a Data API command."""
        return type(self).planned is not Dialog.planned

    def compose_form(self) -> ComposeResult:
        """Lay out the form's fields."""
        yield from ()

    def draft(self) -> DraftT:
        """Return what has been filled in; called only when :meth:`problems` is empty."""
        message = f"{type(self).__name__} has no draft"
        raise AssertionError(message)

    def problems(self) -> Mapping[str, str]:
        """Return what is wrong, by the id of the control; pure, from the rules of the room below."""
        return {}

    def planned(self) -> PlannedCommand:
        """Return the command that submitting would send now."""
        message = f"{type(self).__name__} sends no command"
        raise AssertionError(message)

    def equivalents(self) -> Mapping[str, str]:
        """Return what does the same as submitting now, by what it is written in, where no Data API command does."""
        return {}

    def on_mount(self) -> None:
        """Name the dialog on its border and focus the first field."""
        frame = self.query_one("#dialog", Vertical)
        frame.border_title = Content(display_text(self.heading()))
        self.focus_first()

    def heading(self) -> str:
        """Return the border's title; override when it depends on what the dialog is about."""
        return self.HEADING

    def submit_label(self) -> str:
        """Return what the button says; override when it depends on what the dialog is about."""
        return self.SUBMIT

    def focus_first(self) -> None:
        """Put the focus on the first field that can take it."""
        for row in self.query(Field):
            if row.control.focusable:
                self.set_focus(row.control)
                return
        for button in self.query("#cancel").results(Button):  # none when the program is being left at this moment
            self.set_focus(button)

    def fields(self) -> dict[str, Field]:
        """Return the form's rows by the id of their control."""
        return {row.control.id: row for row in self.query(Field) if row.control.id}

    def say(self, message: str, *, wrong: bool = False) -> None:
        """Show a line above the buttons; an empty text clears it."""
        line = self.query_one("#message", Static)
        line.set_class(wrong, "-wrong")
        line.update(
            Content(display_text(f"{WRONG} {message}" if wrong and message else message, limit=800, multiline=True))
        )
        line.display = bool(message)

    def show_problems(self, problems: Mapping[str, str]) -> None:
        """Mark the fields that are wrong, and focus the first of them."""
        rows = self.fields()
        for name, row in rows.items():
            row.set_problem(problems.get(name, ""))
        unplaced = [text for name, text in problems.items() if name not in rows]
        self.say("\n".join(unplaced), wrong=bool(unplaced))
        first = next((row for name, row in rows.items() if name in problems), None)
        if first is not None:
            first.control.focus()
            first.scroll_visible()

    def action_dialog_cancel(self) -> None:
        """Close an open drop-down, else the dialog, without a result; work under way is cancelled with the dialog."""
        opened = next((select for select in self.query(Select) if select.expanded), None)
        if opened is not None:
            opened.expanded = False
            opened.focus()
        else:
            self.dismiss(None)

    def action_dialog_submit(self) -> None:
        """Check the form and carry it out."""
        if self._busy:
            return
        problems = self.problems()
        self.show_problems(problems)
        if not problems:
            self._set_busy(busy=True)
            self._let_keys_through = self.app.hold_keys()  # what is typed now is meant for what comes after the dialog
            self.in_background(partial(self._carry_out, self.draft(), self._let_keys_through), "perform")

    async def _carry_out(self, draft: DraftT, release: Callable[[], None]) -> None:
        below = self.app.screen_stack[-2]
        try:
            result = await self.perform(draft)
        except AstrolabeError as error:
            self._show_refusal(error)
            return
        finally:
            if self.is_mounted:
                self._set_busy(busy=False)
            below.call_after_refresh(release)
        self.dismiss(result)

    def _show_refusal(self, error: AstrolabeError) -> None:
        rows = self.fields()
        placed = (
            {problem.field: problem.message for problem in error.problems if problem.field in rows}
            if isinstance(error, RuleError)
            else {}
        )
        if placed:
            self.show_problems({str(name): text for name, text in placed.items()})
            return
        parts = (error.message, f"{source_of(error)}.", error.hint)
        self.say("\n".join(part for part in parts if part), wrong=True)

    def _set_busy(self, *, busy: bool) -> None:
        self._busy = busy
        self.query_one("#submit", Button).disabled = busy
        self.query_one("#dialog").set_class(busy, "-busy")
        if busy:
            self.say("Working …")

    def action_dialog_code(self) -> None:
        """Show the command that would be sent, or a command line that does the same."""
        if self.shows_command:
            problems = self.problems()
            self.show_problems(problems)
            if not problems:
                self.show_command()

    def show_command(self) -> None:
        """Show the command; the form has no problem."""
        if self.sends_command:
            self.app.ask(CodeDialog(self.planned(), self.endpoint()))
        else:
            self.app.ask(EquivalentsDialog(self.equivalents()))

    def endpoint(self) -> str:
        """Return the address that code snippets name; dialogs that know their database override it."""
        return self.app.connection.endpoint(self.app.selection.database)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 - Textual's
        """Offer f2 only where there is a command to show."""
        return self.shows_command if action == "dialog_code" else True

    @on(Input.Submitted)
    def _enter_pressed(self) -> None:
        """Carry out a form of one field; in a longer one, enter would be too soon."""
        if len(self.query(Field)) == 1:
            self.action_dialog_submit()

    @on(Input.Changed)
    @on(Select.Changed)
    @on(Checkbox.Changed)
    @on(SelectionList.SelectedChanged)
    def _field_changed(self, event: Message) -> None:
        """Take back what was said of a field once it is mended."""
        row = self.fields().get(getattr(event.control, "id", None) or "")
        if row is not None and row.problem:
            row.set_problem(self.problems().get(row.control.id or "", ""))

    @on(Button.Pressed, "#cancel")
    def _cancel_pressed(self) -> None:
        self.action_dialog_cancel()

    @on(Button.Pressed, "#submit")
    def _submit_pressed(self) -> None:
        self.action_dialog_submit()
