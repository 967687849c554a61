"""What a program was killed in is finished by the next one that opens the folder."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from astrolabe.errors import AstrolabeError
from astrolabe.portal.organization import Database, DatabaseStatus
from storage.documents.database_files import DatabaseFiles

log = logging.getLogger(__name__)


async def finish_interrupted(
    databases: Sequence[Database], files: DatabaseFiles, activate: Callable[[Database], Awaitable[object]]
) -> None:
    """Finish the creations and deletions of databases that another program was killed in.

    Args:
        databases: Those that the catalog knows.
        files: Where their files lie; what belongs to none of them is removed.
        activate: Makes what is missing of a database, and lets it be used.
    """

    async def finish(database: Database) -> None:
        try:
            await activate(database)
        except AstrolabeError as error:  # it stays initializing, and says why when it is opened
            log.warning("database %s cannot be activated: %s", database.id, error.message)

    await asyncio.to_thread(files.clear_condemned, {database.id for database in databases})
    await asyncio.gather(*[finish(one) for one in databases if one.status is DatabaseStatus.INITIALIZING])
