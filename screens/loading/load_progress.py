"""The progress of a load, and the honest summary at its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.getters import app as app_getter
from textual.screen import ModalScreen
from textual.widgets import Button, ProgressBar, Static

from astrolabe.errors import AstrolabeError
from astrolabe.loading.job import LoadJob
from astrolabe.loading.load_plan import LoadProgress, LoadSummary
from astrolabe.text.error_text import source_of
from astrolabe.text.load_report import progress_parts
from astrolabe.text.safe_text import display_text
from screens.kit.actions import Action, register
from screens.kit.app_base import Console
from screens.kit.countdown import Countdown
from screens.kit.fields import WRONG
from screens.kit.restyling import StyledOnce
from screens.kit.workers import WorkerBoundary

FAILURES_SHOWN = 6
"""Refused rows named in the summary; all of them are in a file."""


class LoadProgressDialog(StyledOnce, ModalScreen[bool], WorkerBoundary):
    """Follows a :class:`LoadJob`; hiding it leaves the load running. Dismissed with True once the load has ended."""

    BINDINGS = register(
        Action("load.stop", "x", "Stop", "Stop the load after the batch under way."),
        Action("load.hide", "escape,h", "Hide", "Let the load run on in the background; L shows it again."),
    )

    app = app_getter(Console)

    def __init__(self, job: LoadJob) -> None:
        """Follow ``job``."""
        super().__init__()
        self.job = job
        self._unsubscribe: Callable[[], None] = lambda: None
        self._countdown = Countdown(self, self._say_wait)

    def compose(self) -> ComposeResult:
        """Lay out the bar, the numbers and the summary's place."""
        with Vertical(id="dialog"):
            yield ProgressBar(id="progress", show_eta=False)
            yield Static("", id="numbers", markup=False)
            with VerticalScroll(id="summary"):
                yield Static("", id="summary-text", markup=False)
            with Horizontal(id="buttons"):
                yield Button("Stop", id="stop", compact=True)
                yield Static(Content("x stops · esc hides, and the load goes on"), id="dialog-keys")

    @on(events.Mount)
    def _follow(self) -> None:
        heading = f"Loading {self.job.plan.path.name} into {self.job.plan.info.name}"
        self.query_one("#dialog", Vertical).border_title = Content(display_text(heading, limit=70))
        self._unsubscribe = self.job.subscribe(self.draw)
        self.job.followed = True
        self.query_one("#stop", Button).focus()
        self.draw()

    @on(events.Unmount)
    def _leave(self) -> None:
        self._unsubscribe()
        self.job.followed = False

    def draw(self) -> None:
        """Show the job as it is now."""
        if self.job.progress is not None:
            self._draw_progress(self.job.progress)
        ended = self.job.summary or self.job.error
        self.query_one("#summary").display = ended is not None
        if ended is not None:
            self._countdown.stop()
            into = "table" if self.job.plan.info.is_table else "collection"
            words = summary_words(ended, into) if isinstance(ended, LoadSummary) else error_words(ended)
            self.query_one("#summary-text", Static).update(Content(display_text(words, limit=4000, multiline=True)))
            self.query_one("#progress").display = False
            self.query_one("#numbers").display = False
            self.query_one("#stop", Button).label = Content("Close")
            self.query_one("#dialog-keys", Static).update(Content("esc close"))

    def _draw_progress(self, progress: LoadProgress) -> None:
        self.query_one("#progress", ProgressBar).update(total=progress.total or None, progress=progress.done)
        if progress.wait_reason and not self.job.cancelling:
            self._countdown.start(progress.wait_seconds, progress.wait_reason)
            return
        self._countdown.stop()
        self._say("Stopping after this batch …" if self.job.cancelling else progress_words(progress))

    def _say_wait(self, words: str) -> None:
        if self.job.progress is not None:
            self._say(progress_words(replace(self.job.progress, waiting=words)))

    def _say(self, words: str) -> None:
        self.query_one("#numbers", Static).update(Content(display_text(words, limit=400, multiline=True)))

    def action_load_stop(self) -> None:
        """Stop the load, or close once it has ended."""
        if self.job.running:
            self.job.cancel()
            self.draw()
        else:
            self.dismiss(True)  # noqa: FBT003 - the result of a dialog

    def action_load_hide(self) -> None:
        """Leave the load running."""
        self.dismiss(not self.job.running)

    @on(Button.Pressed, "#stop")
    def _stop_pressed(self) -> None:
        self.action_load_stop()


def progress_words(progress: LoadProgress) -> str:
    """Return how far it is, and below it what is waited for."""
    line = " · ".join(progress_parts(progress))
    return f"{line}\n{progress.waiting}" if progress.waiting else line


def summary_words(summary: LoadSummary, into: str) -> str:
    """Return how a load ended: every row is counted once, and nothing sounds better than it is.

    Args:
        summary: The end.
        into: What it went into: ``collection`` or ``table``.
    """
    lines = [verdict(summary, into), ""]
    counts = (
        ("loaded", summary.loaded),
        ("already there, left as they were", summary.already_there),
        ("refused", summary.failed),
        ("not attempted", summary.not_attempted),
    )
    lines += [f"{count:>9,}  {words}" for words, count in counts if count or words == "loaded"]
    if summary.earlier:
        lines.append(f"{summary.earlier:>9,}  of these in an earlier run")
    if summary.from_cache:
        lines.append(f"{summary.from_cache:>9,}  texts were in the cache of embeddings")
    lines += ["", *summary.notes] if summary.notes else []
    if summary.problem is not None:  # above the rows: it is why there are no more of them
        lines += ["", f"{WRONG} {summary.problem.message}", summary.problem.hint]
    lines += _failure_lines(summary)
    if summary.not_attempted:
        lines += ["", f"Load the same file into the same {into} again to go on where it stopped."]
    return "\n".join(lines).rstrip()


def verdict(summary: LoadSummary, into: str) -> str:
    """Return the first line of a summary."""
    if summary.complete:
        return f"Done: every row of the file is in the {into}."
    if summary.problem is not None:
        return "Stopped by an error."
    if summary.cancelled:
        return "Stopped by you."
    return "Nothing was loaded." if not summary.loaded + summary.already_there else "Done, but some rows were refused."


def _failure_lines(summary: LoadSummary) -> list[str]:
    if not summary.failures:
        return []
    shown = [f"  {failure.place}: {failure.reason}" for failure in summary.failures[:FAILURES_SHOWN]]
    where = [f"All refused rows are in {summary.failures_file}"] if summary.failures_file else []
    return ["", "Refused:", *shown, *where]


def error_words(error: AstrolabeError) -> str:
    """Return why a load could not begin or go on."""
    return "\n".join(part for part in (f"{WRONG} {error.message}", f"{source_of(error)}.", error.hint) if part)
