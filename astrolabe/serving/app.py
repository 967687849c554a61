"""The ASGI application: from a request to a command and from its answer to a response; it never raises."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from astrolabe.dataapi.engine.local import as_data_api_error, unexpected
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.name_lists import cut, listed
from astrolabe.dataapi.protocol import DataApi
from astrolabe.dataapi.read_only import READING, ReadOnlyDataApi
from astrolabe.errors import AstrolabeError, DataApiError
from astrolabe.portal.organization import Database
from astrolabe.portal.tokens import ApplicationToken
from astrolabe.serving import devops
from astrolabe.serving.addresses import DATABASES, Target, chosen, labelled, read_path
from astrolabe.serving.authorization import ASK_FOR_MORE, Gate, secrets_in, without_right
from astrolabe.serving.bodies import RefusedBodyError, parse_body, read_body
from astrolabe.serving.comparison import Answered, Comparison
from astrolabe.serving.departures import while_connected
from astrolabe.serving.options import BODIES_IN_TIME, LARGEST_REQUEST, PATIENCE
from astrolabe.serving.records import SHOWN, Report, RequestRecord, documents_of
from astrolabe.serving.replies import (
    ANSWERED,
    JSON,
    TOO_MANY,
    Envelope,
    answer_and_close,
    refused,
    too_many_connections,
    too_many_requests,
    written,
)
from astrolabe.serving.request_memory import RequestMemory, Share
from astrolabe.serving.request_rate import RequestRate
from astrolabe.serving.traffic import Traffic
from astrolabe.workspace import Workspace
from storage.jsontext import dumps
from storage.large_json import dismantle

_LARGE = 1_000_000
"""Bytes of a request whose values are freed a few at a time; in one go it would keep all others waiting."""

_LONGEST_LOGGED = 200
_READING = frozenset({"GET", "HEAD"})
_REFUSED_IN_TIME = 2.0
"""Seconds that a connection too many is kept for what it still sends."""

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
        largest_request: Bytes of it at most.
        requests_per_second: Requests with a body that are taken in a second; None for any number.
        of_port: Returns the id of the database that a port belongs to, or None.
    """

    database: str | None = None
    patience: float = PATIENCE
    body_seconds: float = BODIES_IN_TIME
    largest_request: int = LARGEST_REQUEST
    requests_per_second: int | None = None
    of_port: Callable[[int], str | None] = lambda _port: None


class DataApiApp:
    """Answers the Data API for every database of a workspace, and what clients need to manage databases.

    Args:
        workspace: Open; whoever opened it closes it.
        gate: Decides who may send commands.
        policy: The rest.
        traffic: Counts what is answered.
        report: Is told of every request.
        comparison: Gets what was answered, to send it to another server, too.
    """

    def __init__(
        self,
        workspace: Workspace,
        gate: Gate,
        policy: Policy,
        traffic: Traffic | None = None,
        *,
        report: Report | None = None,
        comparison: Comparison | None = None,
    ) -> None:
        self._workspace = workspace
        self._gate = gate
        self._policy = policy
        self._traffic = traffic or Traffic()
        self._report = report
        self._comparison = comparison
        self._devops = devops.DevOps(workspace)
        self._memory = RequestMemory()
        self._rate = RequestRate(policy.requests_per_second, time.monotonic)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        started = time.perf_counter()
        request = Request(scope, receive)
        record = RequestRecord(request.method[:_LONGEST_LOGGED], _path(request)[:_LONGEST_LOGGED])
        response = self._turned_away(request) or await self._answer(request, record)
        self._traffic.requests += 1
        record.milliseconds = (time.perf_counter() - started) * 1000
        self._tell(record, response)
        if "connection" not in response.headers:
            await response(scope, receive, send)
            return
        seconds = {HTTPStatus.REQUEST_ENTITY_TOO_LARGE: self._policy.body_seconds}
        turned_away = _REFUSED_IN_TIME if "retry-after" in response.headers else 0
        drained = seconds.get(HTTPStatus(response.status_code), turned_away)
        await answer_and_close(response, scope, receive, send, drained)

    def _tell(self, record: RequestRecord, response: Response) -> None:
        """Write a line into the log, and tell whoever wants to know of every request."""
        record.status, record.sent = response.status_code, len(response.body)
        if isinstance(response, Envelope):
            record.error, record.documents = response.error, response.documents
        status = f"{record.status} {record.error}".rstrip()
        access.info("%s %s %s %d bytes %.1f ms", record.method, record.path, status, record.sent, record.milliseconds)
        if self._report is not None:
            record.bodies = record.bodies[0], bytes(response.body[:SHOWN])
            self._report(record)

    async def _answer(self, request: Request, record: RequestRecord) -> Response:
        """Return the answer to a request, whatever becomes of it, in the form of the API that was asked."""
        managing = _path(request).startswith(devops.PREFIX)
        try:
            return await (self._administer(request, record) if managing else self._respond(request, record))
        except RefusedBodyError as refusal:
            error = data_api_error(_code_of(refusal.status), refusal.words)
            return self._closing(error, refusal.status, managing=managing)
        except ClientDisconnect:
            words = "The connection was closed before the request was complete."
            error = data_api_error("REQUEST_NOT_COMPLETE", words)
            return self._closing(error, HTTPStatus.BAD_REQUEST, managing=managing)
        except AstrolabeError as error:
            return self._refuse(as_data_api_error(error), HTTPStatus.BAD_REQUEST if managing else None)
        except Exception:  # the request boundary: a fault must not end the server
            log.exception("A request failed unexpectedly.")
            return self._refuse(unexpected(), HTTPStatus.INTERNAL_SERVER_ERROR if managing else None)

    def _refuse(self, error: DataApiError, managing: HTTPStatus | None = None) -> Response:
        """Return an error as the Data API has them; with the status of a managing request, as the DevOps API does."""
        self._traffic.note_error(error)
        return refused(error) if managing is None else devops.failure(managing, error.message)

    def _closing(self, error: DataApiError, status: HTTPStatus, *, managing: bool = False) -> Response:
        """What is left of the request is not read, so the connection cannot be used again."""
        response = self._refuse(error, status if managing else None)
        response.status_code = status
        response.headers["Connection"] = "close"
        return response

    def _turned_away(self, request: Request) -> Response | None:
        """Return the answer to a request that is one too many: on a connection too many, or within this second."""
        most = self._policy.requests_per_second
        managing = _path(request).startswith(devops.PREFIX)
        if _is_too_many(request.scope):
            response = self._closing(too_many_connections(), HTTPStatus.SERVICE_UNAVAILABLE, managing=managing)
        elif most is not None and request.method == "POST" and not self._rate.take():
            response = self._closing(too_many_requests(most), HTTPStatus.TOO_MANY_REQUESTS, managing=managing)
        else:
            return None
        response.headers["Retry-After"] = "1"
        return response

    async def _respond(self, request: Request, record: RequestRecord) -> Response:
        if request.method in _READING and _path(request).rstrip("/") in HEALTH:
            return Response(dumps({"status": "UP", "checks": []}), media_type=ANSWERED)
        target = read_path(_path(request))
        if target is None:
            return self._refuse(_unknown_path(request))
        record.keyspace, record.name = target.keyspace or "", target.name or ""
        if request.method != "POST":
            return self._other_method(request)
        return await self._execute(request, target, record)

    async def _execute(self, request: Request, target: Target, record: RequestRecord) -> Response:
        token = await self._gate.token(request.headers)
        if not _is_json(request.headers.get("content-type")):
            return self._refuse(_content_type(request.headers["content-type"]))
        with self._memory.share() as share:
            body = await self._body(request, record, share)
            database = await self._database(target, request)
            if database is None:
                return self._refuse(await self._no_database(target, token))
            record.database = database.name
            if not token.is_for(database.id):
                return self._refuse(without_right(f"is not for the database '{cut(database.name)}'"))
            api = await self._workspace.api(database)
            if token.read_only:
                api = ReadOnlyDataApi(api, "The token of the request may change nothing", ASK_FOR_MORE)
            work = self._carried_out(request, api, target, body, record)
            comparison = self._comparison
            if comparison is None or database.id != comparison.database:
                return await while_connected(request.receive, work)
            try:
                response = await while_connected(request.receive, work)
            except ClientDisconnect:
                comparison.miss(target)
                raise
            # What was refused here for want of a right is not to be done there with the rights of another token.
            if record.command in READING or not (token.read_only or self._workspace.options.read_only):
                await comparison.offer(_answered(request, target, body, response))
            return response

    async def _carried_out(
        self, request: Request, api: DataApi, target: Target, body: bytes, record: RequestRecord
    ) -> Response:
        async with self._memory.worked_on(len(body)):
            try:
                command = await parse_body(body)
            except DataApiError as refusal:
                return self._refuse(refusal)
            try:
                record.note_command(command)
                answer = await api.execute(command, keyspace=target.keyspace, name=target.name, headers=request.headers)
                for error in answer.errors[-1:]:
                    self._traffic.note_error(error)
                response = await written(answer)
                response.documents = documents_of(answer)
                return response
            finally:
                if len(body) >= _LARGE:  # whatever came of it, and whoever still waits
                    asyncio.get_running_loop().run_in_executor(None, dismantle, command)

    async def _administer(self, request: Request, record: RequestRecord) -> Response:
        try:
            token = await self._gate.token(request.headers)
        except DataApiError as refusal:
            return devops.failure(HTTPStatus.UNAUTHORIZED, refusal.message)
        with self._memory.share() as share:
            body = await parse_body(await self._body(request, record, share))
        return await self._devops.respond(request.method, _path(request), request.query_params, body, token)

    async def _body(self, request: Request, record: RequestRecord, share: Share) -> bytes:
        length = request.headers.get("content-length")
        policy = self._policy
        body = await read_body(
            request.stream(),
            length,
            share,
            most=policy.largest_request,
            patience=policy.patience,
            seconds=policy.body_seconds,
        )
        record.received = len(body)
        if self._report is not None:
            record.bodies = body[:SHOWN], b""
            record.secrets = secrets_in(request.headers)
        return body

    async def _database(self, target: Target, request: Request) -> Database | None:
        databases = await self._workspace.databases.list()
        if target.database is not None:
            return chosen(databases, target.database)
        _, port = request.scope.get("server") or ("", None)
        own = self._policy.of_port(port) if port is not None else None
        if own is not None:
            return chosen(databases, own)
        return labelled(request.headers.get("host", ""), databases) or chosen(databases, self._policy.database)

    def _other_method(self, request: Request) -> Response:
        """Commands are posted; upstream knows the path for reading, and for other methods not even that."""
        if request.method not in _READING:
            return self._refuse(_unknown_path(request))
        words = f"Commands are sent with POST, not with {request.method[:_LONGEST_LOGGED]}."
        response = self._refuse(data_api_error("UNSUPPORTED_METHOD", words))
        response.headers["Allow"] = "POST"
        return response

    async def _no_database(self, target: Target, token: ApplicationToken) -> DataApiError:
        names = [one.name for one in await self._workspace.databases.list() if token.is_for(one.id)]
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


def _answered(request: Request, target: Target, body: bytes, response: Response) -> Answered:
    content_type = response.headers.get("content-type", "")
    secrets = secrets_in(request.headers)
    return Answered(target, request.headers, body, response.status_code, content_type, bytes(response.body), secrets)


def _is_too_many(scope: Scope) -> bool:
    return bool(scope.get("state", {}).get(TOO_MANY))


def _code_of(status: HTTPStatus) -> str:
    codes = {
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "REQUEST_TOO_LARGE",
        HTTPStatus.SERVICE_UNAVAILABLE: "TOO_MANY_LARGE_REQUESTS",
    }
    return codes.get(status, "REQUEST_NOT_COMPLETE")


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
