"""The one place that speaks HTTP to providers: one request out, one bounded answer back, the key in no other hands."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Generator, Iterator

import httpx
from pydantic import SecretStr

from astrolabe.errors import ProviderFailure
from astrolabe.providers.wire.adapters import Call, Reply
from astrolabe.providers.wire.failures import TransportError

CONNECT_SECONDS = 10.0
"""How long opening a connection may take."""


class _KeyHeader(httpx.Auth):
    """Adds the key as the request leaves, so that no other object ever holds it in the open."""

    def __init__(self, name: str, scheme: str, secret: SecretStr) -> None:
        self._name = name
        self._scheme = scheme
        self._secret = secret

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the request once, with the key."""
        request.headers[self._name] = f"{self._scheme} {self._secret.get_secret_value()}".strip()
        yield request


class Transport:
    """Sends calls over one pool of connections.

    Args:
        client: A client to use and not to close; by default one is made, and closed by :meth:`close`.
    """

    def __init__(self, client: httpx.AsyncClient | None = None) -> None:
        self._own = client is None
        self._client = client or httpx.AsyncClient(
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=32, keepalive_expiry=30),
        )

    async def close(self) -> None:
        """Close the connections, if they are our own."""
        if self._own:
            await self._client.aclose()

    async def post(self, call: Call, secret: SecretStr | None, *, seconds: float, most_bytes: int) -> Reply:
        """Send one request and return its answer, whatever its status; redirects are answers too.

        Args:
            call: The request.
            secret: The key, or None for no authentication.
            seconds: Time limit for the whole exchange.
            most_bytes: Largest body that is read.

        Raises:
            TransportError: There was no complete answer.
        """
        auth = _KeyHeader(call.auth_header, call.auth_scheme, secret) if secret is not None else None
        started = time.perf_counter()
        timeout = httpx.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds))
        try:
            async with (
                asyncio.timeout(seconds),
                self._client.stream(
                    "POST",
                    call.url,
                    content=call.content,
                    headers=dict(call.headers),
                    auth=auth,
                    timeout=timeout,
                    follow_redirects=False,
                ) as response,
            ):
                body = await _read(response.aiter_bytes(), most_bytes)
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Reply(response.status_code, headers, body, time.perf_counter() - started)
        except TimeoutError as error:
            detail = f"no complete answer in {seconds:g} seconds"
            raise TransportError(ProviderFailure.TIMEOUT, detail, transient=True) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _translated(error) from error


async def _read(chunks: AsyncIterator[bytes], most_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > most_bytes:
            detail = f"is larger than {most_bytes:,} bytes, which no answer to this request needs"
            raise TransportError(ProviderFailure.BAD_RESPONSE, detail, transient=False)
    return bytes(body)


def _translated(error: httpx.HTTPError | httpx.InvalidURL) -> TransportError:
    if isinstance(error, httpx.TimeoutException):
        return TransportError(ProviderFailure.TIMEOUT, "it took too long to answer", transient=True)
    if isinstance(error, httpx.ConnectError):
        return _not_connected(list(_chain(error)))
    if isinstance(error, httpx.DecodingError):
        return TransportError(ProviderFailure.BAD_RESPONSE, "cannot be decompressed", transient=False)
    if isinstance(error, (httpx.NetworkError, httpx.RemoteProtocolError)):
        return TransportError(ProviderFailure.UNREACHABLE, "the connection broke off", transient=True)
    return TransportError(ProviderFailure.UNREACHABLE, type(error).__name__, transient=False)


def _not_connected(causes: list[BaseException]) -> TransportError:
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return TransportError(ProviderFailure.UNKNOWN_HOST, "its name does not resolve", transient=False)
    tls = next((cause for cause in causes if isinstance(cause, ssl.SSLError)), None)
    if tls is not None:
        return TransportError(ProviderFailure.TLS, tls.reason or "handshake failed", transient=False)
    refused = any(isinstance(cause, ConnectionRefusedError) for cause in causes)
    detail = "the connection was refused" if refused else "no connection could be opened"
    return TransportError(ProviderFailure.UNREACHABLE, detail, transient=False)


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
