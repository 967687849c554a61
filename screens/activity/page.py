"""The Activity page: every command that was sent on the user's behalf, newest first."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import DataTable, Static

from astrolabe.dataapi.activity import ActivityEntry, Outcome
from astrolabe.text.safe_text import display_text
from screens.activity.audit import AuditPage
from screens.kit.actions import Action, register
from screens.kit.app_base import Section
from screens.kit.code import CodeDialog
from screens.kit.grid import Grid
from screens.kit.page import Page

MARKS = {Outcome.OK: "✓", Outcome.PARTIAL: "!", Outcome.ERROR: "✗", Outcome.CANCELLED: "–"}
"""How an outcome is shown in the table; its word stands in the line below."""


class ActivityPage(Page):
    """Lists commands with where they went, how long they took and how they ended; enter shows one as code."""

    SECTION = Section.ACTIVITY
    HEADING = " Activity"

    BINDINGS = register(
        Action("activity.show", "enter", "Show", "Show the command as JSON, curl and more."),
        Action("activity.audit", "a", "Audit trail", "Show who changed databases, credentials and scopes."),
    )

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[str, ActivityEntry] = {}

    def compose_body(self) -> ComposeResult:
        """Lay out the table, the detail line and what stands in their place when there is nothing."""
        columns = [("Time", 8), ("", 1), ("Command", None), ("ms", None), ("Database", None), ("Where", None)]
        yield Grid("activity", columns)
        yield Static("", id="detail", markup=False)
        yield Static(
            Content("No command has been sent yet.\n\nWhatever this console sends to a database is listed here."),
            id="no-activity",
            classes="empty",
        )

    async def reload(self) -> None:
        """Show what has been recorded so far."""
        newest_first = list(reversed(self.app.workspace.activity.entries))
        self.entries = {str(place): entry for place, entry in enumerate(newest_first)}
        self.query_one("#no-activity").display = not newest_first
        grid = self.query_one(Grid)
        grid.display = bool(newest_first)
        grid.fill([(key, self._row(entry)) for key, entry in self.entries.items()])
        if newest_first and self.focused is None:
            grid.focus()

    def _row(self, entry: ActivityEntry) -> tuple[str, ...]:
        where = ".".join(part for part in (entry.planned.keyspace, entry.planned.name) if part)
        command = next(iter(entry.planned.command), "?")
        time = entry.at.astimezone().strftime("%H:%M:%S")
        took = "–" if self.app.environment.timeless else f"{entry.milliseconds:.0f}"
        return time, MARKS[entry.outcome], command, took.rjust(4), entry.database, where

    @on(DataTable.RowHighlighted)
    def _row_highlighted(self) -> None:
        entry = self.entries.get(self.query_one(Grid).chosen() or "")
        parts = (_outcome(entry), entry.error_code, entry.detail) if entry else ()
        self.query_one("#detail", Static).update(Content(display_text(": ".join(filter(None, parts)), limit=300)))

    @on(DataTable.RowSelected)
    def _row_selected(self) -> None:
        self.action_activity_show()

    def action_activity_audit(self) -> None:
        """Go to the audit trail."""
        self.app.push_screen(AuditPage())

    def action_activity_show(self) -> None:
        """Show the command under the cursor as code."""
        entry = self.entries.get(self.query_one(Grid).chosen() or "")
        if entry is not None:
            self.app.ask(CodeDialog(entry.planned, entry.endpoint))


def _outcome(entry: ActivityEntry) -> str:
    return f"{entry.outcome.value}, simulated by the failure lab" if entry.simulated else entry.outcome.value
