"""Finding out how often a provider may be called, and keeping to it.

Where answers say how many requests are left and until when, those are spread over that time. That suits windows that
begin anew as well as buckets that fill continually: there the rate settles where the bucket is half full.

Everywhere else the rate is learned from refusals. Between two moments at which the provider begins to accept again,
what it let pass is what it allows; so the first refusals say how fast to go on, a little below. After a refusal that
was measured badly (few answers, or a long silence) the pace rises until it is refused again, and is measured better.

Refusals that have another reason than the number of calls (:mod:`astrolabe.providers.noise`) delay the calls that were
refused, and nothing else. Several in a row, or a provider that is closed for much longer than the time between two
calls, are a limit's all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from astrolabe.providers.noise import Noise, Verdict
from astrolabe.providers.past_calls import PastCalls

_MARGIN = 0.96
"""Share of the measured rate that is used: clocks differ, and requests do not arrive as evenly as they are sent."""

_ROUND = 10
"""Calls without a refusal after which the pace may rise."""

_STEP = 1.1
"""How much it rises then."""

_TRIAL = 0.7
"""Share of a rate that was accepted, at which a trial goes."""

_FORGET_SECONDS = 3600.0
"""After so long a limit may have been raised, and is tried again."""

_DOUBT_SECONDS = 300.0
"""After so long a limit is tried again that was seen among noise, or of which only the end of a period was seen."""

_LONG = 4
"""Times the interval of two calls: a provider that is closed for longer enforces a limit, whatever else it does."""

_FASTEST = 200.0
"""Calls a second from which on pacing is not worth its waits."""

_LONGEST_SPREAD = 120.0
"""Seconds over which what is left of a quota is spread; a quota for a day is used as fast as it can be."""


@dataclass
class Limit:
    """What is known of a limit, in calls a second.

    Attributes:
        bound: What is not exceeded for the time being; None while nothing is known.
        until: Moment from which on more is tried.
        clear: What passed until a provider was closed for longer than it had been open; None before that.
    """

    bound: float | None = None
    until: float = 0.0
    clear: float | None = None

    def set(self, bound: float, until: float) -> None:
        """Do not exceed ``bound`` until a moment."""
        self.bound, self.until = bound, until

    def cap(self, rate: float, now: float) -> float:
        """Return a rate that is not above the bound, as long as that counts."""
        return rate if self.bound is None or now > self.until else min(rate, self.bound * _MARGIN)

    def is_beyond(self, rate: float) -> bool:
        """Return whether a rate is above the bound, because that counts no more."""
        return self.bound is not None and rate > self.bound

    def is_clear(self, rate: float | None) -> bool:
        """Return whether a rate is below a limit that was seen clearly."""
        return rate is not None and self.clear is not None and rate <= self.clear


class Quota:
    """What a provider said is left, and until when."""

    def __init__(self, now: float) -> None:
        self.left = 0
        self.until = now

    def told(self, now: float, left: int, seconds: float) -> None:
        """Note that ``left`` requests may be made in the next ``seconds``."""
        self.left, self.until = left, now + seconds

    def counts(self, now: float) -> bool:
        """Return whether it is not over yet."""
        return now < self.until

    def rate(self, now: float) -> float:
        """Return the calls a second that use up what is left when it ends."""
        return self.left / max(self.until - now, 0.001)


class Spacing:
    """The time between two calls. All moments are seconds of one clock.

    Attributes:
        rate: Calls a second; None while they are not spaced out.
    """

    def __init__(self, now: float) -> None:
        self.rate: float | None = None
        self._paced_at = now
        self._next = now
        self._clean = 0
        self._past = PastCalls(now)
        self._noise = Noise()
        self._limit = Limit()
        self._quota = Quota(now)
        self._resumed = self._passing = 0.0
        self._knew_noise = False

    @property
    def noisy(self) -> bool:
        """Whether some refusals are known to have another reason than the number of calls."""
        return self._noise.known

    def delay(self, now: float) -> float:
        """Return the seconds until the next call may be made."""
        return max(self._next - now, 0.0)

    def taken(self, now: float) -> None:
        """Note that a call is being made."""
        self._past.taken(now)
        if self._quota.counts(now):
            self._spread(now)
            self._quota.left -= 1
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
            self._quota.told(now, *left)
            self._spread(now)
            return
        self._clean += 1
        ended = self._past.ended_by(sent, each=self._noise.row > 0)
        if ended:
            self._reopen(sent, ended)
        elif not self._noise.trial:
            self._go_on(now)
        self._past.accepted(now)
        self._noise.accepted()
        if self._noise.trial:
            self._judge_trial(now)

    def refused(self, now: float, sent: float) -> bool:
        """Note a refusal.

        Args:
            now: When it came.
            sent: When its call was made.

        Returns:
            Whether it is to be taken for a limit's, so that the provider is left alone for a while.
        """
        if self._quota.counts(now) and self._quota.left > 0:
            return False
        self._clean = 0
        self._past.refused(now, sent)
        self._noise.refused()
        return len(self._past.row) >= self._noise.row

    def _spread(self, now: float) -> None:
        """Spread what is left of the quota over the time that is left."""
        if self._quota.left > 0:
            self._set(self._quota.rate(now), now)
        else:
            self._next = max(self._next, self._quota.until)

    def _go_on(self, now: float) -> None:
        """Rise after a round of calls that says that the pace is not too fast."""
        if not self._noise.known:
            if self._clean >= _ROUND:
                self._rise(now)
        elif self.rate is not None and self._noise.round_over():
            self._go_on_in_noise(self.rate, now)

    def _go_on_in_noise(self, rate: float, now: float) -> None:
        beyond = self._limit.is_beyond(rate)
        rising = now > self._limit.until and self._limit.is_beyond(rate * _STEP)
        if self._noise.clean(strict=rising):
            if not beyond:
                self._noise.fold()
                self._paced_at = now
            self._rise(now)
        elif beyond:
            self._set(rate / _STEP, now)
            self._limit.set(rate / _STEP, now + _DOUBT_SECONDS)
        elif self._noise.as_usual(sure=self._limit.is_clear(rate)):
            self._noise.new_pace()
            self._paced_at = now

    def _rise(self, now: float) -> None:
        """Go faster, up to the bound."""
        self._clean = 0
        if self.rate is not None:
            self._set(max(self._limit.cap(self.rate * _STEP, now), self.rate), now)

    def _reopen(self, sent: float, row: Sequence[float]) -> None:
        """Note that the provider accepts again: learn from it, unless the refusals before were noise."""
        closed, noise = sent - row[0], len(row) < self._noise.row
        limits = self._is_limits(row, closed)
        long = limits and (self.rate is not None or closed > row[0] - self._past.since)
        if limits:
            if self._noise.first:
                self._noise.end_first(len(row))
            if self.rate is None and long:
                self._noise.confirmed = self._noise.known
            self._measure(sent, closed if long else None)
        elif self._noise.doubtful(sure=self._limit.is_clear(self.rate)):
            self._doubt(sent)
        self._past.end_row(row, sent, noise=noise and not limits, long=long)

    def _is_limits(self, row: Sequence[float], closed: float) -> bool:
        """Tell whether a limit was waited for, because nothing else explains how long the provider was closed."""
        if self.rate is not None:
            return closed * self.rate > _LONG + len(row)
        if not self._noise.row:
            return True
        begun = self._past.reopened_at
        return self._past.enough(begun) and (len(row) >= self._noise.row or closed > row[0] - begun)

    def _measure(self, reopened: float, closed: float | None) -> None:
        """Learn from what passed until the provider began to accept again.

        Args:
            reopened: When that was.
            closed: For how many seconds it had not, if only a limit explains them.
        """
        measured = self._past.measure(reopened, self._noise.most, long=closed is not None)
        if measured is None:
            return
        limit = self._limit
        if closed and self._noise.known and limit.clear and self.rate and self.rate > limit.clear:
            limit.set(limit.clear, reopened + _FORGET_SECONDS)
            self._set(limit.clear * _MARGIN, reopened)
            return
        steady = self._noise.known or measured.most < measured.least * _STEP
        bound = (measured.least if steady else measured.most) * (1 + 1 / measured.calls)
        sound = measured.whole or not self._noise.known
        limit.set(
            bound if limit.bound is None else min(bound, limit.bound),
            reopened + (_FORGET_SECONDS if sound else _DOUBT_SECONDS),
        )
        if closed and closed > measured.seconds / 2:
            limit.clear = measured.least
        self._set(measured.least * _MARGIN, reopened)

    def _doubt(self, now: float) -> None:
        """Begin a trial, because more calls are refused than can be explained."""
        if self.rate is None:
            self._measure(now, None)
            return
        self._resumed = self.rate
        self._slow_down(now)
        if not self._noise.known and not self._limit.is_clear(self._resumed):
            self._resumed = min(self._passing * _MARGIN, self._resumed)

    def _slow_down(self, now: float) -> None:
        """Go on at a pace that was accepted, to see which refusals have other reasons than the number of calls."""
        here = self._noise.here
        self._passing = (here.calls - here.refused) / max(now - self._paced_at, 0.001)
        self.rate = self._passing * _TRIAL
        self._paced_at = now
        self._noise.begin_trial()

    def _judge_trial(self, now: float) -> None:
        verdict = self._noise.verdict()
        if verdict is Verdict.TOO_FAST:
            self._slow_down(now)
        elif verdict is not Verdict.NONE_YET:
            self._end_trial(now, in_vain=verdict is Verdict.IN_VAIN)

    def _end_trial(self, now: float, *, in_vain: bool) -> None:
        """Go on as before, or at the pace that the trial found."""
        self.rate = self._resumed
        self._paced_at = now
        known = self._noise.known
        if known and not self._knew_noise:
            self._past.reinterpret(self._noise.row)
        self._knew_noise = known
        if in_vain or self._limit.is_clear(self.rate):
            return
        found = self._passing / (1 - self._noise.likely)
        if known:
            self.rate = found * _MARGIN
        if not known or self._limit.bound is None or self._limit.bound > found:
            self._limit.set(found * 1.05, now + (_DOUBT_SECONDS if known else _FORGET_SECONDS))

    def _set(self, rate: float, now: float) -> None:
        if self.rate is None or abs(rate - self.rate) > 0.01 * self.rate:
            self._noise.new_pace()
            self._paced_at = now
        self.rate = rate if rate < _FASTEST else None
