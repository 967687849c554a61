"""The Activity page: every command that was sent on the user's behalf, newest first."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import DataTable, Static

from astrolabe.dataapi.activity import ActivityEntry
from screens.actions import Action, register
from screens.code import CodeDialog
from screens.console import Section
from screens.grid import Grid
from screens.page import Page
from screens.text import display_text


class ActivityPage(Page):
    """Lists commands with where they went, how long they took and how they ended; enter shows one as code."""

    SECTION = Section.ACTIVITY
    HEADING = " Activity"
    CSS_PATH = "activity.tcss"

    BINDINGS = register(Action("activity.show", "enter", "Show", "Show the command as JSON, curl and more."))

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[str, ActivityEntry] = {}

    def compose_body(self) -> ComposeResult:
        """Lay out the table, the detail line and what stands in their place when there is nothing."""
        columns = [("Time", 8), ("Database", 14), ("Where", 22), ("Command", 18), ("ms", 6), ("Outcome", None)]
        yield Grid("activity", columns)
        yield Static("", id="detail", classes="status", markup=False)
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

    @staticmethod
    def _row(entry: ActivityEntry) -> tuple[str, ...]:
        where = "/".join(part for part in (entry.planned.keyspace, entry.planned.name) if part) or "–"
        command = next(iter(entry.planned.command), "?")
        outcome = f"✗ {entry.error_code}" if entry.error_code else entry.outcome
        time = entry.at.astimezone().strftime("%H:%M:%S")
        return time, entry.database, where, command, f"{entry.milliseconds:.0f}", outcome

    @on(DataTable.RowHighlighted)
    def _row_highlighted(self) -> None:
        entry = self.entries.get(self.query_one(Grid).chosen() or "")
        detail = entry.detail if entry else ""
        self.query_one("#detail", Static).update(Content(display_text(detail, limit=300)))

    @on(DataTable.RowSelected)
    def _row_selected(self) -> None:
        self.action_activity_show()

    def action_activity_show(self) -> None:
        """Show the command under the cursor as code."""
        entry = self.entries.get(self.query_one(Grid).chosen() or "")
        if entry is not None:
            self.app.push_screen(CodeDialog(entry.planned, entry.endpoint))
