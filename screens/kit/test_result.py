"""The result of a connection test: a verdict, and what each request found, line by line. Any dialog may show it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.content import Content
from textual.widgets import Static

from astrolabe.portal.credentials.connection_test import Tested
from astrolabe.text.provider_report import WORDS_SHOWN, Fact, facts, verdict
from astrolabe.text.safe_text import display_text
from screens.kit.fields import WRONG

RIGHT = "✓"
"""Marks what is right, so that colour is never the only sign."""

_INDENT = "  "
_LABEL_WIDTH = 11
_NARROWEST = 20


class ResultView(Static):
    """Shows the results of a connection test, with every line's words below each other whatever the width."""

    DEFAULT_CSS = """
    ResultView { height: auto; padding: 0 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__("", id=id, markup=False)
        self._results: tuple[Tested, ...] = ()
        self._timeless = False

    def show(self, results: Sequence[Tested], *, timeless: bool = False) -> None:
        """Show results; ``timeless`` leaves out durations."""
        self._results, self._timeless = tuple(results), timeless
        self._draw()

    def say(self, words: str) -> None:
        """Show a sentence in place of results."""
        self._results = ()
        self.update(Content(display_text(words, limit=800, multiline=True)))

    def on_resize(self) -> None:
        """Break the lines for the new width."""
        self._draw()

    def _draw(self) -> None:
        if self._results:
            self.update(result_content(self._results, self.content_size.width, timeless=self._timeless))


def result_content(results: Sequence[Tested], width: int, *, timeless: bool = False) -> Content:
    """Return the result of a connection test as text that is ``width`` cells wide."""
    all_work = all(one.works for one in results)
    style = "bold $text-success" if all_work else "bold $text-error"
    text = Content.styled(f"{RIGHT if all_work else WRONG} {verdict(results)}", style)
    for one in results:
        mark, style = (RIGHT, "$text-success") if one.works else (WRONG, "$text-error")
        text += Content("\n\n") + Content.styled(mark, style)
        text += Content.styled(f" {display_text(one.model, limit=80)}\n", "bold")
        text += facts_content(facts(one, timeless=timeless), width)
    return text


def facts_content(found: Sequence[Fact], width: int) -> Content:
    """Return lines of a label and words; words that need several lines stand below each other."""
    room = max(width - len(_INDENT) - _LABEL_WIDTH - 1, _NARROWEST)
    lines = []
    for fact in found:
        words = Content(display_text(fact.text, limit=WORDS_SHOWN))
        if fact.wrong:
            words = words.stylize("$text-error")
        label = fact.label
        for line in words.wrap(room):
            padding = " " * (_LABEL_WIDTH - cell_len(label) + 1)
            lines.append(Content.styled(f"{_INDENT}{label}{padding}", "$foreground-muted") + line.rstrip())
            label = ""
    return Content("\n").join(lines)
