"""What RavenDB's Python client lacks on the wire, added to the HTTP library below it.

A time limit; one attempt; no redirect is followed, no cookie kept and no password taken from elsewhere, since what is
sent may hold keys; loopback is never reached through a proxy; an answer is read into no more memory than it may take.
"""

from __future__ import annotations

import time
from typing import Any

from astrolabe.providers.wire.bodies import LARGEST_BODY, Body, BodyError
from astrolabe.providers.wire.environment import Proxy

SECONDS = 20.0
"""Time limit of one request to the server, for connecting and for each silence."""

TOTAL_SECONDS = 60.0
"""Time limit of one answer, for a server that is never silent and never done."""

_CHUNK = 64 * 1024
_NO_ANSWERS = frozenset({408, 502, 503, 504})


class NoAnswerError(Exception):
    """A request that the server did not answer.

    Attributes:
        kind: What happened, in a word of the HTTP library or a status.
    """

    def __init__(self, kind: str, words: str) -> None:
        super().__init__(words)
        self.kind = kind


def prepare(session: Any, adapter: Any, proxy: Proxy | None) -> None:  # noqa: ANN401 - of a library without types
    """Let a session of the library send through an adapter, and through a proxy or directly.

    Args:
        session: The session of RavenDB's client.
        adapter: What :func:`single_adapter` returned.
        proxy: The proxy on the way, or None.
    """
    from http.cookiejar import DefaultCookiePolicy  # noqa: PLC0415

    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.trust_env = False  # which would take passwords from a .netrc file, and proxies for loopback
    session.proxies = {"http": proxy.url, "https": proxy.url} if proxy is not None else {}
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    session.headers["Accept-Encoding"] = "gzip"


def single_adapter() -> Any:  # noqa: ANN401 - of a library without types
    """Return what sends a request once, and reads its answer within limits; to be closed by the caller."""
    from requests import RequestException  # noqa: PLC0415
    from requests.adapters import HTTPAdapter  # noqa: PLC0415
    from urllib3.exceptions import HTTPError  # noqa: PLC0415

    class Single(HTTPAdapter):  # type: ignore[misc]
        """Asks once, within a time limit; the client would ask its one server for ever."""

        def send(self, request: Any, **options: Any) -> Any:  # noqa: ANN401
            """Send a request; what is no answer is raised as what the client does not try again."""
            try:
                answer = super().send(request, **options | {"timeout": SECONDS, "stream": True})
            except (RequestException, OSError) as error:
                raise NoAnswerError(type(error).__name__, str(error)) from error
            try:
                _check(answer)
                answer._content = _read(answer)  # noqa: SLF001 - so the library's own reading finds it done
            except (BodyError, HTTPError, OSError) as error:
                raise NoAnswerError(type(error).__name__, str(error)) from error
            finally:
                answer.close()
            return answer

        def close(self) -> None:
            """Close the connections too; the library leaves them to the garbage collector."""
            pools = self.poolmanager.pools
            for key in pools.keys():  # noqa: SIM118 - it cannot be iterated over
                pools[key].close()
            super().close()

    return Single()


def _check(answer: Any) -> None:  # noqa: ANN401 - of a library without types
    """Refuse an answer that is none to the client's question."""
    if answer.status_code in _NO_ANSWERS:
        raise NoAnswerError(f"HTTP {answer.status_code}", answer.reason or "")
    if answer.is_redirect:
        raise NoAnswerError("Redirect", "The server sends requests elsewhere; that is not followed.")


def _read(answer: Any) -> bytes:  # noqa: ANN401 - of a library without types
    body = Body(answer.headers.get("Content-Encoding", ""), LARGEST_BODY)
    end = time.monotonic() + TOTAL_SECONDS
    while chunk := answer.raw.read1(_CHUNK, decode_content=False):
        body.feed(chunk)
        if time.monotonic() > end:
            raise NoAnswerError("Timeout", f"The answer was not complete within {TOTAL_SECONDS:g} seconds.")
    return body.content()
