"""What is known about one request once it is answered: enough to see what happened, and nothing of its contents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from astrolabe.dataapi.protocol import JsonValue, Response

SHOWN = 2000
"""Bytes of a body that are kept for whoever wants to see it."""

_LONGEST = 200


@dataclass(slots=True)
class RequestRecord:
    """One request and how it was answered. Its texts are foreign.

    Attributes:
        method: The HTTP method, cut.
        path: Without a query, cut.
        at: When it came, in UTC.
        database: Name of the database it was addressed to; empty when there is none.
        keyspace: As the path says.
        name: Collection or table, as the path says.
        command: The command's name, cut; empty for what is no command.
        documents: How many were inserted, found, changed or deleted; None where that means nothing.
        status: Of HTTP.
        error: Code of the first error; empty when there is none.
        milliseconds: Until the answer was ready.
        received: Bytes of the request's body.
        sent: Bytes of the answer's body.
        bodies: The beginnings of the request's and the answer's, where somebody asked for them; empty otherwise.
        secrets: What the request brought along in its headers that must not be shown.
    """

    method: str
    path: str
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    database: str = ""
    keyspace: str = ""
    name: str = ""
    command: str = ""
    documents: int | None = None
    status: int = 0
    error: str = ""
    milliseconds: float = 0.0
    received: int = 0
    sent: int = 0
    bodies: tuple[bytes, bytes] = (b"", b"")
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def note_command(self, command: JsonValue) -> None:
        """Note the name of a command."""
        if isinstance(command, Mapping) and len(command) == 1:
            self.command = str(next(iter(command)))[:_LONGEST]

    @property
    def target(self) -> str:
        """Keyspace and name with a dot between; empty for a database's own path."""
        return ".".join(part for part in (self.keyspace, self.name) if part)


Report = Callable[[RequestRecord], None]
"""Is told of every request when its answer is ready; must not block."""


def documents_of(answer: Response) -> int | None:
    """Return how many documents or rows an answer is about; None for one that does not say."""
    if answer.data is not None:
        found = answer.data.get("documents")
        if isinstance(found, list):
            return len(found)
        return int(answer.data.get("document") is not None)
    status = answer.status or {}
    inserted = status.get("insertedIds")
    if isinstance(inserted, list):
        return len(inserted)
    for name in ("modifiedCount", "deletedCount", "count"):
        count = status.get(name)
        if isinstance(count, int) and count >= 0:
            return count + (name == "modifiedCount" and "upsertedId" in status)
    return None
