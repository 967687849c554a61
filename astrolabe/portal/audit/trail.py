"""From the catalog's rows to the portal's shapes, and what is noted about every change."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from astrolabe.errors import NotFoundError
from astrolabe.portal.organization import Credential, Database, DatabaseStatus
from storage.catalog.catalog import CatalogReader, CatalogWriter
from storage.catalog.rows import CredentialRow, DatabaseRow


def database_of(row: DatabaseRow) -> Database:
    """Return the database that a row describes."""
    return Database(row.id, row.name, row.cloud_provider, row.region, DatabaseStatus(row.status), row.created_at)


def credential_of(row: CredentialRow) -> Credential:
    """Return the credential that a row describes, with its scope and without its secret."""
    return Credential(
        id=row.id,
        provider=row.provider,
        name=row.name,
        masked=row.masked,
        created_at=row.created_at,
        databases=tuple(map(database_of, row.databases)),
        version=row.version,
    )


async def existing_database(rows: CatalogReader, database_id: str) -> DatabaseRow:
    """Return the row of a database.

    Raises:
        NotFoundError: There is no database of that id.
    """
    row = await rows.database(database_id)
    if row is None:
        raise no_database(database_id)
    return row


def no_database(name_or_id: str) -> NotFoundError:
    """Return the error for a database that does not exist, or no longer."""
    return NotFoundError(
        f"There is no database '{name_or_id}'.",
        field="database",
        hint="Look at the list of databases; another window or program may have deleted it.",
    )


class AuditTrail:
    """Notes who changed what, in the same transaction as the change.

    Args:
        now: The clock; UTC by default.
        user: The operating system's name of the user; that of the process by default.
    """

    def __init__(self, *, now: Callable[[], datetime] | None = None, user: str | None = None) -> None:
        self.now = now or _utc_now
        self._user = user or _process_user()

    async def note(self, rows: CatalogWriter, action: str, **detail: str | Sequence[str]) -> None:
        """Note one change; ``detail`` is names, never a secret."""
        await rows.append_audit(self.now(), self._user, action, detail)


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _process_user() -> str:
    """Return the name behind the process's user id; unlike the environment's words, it cannot be set by anybody."""
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"uid {number}"
