"""The part of the DevOps API that the clients' admin classes use: databases, their keyspaces, and regions."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from urllib.parse import unquote

from starlette.responses import Response

from astrolabe.dataapi.client.client import DatabaseClient
from astrolabe.dataapi.protocol import Json, JsonValue
from astrolabe.errors import AstrolabeError, NotFoundError, StorageError
from astrolabe.portal.databases.regions import CLOUD_PROVIDERS, region_label, regions_of
from astrolabe.portal.organization import DEFAULT_KEYSPACE, Database, DatabaseDraft, DatabaseStatus
from astrolabe.portal.tokens import ApplicationToken
from astrolabe.serving.authorization import ASK_FOR_MORE
from astrolabe.workspace import Workspace
from storage.jsontext import dumps

PREFIX = "/v2/"
"""What the paths of this API begin with."""

_ORGANIZATION = str(uuid.UUID(int=0))
_PAGE = 50
_MOST_LISTED = 100
_MOST_REMEMBERED = 100
_INCLUDED = frozenset({"all", "nonterminated"})


class DevOps:
    """Answers the DevOps API from a workspace.

    Args:
        workspace: Open.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._terminated: dict[str, Json] = {}

    async def respond(
        self, method: str, path: str, query: Mapping[str, str], body: JsonValue, token: ApplicationToken
    ) -> Response:
        """Answer one request; what is refused is answered with this API's own error object.

        Args:
            method: The HTTP method.
            path: As it was sent, beginning with :data:`PREFIX`.
            query: Its parameters.
            body: The parsed body, None for an empty one.
            token: What the request may do.
        """
        words = [unquote(word) for word in path.removeprefix(PREFIX).rstrip("/").split("/")]
        try:
            problem = await self._missing_right(method, words, token)
            if problem:
                return failure(HTTPStatus.FORBIDDEN, f"The token of the request {problem}. {ASK_FOR_MORE}")
            return await self._route(method, words, query, body, token)
        except NotFoundError as error:
            return failure(HTTPStatus.NOT_FOUND, error.message)
        except StorageError as error:
            return failure(HTTPStatus.SERVICE_UNAVAILABLE, error.message)
        except AstrolabeError as error:
            return failure(HTTPStatus.BAD_REQUEST, error.message)

    async def _missing_right(self, method: str, words: list[str], token: ApplicationToken) -> str:
        """Return what the token may not do of what is asked; empty when it may."""
        reading = method == "GET" or words[:1] == ["pcus"]
        if token.read_only and not reading:
            return "may change nothing"
        if token.databases is None or words[:1] != ["databases"]:
            return ""
        if len(words) == 1:
            return "" if reading else "is for chosen databases, and makes none"
        with suppress(NotFoundError):  # as it was deleted, it is told to those whose tokens were for it
            words = [words[0], (await self._workspace.databases.find(words[1])).id]
        return "" if token.is_for(words[1]) else "is not for this database"

    async def _route(
        self, method: str, words: list[str], query: Mapping[str, str], body: JsonValue, token: ApplicationToken
    ) -> Response:
        if method == "GET":
            return await self._read(words, query, token)
        match method, words:
            case "POST", ["databases"]:
                return await self._create(body)
            case "POST", ["databases", database_id, "terminate"]:
                return await self._terminate(database_id)
            case (("POST" | "DELETE"), ["databases", database_id, "keyspaces", name]):
                return await self._change_keyspace(method, database_id, name)
            case "POST", ["pcus", "actions", "get"]:
                return _json([])
        return _nothing_there()

    async def _read(self, words: list[str], query: Mapping[str, str], token: ApplicationToken) -> Response:
        match words:
            case ["databases"]:
                return _json(await self._list(query, token))
            case ["databases", database_id]:
                return _json(await self._one(database_id))
            case ["regions", "serverless"]:
                return _json(_regions())
        return _nothing_there()

    async def _list(self, query: Mapping[str, str], token: ApplicationToken) -> list[Json]:
        """Return one page, in the order of the ids: a page goes on where the one before it ended."""
        included, provider = query.get("include", "nonterminated").lower(), query.get("provider", "all").lower()
        limit = query.get("limit", "")
        size = min(int(limit), _MOST_LISTED) if limit.isascii() and limit.isdigit() else _PAGE
        found = [
            database
            for database in sorted(await self._workspace.databases.list(), key=lambda database: database.id)
            if token.is_for(database.id)
            and database.id > query.get("starting_after", "")
            and provider in {"all", database.cloud_provider}
            and (included in _INCLUDED or included == database.status.value)
        ]
        return [await self._described(database) for database in found[:size]]

    async def _one(self, database_id: str) -> Json:
        try:
            return await self._described(await self._workspace.databases.find(database_id))
        except NotFoundError:
            if database_id in self._terminated:
                return self._terminated[database_id]
            raise

    async def _terminate(self, database_id: str) -> Response:
        """Delete a database, and remember it for a while: clients ask until they read that it is terminated."""
        database = await self._workspace.databases.find(database_id)
        described = await self._described(database)
        await self._workspace.delete_database(database)
        self._terminated[database.id] = described | {"status": "TERMINATED"}
        while len(self._terminated) > _MOST_REMEMBERED:
            del self._terminated[next(iter(self._terminated))]
        return Response(status_code=HTTPStatus.ACCEPTED)

    async def _described(self, database: Database) -> Json:
        keyspaces = await (await self._client(database)).keyspaces() if _is_active(database) else []
        created = database.created_at.isoformat(timespec="seconds").replace("+00:00", "Z")
        centre = {"id": f"{database.id}-1", "region": database.region, "dateCreated": created}
        return {
            "id": database.id,
            "orgId": _ORGANIZATION,
            "ownerId": _ORGANIZATION,
            "status": database.status.value.upper(),
            "creationTime": created,
            "lastUsageTime": created,
            "info": {
                "name": database.name,
                "keyspace": DEFAULT_KEYSPACE,
                "keyspaces": keyspaces,
                "cloudProvider": database.cloud_provider.upper(),
                "region": database.region,
                "datacenters": [centre],
            },
        }

    async def _create(self, body: JsonValue) -> Response:
        given = body if isinstance(body, dict) else {}
        wanted = [given.get(name) for name in ("name", "cloudProvider", "region")]
        if not all(isinstance(value, str) for value in wanted):
            return failure(HTTPStatus.BAD_REQUEST, "'name', 'cloudProvider' and 'region' must be texts.")
        name, provider, region = map(str, wanted)
        database = await self._workspace.create_database(DatabaseDraft(name, provider.lower(), region))
        keyspace = given.get("keyspace")
        if isinstance(keyspace, str) and keyspace != DEFAULT_KEYSPACE:
            await (await self._client(database)).create_keyspace(keyspace)
        return Response(status_code=HTTPStatus.CREATED, headers={"Location": database.id})

    async def _change_keyspace(self, method: str, database_id: str, name: str) -> Response:
        client = await self._client(await self._workspace.databases.find(database_id))
        if method == "POST":
            await client.create_keyspace(name)
            return Response(status_code=HTTPStatus.CREATED)
        await client.drop_keyspace(name)
        return Response(status_code=HTTPStatus.ACCEPTED)

    async def _client(self, database: Database) -> DatabaseClient:
        return await self._workspace.client(database)


def _is_active(database: Database) -> bool:
    return database.status is DatabaseStatus.ACTIVE


def _regions() -> list[Json]:
    return [
        {
            "name": region,
            "displayName": region_label(provider, region),
            "cloudProvider": provider.upper(),
            "zone": "na",
            "classification": "standard",
            "enabled": True,
            "reservedForQualifiedUsers": False,
            "region_type": "vector",
        }
        for provider in CLOUD_PROVIDERS
        for region in regions_of(provider)
    ]


def _json(value: JsonValue) -> Response:
    return Response(dumps(value), media_type="application/json")


def _nothing_there() -> Response:
    return failure(HTTPStatus.NOT_FOUND, "This server has no such resource.")


def failure(status: HTTPStatus, message: str) -> Response:
    """Return this API's error object."""
    body = {"errors": [{"ID": status.value, "message": message}]}
    return Response(dumps(body), status_code=status, media_type="application/json")
