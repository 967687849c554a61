"""How the providers have been of late: what each request of this program came to, by provider and credential.

Nothing is kept on disk and nothing in here is secret: names of credentials, counts, times, and the words of the last
failure, which the engine has taken the key out of.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from astrolabe.errors import ProviderError
from astrolabe.providers.throttle.quota import Headroom, headroom

KEPT = 512
"""Latencies of the last requests that the percentiles are taken of."""


@dataclass(frozen=True, slots=True)
class LastFailure:
    """The last request that failed.

    Attributes:
        at: When it ended.
        failure: The kind, such as ``rate limited``.
        status: HTTP status, or None.
        message: What failed, in a sentence; may quote the provider, so it is foreign text.
        simulated: Whether the failure lab failed in the provider's place.
    """

    at: datetime
    failure: str
    status: int | None
    message: str
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """How one provider has been with one credential since the program was started.

    Attributes:
        provider: The provider's key.
        credential: The credential's name; None for keys that came with a request, and for models that need none.
        requests: All that ended, failed ones included.
        failed: Those that failed, each attempt counted.
        texts: Texts that came back as vectors.
        tokens: What the provider said they cost; 0 when it does not say.
        cached: Texts that no request was needed for.
        last_success: When the last request was answered, or None.
        last_failure: The last one that was not, or None.
        median: Half of the answers took at most so many seconds; None before the first.
        slow: 95 of 100 answers took at most so many seconds; None before the first.
        headroom: What was left of each quota at the last answer that said so.
        headroom_at: When that was, or None.
    """

    provider: str
    credential: str | None
    requests: int = 0
    failed: int = 0
    texts: int = 0
    tokens: int = 0
    cached: int = 0
    last_success: datetime | None = None
    last_failure: LastFailure | None = None
    median: float | None = None
    slow: float | None = None
    headroom: tuple[Headroom, ...] = ()
    headroom_at: datetime | None = None

    @property
    def silent(self) -> bool:
        """Whether there is nothing to tell yet."""
        return not (self.requests or self.cached)


class Gauge:
    """Takes note of every request to one provider with one credential."""

    def __init__(self, provider: str, credential: str | None, now: Callable[[], datetime]) -> None:
        self._provider = provider
        self._credential = credential
        self._now = now
        self._latencies: deque[float] = deque(maxlen=KEPT)
        self._requests = self._failed = self._texts = self._tokens = self._cached = 0
        self._last_success: datetime | None = None
        self._last_failure: LastFailure | None = None
        self._headroom: tuple[Headroom, ...] = ()
        self._headroom_at: datetime | None = None

    def succeeded(
        self, seconds: float, *, texts: int, tokens: int | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        """Note a request that was answered with vectors."""
        self._requests += 1
        self._texts += texts
        self._tokens += tokens or 0
        self._latencies.append(seconds)
        self._last_success = self._now()
        self._note_quota(headers)

    def failed(self, error: ProviderError) -> None:
        """Note a request that was not; another try may follow it."""
        self._requests += 1
        self._failed += 1
        self._last_failure = LastFailure(
            self._now(), error.failure.value, error.status, error.message, simulated=error.simulated
        )
        self._note_quota(error.quota)

    def found(self, texts: int) -> None:
        """Note texts whose vectors were known already."""
        self._cached += texts

    def _note_quota(self, headers: Mapping[str, str] | None) -> None:
        left = headroom(headers or {})
        if left:
            self._headroom, self._headroom_at = left, self._now()

    def report(self) -> Report:
        """Return what has been noted so far."""
        ordered = sorted(self._latencies)
        return Report(
            self._provider,
            self._credential,
            self._requests,
            self._failed,
            self._texts,
            self._tokens,
            self._cached,
            self._last_success,
            self._last_failure,
            percentile(ordered, 50),
            percentile(ordered, 95),
            self._headroom,
            self._headroom_at,
        )


class CallHealth:
    """The gauges of all providers and credentials that were used since the program was started."""

    def __init__(self, now: Callable[[], datetime] | None = None) -> None:
        self._now = now or (lambda: datetime.now(UTC))
        self._gauges: dict[tuple[str, str | None], Gauge] = {}

    def gauge(self, provider: str, credential: str | None, *, kept: bool = True) -> Gauge:
        """Return the gauge of a provider and credential.

        Args:
            provider: The provider's key.
            credential: The credential's name; None for the key of a request, or for a model that needs none.
            kept: Whether it counts; not for a key that is only being tried out.
        """
        known = self._gauges.get((provider, credential))
        if known is None or not kept:
            known = Gauge(provider, credential, self._now)
        if kept:
            self._gauges[provider, credential] = known
        return known

    def report(self, provider: str, credential: str | None) -> Report:
        """Return how a provider has been with a credential; all zeros when it was not used."""
        gauge = self._gauges.get((provider, credential))
        return gauge.report() if gauge is not None else Report(provider, credential)

    def reports(self) -> list[Report]:
        """Return the reports of all that were used, by provider and name."""
        order = sorted(self._gauges, key=lambda pair: (pair[0], pair[1] or ""))
        return [report for pair in order if not (report := self._gauges[pair].report()).silent]


def percentile(ordered: list[float], percent: int) -> float | None:
    """Return the smallest of the ordered numbers that so many percent of them do not exceed; None of none."""
    if not ordered:
        return None
    return ordered[max(-(-len(ordered) * percent // 100) - 1, 0)]
