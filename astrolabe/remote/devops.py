"""The DevOps API of Astra DB: which databases an organization has, and where they answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from astrolabe.dataapi.protocol import Json, JsonValue
from astrolabe.errors import NotFoundError
from astrolabe.portal.organization import Database, DatabaseStatus
from astrolabe.providers.wire.adapters import Call, Reply
from astrolabe.remote.answers import read_json
from astrolabe.remote.errors import EndpointError
from astrolabe.remote.failures import from_status, no_data_api
from astrolabe.remote.line import Line
from astrolabe.remote.trial import Trial, trial_of

_SECONDS = 30.0
_PAGE = 50
_MOST_PAGES = 200
"""More databases than that no organization has; an endpoint that repeats itself must not be asked for ever."""

_STATUS = {
    "ACTIVE": DatabaseStatus.ACTIVE,
    "PENDING": DatabaseStatus.INITIALIZING,
    "INITIALIZING": DatabaseStatus.INITIALIZING,
    "ASSOCIATING": DatabaseStatus.INITIALIZING,
    "PREPARED": DatabaseStatus.INITIALIZING,
    "PREPARING": DatabaseStatus.INITIALIZING,
    "MAINTENANCE": DatabaseStatus.MAINTENANCE,
    "RESIZING": DatabaseStatus.MAINTENANCE,
    "DECOMMISSIONING": DatabaseStatus.MAINTENANCE,
    "HIBERNATED": DatabaseStatus.HIBERNATED,
    "HIBERNATING": DatabaseStatus.HIBERNATED,
    "PARKED": DatabaseStatus.HIBERNATED,
    "PARKING": DatabaseStatus.HIBERNATED,
    "RESUMING": DatabaseStatus.RESUMING,
    "UNPARKING": DatabaseStatus.RESUMING,
    "TERMINATING": DatabaseStatus.TERMINATING,
    "TERMINATED": DatabaseStatus.TERMINATED,
    "ERROR": DatabaseStatus.ERROR,
}


@dataclass(frozen=True, slots=True)
class AstraDatabase:
    """A database of the organization.

    Attributes:
        database: As pages show it.
        keyspaces: Their names.
        told: Its status in Astra DB's own word.
    """

    database: Database
    keyspaces: tuple[str, ...]
    told: str


class DevOps:
    """Asks the DevOps API.

    Args:
        line: The line to it; not closed here.
        base: Its address, with the version.
    """

    def __init__(self, line: Line, base: str) -> None:
        self._line = line
        self._base = base.rstrip("/")

    async def databases(self) -> list[AstraDatabase]:
        """Return the databases that are not terminated, by name.

        Raises:
            EndpointError: The token was refused, or there was no usable answer.
        """
        found = [one async for page in self._pages() for one in page]
        return sorted(found, key=lambda one: (one.database.name.casefold(), one.database.id))

    async def database(self, database_id: str) -> AstraDatabase:
        """Return one database as it is now.

        Raises:
            NotFoundError: There is none of that id.
            EndpointError: There was no usable answer.
        """
        try:
            body = await self._get(f"/databases/{quote(database_id, safe='')}", _is_object)
        except EndpointError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                raise NotFoundError(f"There is no database '{database_id}'.", field="database") from error
            raise
        return _database(body)

    async def test(self) -> Trial:
        """Ask for the first page of databases.

        Raises:
            EndpointError: The token was refused, or there was no usable answer.
        """
        reply = await self._line.send(self._call(f"/databases?limit={_PAGE}"), seconds=_SECONDS)
        return trial_of(reply, self._base, len(self._read(reply, _is_list)))

    async def _pages(self) -> AsyncIterator[list[AstraDatabase]]:
        after = ""
        for _ in range(_MOST_PAGES):
            query = {"include": "nonterminated", "provider": "ALL", "limit": str(_PAGE)}
            query |= {"starting_after": after} if after else {}
            page = [_database(one) for one in await self._get(f"/databases?{urlencode(query)}", _is_list)]
            yield page
            if len(page) < _PAGE or page[-1].database.id == after:
                return
            after = page[-1].database.id

    async def _get(self, path: str, expected: Callable[[JsonValue], bool]) -> JsonValue:
        async def attempt() -> JsonValue:
            return self._read(await self._line.send(self._call(path), seconds=_SECONDS), expected)

        return await self._line.tried(attempt, _always)

    def _call(self, path: str) -> Call:
        return Call(f"{self._base}{path}", {"Accept": "application/json"}, b"", method="GET")

    def _read(self, reply: Reply, expected: Callable[[JsonValue], bool]) -> JsonValue:
        """Return the JSON of an answer; one that is none, or not of the expected kind, is no answer of this API."""
        body = read_json(reply.body)
        if reply.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise from_status(self._line.host, reply, self._line.token.clean(_words(body)))
        if not expected(body):
            raise no_data_api(self._line.host, reply)
        return body


async def _always(_error: EndpointError) -> bool:
    """Questions may be asked twice."""
    return True


def _is_object(body: JsonValue) -> bool:
    return isinstance(body, dict)


def _is_list(body: JsonValue) -> bool:
    return isinstance(body, list) and all(isinstance(one, dict) for one in body)


def _words(body: JsonValue) -> str:
    errors = body.get("errors") if isinstance(body, Mapping) else None
    first = errors[0] if isinstance(errors, list) and errors else body
    message = first.get("message") if isinstance(first, Mapping) else None
    return message if isinstance(message, str) else ""


def _database(body: JsonValue) -> AstraDatabase:
    """Read a database object; what is missing in it is empty, so that one odd entry does not hide the others."""
    one: Json = body if isinstance(body, dict) else {}
    given = one.get("info")
    info: Json = given if isinstance(given, dict) else {}
    told = _text(one.get("status"))
    database = Database(
        id=_text(one.get("id")),
        name=_text(info.get("name")) or _text(one.get("id")),
        cloud_provider=_text(info.get("cloudProvider")).lower(),
        region=_text(info.get("region")),
        status=_STATUS.get(told.upper(), DatabaseStatus.UNKNOWN),
        created_at=_moment(_text(one.get("creationTime"))),
    )
    keyspaces = info.get("keyspaces")
    names = tuple(filter(None, map(_text, keyspaces))) if isinstance(keyspaces, list) else ()
    return AstraDatabase(database, names, told)


def _text(value: Any) -> str:  # noqa: ANN401 - JSON
    return value if isinstance(value, str) else ""


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
