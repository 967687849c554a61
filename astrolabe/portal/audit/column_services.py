"""What is noted about the integrations of vector columns: who attached, changed or dropped which, and when."""

from __future__ import annotations

from astrolabe.portal.audit.trail import AuditTrail
from astrolabe.portal.organization import Database, ServiceConfig
from storage.catalog.catalog import Catalog


class ColumnServices:
    """Notes changes of the services of table columns.

    Args:
        catalog: Where the trail is kept.
        trail: Knows who and when.
    """

    def __init__(self, catalog: Catalog, trail: AuditTrail) -> None:
        self._catalog = catalog
        self._trail = trail

    async def note(
        self, database: Database, column: str, before: ServiceConfig | None, after: ServiceConfig | None
    ) -> None:
        """Note that a column has another service than before; equal ones are no change.

        Args:
            database: Where the column is.
            column: ``keyspace.table.column``.
            before: What it embedded with; None for nothing.
            after: What it embeds with now; None for nothing.
        """
        if before == after:
            return
        action = "service.attach" if before is None else "service.drop" if after is None else "service.change"
        detail = {"name": f"{database.name}: {column}"}
        detail |= _named("former_", before) if before is not None else {}
        detail |= _named("", after) if after is not None else {}
        async with self._catalog.write() as rows:
            await self._trail.note(rows, action, **detail)


def _named(prefix: str, service: ServiceConfig) -> dict[str, str]:
    credential = {f"{prefix}credential": service.credential_name} if service.credential_name else {}
    return {f"{prefix}provider": service.provider, f"{prefix}model": service.model, **credential}
