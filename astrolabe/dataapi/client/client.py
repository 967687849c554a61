"""A typed client over any :class:`DataApi`: what screens, verbs and loads use.

Errors of a command are raised as :class:`DataApiError`; the one exception is a partly failed ``insertMany``, whose
result says document by document what happened.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from pydantic import SecretStr

from astrolabe.dataapi.client import command_builders as plans
from astrolabe.dataapi.client.command_builders import CollectionTarget, PlannedCommand
from astrolabe.dataapi.client.page_walk import PageWalk, stands_still
from astrolabe.dataapi.client.rerank_response import RerankedPage, read_page
from astrolabe.dataapi.client.results import (
    DocumentCount,
    FindPage,
    InsertManyResult,
    InsertOutcome,
    InsertState,
    UpdateResult,
)
from astrolabe.dataapi.client.table_info import has_user_types, table_info, user_types
from astrolabe.dataapi.client.target_info import TargetInfo, collection_info
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.tables.column_json import UserTypes
from astrolabe.dataapi.protocol import DataApi, Json, JsonValue, Response
from astrolabe.errors import DataApiError

EMBEDDING_KEY_HEADER = "x-embedding-api-key"
"""The header that carries a provider's key for one request; it wins over a stored credential."""


class DatabaseClient:
    """A database: its keyspaces and collections."""

    def __init__(self, api: DataApi) -> None:
        self._api = api

    @property
    def endpoint(self) -> str:
        """The database's address, for code snippets."""
        return self._api.endpoint

    @property
    def api(self) -> DataApi:
        """The door behind it."""
        return self._api

    async def run(self, planned: PlannedCommand) -> Response:
        """Send a planned command; raises its first error."""
        return await _send(self._api, planned)

    async def keyspaces(self) -> list[str]:
        """Return the keyspaces' names."""
        response = await self.run(plans.plan_find_keyspaces())
        return list(_member(response.status, "keyspaces"))

    async def create_keyspace(self, name: str) -> None:
        """Create a keyspace; harmless when it exists."""
        await self.run(plans.plan_create_keyspace(name))

    async def drop_keyspace(self, name: str) -> None:
        """Drop a keyspace and everything in it; harmless when it does not exist."""
        await self.run(plans.plan_drop_keyspace(name))

    async def embedding_providers(self) -> Json:
        """Return the embedding providers by key, in the shape of ``findEmbeddingProviders``."""
        response = await self.run(plans.plan_find_embedding_providers())
        return dict(_member(response.status, "embeddingProviders"))

    async def collections(self, keyspace: str) -> list[TargetInfo]:
        """Return the keyspace's collections with their options."""
        response = await self.run(plans.plan_find_collections(keyspace))
        return [collection_info(keyspace, entry) for entry in _member(response.status, "collections")]

    async def tables(self, keyspace: str) -> list[TargetInfo]:
        """Return the keyspace's tables with their columns, but not their indexes: :meth:`table` has those of one."""
        return [table_info(keyspace, *found) for found in await self._tables(keyspace)]

    async def table(self, keyspace: str, name: str) -> TargetInfo | None:
        """Return one table with its columns and its indexes; None when there is none of that name."""
        found = next((one for one in await self._tables(keyspace) if one[0].get("name") == name), None)
        if found is None:
            return None
        response = await self.run(plans.plan_list_indexes(keyspace, name))
        return table_info(keyspace, *found, _member(response.status, "indexes"))

    async def _tables(self, keyspace: str) -> list[tuple[Json, UserTypes]]:
        """Return what ``listTables`` explains, and with it the types that its columns may stand on."""
        entries = _member((await self.run(plans.plan_list_tables(keyspace))).status, "tables")
        if not any(map(has_user_types, entries)):
            return [(entry, {}) for entry in entries]
        types = user_types(_member((await self.run(plans.plan_list_types(keyspace))).status, "types"))
        return [(entry, types) for entry in entries]

    async def create_collection(self, keyspace: str, name: str, options: Mapping[str, Any] | None = None) -> None:
        """Create a collection; harmless when it exists with the same settings."""
        await self.run(plans.plan_create_collection(keyspace, name, options))

    async def delete_collection(self, keyspace: str, name: str) -> None:
        """Delete a collection and its documents; harmless when it does not exist."""
        await self.run(plans.plan_delete_collection(keyspace, name))

    def collection(self, keyspace: str, name: str, *, embedding_key: SecretStr | None = None) -> Collection:
        """Return a handle to a collection; nothing is sent.

        Args:
            keyspace: Its keyspace.
            name: Its name.
            embedding_key: A provider key to send with each command in place of the stored credential.
        """
        return Collection(self._api, CollectionTarget(keyspace, name), embedding_key=embedding_key)


class Collection:
    """A collection's documents."""

    def __init__(self, api: DataApi, target: CollectionTarget, *, embedding_key: SecretStr | None = None) -> None:
        self._api = api
        self._target = target
        self._key = embedding_key

    @property
    def keyspace(self) -> str:
        """The keyspace it lives in."""
        return self._target.keyspace

    @property
    def name(self) -> str:
        """Its name."""
        return self._target.name

    async def run(self, planned: PlannedCommand) -> Response:
        """Send a planned command; raises its first error."""
        return await _send(self._api, planned, self._key)

    async def find(
        self,
        *,
        filter: Mapping[str, Any] | None = None,  # noqa: A002 - the command's own word
        projection: Mapping[str, Any] | None = None,
        sort: Mapping[str, Any] | None = None,
        limit: int | None = None,
        skip: int | None = None,
        page_state: str | None = None,
        include_similarity: bool = False,
        include_sort_vector: bool = False,
    ) -> FindPage:
        """Read one page of documents; the arguments are those of :func:`plan_find`."""
        planned = plans.plan_find(
            self._target,
            filter=filter,
            projection=projection,
            sort=sort,
            limit=limit,
            skip=skip,
            page_state=page_state,
            include_similarity=include_similarity,
            include_sort_vector=include_sort_vector,
        )
        response = await self.run(planned)
        data = response.data or {}
        return FindPage(_member(data, "documents"), data.get("nextPageState"), response.status.get("sortVector"))

    async def find_all(
        self,
        *,
        filter: Mapping[str, Any] | None = None,  # noqa: A002 - the command's own word
        projection: Mapping[str, Any] | None = None,
    ) -> AsyncIterator[Json]:
        """Yield every matching document, page after page, in insertion order."""
        walk = PageWalk()
        while True:
            page = await self.find(filter=filter, projection=projection, page_state=walk.state)
            for document in page.documents:
                yield document
            if not walk.leads_on(page.next_page_state):
                return

    async def find_one(
        self,
        *,
        filter: Mapping[str, Any] | None = None,  # noqa: A002 - the command's own word
        projection: Mapping[str, Any] | None = None,
        sort: Mapping[str, Any] | None = None,
        include_similarity: bool = False,
    ) -> Json | None:
        """Return the first matching document, or None."""
        planned = plans.plan_find_one(
            self._target, filter=filter, projection=projection, sort=sort, include_similarity=include_similarity
        )
        response = await self.run(planned)
        document: Json | None = (response.data or {}).get("document")
        return document

    async def find_and_rerank(
        self,
        hybrid: str | Mapping[str, Any],
        *,
        filter: Mapping[str, Any] | None = None,  # noqa: A002 - the command's own word
        projection: Mapping[str, Any] | None = None,
        limit: int | None = None,
        hybrid_limits: int | Mapping[str, int] | None = None,
        rerank_query: str | None = None,
        rerank_on: str | None = None,
        include_scores: bool = False,
        include_sort_vector: bool = False,
    ) -> RerankedPage:
        """Find by vector and by words; the arguments are those of :func:`plan_find_and_rerank`."""
        planned = plans.plan_find_and_rerank(
            self._target,
            hybrid,
            filter=filter,
            projection=projection,
            limit=limit,
            hybrid_limits=hybrid_limits,
            rerank_query=rerank_query,
            rerank_on=rerank_on,
            include_scores=include_scores,
            include_sort_vector=include_sort_vector,
        )
        return read_page(await self.run(planned))

    async def insert_one(self, document: Mapping[str, Any]) -> JsonValue:
        """Insert one document and return its id in JSON form."""
        response = await self.run(plans.plan_insert_one(self._target, document))
        return _member(response.status, "insertedIds")[0]

    async def insert_many(self, documents: Sequence[Mapping[str, Any]], *, ordered: bool = False) -> InsertManyResult:
        """Insert up to 100 documents.

        Raises:
            DataApiError: The whole command failed and nothing was written (a provider's failure, say). A failure of
                single documents is in the result.
        """
        planned = plans.plan_insert_many(self._target, documents, ordered=ordered)
        response = await _execute(self._api, planned, self._key)
        if "documentResponses" not in response.status:
            response.raise_first()
        return InsertManyResult(
            tuple(_outcome(entry, response.errors) for entry in _member(response.status, "documentResponses"))
        )

    async def update_one(
        self,
        filter: Mapping[str, Any],  # noqa: A002 - the command's own word
        update: Mapping[str, Any],
        *,
        upsert: bool = False,
    ) -> UpdateResult:
        """Change one matching document."""
        response = await self.run(plans.plan_update_one(self._target, filter, update, upsert=upsert))
        status = response.status
        return UpdateResult(status.get("matchedCount", 0), status.get("modifiedCount", 0), status.get("upsertedId"))

    async def update_many(
        self,
        filter: Mapping[str, Any],  # noqa: A002 - the command's own word
        update: Mapping[str, Any],
        *,
        upsert: bool = False,
    ) -> UpdateResult:
        """Change every matching document, in as many commands as the API takes for it."""
        matched = modified = 0
        walk = PageWalk()
        while True:
            planned = plans.plan_update_many(self._target, filter, update, upsert=upsert, page_state=walk.state)
            status = (await self.run(planned)).status
            matched += status.get("matchedCount", 0)
            modified += status.get("modifiedCount", 0)
            if not walk.leads_on(status.get("nextPageState")):
                return UpdateResult(matched, modified, status.get("upsertedId"))

    async def delete_one(self, filter: Mapping[str, Any]) -> int:  # noqa: A002 - the command's own word
        """Delete one matching document; return how many were deleted, 0 or 1."""
        response = await self.run(plans.plan_delete_one(self._target, filter))
        return int(_member(response.status, "deletedCount"))

    async def delete_many(self, filter: Mapping[str, Any]) -> int:  # noqa: A002 - the command's own word
        """Delete every matching document; return how many, or -1 when an empty filter emptied the collection."""
        total = 0
        while True:
            response = await self.run(plans.plan_delete_many(self._target, filter))
            deleted = int(_member(response.status, "deletedCount"))
            if deleted < 0:
                return deleted
            total += deleted
            if not response.status.get("moreData"):
                return total
            if not deleted:
                raise stands_still("The server's answer says that there is more to delete, and it deleted nothing.")

    async def count(self, filter: Mapping[str, Any] | None = None) -> DocumentCount:  # noqa: A002 - the command's own word
        """Count the matching documents, up to the API's ceiling."""
        response = await self.run(plans.plan_count_documents(self._target, filter))
        return DocumentCount(int(_member(response.status, "count")), bool(response.status.get("moreData")))

    async def count_exactly(self, filter: Mapping[str, Any] | None = None) -> int:  # noqa: A002 - the command's own word
        """Count the matching documents or rows beyond the API's ceiling, if need be by reading what they are.

        Tables have no command for counting, so their rows are read.
        """
        try:
            found = await self.count(filter)
        except DataApiError as error:
            if error.code != "UNSUPPORTED_TABLE_COMMAND":
                raise
            return await self._read_count(filter, None)
        if not found.more:
            return found.count
        return await self._read_count(filter, {"*": False}) if filter else await self.estimated_count()

    async def _read_count(self, where: Mapping[str, Any] | None, projection: Mapping[str, Any] | None) -> int:
        return sum([1 async for _ in self.find_all(filter=where, projection=projection)])

    async def estimated_count(self) -> int:
        """Count all documents; exact on the embedded engine."""
        response = await self.run(plans.plan_estimated_count(self._target))
        return int(_member(response.status, "count"))


_STATES = {state.value: state for state in InsertState}


async def _execute(api: DataApi, planned: PlannedCommand, key: SecretStr | None = None) -> Response:
    headers = {EMBEDDING_KEY_HEADER: key.get_secret_value()} if key is not None else None
    return await api.execute(planned.command, keyspace=planned.keyspace, name=planned.name, headers=headers)


async def _send(api: DataApi, planned: PlannedCommand, key: SecretStr | None = None) -> Response:
    return (await _execute(api, planned, key)).raise_first()


def _member(body: Mapping[str, Any], member: str) -> JsonValue:
    """Return a member that the contract promises; an answer without it is an error of the server."""
    if member not in body:
        raise data_api_error(
            "UNEXPECTED_SERVER_ERROR",
            f"The answer has no '{member}', which this command always answers with.",
            hint="Check that the address belongs to a Data API.",
        )
    return body[member]


def _outcome(entry: Mapping[str, Any], errors: Sequence[DataApiError]) -> InsertOutcome:
    index = entry.get("errorsIdx")
    error = errors[index] if isinstance(index, int) and 0 <= index < len(errors) else None
    return InsertOutcome(entry.get("_id"), _STATES.get(str(entry.get("status")), InsertState.ERROR), error)
