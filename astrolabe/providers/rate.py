"""Finding out how often a provider may be called, and keeping to it.

Where answers say how many requests are left and until when, those are spread over that time. That suits windows that
begin anew as well as buckets that fill continually: there the rate settles where the bucket is half full.

Everywhere else the rate is learned from refusals. Between two moments at which the provider begins to accept again,
what it accepted is what it allows; so the first refusals say how fast to go on, a little below. After a refusal that
was measured badly (few answers, or a long silence) the pace rises until it is refused again, and is measured better.

Some providers refuse calls for other reasons than their number. Whether that is so, a slower pace tells: where as many
are refused after it as before, they are taken for noise, which slows nothing down. Only a provider that is closed for
much longer than the time between two calls is then still taken to enforce a limit.
"""

from __future__ import annotations

from collections import deque

_MARGIN = 0.96
"""Share of the measured rate that is used: clocks differ, and requests do not arrive as evenly as they are sent."""

_EVIDENCE = 8
"""Accepted calls that a rate is measured with, at least."""

_ENOUGH = 16
"""Calls at one pace that say which share of them is refused, at least."""

_ROUND = 10
"""Calls without a refusal after which the pace may rise."""

_STEP = 1.1
"""How much it rises then."""

_FORGET_SECONDS = 3600.0
"""After so long a limit may have been raised, and is tried again."""

_IN_VAIN = 0.6
"""Share of the refusals of before that a slower pace may leave, at most, to have been of use."""

_MUCH_SLOWER = 0.7
"""Share of a former pace that has to be left before the two are compared."""

_LONG = 4
"""Times the interval of two calls: a provider that is closed for longer enforces a limit, whatever else it does."""

_WINDOW = 120.0
"""Seconds before a refusal that are looked at, if there are enough calls in them: most limits are per minute."""

_REMEMBERED = 10_000
"""Calls that are remembered for that."""

_FASTEST = 200.0
"""Calls a second from which on pacing is not worth its waits."""

_LONGEST_SPREAD = 120.0
"""Seconds over which what is left of a quota is spread; a quota for a day is used as fast as it can be."""


class Spacing:
    """The time between two calls. All moments are seconds of one clock.

    Attributes:
        rate: Calls a second; None while they are not spaced out.
    """

    def __init__(self, now: float) -> None:
        self.rate: float | None = None
        self._next = now
        self._since = now
        self._accepted: deque[float] = deque(maxlen=_REMEMBERED)
        self._refused: deque[float] = deque(maxlen=_REMEMBERED)
        self._blocked_at: float | None = None
        self._clean = 0
        self._bound: float | None = None
        self._bound_at = now
        self._asked = self._turned_down = 0
        self._before = self._former = 0.0
        self._noise = 0.0
        self._reopened: deque[float] = deque(maxlen=_REMEMBERED)
        self._left = 0
        self._until = now

    def delay(self, now: float) -> float:
        """Return the seconds until the next call may be made."""
        return max(self._next - now, 0.0)

    def taken(self, now: float) -> None:
        """Note that a call is being made."""
        if not self._accepted and not self._refused:
            self._since = now
        if now < self._until:
            self._spread(now)
            self._left -= 1
        interval = 1 / self.rate if self.rate else 0.0
        self._next = max(self._next, now - interval) + interval

    def accepted(self, now: float, sent: float, left: tuple[int, float] | None = None) -> None:
        """Note an answer.

        Args:
            now: When it came.
            sent: When its call was made.
            left: How many requests are left, those under way taken off, and for how many seconds; None if unknown.
        """
        if left is not None and 0 < left[1] <= _LONGEST_SPREAD:
            self._left, self._until = left[0], now + left[1]
            self._spread(now)
            return
        self._clean += 1
        self._asked += 1
        if self._blocked_at is not None and sent >= self._refused[-1]:
            if len(self._accepted) >= _EVIDENCE:
                self._measure(sent)
            self._reopened.append(sent)
            self._blocked_at = None
        elif self._clean >= _ROUND or (self._asked >= 2 * _ROUND and 0 < self._share <= self._usual):
            self._rise(now)
        self._accepted.append(now)

    def refused(self, now: float) -> None:
        """Note a refusal."""
        self._clean = 0
        self._asked += 1
        self._turned_down += 1
        self._refused.append(now)
        if self._blocked_at is None:
            self._blocked_at = now

    def _spread(self, now: float) -> None:
        """Spread what is left of the quota over the time that is left."""
        if self._left > 0:
            self._set(self._left / max(self._until - now, 0.001))
        else:
            self._next = max(self._next, self._until)

    @property
    def _share(self) -> float:
        """The share of calls that were refused at the present pace."""
        return self._turned_down / self._asked if self._asked else 0.0

    @property
    def _usual(self) -> float:
        """The share that may be refused for other reasons than the number of calls; 0 while nothing says so."""
        return 1.5 * self._noise + 0.05 if self._noise else 0.0

    def _measure(self, reopened: float) -> None:
        """Learn from what was accepted between two moments at which the provider began to accept again."""
        closed = reopened - (self._blocked_at or reopened)
        if self.rate is not None and closed < _LONG / self.rate:
            if self._asked < _ENOUGH or self._share <= self._usual:
                return
            if self.rate <= _MUCH_SLOWER * self._former:
                if self._share > _IN_VAIN * self._before:
                    self._take_for_noise()
                    return
                self._before, self._former = self._share, self.rate
        begun = self._begun()
        accepted = sum(moment >= begun for moment in self._accepted) / (1 - self._noise)
        least = accepted / max(reopened - begun, 0.001)
        most = accepted / max(self._refused[-1] - begun, 0.001)
        bound = (least if most < least * _STEP else most) * (1 + 1 / accepted)
        self._bound = bound if self._bound is None else min(bound, self._bound)
        self._bound_at = reopened
        if self.rate is None:  # of a burst only its end is refused: only another pace can be compared with
            self._before, self._former = 1.0, least
        self._set(least * _MARGIN)

    def _take_for_noise(self) -> None:
        """Go on as if those had been accepted that are refused whatever the pace is."""
        self._noise = min(self._share, 0.9)
        self._bound = None
        self._set(self._former * _MARGIN / (1 - self._noise))
        self._before, self._former = self._noise, self._former / (1 - self._noise)

    def _begun(self) -> float:
        """Return the beginning of the time that is measured: with evidence enough, and not longer ago than need be."""
        known = [moment for moment in self._reopened if moment <= self._accepted[-_EVIDENCE]]
        recent = [moment for moment in known if moment >= self._refused[-1] - _WINDOW]
        if recent:
            return recent[0]
        if known:
            return known[-1]
        oldest = (self._blocked_at or self._since) - _WINDOW
        return self._since if self._since >= oldest else min(oldest, self._accepted[-_EVIDENCE])

    def _rise(self, now: float) -> None:
        """Go faster after calls without a refusal, up to the known bound."""
        self._clean = self._asked = self._turned_down = 0
        if self._bound is not None and now - self._bound_at > _FORGET_SECONDS:
            self._bound = None
        if self.rate is None:
            return
        rate = self.rate * _STEP
        self._set(rate if self._bound is None else max(min(rate, self._bound * _MARGIN), self.rate))

    def _set(self, rate: float) -> None:
        if self.rate is None or abs(rate - self.rate) > 0.01 * self.rate:
            self._asked = self._turned_down = 0
        self.rate = rate if rate < _FASTEST else None
