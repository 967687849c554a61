"""Test connection: one short embedding from the provider, shown request by request, before or after saving."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.getters import app as app_getter
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Select, Static

from astrolabe.errors import AstrolabeError
from astrolabe.portal.credentials.connection_test import (
    Ask,
    Question,
    Tested,
    is_pointless_after,
    models_to_ask,
    question_about,
)
from astrolabe.providers.catalogue.provider_info import ParameterInfo, ParameterType, ProviderInfo
from astrolabe.text.safe_text import display_text
from screens.kit.actions import Action, register
from screens.kit.app_base import Console
from screens.kit.countdown import Countdown
from screens.kit.fields import Field, choice, text_input
from screens.kit.restyling import StyledOnce
from screens.kit.test_result import ResultView
from screens.kit.workers import WorkerBoundary


@dataclass(frozen=True, slots=True)
class ConnectionForm:
    """What has to be filled in before a provider can be asked.

    Attributes:
        provider: The provider.
        parameters: Values to begin with, by the parameter's name.
    """

    provider: ProviderInfo
    parameters: Mapping[str, str]


class TestConnectionDialog(StyledOnce, ModalScreen[None], WorkerBoundary):
    """Asks a provider and shows what came back; can be repeated. Closing it leaves everything as it was.

    With a form the user chooses model and parameters first; with questions the test begins at once. Whoever has another
    way to ask than a stored credential gives their own ``ask``.
    """

    BINDINGS = register(
        Action("test.close", "escape", "Close", "Stop the test, or close the result.", priority=True),
        Action("test.again", "ctrl+s", "Test", "Ask the provider, or ask it again.", priority=True),
    )

    app = app_getter(Console)

    def __init__(
        self, name: str, ask: Ask, *, questions: Sequence[Question] = (), form: ConnectionForm | None = None
    ) -> None:
        """Test the connection of what is called ``name``.

        Args:
            name: The credential or provider, for the title; may be foreign text.
            ask: Asks one question.
            questions: What to ask, where that is known.
            form: What to ask for first, where it is not.
        """
        super().__init__()
        self.name_shown = name
        self.questions = tuple(questions)
        self.form = form
        self.results: list[Tested] = []
        self._ask = ask
        self._testing = False
        self._countdown: Countdown | None = None

    def compose(self) -> ComposeResult:
        """Lay out the form, if any, and the place of the result."""
        with Vertical(id="dialog"):
            with VerticalScroll(id="test-body", can_focus=self.form is None):
                if self.form is not None:
                    yield from self._compose_form(self.form)
                yield ResultView(id="test-result")
            with Horizontal(id="buttons"):
                yield Button("Close", id="close", compact=True)
                yield Button("Test", id="again", variant="primary", compact=True)
                yield Static(Content("^s tests · esc back"), id="dialog-keys")

    def _compose_form(self, form: ConnectionForm) -> ComposeResult:
        names = [(model.name, model.name) for model in models_to_ask(form.provider)]
        first = names[0][1] if names else None
        yield Field("Model", choice("test-model", names, first), help="One short text is embedded with it.")
        for info in form.provider.parameters:
            if info.required or info.name in form.parameters:
                value = form.parameters.get(info.name, info.default or "")
                control = text_input(f"parameter-{info.name}", value, placeholder=info.hint, max_length=200)
                yield Field(info.label, control, help=info.help, optional=not info.required)

    @on(events.Mount)
    def _begin(self) -> None:
        self.query_one("#dialog", Vertical).border_title = Content(
            display_text(f"Test connection: {self.name_shown}", limit=70)
        )
        self._countdown = Countdown(self, lambda words: self._say(f"{words}\n\nesc stops waiting."))
        if self.form is None:
            self.query_one("#test-body").focus()
            self.action_test_again()
            return
        missing = next((row.control for row in self._parameter_rows() if not _value(row)), None)
        self.set_focus(missing or self.query_one("#again", Button))
        self._say("Nothing is saved by a test, and saving needs none.")

    def _parameter_rows(self) -> list[Field]:
        return [row for row in self.query(Field) if isinstance(row.control, Input)]

    def action_test_close(self) -> None:
        """Close an open drop-down, stop a test under way, or close the dialog."""
        opened = next((select for select in self.query(Select) if select.expanded), None)
        if opened is not None:
            opened.expanded = False
            opened.focus()
        elif self._testing:
            self.workers.cancel_group(self, "test")
            self._stopped()
            self._say("Stopped; the provider was not waited for.")
        else:
            self.dismiss(None)

    def action_test_again(self) -> None:
        """Ask, unless that is being done."""
        if self._testing:
            return
        questions = self.questions or self._asked_for()
        if questions:
            self._testing = True
            self.query_one("#again", Button).disabled = True
            self._say("Asking …")
            self.in_background(partial(self._test, questions), "test")

    def _asked_for(self) -> tuple[Question, ...]:
        """Return the question that the form makes; none while something is missing, which is then marked."""
        form = self.form
        model = form.provider.model(str(self.query_one("#test-model", Select).value)) if form else None
        if form is None or model is None:
            return ()
        by_id = {row.control.id: row for row in self._parameter_rows()}
        values: dict[str, str | int | float | bool] = {}
        first: Field | None = None
        for info in form.provider.parameters:
            row = by_id.get(f"parameter-{info.name}")
            if row is None:
                continue
            text = _value(row)
            row.set_problem(f"{form.provider.label} cannot be asked without it." if info.required and not text else "")
            first = first or (row if row.problem else None)
            if text:
                values[info.name] = _typed(info, text)
        if first is not None:
            first.control.focus()
            return ()
        return (question_about(form.provider, model, values),)

    async def _test(self, questions: Sequence[Question]) -> None:
        self.results = []
        try:
            for question in questions:
                self.results.append(await self._ask(question, self._waits))
                self._show()
                if is_pointless_after(self.results[-1]):
                    break
        except AstrolabeError as error:  # what concerns the test itself: a secret that cannot be read, say
            self.results.append(Tested(questions[0].spec.model, questions[0].expected, error=error))
            self._show()
        finally:
            if self.is_mounted:
                self._stopped()

    def _waits(self, seconds: float, reason: str) -> None:
        if self._countdown is not None:
            self._countdown.start(seconds, reason)

    def _stopped(self) -> None:
        self._testing = False
        if self._countdown is not None:
            self._countdown.stop()
        self.query_one("#again", Button).disabled = False

    def _show(self) -> None:
        if self._countdown is not None:
            self._countdown.stop()
        self.query_one(ResultView).show(self.results, timeless=self.app.environment.timeless)
        self.call_after_refresh(self._scroll_to_result)

    def _scroll_to_result(self) -> None:
        self.query_one(ResultView).scroll_visible(top=True, animate=False)

    def _say(self, words: str) -> None:
        self.query_one(ResultView).say(words)

    @on(Button.Pressed, "#close")
    def _close_pressed(self) -> None:
        self.action_test_close()

    @on(Button.Pressed, "#again")
    def _again_pressed(self) -> None:
        self.action_test_again()

    @on(Input.Changed)
    def _field_changed(self, event: Input.Changed) -> None:
        """Take back what was said of a field once it is mended."""
        for row in self._parameter_rows():
            if row.control is event.input and event.value.strip():
                row.set_problem("")

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_test_again()


def _value(row: Field) -> str:
    return row.control.value.strip() if isinstance(row.control, Input) else ""


def _typed(info: ParameterInfo, text: str) -> str | int | float | bool:
    """Return a parameter as its type; what is no number stays a text, and the provider says so."""
    if info.type is ParameterType.BOOLEAN:
        return text.lower() in {"true", "yes", "1"}
    if info.type is ParameterType.NUMBER:
        for read in (int, float):
            try:
                return read(text)
            except ValueError:
                continue
    return text
