"""Refusals that the database behind the API makes, not the API itself: their answers say ``ok: 0``, too."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec

from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.protocol import Response
from astrolabe.errors import DataApiError

_P = ParamSpec("_P")


class NotDoneError(Exception):
    """A schema change that was not done.

    Attributes:
        error: The documented error.
    """

    def __init__(self, error: DataApiError) -> None:
        super().__init__(error.message)
        self.error = error


def not_done(code: str, message: str) -> NotDoneError:
    """Make the error of a schema change that was not done.

    Args:
        code: A documented code of one scope.
        message: What is wrong and how to mend it.
    """
    return NotDoneError(data_api_error(code, message))


def invalid_query(message: str) -> NotDoneError:
    """Make the error of what the database would not take; ``message`` says what, and what it takes instead."""
    return not_done("INVALID_DATABASE_QUERY", message)


def answering(handler: Callable[_P, Awaitable[Response]]) -> Callable[_P, Awaitable[Response]]:
    """Return a handler that answers ``ok: 0`` beside the error where a change was not done."""

    @wraps(handler)
    async def answered(*given: _P.args, **named: _P.kwargs) -> Response:
        try:
            return await handler(*given, **named)
        except NotDoneError as refused:
            return Response(status={"ok": 0}, errors=(refused.error,))

    return answered
