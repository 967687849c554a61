"""The audit trail, read: who changed what and when; never a secret."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.catalog.catalog import Catalog

_PAGE = 500

ACTIONS = {
    "database.create": "created database",
    "database.delete": "deleted database",
    "credential.add": "added credential",
    "credential.remove": "removed credential",
    "credential.rotate": "rotated credential",
    "connection.create": "created connection string",
    "connection.edit": "changed connection string",
    "service.attach": "attached integration to column",
    "service.change": "changed integration of column",
    "service.drop": "dropped integration of column",
    "scope.add": "added to scope",
    "scope.remove": "removed from scope",
    "secrets.reencrypt": "re-encrypted secrets",
    "lab.on": "switched failure on",
    "lab.off": "switched failure off",
    "token.create": "created token",
    "token.revoke": "revoked token",
}
"""What the actions are called where people read them."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change.

    Attributes:
        id: Grows with every entry.
        at: When, in UTC.
        user: The operating system's name of who did it.
        action: Such as ``credential.add``.
        detail: Names and numbers.
    """

    id: int
    at: datetime
    user: str
    action: str
    detail: Mapping[str, Any]

    @property
    def subject(self) -> str:
        """What it was done to, in a few words: ``huggingface/webstore-prod (shop, support)``."""
        name = self.detail.get("name") or "/".join(
            str(self.detail[part]) for part in ("provider", "credential") if part in self.detail
        )
        members = self.detail.get("databases") or self.detail.get("scopes") or self.detail.get("unreadable")
        listed = f" ({', '.join(map(str, members))})" if members else ""
        return f"{name or self.detail.get('resealed', '')}{listed}"

    def to_json(self) -> dict[str, Any]:
        """Return the entry as it is exported."""
        return {
            "at": self.at.isoformat(),
            "user": self.user,
            "action": self.action,
            "subject": self.subject,
            "detail": dict(self.detail),
        }


class Audit:
    """Reads the trail.

    Args:
        catalog: Where it is kept.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    async def page(self, *, limit: int = 200, before: int | None = None) -> list[AuditEntry]:
        """Return entries, newest first.

        Args:
            limit: How many at most.
            before: Only entries with a smaller id, to read on from the last page.
        """
        async with self._catalog.read() as rows:
            found = await rows.audit(limit=limit, before=before)
        return [AuditEntry(row.id, row.at, row.os_user, row.action, json.loads(row.detail)) for row in found]

    async def entries(self) -> AsyncIterator[AuditEntry]:
        """Yield all entries, newest first, reading a page at a time."""
        before = None
        while page := await self.page(limit=_PAGE, before=before):
            for entry in page:
                yield entry
            before = page[-1].id

    async def as_jsonl(self) -> str:
        """Return the whole trail as JSON Lines, newest first."""
        return "".join([json.dumps(entry.to_json(), ensure_ascii=False) + "\n" async for entry in self.entries()])

    async def as_csv(self) -> str:
        """Return the whole trail as CSV with a heading, newest first."""
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(["at", "user", "action", "subject", "detail"])
        async for entry in self.entries():
            detail = json.dumps(entry.detail, ensure_ascii=False)
            writer.writerow([entry.at.isoformat(), entry.user, entry.action, entry.subject, detail])
        return buffer.getvalue()
