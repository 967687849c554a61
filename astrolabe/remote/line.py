"""The line to one endpoint: its connections, how many requests at once, when to wait, and when to try again."""

from __future__ import annotations

import asyncio
import importlib.util
import random
import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from astrolabe.errors import Owner
from astrolabe.providers.catalogue.address import host_of
from astrolabe.providers.throttle.throttle import Clock, ClosedError, Sleep, Throttle, backoff
from astrolabe.providers.wire.adapters import Call, Reply
from astrolabe.providers.wire.failures import TransportError
from astrolabe.providers.wire.transport import Transport
from astrolabe.remote.errors import EndpointError, EndpointFailure
from astrolabe.remote.failures import from_transport
from astrolabe.remote.token import Token

LARGEST_ANSWER = 16 * 1024 * 1024
"""Bytes of an answer, decompressed: a page of a thousand documents with their vectors has about half of that."""

_LATER = frozenset({EndpointFailure.RATE_LIMITED, EndpointFailure.UNAVAILABLE})
"""Failures that ask to come back later."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """How hard a line tries.

    Attributes:
        at_once: Most requests under way at once.
        attempts: Most requests for the same command after a fault of the network or the server.
        patient_attempts: The same where the endpoint asked to come back later.
        total_seconds: No further try is begun later than that.
        longest_wait: A longer wait than that is not waited; the endpoint's refusal is told.
        first_delay: Bound of the first wait where nothing is said of how long.
        longest_delay: Its bound after many of them.
    """

    at_once: int = 20
    attempts: int = 3
    patient_attempts: int = 8
    total_seconds: float = 90.0
    longest_wait: float = 30.0
    first_delay: float = 0.5
    longest_delay: float = 8.0


class Line:
    """Sends requests to one endpoint with one token; belongs to one event loop. :meth:`close` ends it.

    Args:
        address: Any of the endpoint, for its host.
        token: What it is shown.
        context: What its certificates are checked with, and what this side shows; the usual by default.
        patience: How hard it tries.
        clock: Seconds that never go back.
        sleep: Waits.

    Attributes:
        host: Of the endpoint, for messages.
        token: What it is shown.
    """

    def __init__(
        self,
        address: str,
        token: Token,
        *,
        context: ssl.SSLContext | None = None,
        patience: Patience | None = None,
        clock: Clock = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.host = host_of(address)
        self.token = token
        self._patience = patience or Patience()
        self._clock = clock
        self._sleep = sleep
        most = self._patience.at_once
        self._throttle = Throttle(start=most, most=most, clock=clock, sleep=sleep)
        # HTTP/2 belongs to a package that need not be there.
        self._transport = Transport(context=context, http2=importlib.util.find_spec("h2") is not None)

    async def close(self) -> None:
        """Close the connections; may be called twice."""
        await self._transport.close()

    async def send(self, call: Call, *, seconds: float, most_bytes: int = LARGEST_ANSWER) -> Reply:
        """Send one request when the endpoint takes one, and return its answer, whatever its status.

        Raises:
            EndpointError: There was no complete answer.
        """
        until = self._clock() + self._patience.total_seconds
        try:
            async with self._throttle.slot(until=until):
                return await self._transport.post(call, self.token.value, seconds=seconds, most_bytes=most_bytes)
        except ClosedError as error:
            raise EndpointError(
                f"{self.host} takes no request for another {error.seconds:.0f} seconds.",
                failure=EndpointFailure.RATE_LIMITED,
                owner=Owner.REQUEST,
                hint="Wait, then try again.",
            ) from error
        except TransportError as error:
            raise from_transport(self.host, error) from error

    async def tried(
        self, attempt: Callable[[], Awaitable[T]], may_repeat: Callable[[EndpointError], Awaitable[bool]]
    ) -> T:
        """Return what an attempt returns; it is made again after failures that pass.

        Args:
            attempt: Sends the request and reads its answer.
            may_repeat: Tells whether it may be sent again after this failure; it may have been carried out.

        Raises:
            EndpointError: The last failure.
        """
        until = self._clock() + self._patience.total_seconds
        tries = 0
        while True:
            try:
                done = await attempt()
            except EndpointError as error:
                tries += 1
                delay = self._delay(error, tries)
                if delay is None or self._clock() + delay > until or not await may_repeat(error):
                    raise
                await self._wait(error, delay)
            else:
                self._throttle.succeeded({})
                return done

    def _delay(self, error: EndpointError, tries: int) -> float | None:
        """Return how long to wait before the next try; None when there is none."""
        later = error.failure in _LATER or error.retry_after is not None
        if not error.passing or tries >= (self._patience.patient_attempts if later else self._patience.attempts):
            return None
        if error.retry_after is not None:
            return error.retry_after if error.retry_after <= self._patience.longest_wait else None
        first, longest = self._patience.first_delay, self._patience.longest_delay
        return backoff(tries, first=first, longest=longest, random=random.random)

    async def _wait(self, error: EndpointError, delay: float) -> None:
        if error.failure in _LATER:
            self._throttle.refused(delay)  # all wait: the next try takes its turn
        else:
            await self._sleep(delay)
