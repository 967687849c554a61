"""What went wrong on the way to another machine, as an error that says who can mend it and how."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from astrolabe.errors import Owner, ProviderFailure
from astrolabe.providers.throttle.throttle import retry_after
from astrolabe.providers.wire.adapters import Reply
from astrolabe.providers.wire.failures import TransportError
from astrolabe.remote.errors import EndpointError, EndpointFailure
from astrolabe.text.safe_text import display_text

UNSURE = "It may have been carried out nevertheless: look before you repeat it."
"""Said of a change that got no answer."""

INTERRUPTED = "A change was under way. It may have been carried out: look before you repeat it."
"""Noted on the cancellation of a change whose answer was not waited for."""

_WORDS_SHOWN = 300

_TRANSPORT: Mapping[ProviderFailure, tuple[EndpointFailure, str, Owner, str]] = {
    ProviderFailure.UNKNOWN_HOST: (
        EndpointFailure.UNKNOWN_HOST,
        "The host {host} was not found",
        Owner.NETWORK,
        "Check the address of the connection, and that this machine is online.",
    ),
    ProviderFailure.TLS: (
        EndpointFailure.TLS,
        "No secure connection to {host} could be made",
        Owner.NETWORK,
        "A server with a certificate of its own needs the file of its authority: --ca-file of the connection.",
    ),
    ProviderFailure.TIMEOUT: (
        EndpointFailure.TIMEOUT,
        "{host} did not answer in time",
        Owner.NETWORK,
        "Try again; ask for less at a time if it happens again.",
    ),
}
_NOT_REACHED = (
    EndpointFailure.UNREACHABLE,
    "{host} cannot be reached",
    Owner.NETWORK,
    "Check the address and the port, and that the server runs.",
)
_BROKEN = (
    EndpointFailure.BROKEN,
    "The answer of {host} broke off",
    Owner.NETWORK,
    "Try again; a proxy or a network on the way may have closed the connection.",
)
_UNREADABLE = (
    EndpointFailure.NO_DATA_API,
    "The answer of {host} cannot be read",
    Owner.ENGINE,
    "Something on the way may have changed it: check the address and the proxy.",
)

_STATUS: Mapping[int, tuple[EndpointFailure, Owner, str]] = {
    401: (
        EndpointFailure.TOKEN,
        Owner.REQUEST,
        "Give the connection a token that is valid: `astrolabe connections add NAME … --replace`.",
    ),
    403: (
        EndpointFailure.FORBIDDEN,
        Owner.REQUEST,
        "The token may not do this, or this machine's address is not on the database's list of allowed ones.",
    ),
    404: (
        EndpointFailure.ADDRESS,
        Owner.REQUEST,
        "Check the address of the connection: there is no Data API at that path.",
    ),
    405: (
        EndpointFailure.ADDRESS,
        Owner.REQUEST,
        "Check the address of the connection: there is no Data API at that path.",
    ),
    407: (EndpointFailure.UNREACHABLE, Owner.NETWORK, "The proxy on the way wants a name and a password."),
    408: (EndpointFailure.TIMEOUT, Owner.NETWORK, "Try again; ask for less at a time if it happens again."),
    413: (
        EndpointFailure.REQUEST_TOO_LARGE,
        Owner.REQUEST,
        "Send fewer or smaller documents at a time; the endpoint takes no more than about 20 MB.",
    ),
    415: (
        EndpointFailure.NO_DATA_API,
        Owner.ENGINE,
        "Check the address of the connection: a Data API takes JSON.",
    ),
    429: (
        EndpointFailure.RATE_LIMITED,
        Owner.REQUEST,
        "Send less at a time, or wait; the limits of the database can be raised by who runs it.",
    ),
}
_UNAVAILABLE = (
    EndpointFailure.UNAVAILABLE,
    Owner.ENGINE,
    "Wait a little. A database on Astra DB that was not used for long is hibernated: resume it in its portal.",
)
_SERVER = (EndpointFailure.SERVER, Owner.ENGINE, "Try again; who runs the server finds more in its log.")
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_NOT_AVAILABLE = frozenset({502, 503, 504})


def from_transport(host: str, failure: TransportError) -> EndpointError:
    """Return the error of a request that got no complete answer.

    Args:
        host: Of the endpoint, for the message.
        failure: What is known of it.
    """
    kind, words, owner, hint = _TRANSPORT.get(failure.failure) or _of_rest(failure)
    if failure.advice is not None:
        hint = f"{failure.advice.meaning} {failure.advice.step}".replace("the provider", "the endpoint")
    passing = failure.transient or kind is EndpointFailure.UNREACHABLE
    return EndpointError(
        f"{words.format(host=host)}: {failure}.",
        failure=kind,
        owner=failure.owner or owner,
        hint=hint,
        passing=passing and failure.advice is None,
        unsure=failure.sent,
    )


def _of_rest(failure: TransportError) -> tuple[EndpointFailure, str, Owner, str]:
    if failure.failure is ProviderFailure.BAD_RESPONSE:
        if "larger than" in str(failure):
            return _TOO_LARGE
        return _BROKEN if "incomplete" in str(failure) else _UNREADABLE
    return _BROKEN if failure.sent else _NOT_REACHED


_TOO_LARGE = (
    EndpointFailure.ANSWER_TOO_LARGE,
    "The answer of {host} is too large",
    Owner.REQUEST,
    "Ask for fewer documents or fields at a time (limit, projection).",
)


def from_status(host: str, reply: Reply, words: str) -> EndpointError:
    """Return the error of an answer that is no success, and no envelope of the Data API either.

    Args:
        host: Of the endpoint.
        reply: The answer.
        words: What it says, without anything secret; empty when it says nothing in words.
    """
    status = reply.status
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return EndpointError(
            f"{host} sent a redirect (HTTP {status}), which is not followed: the token stays here.",
            failure=EndpointFailure.REDIRECT,
            owner=Owner.REQUEST,
            hint="Give the connection the address that it leads to, if you trust it.",
            status=status,
        )
    kind, owner, hint = _STATUS.get(status) or (_UNAVAILABLE if status in _NOT_AVAILABLE else _SERVER)
    said = f" It said: {display_text(words, limit=_WORDS_SHOWN)}" if words else ""
    return EndpointError(
        f"{host} answered with HTTP {status}{_phrase(status)}.{said}",
        failure=kind,
        owner=owner,
        hint=hint,
        status=status,
        retry_after=retry_after(reply.headers),
        passing=status in _PASSING,
        unsure=status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT,
    )


def no_data_api(host: str, reply: Reply) -> EndpointError:
    """Return the error of a success that is no envelope of the Data API."""
    page = "text/html" in reply.content_type or reply.body.lstrip()[:1] == b"<"
    what = "a web page" if page else "something else"
    return EndpointError(
        f"{host} answered with {what} in place of a Data API's answer.",
        failure=EndpointFailure.NO_DATA_API,
        owner=Owner.NETWORK if page else Owner.ENGINE,
        hint="Check the address of the connection; a proxy or a sign-in page may stand on the way.",
        status=reply.status,
        unsure=True,
    )


def advice_of(status: int) -> str:
    """Return what to do about a status that came with an error of the Data API; empty when that says it itself."""
    known = _STATUS.get(status)
    return known[2] if known is not None else ""


def _phrase(status: int) -> str:
    try:
        return f" ({HTTPStatus(status).phrase})"
    except ValueError:
        return ""
