"""The ASGI application: from a request to a command and from its answer to a response; it never raises."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from http import HTTPStatus

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from astrolabe.dataapi import protocol
from astrolabe.dataapi.engine.local import as_data_api_error, unexpected
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.name_lists import cut, listed
from astrolabe.errors import AstrolabeError, DataApiError
from astrolabe.portal.organization import Database
from astrolabe.serving import devops
from astrolabe.serving.addresses import DATABASES, Target, chosen, labelled, read_path
from astrolabe.serving.authorization import Gate
from astrolabe.serving.bodies import RefusedBodyError, parse_body, read_body
from astrolabe.serving.options import BODIES_IN_TIME, PATIENCE
from astrolabe.serving.traffic import Traffic
from astrolabe.workspace import Workspace
from storage.jsontext import dumps_in_pieces, is_small

JSON = "application/json"

SIMULATED = "X-Astrolabe-Simulated"
"""The header of an answer whose error the failure lab made: the body is that of a real failure, word for word."""

_LONGEST_LOGGED = 200
_STATUSES = {
    "MISSING_AUTHENTICATION_TOKEN": HTTPStatus.UNAUTHORIZED,
    "UNAUTHENTICATED_REQUEST": HTTPStatus.UNAUTHORIZED,
    "UNAUTHORIZED_ACCESS": HTTPStatus.UNAUTHORIZED,
    "UNSUPPORTED_CONTENT_TYPE": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "UNKNOWN_DATABASE": HTTPStatus.NOT_FOUND,
    "UNKNOWN_PATH": HTTPStatus.NOT_FOUND,
    "UNSUPPORTED_METHOD": HTTPStatus.METHOD_NOT_ALLOWED,
}
_READING = frozenset({"GET", "HEAD"})

HEALTH = frozenset({"/health", "/ready", "/stargate/health", "/stargate/health/live", "/stargate/health/ready"})
"""Paths that say that the server answers; nobody needs a token for them."""

log = logging.getLogger(__name__)
access = logging.getLogger("astrolabe.serving.access")


@dataclass(frozen=True, slots=True)
class Policy:
    """What the application is told by the settings.

    Attributes:
        database: Name or id of the database of requests that name none; None is the only one there is.
        patience: Seconds that a request may pause while it is being sent.
        body_seconds: Seconds until the whole of it has come.
    """

    database: str | None = None
    patience: float = PATIENCE
    body_seconds: float = BODIES_IN_TIME


class DataApiApp:
    """Answers the Data API for every database of a workspace, and what clients need to manage databases.

    Args:
        workspace: Open; whoever opened it closes it.
        gate: Decides who may send commands.
        policy: The rest.
        traffic: Counts what is answered.
    """

    def __init__(self, workspace: Workspace, gate: Gate, policy: Policy, traffic: Traffic | None = None) -> None:
        self._workspace = workspace
        self._gate = gate
        self._policy = policy
        self._traffic = traffic or Traffic()
        self._devops = devops.DevOps(workspace)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        started = time.perf_counter()
        request = Request(scope, receive)
        response = await self._answer(request)
        self._traffic.requests += 1
        milliseconds = (time.perf_counter() - started) * 1000
        path = _path(request)[:_LONGEST_LOGGED]
        size = len(response.body)
        status = f"{response.status_code} {getattr(response, 'error', '')}".rstrip()
        access.info("%s %s %s %d bytes %.1f ms", request.method, path, status, size, milliseconds)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method in _READING and _path(request).rstrip("/") in HEALTH:
            return Response(dumps_in_pieces({"status": "UP", "checks": []}), media_type=JSON)
        try:
            managing = _path(request).startswith(devops.PREFIX)
            return await (self._administer(request) if managing else self._respond(request))
        except RefusedBodyError as refused:
            return self._closing(refused.status, refused.words)
        except ClientDisconnect:
            words = "The connection was closed before the request was complete."
            return self._closing(HTTPStatus.BAD_REQUEST, words)
        except AstrolabeError as error:
            return self._refuse(as_data_api_error(error))
        except Exception:  # the request boundary: a fault must not end the server
            log.exception("A request failed unexpectedly.")
            return self._refuse(unexpected())

    def _refuse(self, error: DataApiError) -> Response:
        self._traffic.note_error(error)
        return _refused(error)

    def _closing(self, status: HTTPStatus, words: str) -> Response:
        """What is left of the request is not read, so the connection cannot be used again."""
        too_large = status is HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        response = self._refuse(data_api_error("REQUEST_TOO_LARGE" if too_large else "REQUEST_NOT_COMPLETE", words))
        response.status_code = status
        response.headers["Connection"] = "close"
        return response

    async def _respond(self, request: Request) -> Response:
        target = read_path(_path(request))
        if target is None:
            return self._refuse(_unknown_path(request))
        if request.method != "POST":
            return self._other_method(request)
        refusal = await self._gate.refusal(request.headers)
        if refusal is not None:
            return self._refuse(refusal)
        if not _is_json(request.headers.get("content-type")):
            return self._refuse(_content_type(request.headers["content-type"]))
        body = await self._body(request)
        database = await self._database(target, request.headers.get("host", ""))
        if database is None:
            return self._refuse(await self._no_database(target))
        command = await parse_body(body)
        api = await self._workspace.api(database)
        answer = await api.execute(command, keyspace=target.keyspace, name=target.name, headers=request.headers)
        for error in answer.errors[-1:]:
            self._traffic.note_error(error)
        return await _written(answer)

    async def _administer(self, request: Request) -> Response:
        refusal = await self._gate.refusal(request.headers)
        if refusal is not None:
            return devops.failure(HTTPStatus.UNAUTHORIZED, refusal.message)
        try:
            body = await parse_body(await self._body(request))
        except DataApiError as error:
            return devops.failure(HTTPStatus.BAD_REQUEST, error.message)
        return await self._devops.respond(request.method, _path(request), request.query_params, body)

    async def _body(self, request: Request) -> bytes:
        length = request.headers.get("content-length")
        policy = self._policy
        return await read_body(request.stream(), length, patience=policy.patience, seconds=policy.body_seconds)

    async def _database(self, target: Target, host: str) -> Database | None:
        databases = await self._workspace.databases.list()
        if target.database is not None:
            return chosen(databases, target.database)
        return labelled(host, databases) or chosen(databases, self._policy.database)

    def _other_method(self, request: Request) -> Response:
        """Commands are posted; upstream knows the path for reading, and for other methods not even that."""
        if request.method not in _READING:
            return self._refuse(_unknown_path(request))
        words = f"Commands are sent with POST, not with {request.method[:_LONGEST_LOGGED]}."
        response = self._refuse(data_api_error("UNSUPPORTED_METHOD", words))
        response.headers["Allow"] = "POST"
        return response

    async def _no_database(self, target: Target) -> DataApiError:
        names = [database.name for database in await self._workspace.databases.list()]
        problem = "The request names no database, and there are several"
        if target.database is not None:
            problem = f"There is no database '{cut(target.database)}'"
        elif not names:
            problem = "There is no database yet"
        elif self._policy.database is not None:
            problem = f"The server's default database '{cut(self._policy.database)}' does not exist"
        return data_api_error(
            "UNKNOWN_DATABASE",
            f"{problem}. The databases are: [{listed(names)}].\nName one in the path: /{DATABASES}/<name>/v1.",
        )


def _unknown_path(request: Request) -> DataApiError:
    return data_api_error(
        "UNKNOWN_PATH",
        f"There is nothing at {request.method[:_LONGEST_LOGGED]} {cut(_path(request))}. Commands are posted to /v1, "
        "/v1/<keyspace> and /v1/<keyspace>/<collection>, also under /api/json, and under "
        f"/{DATABASES}/<name> for one of several databases.",
    )


def _path(request: Request) -> str:
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    return raw.decode("ascii", "backslashreplace")


def _is_json(content_type: str | None) -> bool:
    """Some clients send no type at all; parameters such as the character set are ignored."""
    return content_type is None or content_type.partition(";")[0].strip().lower() == JSON


def _content_type(given: str) -> DataApiError:
    return data_api_error(
        "UNSUPPORTED_CONTENT_TYPE",
        f"The Content-Type '{given[:_LONGEST_LOGGED]}' is not supported. Send '{JSON}'.",
    )


class _Envelope(Response):
    """An answer of the Data API.

    Attributes:
        error: The code of its first error, for the log; empty when there is none.
    """

    error = ""


def _refused(error: DataApiError) -> Response:
    return _envelope(protocol.Response(errors=(error,)))


def _envelope(answer: protocol.Response) -> Response:
    """Only a few errors have a status of their own; the first such one decides."""
    status = next((_STATUSES[error.code] for error in answer.errors if error.code in _STATUSES), HTTPStatus.OK)
    headers = {SIMULATED: "true"} if any(error.simulated for error in answer.errors) else None
    response = _Envelope(dumps_in_pieces(answer.to_json()), status_code=status, media_type=JSON, headers=headers)
    response.error = answer.errors[0].code if answer.errors else ""
    return response


async def _written(answer: protocol.Response) -> Response:
    """Return the envelope; a large one is written in a thread, so that other requests are answered meanwhile."""
    if answer.data is None or is_small(answer.data):
        return _envelope(answer)
    return await asyncio.to_thread(_envelope, answer)
