"""Connections: nobody keeps one open without sending a request."""

from __future__ import annotations

import asyncio
from typing import cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADS_IN_TIME = 15.0
"""Seconds until the head of a request is complete: from the opening of the connection, later from its first byte."""


class PatientProtocol(H11Protocol):
    """uvicorn's protocol, which would wait for ever for the rest of a request's head, with an end to its patience."""

    patience = HEADS_IN_TIME
    _giving_up: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait."""
        super().connection_made(cast("asyncio.Transport", transport))
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Take what came, and wait for the rest of a head that is not complete."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_waiting()
        elif self._giving_up is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._giving_up = self.loop.call_later(self.patience, self._give_up)

    def _stop_waiting(self) -> None:
        if self._giving_up is not None:
            self._giving_up.cancel()
            self._giving_up = None

    def _give_up(self) -> None:
        self._giving_up = None
        if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
            self.transport.close()
