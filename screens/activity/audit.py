"""The Audit page: who changed databases, integrations, credentials and scopes, newest first."""

from __future__ import annotations

from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import DataTable, Static

from astrolabe.portal.audit.audit import ACTIONS, AuditEntry
from astrolabe.text.safe_text import show_json
from screens.kit.actions import Action, register
from screens.kit.app_base import Section
from screens.kit.grid import Grid
from screens.kit.page import Page
from screens.kit.viewer import Viewer

PAGE = 200
"""Entries on the page; an export has all."""


class AuditPage(Page):
    """Lists the newest changes; enter shows one with all its detail, and the whole trail can be exported."""

    SECTION = Section.ACTIVITY
    HEADING = " Activity › Audit trail"
    WATCHES = True

    BINDINGS = register(
        Action("audit.show", "enter", "Show", "Show the change with all its detail."),
        Action("audit.export-jsonl", "w", "Export JSONL", "Save the whole trail as JSON Lines."),
        Action("audit.export-csv", "e", "Export CSV", "Save the whole trail as CSV."),
    )

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[str, AuditEntry] = {}

    def compose_body(self) -> ComposeResult:
        """Lay out the table and what stands in its place when there is nothing."""
        yield Grid("audit", [("Time", 16), ("User", 8), ("Change", 20), ("What", None)])
        yield Static(
            Content("Nothing has been changed yet.\n\nChanges to databases, credentials and scopes are listed here."),
            id="no-audit",
            classes="empty",
        )

    async def reload(self) -> None:
        """Read the newest entries."""
        page = await self.app.workspace.audit.page(limit=PAGE)
        self.entries = {str(entry.id): entry for entry in page}
        self.query_one("#no-audit").display = not page
        grid = self.query_one(Grid)
        grid.display = bool(page)
        grid.fill([(key, self._row(entry)) for key, entry in self.entries.items()])
        if page and self.focused is None:
            grid.focus()

    @staticmethod
    def _row(entry: AuditEntry) -> tuple[str, ...]:
        at = entry.at.astimezone().strftime("%Y-%m-%d %H:%M")
        return at, entry.user, ACTIONS.get(entry.action, entry.action), entry.subject

    @on(DataTable.RowSelected)
    def _row_selected(self) -> None:
        self.action_audit_show()

    def action_audit_show(self) -> None:
        """Show the change under the cursor."""
        entry = self.entries.get(self.query_one(Grid).chosen() or "")
        if entry is not None:
            self.app.ask(Viewer(ACTIONS.get(entry.action, entry.action), show_json(entry.to_json())))

    def action_audit_export_jsonl(self) -> None:
        """Save the trail as JSON Lines."""
        self.open_in_background(partial(self._export, "jsonl"), "export")

    def action_audit_export_csv(self) -> None:
        """Save the trail as CSV."""
        self.open_in_background(partial(self._export, "csv"), "export")

    async def _export(self, form: str) -> None:
        audit = self.app.workspace.audit
        text = await (audit.as_csv() if form == "csv" else audit.as_jsonl())
        self.app.save(text, f"astrolabe-audit.{form}")
