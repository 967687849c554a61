"""Request bodies: read with a limit on size and patience, and parsed with the documented errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus
from itertools import chain

import simplejson

from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.protocol import JsonValue
from storage.jsontext import LONGEST_NUMBER, LongNumberError, loads_request

LARGEST_BODY = 20 * 1024 * 1024
"""Bytes of a request."""

DEEPEST = 200
"""Levels of nesting that a request may have: a document has 16, and filters nest beside it."""

_WORTH_A_THREAD = 32_768


class RefusedBodyError(Exception):
    """The rest of a body is not read, so the connection cannot be used again.

    Attributes:
        status: The HTTP status that says why.
        words: A sentence.
    """

    def __init__(self, status: HTTPStatus, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words


def _too_large() -> RefusedBodyError:
    return RefusedBodyError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request has more than 20 MB.")


async def read_body(chunks: AsyncIterator[bytes], announced: str | None, *, patience: float, seconds: float) -> bytes:
    """Return the whole body.

    Args:
        chunks: The body as it arrives.
        announced: The header Content-Length, if any.
        patience: Seconds to wait for the next piece.
        seconds: Seconds until the last one must have come, however steadily they drip in.

    Raises:
        RefusedBodyError: It has, or says that it has, more than 20 MB, and no more than that is ever kept; or the
            sender fell silent, or took too long.
    """
    if announced is not None and announced.isdigit() and int(announced) > LARGEST_BODY:
        raise _too_large()
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            while True:
                async with asyncio.timeout(patience):
                    chunk = await anext(chunks, None)
                if chunk is None:
                    return bytes(body)
                body += chunk
                if len(body) > LARGEST_BODY:
                    raise _too_large()
    except TimeoutError as error:
        words = "The rest of the request did not come in time."
        raise RefusedBodyError(HTTPStatus.REQUEST_TIMEOUT, words) from error


async def parse_body(body: bytes) -> JsonValue:
    """Return the JSON value of a body, None for an empty one; a long one is parsed off the event loop.

    Raises:
        DataApiError: ``REQUEST_NOT_JSON``, or ``SHRED_DOC_LIMIT_VIOLATION`` for endless numbers and nesting.
    """
    if len(body) < _WORTH_A_THREAD:
        return _parse(body)
    return await asyncio.to_thread(_parse, body)


def _parse(body: bytes) -> JsonValue:
    if not body.strip(b" \t\r\n"):
        return None
    try:
        value = _loads(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise data_api_error("REQUEST_NOT_JSON", f"The request is not UTF-8 at byte {error.start}.") from error
    except LongNumberError as error:
        raise data_api_error(
            "SHRED_DOC_LIMIT_VIOLATION",
            f"A number of the request has {error.length} characters; {LONGEST_NUMBER} are allowed.",
        ) from error
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:
        raise data_api_error("REQUEST_NOT_JSON", f"The request is not valid JSON: {error}.") from error
    _check_depth(value)
    return value


def _loads(text: str) -> JsonValue:
    """Return the value of a request's text, which may have one brace too many at its end, as upstream takes it."""
    try:
        return loads_request(text)
    except simplejson.JSONDecodeError:
        if not text.rstrip().endswith("}"):
            raise
        try:
            return loads_request(text.rstrip()[:-1])
        except ValueError:
            pass
        raise


def _check_depth(value: JsonValue) -> None:
    """Walk level by level: whatever the nesting, the walk itself is flat."""
    level = [value]
    for _ in range(DEEPEST):
        lists = (child for child in level if isinstance(child, list))
        objects = (child.values() for child in level if isinstance(child, dict))
        level = [child for child in chain(*lists, *objects) if isinstance(child, list | dict)]
        if not level:
            return
    raise _too_deep()


def _too_deep() -> Exception:
    return data_api_error("SHRED_DOC_LIMIT_VIOLATION", f"The request is nested more than {DEEPEST} levels deep.")
