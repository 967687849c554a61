"""Request bodies: read with a limit on size and patience, and parsed with the documented errors."""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import AsyncIterator
from http import HTTPStatus
from itertools import chain

import simplejson

from astrolabe.dataapi.language.allowances import setting_of
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.protocol import JsonValue
from astrolabe.serving.request_memory import FullError, Share
from storage.gil_yield import in_thread, in_turns
from storage.jsontext import LONGEST_NUMBER, LongNumberError, loads_request
from storage.large_json import TooManyValuesError

DEEPEST = 200
"""Levels of nesting that a request may have: a document has 16, and filters nest beside it."""

_WORTH_A_THREAD = 32_768
_DECODED_AT_ONCE = 1 << 20


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


def _too_large(most: int) -> RefusedBodyError:
    return RefusedBodyError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"The request has more than {most >> 20} MB. Send less at once, or allow more: "
        f"{setting_of('largest_request_mb', 'server')}.",
    )


async def read_body(
    chunks: AsyncIterator[bytes], announced: str | None, share: Share, *, most: int, patience: float, seconds: float
) -> bytes:
    """Return the whole body.

    Args:
        chunks: The body as it arrives.
        announced: The header Content-Length, if any.
        share: Of the memory for bodies; what comes is taken from it.
        most: Bytes that it may have.
        patience: Seconds to wait for the next piece.
        seconds: Seconds until the last one must have come, however steadily they drip in.

    Raises:
        RefusedBodyError: It has, or says that it has, more bytes, and no more than that are ever kept; or the
            sender fell silent, or took too long; or there is no memory for it among the others.
    """
    if announced is not None and announced.isdigit() and int(announced) > most:
        raise _too_large(most)
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            while True:
                async with asyncio.timeout(patience):
                    chunk = await anext(chunks, None)
                if chunk is None:
                    return bytes(body)
                share.take(len(chunk))
                body += chunk
                if len(body) > most:
                    raise _too_large(most)
    except TimeoutError as error:
        words = "The rest of the request did not come in time."
        raise RefusedBodyError(HTTPStatus.REQUEST_TIMEOUT, words) from error
    except FullError as error:
        words = "Too many large requests are being sent. Try again in a moment."
        raise RefusedBodyError(HTTPStatus.SERVICE_UNAVAILABLE, words) from error


async def parse_body(body: bytes) -> JsonValue:
    """Return the JSON value of a body, None for an empty one; a long one is parsed off the event loop.

    Raises:
        DataApiError: ``REQUEST_NOT_JSON``, or ``SHRED_DOC_LIMIT_VIOLATION`` for endless numbers and nesting, and for
            too many values.
    """
    if len(body) < _WORTH_A_THREAD:
        return _parse(body)
    return await in_thread(_parse, body)


def _parse(body: bytes) -> JsonValue:
    if not body.lstrip(b" \t\r\n"):
        return None
    try:
        value = _loads(_decoded(body))
    except LongNumberError as error:
        raise data_api_error(
            "SHRED_DOC_LIMIT_VIOLATION",
            f"A number of the request has {error.length} characters; {LONGEST_NUMBER} are allowed.",
        ) from error
    except TooManyValuesError as error:
        raise data_api_error(
            "SHRED_DOC_LIMIT_VIOLATION",
            f"An object of the request has more than {error.most} fields."
            if error.of_object
            else f"The request has more than {error.most} values. Send less at once.",
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


def _decoded(body: bytes) -> str:
    """Decode a body, piece by piece: other threads get their turns in between."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    parts: list[str] = []
    for start in in_turns(range(0, len(body), _DECODED_AT_ONCE)):
        piece = body[start : start + _DECODED_AT_ONCE]
        held = len(decoder.getstate()[0])
        try:
            parts.append(decoder.decode(piece, final=start + len(piece) == len(body)))
        except UnicodeDecodeError as error:
            place = start - held + error.start
            raise data_api_error("REQUEST_NOT_JSON", f"The request is not UTF-8 at byte {place}.") from error
    return "".join(parts)


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
