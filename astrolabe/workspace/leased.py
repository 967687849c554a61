"""The Data API of a database whose store is opened for each command, if it is not open already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from astrolabe.dataapi.engine.index_builds import IndexBuilds
from astrolabe.dataapi.engine.local import as_data_api_error
from astrolabe.dataapi.protocol import DataApi, Json, Response
from astrolabe.errors import AstrolabeError
from astrolabe.workspace.stores import StorePool
from storage.documents.store import DatabaseStore


@dataclass(frozen=True, slots=True)
class OpenDatabase:
    """An open database.

    Attributes:
        store: Its contents.
        api: Executes commands on them.
        builds: The indexes of its tables that are being filled.
    """

    store: DatabaseStore
    api: DataApi
    builds: IndexBuilds

    async def close(self) -> None:
        """End what works on the store by itself, and close it."""
        await self.builds.stop()
        await self.store.close()


class LeasedDataApi:
    """A :class:`DataApi` that borrows the store for the time of a command: so whoever keeps it keeps no file open.

    Args:
        pool: Lends the store.
        database_id: The database.
        endpoint: The address that snippets name for it.
    """

    def __init__(self, pool: StorePool[OpenDatabase], database_id: str, endpoint: str) -> None:
        self._pool = pool
        self._database_id = database_id
        self._endpoint = endpoint

    @property
    def endpoint(self) -> str:
        """The address that code snippets name for this database."""
        return self._endpoint

    async def execute(
        self,
        command: Json,
        *,
        keyspace: str | None = None,
        name: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Execute one command; see :meth:`DataApi.execute`. That the store cannot be opened is in the answer, too."""
        try:
            async with self._pool.lease(self._database_id) as opened:
                return await opened.api.execute(command, keyspace=keyspace, name=name, headers=headers)
        except AstrolabeError as error:
            return Response(errors=(as_data_api_error(error),))
