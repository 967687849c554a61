"""A form's rows: a label, a control, and one line for help or what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.segment import Segment
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Checkbox, Input, Select, SelectionList, Static

from astrolabe.portal.rules import secret_warnings
from astrolabe.text.safe_text import display_text

WRONG = "✗"
"""Marks what is wrong, so that colour is never the only sign."""

TICKED, UNTICKED = "[x]", "[ ]"
"""Boxes; the framework's own tell one from the other by colour alone."""


class Field(Vertical):
    """One row of a form.

    The note under the control shows the field's help while it has the focus, and what is wrong with it until that is
    mended. Set ``inactive`` for a field that the documents show but that cannot be changed now; the reason is its
    note.
    """

    def __init__(self, label: str, control: Widget, *, help: str = "", optional: bool = False) -> None:  # noqa: A002
        """Build a row.

        Args:
            label: The portal's label, such as ``User access token name``.
            control: The input, select, check box or list; its id names the field.
            help: One line shown while the control has the focus.
            optional: Mark the label as optional.
        """
        super().__init__(classes="field")
        self.label = label
        self.control = control
        self.help_text = help
        self.problem = ""
        self.optional = optional

    def compose(self) -> ComposeResult:
        """Lay out label, control and note."""
        with Horizontal(classes="field-row"):
            suffix = Content.styled(" (optional)", "dim") if self.optional else Content("")
            yield Static(Content(self.label) + suffix, classes="field-label")
            yield self.control
        yield Static("", classes="field-note", markup=False)

    def on_mount(self) -> None:
        """Show the note's first text."""
        self._show_note()

    def on_descendant_focus(self, _event: events.DescendantFocus) -> None:
        """Show the help while the control has the focus."""
        self._focus_moved()

    def on_descendant_blur(self, _event: events.DescendantBlur) -> None:
        """Hide the help again."""
        self._focus_moved()

    def _focus_moved(self) -> None:
        # The list of an open drop-down has the focus in place of the control, so the whole row is asked.
        self.set_class(self.has_focus_within, "-focused")
        self._show_note()

    def set_problem(self, problem: str) -> None:
        """Say what is wrong with the field; an empty text says that it is fine."""
        self.problem = problem
        self.set_class(bool(problem), "-wrong")
        self._show_note()

    def set_inactive(self, reason: str = "") -> None:
        """Make the field inactive with a reason, or active again without one."""
        self.control.disabled = bool(reason)
        self.help_text = reason or self.help_text
        self.set_class(bool(reason), "-inactive")
        self._show_note()

    def set_help(self, help_text: str) -> None:
        """Change the help line."""
        self.help_text = help_text
        self._show_note()

    def set_label(self, label: str) -> None:
        """Change the label, for a noun that depends on another field."""
        self.label = label
        if self.is_mounted:
            self.query_one(".field-label", Static).update(Content(label))

    def _show_note(self) -> None:
        if not self.is_mounted:
            return
        note = self.query_one(".field-note", Static)
        shows_help = self.has_class("-focused") or self.has_class("-inactive")
        text = f"{WRONG} {self.problem}" if self.problem else self.help_text if shows_help else ""
        note.update(Content(display_text(text, limit=600)))
        note.display = bool(text)


class SecretInput(Input):
    """An input for a secret: masked, and what is typed cannot be copied or cut out of it.

    Textual's own masked input puts the clear text on the clipboard with ctrl+c.
    """

    def __init__(self, *, id: str, placeholder: str = "") -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, placeholder=placeholder, password=True, compact=True, select_on_focus=False)

    def _on_paste(self, event: events.Paste) -> None:
        """Take the whole paste, not its first line; what is around it is removed, and that is said."""
        event.prevent_default()
        event.stop()
        removed = secret_warnings(event.text, noun="pasted secret")
        self.insert_text_at_cursor(event.text.strip())
        if removed:
            self.notify(" ".join(removed), markup=False)

    def action_copy(self) -> None:
        """Refuse to copy a secret."""
        self.notify("A secret is not copied.", severity="warning", markup=False)

    def action_cut(self) -> None:
        """Refuse to cut a secret."""
        self.action_copy()

    def get_selection(self, selection: object) -> None:
        """Give nothing to the screen's own text selection."""


class Check(Checkbox):
    """A check box that can be read without colours."""

    @property
    def _button(self) -> Content:
        return Content.styled(TICKED if self.value else UNTICKED, self.get_visual_style("toggle--button"))


class Checks(SelectionList[str]):
    """A list of which any number may be ticked, readable without colours; its labels may be foreign text."""

    BOX_SEGMENTS = 3
    """Pieces that the framework draws in place of a box."""

    def render_line(self, y: int) -> Strip:
        """Draw one line, with a box in front that looks ticked or not."""
        line = list(super().render_line(y))
        place = self.scroll_offset.y + y
        if place >= self.option_count or len(line) <= self.BOX_SEGMENTS:
            return Strip(line)
        ticked = self.get_option_at_index(place).value in self.selected
        box = Segment(TICKED if ticked else UNTICKED, line[1].style)
        return Strip([box, *line[self.BOX_SEGMENTS :]])


class LineInput(Input):
    """A field of one line that says what became of a paste that does not fit into it."""

    def _on_paste(self, event: events.Paste) -> None:
        """Take the lines as one, and as much as there is room for."""
        event.prevent_default()
        event.stop()
        lines = [line.strip() for line in event.text.splitlines()]
        text = " ".join(line for line in lines if line) if len(lines) > 1 else event.text
        room = self.max_length - len(self.value) + len(self.selected_text) if self.max_length else len(text)
        said = ["Its lines were put into one." if len(lines) > 1 else ""]
        if len(text) > room:
            said.append(f"Only {room} of {len(text)} characters fit.")
        self.replace(text[: max(room, 0)], *self.selection)
        if any(said):
            self.notify(" ".join(filter(None, said)), severity="warning", markup=False)


def text_input(id: str, value: str = "", *, placeholder: str = "", max_length: int = 0) -> Input:  # noqa: A002
    """Return a one-line input in the house style."""
    return LineInput(value, id=id, placeholder=placeholder, max_length=max_length, compact=True)


def choice(
    id: str,  # noqa: A002 - Textual's name
    options: Sequence[tuple[str, str]],
    value: str | None = None,
    *,
    prompt: str = "Select",
) -> Select[str]:
    """Return a drop-down of (label, value) pairs in the house style; labels may be foreign text."""
    safe = select_options(options)
    if value is not None and any(name == value for _, name in options):
        return Select(safe, id=id, value=value, allow_blank=False, compact=True)
    return Select(safe, id=id, prompt=prompt, allow_blank=True, compact=True)


def select_options(options: Iterable[tuple[str, str]]) -> list[tuple[Text, str]]:
    """Return (label, value) pairs as a drop-down takes them; the framework finds typed letters only in ``Text``."""
    return [(Text(display_text(label)), value) for label, value in options]


def offer(select: Select[str], options: Iterable[tuple[str, str]], value: str) -> None:
    """Let a drop-down offer other (label, value) pairs, one of them chosen, without telling anybody of a change."""
    with select.prevent(Select.Changed):
        select.set_options(select_options(options))
        select.value = value


def check(id: str, label: str, *, value: bool = False) -> Checkbox:  # noqa: A002
    """Return a check box in the house style."""
    return Check(Content(label), value, id=id, compact=True)


def many_of(id: str, options: Sequence[tuple[str, str]], chosen: frozenset[str] = frozenset()) -> Checks:  # noqa: A002
    """Return a list of (label, value) pairs of which any number may be ticked."""
    rows = [(Content(display_text(label)), name, name in chosen) for label, name in options]
    return Checks(*rows, id=id, compact=True)
