"""The failure lab's vocabulary: which troubles a provider can be put into, and one rule that does so.

A provider in the lab is not asked: in place of each request that would have been sent, an answer comes back that the
provider itself would give in that trouble (:mod:`astrolabe.providers.simulated.answers`). It takes the way of any
answer, so that retries, waits, codes and texts are those of a real failure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

EVERY_PROVIDER = "all"
"""Stands for every provider; a rule of a provider's own comes first."""

LONGEST_DELAY = 3600.0
"""Seconds at most that a simulated answer asks for, or takes."""

MOST_CALLS = 1_000_000
"""Calls at most that a rule counts down."""


class SimulatedFailure(StrEnum):
    """What a provider in the lab answers."""

    UNAUTHORIZED = "unauthorized"
    BILLING = "billing"
    RATE_LIMITED = "rate-limited"
    LOADING = "loading"
    WRONG_DIMENSION = "wrong-dimension"
    TIMEOUT = "timeout"
    COLLECTION_LIMIT = "collection-limit"


@dataclass(frozen=True, slots=True)
class SimulatedFailureInfo:
    """What there is to know about a trouble.

    Attributes:
        label: A few words, for a list to choose from.
        status: The HTTP status that it is also known by; None where there is none.
        delay: Seconds used where none are given; None for troubles without a time.
        delay_means: What the seconds are; empty for troubles without a time.
    """

    label: str
    status: int | None = None
    delay: float | None = None
    delay_means: str = ""


TROUBLES: Mapping[SimulatedFailure, SimulatedFailureInfo] = {
    SimulatedFailure.UNAUTHORIZED: SimulatedFailureInfo("401: the key is refused", 401),
    SimulatedFailure.BILLING: SimulatedFailureInfo("402: no credit is left", 402),
    SimulatedFailure.RATE_LIMITED: SimulatedFailureInfo(
        "429: too many requests", 429, 1.0, "the time it asks to wait (Retry-After)"
    ),
    SimulatedFailure.LOADING: SimulatedFailureInfo(
        "503: the model is loading", 503, 2.0, "the time it says loading will take"
    ),
    SimulatedFailure.WRONG_DIMENSION: SimulatedFailureInfo("vectors of a wrong dimension"),
    SimulatedFailure.TIMEOUT: SimulatedFailureInfo(
        "no answer in time", None, 0.5, "the time until the request is given up"
    ),
    SimulatedFailure.COLLECTION_LIMIT: SimulatedFailureInfo("collection limit reached"),
}
"""Every trouble, in the order in which they are offered."""


def find_trouble(word: str) -> SimulatedFailure | None:
    """Return the trouble of that name or HTTP status, or None."""
    cleaned = word.strip().lower().replace("_", "-")
    for trouble, info in TROUBLES.items():
        if cleaned in {trouble.value, str(info.status)}:
            return trouble
    return None


@dataclass(frozen=True, slots=True)
class Rule:
    """One provider's trouble.

    Attributes:
        provider: The provider's key, or :data:`EVERY_PROVIDER`.
        trouble: What it answers.
        delay: Seconds, for troubles with a time; None takes the trouble's own.
        calls: How many calls are answered so; None for all until it is switched off.
    """

    provider: str
    trouble: SimulatedFailure
    delay: float | None = None
    calls: int | None = None

    @property
    def seconds(self) -> float:
        """The delay that counts; 0 for troubles without a time."""
        return self.delay if self.delay is not None else TROUBLES[self.trouble].delay or 0.0

    def concerns(self, *, creating: bool) -> bool:
        """Tell whether the rule is about creating collections, or about embedding."""
        return creating is (self.trouble is SimulatedFailure.COLLECTION_LIMIT)


def lasting(rule: Rule) -> str:
    """Return how long a rule holds, in a few words."""
    if rule.calls is None:
        return "until it is switched off"
    return "for one call more" if rule.calls == 1 else f"for {rule.calls:,} calls more"


class Lab(Protocol):
    """Says whether a call is to fail."""

    async def active(self, provider: str) -> bool:
        """Tell whether calls to a provider fail now; nothing is counted.

        Whoever keeps answers of providers asks here first: what was kept would hide the trouble.
        """
        ...

    async def take(self, provider: str, *, creating: bool = False) -> Rule | None:
        """Return the rule that answers one call in the provider's place, and count the call; None sends it.

        Args:
            provider: The provider's key; empty for a collection without one.
            creating: Whether the call creates a collection, instead of embedding texts.
        """
        ...
