"""When calls were accepted and refused, and how many a second that makes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

EVIDENCE = 8
"""Accepted calls that a rate is measured with, at least."""

_WINDOW = 120.0
"""Seconds before a refusal that are looked at, if there are enough calls in them: most limits are per minute."""

_REMEMBERED = 10_000
"""Calls that are remembered for that."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a provider let pass until it began to accept again.

    Attributes:
        calls: How many calls.
        seconds: In which time.
        least: Calls a second.
        most: Calls a second up to the last refusal.
        whole: Whether the time began when a limit had been waited for.
    """

    calls: float
    seconds: float
    least: float
    most: float
    whole: bool


class PastCalls:
    """The calls to one provider. All moments are seconds of one clock.

    Attributes:
        row: Moments at which calls were made that were refused, since the last that was not.
        refused_at: Moment of the last refusal.
        since: Moment of the first call.
    """

    def __init__(self, now: float) -> None:
        self.row: list[float] = []
        self.refused_at = now
        self.since = now
        self._reopened: deque[float] = deque(maxlen=_REMEMBERED)
        self._opened: deque[float] = deque(maxlen=_REMEMBERED)
        self._accepted: deque[float] = deque(maxlen=_REMEMBERED)
        self._passed: deque[float] = deque(maxlen=_REMEMBERED)
        self._rows: deque[Sequence[float]] = deque(maxlen=_REMEMBERED)

    @property
    def reopened_at(self) -> float:
        """The moment at which the provider began to accept again, or to be called at all."""
        return self._reopened[-1] if self._reopened else self.since

    def taken(self, now: float) -> None:
        """Note that a call is being made."""
        if not self._accepted and not self.row:
            self.since = now

    def accepted(self, now: float) -> None:
        """Note an answer that is no refusal."""
        self._accepted.append(now)
        self._passed.append(now)

    def refused(self, now: float, sent: float) -> None:
        """Note a refusal, and when its call was made."""
        self.row.append(sent)
        self.refused_at = now

    def ended_by(self, sent: float, *, each: bool) -> list[float]:
        """Take and return the refusals after which the provider accepts again, as the answer to a call shows.

        Args:
            sent: When that call was made.
            each: Whether it ends the refusals of all calls made before; otherwise only if made after every answer.
        """
        if not each and sent < self.refused_at:
            return []
        ended = [moment for moment in self.row if moment < sent]
        self.row = [moment for moment in self.row if moment >= sent]
        return ended

    def enough(self, begun: float) -> bool:
        """Return whether enough calls were accepted since a moment to measure a rate with them."""
        return len(self._accepted) >= EVIDENCE and self._accepted[-EVIDENCE] >= begun

    def end_row(self, row: Sequence[float], reopened: float, *, noise: bool, long: bool) -> None:
        """Note that the provider accepts again.

        Args:
            row: The refusals.
            reopened: When the first accepted call was made.
            noise: Whether they have another reason than the number of calls.
            long: Whether it was closed for so long that only a limit explains it.
        """
        if noise:
            self._passed.extend(row)
            return
        self._rows.append(row)
        self._reopened.append(reopened)
        if long:
            self._opened.append(reopened)

    def reinterpret(self, row: float) -> None:
        """Take refusals for noise after all: those of which fewer than ``row`` came in a row."""
        noise = [moment for refusals in self._rows if len(refusals) < row for moment in refusals]
        self._passed = deque(sorted([*self._passed, *noise]), maxlen=_REMEMBERED)
        self._rows.clear()
        self._reopened = self._opened.copy()

    def measure(self, reopened: float, noise: float, *, long: bool) -> Measured | None:
        """Return what passed until now; None without evidence enough.

        Args:
            reopened: Moment at which the provider begins to accept again.
            noise: Share of calls that is refused for other reasons than their number, at most.
            long: Whether it was closed for so long that only a limit explains it.
        """
        if len(self._accepted) < EVIDENCE:
            return None
        begun = self._begun([self.since, *self._opened] if long else self._reopened)
        calls: float = _count(self._passed, begun)
        if not long:
            calls = min(calls, _count(self._accepted, begun) / (1 - noise))
        seconds, busy = max(reopened - begun, 0.001), max(self.refused_at - begun, 0.001)
        return Measured(calls, seconds, calls / seconds, calls / busy, begun in self._opened)

    def _begun(self, reopened: Iterable[float]) -> float:
        """Return the beginning of the time that is measured: with evidence enough, and not longer ago than need be."""
        known = [moment for moment in reopened if moment <= self._accepted[-EVIDENCE]]
        oldest = self.refused_at - _WINDOW
        recent = [moment for moment in known if moment >= oldest]
        if recent:
            return recent[0]
        if known:
            return known[-1]
        return self.since if self.since >= oldest else min(oldest, self._accepted[-EVIDENCE])


def _count(moments: Iterable[float], begun: float) -> int:
    return sum(moment >= begun for moment in moments)
