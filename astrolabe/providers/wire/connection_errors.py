"""From what kept a request from being answered to an error that says what it was; no foreign text is in it."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator

import httpx

from astrolabe.errors import Owner, ProviderFailure
from astrolabe.providers.wire.advice import Advice
from astrolabe.providers.wire.environment import CertificatesProblem, EnvironmentProblem, Proxy
from astrolabe.providers.wire.failures import TransportError

_LEADING_STATUS = re.compile(r"\d{3}\b")
_LOGIN = 407
_PASSING = frozenset({502, 503, 504})
_WRONG_VARIABLE = Advice(
    "A variable of the environment that this program was started in holds what cannot be used.",
    "Correct it or unset it, and start the program again.",
)
_NO_LOGIN = Advice(
    "The proxy on the way lets nobody through without a name and a password; the provider was not asked.",
    "Put both into the variable, as http://NAME:PASSWORD@HOST:PORT, or name the provider's host in NO_PROXY.",
)
_NO_WAY = Advice(
    "The proxy on the way did not connect to the provider, which was not asked.",
    "Check the variable, or name the provider's host in NO_PROXY if it can be reached directly.",
)


def misled(problem: EnvironmentProblem) -> TransportError:
    """Return the error of an environment that names what cannot be used."""
    failure = ProviderFailure.TLS if isinstance(problem, CertificatesProblem) else ProviderFailure.UNREACHABLE
    return TransportError(
        failure, str(problem), transient=False, advice=_WRONG_VARIABLE, owner=Owner.MACHINE, sent=False
    )


def refused_by(proxy: Proxy, status: int | None, what: str = "did not connect to it") -> TransportError:
    """Return the error of a proxy that stopped a request.

    Args:
        proxy: Which.
        status: What it answered, if it did.
        what: What it did; goes on after its name.
    """
    advice = _NO_LOGIN if status == _LOGIN else _NO_WAY
    what = "wants a name and a password" if status == _LOGIN else what
    detail = f"the proxy {proxy.label} {what}" + (f" (HTTP {status})" if status is not None else "")
    failure, transient = ProviderFailure.UNREACHABLE, status in _PASSING
    return TransportError(failure, detail, transient=transient, advice=advice, owner=Owner.NETWORK, sent=False)


def translated(error: httpx.HTTPError | httpx.InvalidURL, proxy: Proxy | None) -> TransportError:
    """Return what an error of the HTTP library means.

    Args:
        error: The error.
        proxy: The proxy that the request was to go through, or None.
    """
    if isinstance(error, httpx.TimeoutException):
        sent = not isinstance(error, (httpx.ConnectTimeout, httpx.PoolTimeout))
        return TransportError(ProviderFailure.TIMEOUT, "it took too long to answer", transient=True, sent=sent)
    if isinstance(error, httpx.ConnectError):
        return _not_connected(list(_chain(error)), proxy)
    if isinstance(error, httpx.ProxyError) and proxy is not None:
        status = _LEADING_STATUS.match(str(error))
        return refused_by(proxy, int(status[0]) if status is not None else None)
    if isinstance(error, (httpx.NetworkError, httpx.RemoteProtocolError)):
        return TransportError(ProviderFailure.UNREACHABLE, "the connection broke off", transient=True)
    return TransportError(ProviderFailure.UNREACHABLE, type(error).__name__, transient=False)


def _not_connected(causes: list[BaseException], proxy: Proxy | None) -> TransportError:
    tls = next((cause for cause in causes if isinstance(cause, ssl.SSLError)), None)
    if tls is not None:
        return TransportError(ProviderFailure.TLS, tls.reason or "handshake failed", transient=False, sent=False)
    unknown = any(isinstance(cause, socket.gaierror) for cause in causes)
    refused = any(isinstance(cause, ConnectionRefusedError) for cause in causes)
    if proxy is not None:
        what = (
            "is at a name that does not resolve" if unknown else "refused the connection" if refused else "is not there"
        )
        return refused_by(proxy, None, what)
    if unknown:
        return TransportError(ProviderFailure.UNKNOWN_HOST, "its name does not resolve", transient=False, sent=False)
    detail = "the connection was refused" if refused else "no connection could be opened"
    return TransportError(ProviderFailure.UNREACHABLE, detail, transient=False, sent=False)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it; an attempt per address of a host hides its causes in a group."""
    pending: list[BaseException | None] = [error]
    seen: set[int] = set()
    while pending:
        current = pending.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        pending += [current.__cause__, current.__context__]
        if isinstance(current, BaseExceptionGroup):
            pending += current.exceptions
