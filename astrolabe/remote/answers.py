"""From the bytes of an HTTP answer to the envelope of the Data API, or to the error that they are none."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from astrolabe.dataapi.language.provider_errors import read_provider_error
from astrolabe.dataapi.protocol import Json, JsonValue, Response
from astrolabe.errors import DataApiError
from astrolabe.providers.catalogue.catalogue import Catalogue
from astrolabe.providers.wire.adapters import Reply
from astrolabe.remote.envelope import is_envelope
from astrolabe.remote.failures import advice_of, from_status, no_data_api
from storage import jsontext

Clean = Callable[[str], str]
"""Takes what is secret out of foreign words."""

_AGAIN = frozenset({429, 502, 503, 504})
"""Statuses that say "later", whatever else is said."""

_TAGS = re.compile(r"<(?:script|style)\b.*?</(?:script|style)>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_WORDS_READ = 2_000
_SHOWN_OF_FIELD = 200


def read_answer(reply: Reply, host: str, catalogue: Catalogue, clean: Clean) -> Response:
    """Return the envelope; large ones take a while, so this belongs in a thread.

    Args:
        reply: The answer.
        host: Of the endpoint, for messages.
        catalogue: The providers, to tell of their failures.
        clean: Takes what is secret out of error messages.

    Raises:
        EndpointError: It is no answer of a Data API, or asks to come back later.
    """
    body = _object(reply.body)
    if body is None or reply.status in _AGAIN or not is_envelope(body):
        if reply.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise from_status(host, reply, clean(_words(reply, body)))
        raise no_data_api(host, reply)
    errors = tuple(_error(one, reply.status, catalogue, clean) for one in body.get("errors") or ())
    status = dict(body.get("status") or {})
    if "warnings" in status:
        status["warnings"] = [_cleaned(one, clean) for one in status["warnings"] or ()]
    return Response(body.get("data"), status, errors)


def read_json(content: bytes) -> JsonValue:
    """Return the JSON of an answer; None for what is none."""
    try:
        return jsontext.loads_in_pieces(content.decode())
    except (ValueError, RecursionError):
        return None


def _object(content: bytes) -> Json | None:
    found = read_json(content)
    return found if isinstance(found, dict) else None


def _error(body: Mapping[str, Any], status: int, catalogue: Catalogue, clean: Clean) -> DataApiError:
    """Rebuild an error; a provider's failure in it becomes one as if it had been met here."""
    told = _cleaned(body, clean)
    ids = told.get("documentIds")
    error = DataApiError.from_object({**told, "documentIds": ids if isinstance(ids, list) else []})
    failed = read_provider_error(error, catalogue)
    if failed is not None:
        error.provider_error, error.owner, error.hint = failed, failed.owner, failed.hint
    elif status != HTTPStatus.OK:
        error.hint = advice_of(status)
    return error


def _cleaned(body: JsonValue, clean: Clean) -> JsonValue:
    if not isinstance(body, Mapping):
        return body
    return {name: clean(value) if isinstance(value, str) else value for name, value in body.items()}


def _words(reply: Reply, body: Json | None) -> str:
    """Return what an answer says in words: a message of its JSON, or the text of its page."""
    if body is not None:
        errors = body.get("errors")
        first = errors[0] if isinstance(errors, list) and errors else body
        found = [first.get(name) for name in ("message", "error", "title")] if isinstance(first, Mapping) else []
        return next((one for one in found if isinstance(one, str)), "")
    text = reply.body[: _WORDS_READ * 4].decode("utf-8", "replace")
    return " ".join(_TAGS.sub(" ", text).split())[:_SHOWN_OF_FIELD]
