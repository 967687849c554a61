"""From what went wrong to an error that says who failed, what was said, what it most likely means and what to do.

:func:`from_answer` reads an HTTP answer, :func:`from_transport` the lack of one. Both return a
:class:`FailedAttempt`: the error, and whether the same request may succeed a little later.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from pydantic import SecretStr

from astrolabe.errors import Owner, ProviderError, ProviderFailure, ProviderReply
from astrolabe.providers.catalogue.address import host_of
from astrolabe.providers.catalogue.provider_info import ProviderInfo
from astrolabe.providers.wire.advice import Advice, advice
from astrolabe.providers.wire.foreign_json import finite_number, read_json

_WORDS_IN_MESSAGE = 300
_SCALES_TO_ZERO = "huggingfaceDedicated"

_BY_STATUS: Mapping[int, ProviderFailure] = {
    401: ProviderFailure.AUTHENTICATION,
    402: ProviderFailure.BILLING,
    403: ProviderFailure.PERMISSION,
    404: ProviderFailure.NOT_FOUND,
    408: ProviderFailure.TIMEOUT,
    410: ProviderFailure.NOT_FOUND,
    413: ProviderFailure.TOO_MANY,
    424: ProviderFailure.SERVER,
    425: ProviderFailure.SERVER,
    429: ProviderFailure.RATE_LIMITED,
    504: ProviderFailure.TIMEOUT,
}
_TRANSIENT_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
_NO_MONEY = ("insufficient_quota", "insufficient_balance", "insufficient balance", "included credits", "billing")
_TOO_MANY = (
    "batch size",
    "too many inputs",
    "too many texts",
    "too many tokens overall",
    "max_tokens_per_request",
    "maximum allowed batch",
    "tokens per request",
)
_TOO_LONG = (
    "context length",
    "too long",
    "must have less than",
    "exceeds maximum allowed token",
    "token_limit_exceeded",
    "max length",
    "maximum length",
)
_NO_EMBEDDINGS = (
    "embeddings operation does not work with the specified model",
    "does not support embeddings",
    "not support embeddings api",
    "not allowed to generate embeddings",
    "not supported for task feature-extraction",
    "sentencesimilaritypipeline",
    "not an embedding model",
    "this is a chat model",
)
_BY_WORDS = (
    ({400, 403, 404, 405, 422, 501}, _NO_EMBEDDINGS, ProviderFailure.WRONG_MODEL),
    ({403, 429}, _NO_MONEY, ProviderFailure.BILLING),
    ({400, 413, 422}, _TOO_MANY, ProviderFailure.TOO_MANY),
    ({400, 413, 422}, _TOO_LONG, ProviderFailure.TOO_LONG),
)
_OWNERS: Mapping[ProviderFailure, Owner] = {
    ProviderFailure.AUTHENTICATION: Owner.REQUEST,
    ProviderFailure.PERMISSION: Owner.REQUEST,
    ProviderFailure.BILLING: Owner.REQUEST,
    ProviderFailure.NOT_FOUND: Owner.REQUEST,
    ProviderFailure.WRONG_MODEL: Owner.REQUEST,
    ProviderFailure.TOO_LONG: Owner.REQUEST,
    ProviderFailure.TOO_MANY: Owner.REQUEST,
    ProviderFailure.BAD_REQUEST: Owner.REQUEST,
    ProviderFailure.NO_KEY: Owner.REQUEST,
    ProviderFailure.UNKNOWN_HOST: Owner.NETWORK,
    ProviderFailure.UNREACHABLE: Owner.NETWORK,
    ProviderFailure.TLS: Owner.NETWORK,
    ProviderFailure.UNAVAILABLE: Owner.MACHINE,
}


@dataclass(frozen=True, slots=True)
class FailedAttempt:
    """A failed request: the error it would end as, and whether it is worth another try."""

    error: ProviderError
    transient: bool = False


class TransportError(Exception):
    """A request that got no complete answer; ``str()`` is a technical detail without any secret.

    Attributes:
        failure: UNKNOWN_HOST, UNREACHABLE, TLS, TIMEOUT or BAD_RESPONSE.
        transient: Whether the same request may succeed a little later.
        advice: What it means and what to do, where that is known better than from the kind of failure.
        owner: Who can mend it, where that is known better, too.
        sent: Whether the request may have reached the other side.
    """

    def __init__(
        self,
        failure: ProviderFailure,
        detail: str,
        *,
        transient: bool,
        advice: Advice | None = None,
        owner: Owner | None = None,
        sent: bool = True,
    ) -> None:
        super().__init__(detail)
        self.failure = failure
        self.transient = transient
        self.advice = advice
        self.owner = owner
        self.sent = sent


def make_error(
    provider: ProviderInfo,
    failure: ProviderFailure,
    message: str,
    *,
    reply: ProviderReply | None = None,
    meaning: str = "",
    hint: str = "",
    owner: Owner | None = None,
) -> ProviderError:
    """Return the error with the owner and the advice that go with its kind, where none of its own is given."""
    usual = advice(provider, failure) if not hint else None
    return ProviderError(
        message,
        provider=provider.key,
        failure=failure,
        reply=reply,
        meaning=usual.meaning if usual else meaning,
        hint=usual.step if usual else hint,
        owner=owner or _OWNERS.get(failure, Owner.PROVIDER),
    )


def sendable_key(provider: ProviderInfo, secret: SecretStr) -> SecretStr:
    """Return a key without surrounding blanks.

    Raises:
        ProviderError: It has characters that no header could carry.
    """
    stripped = secret.get_secret_value().strip()
    if not (stripped.isascii() and stripped.isprintable()):
        raise make_error(
            provider,
            ProviderFailure.AUTHENTICATION,
            f"The {provider.credential_noun} for {provider.label} has characters that no key has.",
            hint="It was most likely copied with something around it. Add it again.",
        )
    return SecretStr(stripped)


def bad_answer(
    provider: ProviderInfo,
    problem: str,
    *,
    status: int | None = None,
    words: str = "",
    meaning: str = "",
    hint: str = "",
) -> ProviderError:
    """Return the error for an answer that cannot be used; ``problem`` completes "The answer of X …"."""
    message = f"The answer of {provider.label} {problem}.{_said(words)}"
    reply = ProviderReply(status, words)
    return make_error(provider, ProviderFailure.BAD_RESPONSE, message, reply=reply, meaning=meaning, hint=hint)


def naming_text(provider: ProviderInfo, error: ProviderError, number: int, total: int) -> ProviderError:
    """Return ``error`` with the one text named that it is about, counted from 1."""
    named = make_error(
        provider,
        ProviderFailure.TOO_LONG if error.failure is ProviderFailure.TOO_MANY else error.failure,
        f"Text {number} of {total}: {error.message}",
        reply=ProviderReply(error.status, error.words, error.retry_after, error.quoted),
    )
    named.attempts = error.attempts
    named.seconds, named.request_id, named.quota = error.seconds, error.request_id, error.quota
    return named


def from_answer(
    provider: ProviderInfo, status: int, body: bytes, words: str, *, retry_after: float | None, credential: str | None
) -> FailedAttempt:
    """Read an HTTP answer other than success.

    Args:
        provider: Who answered.
        status: HTTP status.
        body: The answer's body, for the codes in it.
        words: What the provider says, already free of the key.
        retry_after: Seconds it asks to wait, from its headers.
        credential: Name of the credential that was used, to be named where the key is refused.
    """
    document = _object(body)
    failure = _failure(provider, status, words, document)
    wait = _loading_time(document) if failure is ProviderFailure.LOADING else None
    quoted = bool(document) and not words.startswith(("{", "["))
    reply = ProviderReply(status, words, wait if wait is not None else retry_after, quoted)
    refused = failure in {ProviderFailure.AUTHENTICATION, ProviderFailure.PERMISSION, ProviderFailure.BILLING}
    noun = f" to the {provider.credential_noun} '{credential}'" if refused and credential else ""
    message = f"{provider.label} answered{noun} with HTTP {status}{_phrase(status)}.{_said(words)}"
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        message = f"{provider.label} sent a redirect (HTTP {status}), which is not followed: the key stays here."
    transient = status in _TRANSIENT_STATUS and failure is not ProviderFailure.BILLING
    return FailedAttempt(make_error(provider, failure, message, reply=reply), transient)


def from_transport(provider: ProviderInfo, url: str, failure: TransportError) -> FailedAttempt:
    """Read a request that got no complete answer from ``url``."""
    host = host_of(url)
    message = {
        ProviderFailure.UNKNOWN_HOST: f"The host of {provider.label} at {host} is unknown: {failure}.",
        ProviderFailure.TLS: f"No secure connection to {provider.label} at {host}: {failure}.",
        ProviderFailure.UNREACHABLE: f"{provider.label} cannot be reached at {host}: {failure}.",
        ProviderFailure.TIMEOUT: f"{provider.label} at {host} did not answer in time: {failure}.",
    }.get(failure.failure, f"The answer of {provider.label} {failure}.")
    known = failure.advice or Advice("", "")
    error = make_error(provider, failure.failure, message, meaning=known.meaning, hint=known.step, owner=failure.owner)
    return FailedAttempt(error, failure.transient)


def failure_by_status(provider: ProviderInfo, status: int, words: str) -> ProviderFailure:
    """Return what kind of failure a status and a provider's words stand for, where the answer itself is not at hand."""
    return _failure(provider, status, words, {})


def _failure(provider: ProviderInfo, status: int, words: str, document: Mapping[str, Any]) -> ProviderFailure:
    text = f"{words} {json.dumps(document)}".lower()
    for statuses, signs, failure in _BY_WORDS:
        if status in statuses and any(sign in text for sign in signs):
            return failure
    if status in {502, 503} and _is_loading(provider, text, document):
        return ProviderFailure.LOADING
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _BY_STATUS.get(status, ProviderFailure.SERVER)
    other = ProviderFailure.BAD_REQUEST if status >= HTTPStatus.BAD_REQUEST else ProviderFailure.BAD_RESPONSE
    return _BY_STATUS.get(status, other)


def _is_loading(provider: ProviderInfo, text: str, document: Mapping[str, Any]) -> bool:
    """An endpoint scaled to zero answers through a proxy while it starts; a running one that fails says "unhealthy"."""
    if "loading" in text or _loading_time(document) is not None:
        return True
    return provider.key == _SCALES_TO_ZERO and "unhealthy" not in text


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        document = read_json(body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _loading_time(document: Mapping[str, Any]) -> float | None:
    seconds = finite_number(document.get("estimated_time"))
    return seconds if seconds is not None and seconds >= 0 else None


def _phrase(status: int) -> str:
    try:
        return f" ({HTTPStatus(status).phrase})"
    except ValueError:
        return ""


def _said(words: str) -> str:
    if not words:
        return ""
    short = words if len(words) <= _WORDS_IN_MESSAGE else words[: _WORDS_IN_MESSAGE - 1] + "…"
    return f" It said: {short}"
