"""The organization's databases. What is in a database is none of this module's business."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from astrolabe.errors import ConflictError
from astrolabe.portal import rules
from astrolabe.portal.audit.trail import AuditTrail, database_of, existing_database, no_database
from astrolabe.portal.databases import regions
from astrolabe.portal.organization import Database, DatabaseDraft, DatabaseStatus
from storage.catalog.catalog import Catalog, CatalogReader
from storage.catalog.rows import DatabaseRow

_DatabaseList = list[Database]


class Databases:
    """Lists, creates and deletes databases; other processes' changes are seen at once.

    Args:
        catalog: Where they are kept.
        trail: Notes every change.
        new_id: Makes the id of a new database; a random UUID by default.
    """

    def __init__(
        self, catalog: Catalog, trail: AuditTrail | None = None, *, new_id: Callable[[], str] | None = None
    ) -> None:
        self._catalog = catalog
        self._trail = trail or AuditTrail()
        self._new_id = new_id or _random_id

    async def list(self) -> _DatabaseList:
        """Return every database, by name."""

        async def read(rows: CatalogReader) -> tuple[Database, ...]:
            return tuple(map(database_of, await rows.databases()))

        return [*await self._catalog.remembered("databases", read)]

    async def find(self, name_or_id: str) -> Database:
        """Return the database of that id or, failing that, of exactly that name.

        Raises:
            NotFoundError: There is none.
        """
        name = rules.clean_database_name(name_or_id)
        async with self._catalog.read() as rows:
            row = await rows.database(name_or_id) or await rows.database_named(name)
        if row is None:
            raise no_database(name_or_id)
        return database_of(row)

    async def create(self, draft: DatabaseDraft) -> Database:
        """Add a database in state initializing; it can be added to scopes at once. It joins none by itself.

        Raises:
            ConflictError: The name is taken.
            RuleError: The name, the cloud provider or the region is not allowed.
        """
        name = rules.clean_database_name(draft.name)
        findings = rules.Findings()
        findings.add("name", rules.database_name_problems(name))
        findings.add("cloud_provider", regions.cloud_provider_problems(draft.cloud_provider))
        findings.add("region", regions.region_problems(draft.cloud_provider, draft.region))
        async with self._catalog.write() as rows:
            if await rows.database_named(name):
                findings.add("name", [rules.database_name_taken(name)], ConflictError)
            findings.raise_any()
            row = DatabaseRow(
                id=self._new_id(),
                name=name,
                cloud_provider=draft.cloud_provider,
                region=draft.region,
                status=DatabaseStatus.INITIALIZING.value,
                created_at=self._trail.now(),
            )
            await rows.insert_database(row)
            await self._trail.note(
                rows, "database.create", id=row.id, name=name, cloud_provider=row.cloud_provider, region=row.region
            )
        return database_of(row)

    async def activate(self, database_id: str) -> Database:
        """Say that a database is ready to be used; harmless when it is already.

        Raises:
            NotFoundError: There is no such database.
        """
        async with self._catalog.write() as rows:
            await existing_database(rows, database_id)
            await rows.set_database_status(database_id, DatabaseStatus.ACTIVE.value)
            return database_of(await existing_database(rows, database_id))

    async def delete(self, database_id: str) -> None:
        """Remove a database from the organization and from every scope. Its contents are for the caller to remove.

        Raises:
            NotFoundError: There is no such database.
        """
        async with self._catalog.write() as rows:
            row = await existing_database(rows, database_id)
            scopes = [
                f"{credential.provider}/{credential.name}"
                for credential in await rows.credentials()
                if any(database.id == database_id for database in credential.databases)
            ]
            await rows.delete_database(database_id)
            await self._trail.note(rows, "database.delete", id=row.id, name=row.name, scopes=scopes)


def _random_id() -> str:
    return str(uuid.uuid4())
