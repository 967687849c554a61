"""The one place that speaks HTTP to providers: one request out, one bounded answer back, the key in no other hands."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Generator
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr

from astrolabe.errors import ProviderFailure
from astrolabe.providers.wire.adapters import Call, Reply
from astrolabe.providers.wire.bodies import ACCEPTED_ENCODINGS, Body, BodyError
from astrolabe.providers.wire.connection_errors import misled, refused_by, translated
from astrolabe.providers.wire.environment import EnvironmentProblem, Proxies, Proxy, trusted
from astrolabe.providers.wire.failures import TransportError

CONNECT_SECONDS = 10.0
"""How long opening a connection may take."""

LARGEST_REFUSAL = 64 * 1024
"""Bytes that are read of an answer that is no success: enough for what it says."""

_NO_COOKIES = DefaultCookiePolicy(allowed_domains=())


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
    """Sends calls over pools of connections: one for each way there, directly or through a proxy.

    No cookie is kept: what one account was given must not travel with the key of another.

    Args:
        client: A client to use and not to close; by default they are made as they are needed, and closed by
            :meth:`close`.
        proxies: What the environment says about proxies; read now by default.
        context: What the other side's certificates are checked with, and what this side shows; as the environment says
            by default.
        http2: Whether HTTP/2 is offered; the ``h2`` package has to be there for it.
    """

    def __init__(
        self,
        client: httpx.AsyncClient | None = None,
        proxies: Proxies | None = None,
        *,
        context: ssl.SSLContext | None = None,
        http2: bool = False,
    ) -> None:
        self._given = client
        if client is not None:
            client.cookies.jar.set_policy(_NO_COOKIES)
        self._proxies = proxies or Proxies()
        self._context = context
        self._http2 = http2
        self._clients: dict[tuple[str, str], httpx.AsyncClient] = {}

    async def close(self) -> None:
        """Close the connections that are our own."""
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()

    async def post(self, call: Call, secret: SecretStr | None, *, seconds: float, most_bytes: int) -> Reply:
        """Send one request and return its answer, whatever its status; redirects are answers too.

        Args:
            call: The request.
            secret: The key, or None for no authentication.
            seconds: Time limit for the whole exchange.
            most_bytes: Largest body that is read, decompressed; an error's is cut off.

        Raises:
            TransportError: There was no complete answer.
        """
        try:
            proxy = self._proxies.of(call.url)
            client = self._client(call.url, proxy)
        except EnvironmentProblem as error:
            raise misled(error) from error
        try:
            async with asyncio.timeout(seconds):
                reply = await _exchange(client, call, secret, seconds, most_bytes)
        except TimeoutError as error:
            detail = f"no complete answer in {seconds:g} seconds"
            raise TransportError(ProviderFailure.TIMEOUT, detail, transient=True) from error
        except BodyError as error:
            raise TransportError(ProviderFailure.BAD_RESPONSE, str(error), transient=False) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise translated(error, proxy) from error
        if proxy is not None and reply.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
            raise refused_by(proxy, reply.status)
        return reply

    def _client(self, url: str, proxy: Proxy | None) -> httpx.AsyncClient:
        """Return the client for one way; where there is no TLS, no certificates are read that could be missing."""
        if self._given is not None:
            return self._given
        scheme = urlsplit(url).scheme
        way = (scheme, proxy.url if proxy is not None else "")
        client = self._clients.get(way)
        if client is None:
            secure = proxy is not None and proxy.secure
            context = self._trusted() if scheme == "https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            through = httpx.Proxy(proxy.url, ssl_context=trusted() if secure else None) if proxy is not None else None
            client = self._clients[way] = httpx.AsyncClient(
                verify=context,
                proxy=through,
                trust_env=False,
                http2=self._http2,
                limits=httpx.Limits(max_connections=64, max_keepalive_connections=32, keepalive_expiry=30),
            )
            client.cookies.jar.set_policy(_NO_COOKIES)
        return client

    def _trusted(self) -> ssl.SSLContext:
        return self._context if self._context is not None else trusted()


async def _exchange(
    client: httpx.AsyncClient, call: Call, secret: SecretStr | None, seconds: float, most_bytes: int
) -> Reply:
    auth = _KeyHeader(call.auth_header, call.auth_scheme, secret) if secret is not None else None
    started = time.perf_counter()
    async with client.stream(
        call.method,
        call.url,
        content=call.content,
        headers=dict(call.headers) | {"Accept-Encoding": ACCEPTED_ENCODINGS},
        auth=auth,
        timeout=httpx.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds)),
        follow_redirects=False,
    ) as response:
        failed = response.status_code >= HTTPStatus.BAD_REQUEST
        most = min(most_bytes, LARGEST_REFUSAL) if failed else most_bytes
        body = Body(response.headers.get("content-encoding", ""), most, cut=failed)
        async for chunk in response.aiter_raw():
            body.feed(chunk)
            if body.full:
                break
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Reply(response.status_code, headers, body.content(), time.perf_counter() - started)
