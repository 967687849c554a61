"""Failures of embedding providers as the documented errors of the Data API, and back.

The way back (:func:`read_provider_error`) serves answers that came over HTTP: there the provider, its status and its
words stand in the message only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from http import HTTPStatus

from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.errors import DataApiError, Owner, ProviderError, ProviderFailure, ProviderReply
from astrolabe.providers.catalogue.catalogue import Catalogue
from astrolabe.providers.wire.failures import failure_by_status, make_error

_GAVE_UP = "<CLIENT SOCKET TIMEOUT>"
_TIMEOUTS = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.GATEWAY_TIMEOUT})

_UNQUOTED = "upstageAI"
"""The provider whose words upstream shows as they are."""
_UNREAD = ("mistral", HTTPStatus.UNAUTHORIZED)
"""The provider and status whose words upstream knows without reading them."""

Translation = tuple[str, str]
"""A code and a message."""


def provider_error(error: ProviderError) -> DataApiError:
    """Return the documented error for a provider's failure; owner and hint are kept.

    What the provider said is part of the message; the engine has taken the key out of it.
    """
    code, message = _translate(error)
    return _translated(error, code, message)


def reranking_error(error: ProviderError) -> DataApiError:
    """Return the documented error for a reranker's failure; owner and hint are kept."""
    code, message = _translate_reranking(error)
    return _translated(error, code, message)


def unavailable(provider: str, model: str) -> DataApiError:
    """Make the error of a stored provider or model that the catalogue no longer has."""
    return data_api_error(
        "EMBEDDING_PROVIDER_UNAVAILABLE",
        f"The model '{model}' for service provider '{provider}' is not supported.",
        hint="The collection was created with it, and it is no longer in the catalogue.",
    )


def missing_model(provider: str, reason: str) -> DataApiError:
    """Make the error of a model on this machine whose files are not there; the reason says how to get them."""
    return data_api_error("EMBEDDING_PROVIDER_UNAVAILABLE", f"Provider '{provider}' is unavailable. {reason}")


def unexpected_response(problem: str) -> DataApiError:
    """Make the error of an answer that came but cannot be used."""
    return data_api_error(
        "EMBEDDING_PROVIDER_UNEXPECTED_RESPONSE",
        f"The embedding provider returned an unexpected response. Underlying problem: {problem}",
    )


def unresolved_credential(provider: str, credential: str, problem: str, *, hint: str) -> DataApiError:
    """Make the error of a stored credential that cannot be used any more."""
    return data_api_error(
        "EMBEDDING_GATEWAY_UNABLE_RESOLVE_AUTHENTICATION_TYPE",
        "Embedding Gateway unable to resolve authentication type. Underlying problem: "
        f"credential '{credential}' of provider '{provider}': {problem}",
        hint=hint,
    )


def _translated(error: ProviderError, code: str, message: str) -> DataApiError:
    translated = data_api_error(code, message, hint=error.hint)
    translated.owner = error.owner
    translated.simulated = error.simulated
    translated.provider_error = error
    return translated


_FAILURES: Mapping[str, ProviderFailure] = {
    "AUTHENTICATION_KEYS_NOT_PROVIDED": ProviderFailure.NO_KEY,
    "BAD_HOST_NAME": ProviderFailure.UNKNOWN_HOST,
    "CLIENT_ERROR": ProviderFailure.BAD_REQUEST,
    "RATE_LIMITED": ProviderFailure.RATE_LIMITED,
    "SERVER_ERROR": ProviderFailure.SERVER,
    "TIMEOUT": ProviderFailure.TIMEOUT,
    "UNAVAILABLE": ProviderFailure.UNAVAILABLE,
    "UNEXPECTED_RESPONSE": ProviderFailure.BAD_RESPONSE,
}
"""What kind of failure a code stands for, after ``EMBEDDING_PROVIDER_`` or ``RERANKING_PROVIDER_``."""

_BY_STATUS = frozenset({ProviderFailure.BAD_REQUEST, ProviderFailure.RATE_LIMITED, ProviderFailure.SERVER})
"""Kinds that status and words tell more of than the code does."""

_NOT_REACHED: Mapping[str, ProviderFailure] = {
    " cannot be reached at ": ProviderFailure.UNREACHABLE,
    "No secure connection to ": ProviderFailure.TLS,
}
"""How the sentences about a provider that was never reached tell themselves from one that cannot be used."""

_PROVIDER = re.compile(r"[Pp]rovider(?:: | ')(?P<provider>[A-Za-z][\w-]*)")
_STATUS = re.compile(r"HTTP (?:[Ss]tatus(?: code)?:? )?(?P<status>\d{3})\b")
_WORDS = re.compile(r"error message: (?P<words>.*?)(?:\nThe request is safe to retry\.)?\Z", re.DOTALL | re.IGNORECASE)


def read_provider_error(error: DataApiError, catalogue: Catalogue) -> ProviderError | None:
    """Return the provider's failure that an error of the Data API tells of, or None when it tells of none.

    One that was made here carries it; of one that came over HTTP, provider, status and words are read from the message,
    and owner and advice follow from them as for a failure met here.

    Args:
        error: The error.
        catalogue: The providers, for their labels and advice.
    """
    if error.provider_error is not None:
        return error.provider_error
    family, _, kind = error.code.partition("_PROVIDER_")
    failure = _FAILURES.get(kind)
    named = _PROVIDER.search(error.message)
    provider = catalogue.find(named["provider"]) if named else None
    if family not in {"EMBEDDING", "RERANKING"} or failure is None or provider is None:
        return None
    answered, said = _STATUS.search(error.message), _WORDS.search(error.message)
    status = int(answered["status"]) if answered else None
    words, quoted = _unquoted(said["words"]) if said and status is not None else ("", False)
    if failure is ProviderFailure.UNAVAILABLE:
        failure = next((kind for sign, kind in _NOT_REACHED.items() if sign in error.message), failure)
    if status is not None and failure in _BY_STATUS:
        failure = failure_by_status(provider, status, words)
    return make_error(provider, failure, error.message, reply=ProviderReply(status, words, quoted=quoted))


def _unquoted(words: str) -> tuple[str, bool]:
    """Return a provider's words without the quotes that one text of a JSON answer is shown in."""
    try:
        text = json.loads(words)
    except ValueError:
        return words, False
    return (text, True) if isinstance(text, str) else (words, False)


def _translate(error: ProviderError) -> Translation:
    by_failure = _BY_FAILURE.get(error.failure)
    if by_failure is not None:
        return by_failure(error)
    if error.status is not None:
        return _by_status(error, error.status)
    return _unavailable(error)


def _by_status(error: ProviderError, status: int) -> Translation:
    if status in _TIMEOUTS:
        return _timeout(error)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return "EMBEDDING_PROVIDER_RATE_LIMITED", _answered(error, "rate limited the request")
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return "EMBEDDING_PROVIDER_CLIENT_ERROR", _answered(error, "returned a HTTP client error")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "EMBEDDING_PROVIDER_SERVER_ERROR", _answered(error, "returned a HTTP server error")
    return _unexpected(error)


def _answered(error: ProviderError, what: str) -> str:
    return f"Provider '{error.provider}' {what} with HTTP {error.status}; error message: {_said(error)}"


def _said(error: ProviderError) -> str:
    if not error.words:
        return error.message
    bare = not error.quoted or error.provider == _UNQUOTED or (error.provider, error.status) == _UNREAD
    return error.words if bare else json.dumps(error.words, ensure_ascii=False)


def _timeout(error: ProviderError) -> Translation:
    status = str(error.status) if error.status is not None else _GAVE_UP
    words = _said(error) if error.status is not None else f"{_GAVE_UP} {error.message}"
    return "EMBEDDING_PROVIDER_TIMEOUT", (
        f"The request to the embedding provider timed out.\nProvider: {error.provider}\nHTTP status: {status}\n"
        f"Error message: {words}\nThe request is safe to retry."
    )


def _bad_host(error: ProviderError) -> Translation:
    found = error.owner is not Owner.NETWORK
    what = "is not valid; its parameters may be wrong" if found else "names a host that was not found"
    return "EMBEDDING_PROVIDER_BAD_HOST_NAME", (
        f"The address of provider '{error.provider}' {what}. "
        f"Error: {error.failure.value}; error message: {error.message}"
    )


def _no_key(error: ProviderError) -> Translation:
    return "EMBEDDING_PROVIDER_AUTHENTICATION_KEYS_NOT_PROVIDED", (
        "Missing authentication header(s) for the embedding request "
        f"(provider '{error.provider}'): 'x-embedding-api-key' header is missing"
    )


def _unexpected(error: ProviderError) -> Translation:
    translated = unexpected_response(f"provider '{error.provider}': {error.message}")
    return translated.code, translated.message


def _too_long(error: ProviderError) -> Translation:
    if error.status is not None:
        return _by_status(error, error.status)
    return "EMBEDDING_PROVIDER_CLIENT_ERROR", f"Provider '{error.provider}' refused the request: {_said(error)}"


def _unavailable(error: ProviderError) -> Translation:
    return "EMBEDDING_PROVIDER_UNAVAILABLE", f"Provider '{error.provider}' is unavailable. {error.message}"


_BY_FAILURE: Mapping[ProviderFailure, Callable[[ProviderError], Translation]] = {
    ProviderFailure.BAD_RESPONSE: _unexpected,
    ProviderFailure.NO_KEY: _no_key,
    ProviderFailure.TIMEOUT: _timeout,
    ProviderFailure.TOO_LONG: _too_long,
    ProviderFailure.UNKNOWN_HOST: _bad_host,
}
"""Failures that decide the code whatever the status; for the others the status decides."""


def _translate_reranking(error: ProviderError) -> Translation:
    said = f"Provider: {error.provider}; HTTP Status: {error.status or 'none'}; Error Message: {_said(error)}"
    if error.failure is ProviderFailure.NO_KEY:
        return "RERANKING_PROVIDER_AUTHENTICATION_KEYS_NOT_PROVIDED", (
            f"The reranking provider '{error.provider}' wants a key: send it in the header 'reranking-api-key', or set "
            f"ASTROLABE_RERANKERS__{error.provider}__KEY. {error.message}"
        )
    if error.failure is ProviderFailure.BAD_RESPONSE:
        return "RERANKING_PROVIDER_UNEXPECTED_RESPONSE", (
            f"The reranking provider returned an unexpected response. {error.message}"
        )
    if error.failure is ProviderFailure.TIMEOUT or error.status in _TIMEOUTS:
        return "RERANKING_PROVIDER_TIMEOUT", f"The request to the reranking provider timed out. {said}"
    if error.status == HTTPStatus.TOO_MANY_REQUESTS:
        return "RERANKING_PROVIDER_RATE_LIMITED", f"The reranking provider rate limited the request. {said}"
    if error.status is not None and error.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return "RERANKING_PROVIDER_CLIENT_ERROR", f"The reranking provider returned a HTTP client error. {said}"
    return "RERANKING_PROVIDER_SERVER_ERROR", f"The reranking provider failed or cannot be reached. {said}"
