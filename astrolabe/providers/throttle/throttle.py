"""How fast a provider may be called, and how long to wait before the next try."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

Clock = Callable[[], float]
"""Seconds since some fixed moment, never going back."""

Sleep = Callable[[float], Awaitable[object]]
"""Waits that many seconds."""

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)?", re.ASCII)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "": 1.0}
_NUMBER = re.compile(r"\d+(?:\.\d*)?|\.\d+", re.ASCII)
_QUOTAS = ("requests", "tokens")

LONGEST_SECONDS = 30 * 86400.0
"""What a provider can ask for at most; more is as good as for ever, and would leave the range of clocks."""

_LONGEST_SPREAD = 120.0
"""Seconds over which what is left of a quota is spread; a quota for a day is used as fast as it can be."""

_SHORTEST_INTERVAL = 0.005
"""Seconds between two requests below which pacing is not worth its waits."""


class ClosedError(Exception):
    """Nothing may be sent before the moment at which it would be too late.

    Attributes:
        seconds: How long nothing may be sent, from now.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(f"closed for {seconds:.0f} seconds")
        self.seconds = seconds


class Throttle:
    """What may be sent to one address with one key: how many requests at once, how often, and from when on.

    Where answers say how many requests are left and until when, those are spread over that time. That suits windows
    that begin anew as well as buckets that fill continually. Everywhere else the number at once rises by one per round
    of answers and halves when the provider refuses, and after a refusal one request at a time tries whether it accepts
    again (additive increase, multiplicative decrease). Searches go before loads.

    Attributes:
        limit: Requests that may be under way at once; a fraction counts up to the next whole one.
        batch_limit: Most texts per request, as learned from refusals; None before the first.
        refusals: Pauses that the provider asked for since its last answer.
        succeeded_at: Moment of the last answer, or None.
    """

    def __init__(self, *, start: int, most: int, clock: Clock, sleep: Sleep) -> None:
        self.limit = float(min(start, most))
        self.batch_limit: int | None = None
        self.refusals = 0
        self.succeeded_at: float | None = None
        self._most = most
        self._clock = clock
        self._sleep = sleep
        self._quota = _Quota(clock())
        self._running = 0
        self._under_way = 0
        self._urgent = 0
        self._opens_at = 0.0
        self._halved_until = 0.0
        self._freed = asyncio.Event()

    @property
    def pause(self) -> float:
        """Seconds for which nothing at all is sent."""
        return max(self._opens_at - self._clock(), 0.0)

    @asynccontextmanager
    async def slot(self, *, urgent: bool = False, until: float = math.inf) -> AsyncIterator[None]:
        """Wait until a request may be sent, and hold its place while it is under way.

        Args:
            urgent: Somebody waits for the answer: it goes before those that are not.
            until: Moment at which it is too late to send.

        Raises:
            ClosedError: It is, or would be when it may be sent; before anything was sent.
        """
        self._urgent += urgent
        try:
            while self._running >= self._room() + urgent:
                await self._place(until)
            self._running += 1
        except BaseException:
            self._urgent -= urgent
            raise
        try:
            try:
                await self._turn(until, urgent=urgent)
            finally:
                self._urgent -= urgent
            self._quota.taken(self._clock())
            self._under_way += 1
            try:
                yield
            finally:
                self._under_way -= 1
        finally:
            self._running -= 1
            self._freed.set()  # wakes all who wait, each of whom looks again; no await, so a cancel cannot lose it
            self._freed = asyncio.Event()

    def _room(self) -> int:
        return 1 if self.refusals else int(self.limit)

    async def _place(self, until: float) -> None:
        """Wait for a place to become free, but not for those who hold one in a pause that lasts for too long."""
        now = self._clock()
        if self._opens_at > until:
            raise ClosedError(self._opens_at - now)
        try:
            async with asyncio.timeout(None if until == math.inf else max(until - now, 0.0)):
                await self._freed.wait()
        except TimeoutError:
            raise ClosedError(self.pause) from None

    async def _turn(self, until: float, *, urgent: bool) -> None:
        """Wait for the end of a pause, for the quota, and for those who are in a hurry."""
        while True:
            now = self._clock()
            delay = max(self._opens_at - now, self._quota.delay(now))
            if delay <= 0 and self._urgent and not urgent:
                delay = self._quota.interval(now) / 2
            if delay <= 0:
                return
            if now + delay > until:
                raise ClosedError(delay)
            await self._sleep(delay)

    def succeeded(self, headers: Mapping[str, str], *, left: tuple[int, float] | None = None) -> None:
        """Note an answer; its headers may say that the quota is used up until some moment.

        Args:
            headers: Of the answer, names in lower case.
            left: How many requests the provider says are left, and for how many seconds.
        """
        now = self._clock()
        self.limit = min(self.limit + 1 / self.limit, float(self._most))
        self.refusals = 0
        self.succeeded_at = now
        if left is not None and 0 < left[1] <= _LONGEST_SPREAD:
            self._quota.told(now, left[0] - max(self._under_way - 1, 0), left[1])
        self.hold(_quota_pause(headers))

    def refused(self, delay: float) -> bool:
        """Note that the provider asked for fewer requests: halve them, once per pause, and hold all for ``delay``.

        Args:
            delay: Seconds.

        Returns:
            Whether all are held. Not where the provider told its quota and no more than that was sent: then the refusal
            has another reason than the number of requests, and delays nothing but its own.
        """
        now = self._clock()
        if self._quota.is_kept(now):
            return False
        if self._halved_until <= now:
            self.limit = max(self.limit / 2, 1.0)
            self._halved_until = now + delay
        self.refusals += self._opens_at <= now
        self.hold(delay)
        return True

    def hold(self, delay: float) -> None:
        """Send nothing for ``delay`` seconds."""
        self._opens_at = max(self._opens_at, self._clock() + delay)


class _Quota:
    """What a provider said is left, and until when, spread over the time between. Moments are seconds of one clock."""

    def __init__(self, now: float) -> None:
        self._left = 0
        self._until = now
        self._next = now

    def told(self, now: float, left: int, seconds: float) -> None:
        """Note that ``left`` requests may be made in the next ``seconds``."""
        self._left, self._until = left, now + seconds

    def left_at(self, now: float) -> int:
        """Return how many requests may still be made; 0 where nothing is known."""
        return max(self._left, 0) if now < self._until else 0

    def is_kept(self, now: float) -> bool:
        """Return whether a quota is known, and no more requests were made than it allows."""
        return now < self._until and self._left >= 0

    def interval(self, now: float) -> float:
        """Return the seconds between two requests that use up what is left when it ends; 0 where nothing is known."""
        left = self.left_at(now)
        seconds = (self._until - now) / left if left else 0.0
        return seconds if seconds >= _SHORTEST_INTERVAL else 0.0

    def delay(self, now: float) -> float:
        """Return the seconds until the next request may be made."""
        if now < self._until and self._left <= 0:
            return self._until - now
        return max(self._next - now, 0.0)

    def taken(self, now: float) -> None:
        """Note that a request is being made."""
        interval = self.interval(now)
        self._left -= 1
        self._next = max(self._next, now - interval) + interval


def backoff(attempt: int, *, first: float, longest: float, random: Callable[[], float]) -> float:
    """Return the seconds before the next try, full jitter: anything up to a bound that doubles with each attempt.

    Args:
        attempt: Tries so far, from 1.
        first: The bound after the first try.
        longest: The bound's own limit.
        random: Returns a number in [0, 1).
    """
    return random() * min(longest, first * 2.0 ** min(attempt - 1, 32))


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Return the seconds a provider asks to wait, or None.

    Reads ``retry-after-ms``, ``retry-after`` (seconds or a date) and, where those are absent, the time until a
    used-up quota starts anew.

    Args:
        headers: Of the answer, names in lower case.
        now: For a date; the present by default.
    """
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after", "").strip()
    seconds = _number(value)
    if seconds is None and value:
        seconds = _seconds_until(value, now or datetime.now(UTC))
    return seconds if seconds is not None else _quota_pause(headers) or None


def _number(text: str) -> float | None:
    return min(float(text), LONGEST_SECONDS) if _NUMBER.fullmatch(text.strip()) else None


def _seconds_until(date: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, TypeError, OverflowError, IndexError):  # IndexError: the library trips over some of them
        return None
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return min(max((aware - now).total_seconds(), 0.0), LONGEST_SECONDS)


def _quota_pause(headers: Mapping[str, str]) -> float:
    """The seconds until the quotas that have nothing left are filled again; 0 while all have something left."""
    pauses = [
        duration(headers.get(f"x-ratelimit-reset-{quota}", ""))
        for quota in _QUOTAS
        if headers.get(f"x-ratelimit-remaining-{quota}", "").strip() == "0"
    ]
    return max(pauses, default=0.0)


def duration(text: str) -> float:
    """Return the seconds of a duration such as ``1s``, ``6m0s``, ``120ms`` or plain seconds; 0 for anything else."""
    parts = _DURATION.findall(text.strip().lower())
    return min(sum(float(number) * _UNITS[unit] for number, unit in parts), LONGEST_SECONDS)
