"""Trying again: how often and after how long a request that failed is sent once more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from astrolabe.errors import ProviderError, ProviderFailure, ProviderReply
from astrolabe.providers.catalogue.provider_info import ProviderInfo
from astrolabe.providers.throttle.throttle import Clock, ClosedError, Sleep, Throttle, backoff
from astrolabe.providers.wire.failures import FailedAttempt, make_error

T = TypeVar("T")

OnWait = Callable[[float, str], None]
"""Called before a wait with its seconds and its reason, a sentence without a full stop."""

_PATIENT = frozenset({ProviderFailure.RATE_LIMITED, ProviderFailure.LOADING})


@dataclass(frozen=True, slots=True)
class EngineLimits:
    """How long and how hard the engine tries.

    Attributes:
        call_seconds: One request with texts to be stored, from connecting to the last byte.
        query_seconds: The same for texts to be searched with: one short text, and somebody waiting.
        total_seconds: One call of ``embed``; no further try is begun that could end later.
        patience: The same for texts to be stored, from the provider's last answer to anyone: a load that is held back
            goes on as long as it gets ahead.
        longest_wait: Longest single wait; a provider that asks for more is taken as a refusal.
        attempts: Most requests for the same texts after timeouts and server errors.
        patient_attempts: The same after rate limits and while a model loads.
        concurrency: Most requests at once to one provider with one key.
        first_concurrency: Requests at once in the beginning.
        answer_numbers: Most numbers in one answer, so that reading it does not hold up the console.
        first_delay: Bound of the first wait after a timeout or server error, in seconds.
        longest_delay: Its bound after many of them.
        rate_delay: Bound of the first wait after a rate limit without a time.
        longest_rate_delay: Its bound after many of them, for a load that gets ahead.
        loading_delay: Wait for a loading model that does not say how long.
    """

    call_seconds: float = 30.0
    query_seconds: float = 10.0
    total_seconds: float = 120.0
    patience: float = 600.0
    longest_wait: float = 60.0
    attempts: int = 4
    patient_attempts: int = 8
    concurrency: int = 16
    first_concurrency: int = 4
    answer_numbers: int = 200_000
    first_delay: float = 0.25
    longest_delay: float = 4.0
    rate_delay: float = 1.0
    longest_rate_delay: float = 20.0
    loading_delay: float = 10.0


@dataclass(frozen=True, slots=True)
class RetryMeans:
    """What decides when a request is tried again: the road it takes, the limits, and the time."""

    throttle: Throttle
    limits: EngineLimits
    clock: Clock
    sleep: Sleep
    random: Callable[[], float]


class Retries:
    """Tries until it works or is hopeless.

    Args:
        provider: Who is asked.
        means: What decides when it is tried again.
        deadline: Moment of the means' clock beyond which no try is begun.
        on_wait: Told of every wait.
        urgent: Whether somebody waits for the answer: it goes first, and is given up at the deadline.
    """

    def __init__(
        self,
        provider: ProviderInfo,
        means: RetryMeans,
        deadline: float,
        on_wait: OnWait | None = None,
        *,
        urgent: bool = True,
    ) -> None:
        self._provider = provider
        self._means = means
        self._end = deadline
        self._on_wait = on_wait
        self._urgent = urgent

    @property
    def deadline(self) -> float:
        """The moment beyond which no try is begun; later while a provider that holds a load back lets it get ahead."""
        answered = self._means.throttle.succeeded_at
        if self._urgent or answered is None:
            return self._end
        return max(self._end, answered + self._means.limits.patience)

    async def run_while_loading(self, attempt: Callable[[], Awaitable[T | FailedAttempt]]) -> T | ProviderError:
        """Return what an attempt returned, for a connection test: tried again only while the model is being loaded.

        That is waited for only if somebody listens and may be tired of it. The request takes nobody's turn.
        """
        tries = 0
        while True:
            tries += 1
            outcome = await attempt()
            if not isinstance(outcome, FailedAttempt):
                return outcome
            outcome.error.attempts = tries
            delay = self._delay(outcome, tries)
            if delay is None or self._on_wait is None or outcome.error.failure is not ProviderFailure.LOADING:
                return outcome.error
            await self._wait(outcome.error, delay)
            await self._means.sleep(delay)

    async def run(self, attempt: Callable[[], Awaitable[T | FailedAttempt]]) -> T | ProviderError:
        """Return what an attempt returned at last; a final error is returned, because the caller may mend it."""
        tries = 0
        pause = self._means.throttle.pause
        if pause > 0 and self._on_wait is not None:  # an earlier job was told to wait, and so is this one
            self._on_wait(pause, f"{self._provider.label} asked to wait")
        while True:
            tries += 1
            pause = self._means.throttle.pause
            if self._means.clock() + pause > self.deadline:
                return self._closed(pause)
            try:
                async with self._means.throttle.slot(urgent=self._urgent, until=self.deadline):
                    outcome = await attempt()
            except ClosedError as closed:  # others were told to wait in the meantime, or have taken too long
                if self._means.clock() + closed.seconds >= self.deadline:
                    return self._closed(closed.seconds)
                tries -= 1
                continue
            if not isinstance(outcome, FailedAttempt):
                return outcome
            outcome.error.attempts = tries
            delay = self._delay(outcome, tries)
            if delay is None:
                return outcome.error
            await self._wait(outcome.error, delay)

    def _delay(self, failed_attempt: FailedAttempt, tries: int) -> float | None:
        """Seconds before the next try; None when there is to be none."""
        limits, error = self._means.limits, failed_attempt.error
        patient, going = error.failure in _PATIENT, self._going_on(error)
        most_tries = limits.patient_attempts if patient else limits.attempts
        if not failed_attempt.transient or (tries >= most_tries and not going):
            return None
        if going:  # all that a load has under way count together
            tries = self._means.throttle.refusals + 1
        asked = error.retry_after
        if error.failure is ProviderFailure.LOADING:
            delay = min(limits.loading_delay if asked is None else asked, limits.longest_wait)
        elif asked is not None:
            # A load goes on, but not at the word of a provider that asks for too little again and again.
            delay = asked if tries < most_tries else max(asked, limits.longest_rate_delay)
        else:
            delay = self._backoff(error, tries, going=going)
        longest_wait = limits.patience if going else limits.longest_wait
        if delay > longest_wait or self._means.clock() + delay > self.deadline:
            return None
        return delay

    def _backoff(self, error: ProviderError, tries: int, *, going: bool) -> float:
        """Seconds before the next try where the provider names none."""
        limits = self._means.limits
        first, longest = limits.first_delay, limits.longest_delay
        if error.failure in _PATIENT:
            first, longest = limits.rate_delay, limits.longest_rate_delay if going else limits.longest_wait
        return backoff(tries, first=first, longest=longest, random=self._means.random)

    def _going_on(self, error: ProviderError) -> bool:
        """Tell whether a load is only held back by a limit that lets some of it through."""
        held_back = error.failure is ProviderFailure.RATE_LIMITED and not error.simulated
        return held_back and not self._urgent and self._means.throttle.succeeded_at is not None

    def _closed(self, pause: float) -> ProviderError:
        """Return the error of a request that would have to wait for longer than it may."""
        if pause <= 0:
            message = f"{self._provider.label} kept earlier requests waiting until it was too late for this one."
            return make_error(self._provider, ProviderFailure.TIMEOUT, message)
        message = f"{self._provider.label} accepts no further request for {pause:.0f} seconds."
        reply = ProviderReply(None, "", pause)
        return make_error(self._provider, ProviderFailure.RATE_LIMITED, message, reply=reply)

    async def _wait(self, error: ProviderError, delay: float) -> None:
        """Wait before the next try, or see to it that the throttle does.

        Args:
            error: Why there has to be one.
            delay: Seconds.
        """
        if self._on_wait is not None and delay > 0:
            self._on_wait(delay, _reason(self._provider, error.failure))
        throttle = self._means.throttle
        limited = error.failure is ProviderFailure.RATE_LIMITED
        if limited and throttle.refused(delay):
            return
        if error.failure is ProviderFailure.LOADING:
            throttle.hold(delay)
        else:
            await self._means.sleep(delay)


def _reason(provider: ProviderInfo, failure: ProviderFailure) -> str:
    match failure:
        case ProviderFailure.RATE_LIMITED:
            return f"{provider.label} limits the number of requests"
        case ProviderFailure.LOADING:
            return f"{provider.label} is loading the model"
        case ProviderFailure.TIMEOUT:
            return f"{provider.label} did not answer in time"
        case ProviderFailure.UNREACHABLE:
            return f"The connection to {provider.label} broke off"
        case _:
            return f"{provider.label} had a problem"


def first_failure(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first failure of those of several requests at once."""
    first = failures.exceptions[0]
    return first_failure(first) if isinstance(first, BaseExceptionGroup) else first
