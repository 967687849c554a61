"""Answers as they go over the wire: the envelope of the Data API, and errors that end a connection."""

from __future__ import annotations

import asyncio
import contextlib
from http import HTTPStatus

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from astrolabe.dataapi import protocol
from astrolabe.dataapi.language.allowances import setting_of
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.errors import DataApiError
from storage.gil_yield import in_thread
from storage.jsontext import dumps_in_pieces, is_small

JSON = "application/json"

ANSWERED = "application/json;charset=UTF-8"
"""The content type of answers; upstream writes it this way."""

SIMULATED = "X-Astrolabe-Simulated"
"""The header of an answer whose error the failure lab made: the body is that of a real failure, word for word."""

TOO_MANY = "too_many"
"""Name in the state of a connection that is one too many."""

MOST_DRAINED = 512 * 1024 * 1024
"""Bytes of a refused body that are taken and thrown away, so that whoever sends them gets to see the answer."""

_STATUSES = {
    "MISSING_AUTHENTICATION_TOKEN": HTTPStatus.UNAUTHORIZED,
    "UNAUTHENTICATED_REQUEST": HTTPStatus.UNAUTHORIZED,
    "UNAUTHORIZED_ACCESS": HTTPStatus.UNAUTHORIZED,
    "UNSUPPORTED_CONTENT_TYPE": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "UNKNOWN_DATABASE": HTTPStatus.NOT_FOUND,
    "UNKNOWN_PATH": HTTPStatus.NOT_FOUND,
    "UNSUPPORTED_METHOD": HTTPStatus.METHOD_NOT_ALLOWED,
    "REQUEST_NOT_COMPLETE": HTTPStatus.BAD_REQUEST,
    "REQUEST_NOT_HTTP": HTTPStatus.BAD_REQUEST,
    "REQUEST_TOO_LARGE": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "TOO_MANY_CONNECTIONS": HTTPStatus.SERVICE_UNAVAILABLE,
    "TOO_MANY_REQUESTS": HTTPStatus.TOO_MANY_REQUESTS,
}
_WITHOUT_CHARSET = HTTPStatus.UNAUTHORIZED


class Envelope(Response):
    """An answer of the Data API.

    Attributes:
        error: The code of its first error, for the log; empty when there is none.
        documents: How many documents it is about, for the log.
    """

    error = ""
    documents: int | None = None


def refused(error: DataApiError) -> Envelope:
    """Return the answer that has one error and nothing else."""
    return envelope(protocol.Response(errors=(error,)))


def envelope(answer: protocol.Response) -> Envelope:
    """Return an answer; only a few errors have a status of their own, and the first such one decides."""
    status = next((_STATUSES[error.code] for error in answer.errors if error.code in _STATUSES), HTTPStatus.OK)
    headers = {SIMULATED: "true"} if any(error.simulated for error in answer.errors) else None
    content_type = JSON if status is _WITHOUT_CHARSET else ANSWERED
    response = Envelope(dumps_in_pieces(answer.to_json()), status, headers, content_type)
    response.error = answer.errors[0].code if answer.errors else ""
    return response


async def written(answer: protocol.Response) -> Envelope:
    """Return the envelope; a large one is written in a thread, so that other requests are answered meanwhile."""
    if answer.data is None or is_small(answer.data):
        return envelope(answer)
    return await in_thread(envelope, answer)


def too_many_connections() -> DataApiError:
    """Return what a connection too many is told."""
    return data_api_error(
        "TOO_MANY_CONNECTIONS",
        "Too many connections are open. Try again in a moment, or allow more: "
        f"{setting_of('connections', 'server')}; the process may have twice as many descriptors (ulimit -n).",
    )


def too_many_requests(per_second: int) -> DataApiError:
    """Return what a request too many of a second is told."""
    return data_api_error(
        "TOO_MANY_REQUESTS",
        f"More than {per_second} requests came within a second. Try again in a moment, or allow more: "
        f"{setting_of('requests_per_second', 'server')}.",
    )


def turned_away() -> bytes:
    """Return the whole of an answer in HTTP/1.1, for whoever is turned away before anything was read."""
    reply = refused(too_many_connections())
    status = HTTPStatus(reply.status_code)
    head = f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: {ANSWERED}\r\nRetry-After: 1\r\n"
    return f"{head}Connection: close\r\nContent-Length: {len(reply.body)}\r\n\r\n".encode() + bytes(reply.body)


async def answer_and_close(reply: Response, scope: Scope, receive: Receive, send: Send, seconds: float) -> None:
    """Send an answer at once, and end the connection after what still comes of the request was thrown away.

    To close while the other side sends would take the answer away from it.

    Args:
        reply: The answer.
        scope: Of the request.
        receive: Yields what still comes of it.
        send: Takes the answer.
        seconds: Until the connection is closed in any case.
    """
    reply.headers["Connection"] = "close"

    async def hold(message: Message) -> None:
        await send({**message, "more_body": True} if message["type"] == "http.response.body" else message)

    await reply(scope, receive, hold)
    waits = any(name == b"expect" for name, _ in scope["headers"])  # for a word that will not come
    if not waits:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await _drain(receive)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _drain(receive: Receive) -> None:
    drained = 0
    while drained <= MOST_DRAINED:
        message = await receive()
        drained += len(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body"):
            return
