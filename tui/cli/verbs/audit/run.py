"""``astrolabe audit``: who changed databases, integrations, credentials and scopes, when, and what."""

from __future__ import annotations

from astrolabe.portal.audit.audit import AuditEntry
from tui.cli.output import Format, write_rows
from tui.cli.session import workspace_of
from tui.cli.verbs.audit.arguments import AuditArguments


async def audit(args: AuditArguments) -> int:
    """Print the trail, newest first; all formats but the table have every detail."""
    async with workspace_of(args) as workspace:
        if args.limit is not None:
            entries = await workspace.audit.page(limit=args.limit)
        else:
            entries = [entry async for entry in workspace.audit.entries()]
    form = Format(args.format)
    rows = [_row(entry) if form is Format.TABLE else entry.to_json() for entry in entries]
    write_rows(rows, form, empty="Nothing has been changed yet.")
    return 0


def _row(entry: AuditEntry) -> dict[str, str]:
    at = entry.at.isoformat(sep=" ", timespec="seconds")
    return {"at": at, "user": entry.user, "action": entry.action, "subject": entry.subject}
