"""Connections: how many there may be, and how long one may stay open without getting anywhere."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import cast

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.serving.replies import TOO_MANY, refused

HEADS_IN_TIME = 15.0
"""Seconds until the head of a request is complete: from the opening of the connection, later from its first byte."""

TAKEN_IN_TIME = 60.0
"""Seconds in which what was answered must be taken, once the system's own buffers are full."""

_REFUSED_IN_TIME = 2.0
"""Seconds that a connection too many has for its request, which is answered with 503."""

_MOST_REFUSED = 64
"""Connections too many that are waited for; what comes beyond them is answered at once."""

_LEAST = 8

log = logging.getLogger(__name__)


class ConnectionBudget:
    """How many connections a server has, and which of them have not sent a request yet.

    Args:
        most: Connections at once.
        descriptors: Descriptors that the process may have. Half of them are left to the files of the databases.
        clock: Seconds that never go back.

    Attributes:
        most: Connections whose requests are answered.
        refused: How many more are waited for, to tell them that there are too many.
    """

    def __init__(self, most: int, descriptors: int | None, clock: Callable[[], float]) -> None:
        self.most = most if descriptors is None else max(min(most, descriptors // 2), _LEAST)
        self.refused = max(min(_MOST_REFUSED, self.most // 8), 1)
        self.admitted = 0
        self._clock = clock
        self._silent: dict[LimitedProtocol, float] = {}

    @property
    def whole(self) -> int:
        """Connections that may be open at all."""
        return self.most + self.refused

    def admit(self, connection: LimitedProtocol) -> bool:
        """Take a connection in, in place of the one that has been silent longest if need be; return whether it may."""
        if self.admitted >= self.most:
            oldest = next(iter(self._silent), None)
            if oldest is None or self._clock() - self._silent[oldest] < LimitedProtocol.silence:
                return False
            self.leave(oldest)
            oldest.transport.abort()
        self.admitted += 1
        self._silent[connection] = self._clock()
        return True

    def has_spoken(self, connection: LimitedProtocol) -> None:
        """Note that a connection sent its first request."""
        self._silent.pop(connection, None)

    def leave(self, connection: LimitedProtocol) -> None:
        """Note that an admitted connection is closed."""
        if connection.admitted:
            connection.admitted = False
            self.admitted -= 1
            self._silent.pop(connection, None)


class LimitedProtocol(H11Protocol):
    """uvicorn's protocol, which would wait for ever for a request's head and for an answer to be taken, with an end.

    Args:
        config: uvicorn's.
        server_state: uvicorn's.
        app_state: uvicorn's.
        budget: Of all connections of the server.

    Attributes:
        admitted: Whether its requests are answered; those of a connection too many get the status 503.
    """

    patience = HEADS_IN_TIME
    taken_in_time = TAKEN_IN_TIME
    silence = 1.0
    """Seconds without a first request after which a connection has to make room for another."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        budget: ConnectionBudget,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.admitted = False
        self._budget = budget
        self._giving_up: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait."""
        super().connection_made(cast("asyncio.Transport", transport))
        self.admitted = self._budget.admit(self)
        if not self.admitted:
            self.app_state = {**self.app_state, TOO_MANY: True}
        self._wait(self.patience if self.admitted else _REFUSED_IN_TIME)

    def data_received(self, data: bytes) -> None:
        """Take what came, and wait for the rest of a head that is not complete."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._budget.has_spoken(self)
            self._stop_waiting()
        elif self._giving_up is None:
            self._wait(self.patience)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP with an error object, as every other request that is refused."""
        log.info("Not HTTP: %s", msg)
        reply = refused(data_api_error("REQUEST_NOT_HTTP", "The request is not valid HTTP/1.1."))
        headers = [*reply.raw_headers, (b"connection", b"close")]
        for event in (
            h11.Response(status_code=reply.status_code, headers=headers, reason=b"Bad Request"),
            h11.Data(data=bytes(reply.body)),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def pause_writing(self) -> None:
        """Wait for what was answered to be taken."""
        super().pause_writing()
        self._stalled = self.loop.call_later(self.taken_in_time, self.transport.abort)

    def resume_writing(self) -> None:
        """Stop waiting."""
        super().resume_writing()
        self._stop_stalled()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        self._stop_stalled()
        self._budget.leave(self)
        super().connection_lost(exc)

    def _wait(self, seconds: float) -> None:
        self._giving_up = self.loop.call_later(seconds, self._give_up)

    def _stop_waiting(self) -> None:
        if self._giving_up is not None:
            self._giving_up.cancel()
            self._giving_up = None

    def _stop_stalled(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _give_up(self) -> None:
        self._giving_up = None
        if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
            self.transport.close()
