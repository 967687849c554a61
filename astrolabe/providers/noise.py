"""Which refusals have another reason than the number of calls.

Some providers answer 429 when they are busy, or now and then. The first calls, before any limit is reached, say whether
that is so; a trial tells later: for some calls, the pace is one that was accepted, and where calls are refused then as
well, those refusals are noise. Once noise is known, a refusal means nothing by itself; only more of them than chance
brings do, or so many in a row.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

_FIRST = 24
"""The first calls, whose refusals are noise unless many come in a row."""

_FIRST_ROW = 6
"""Refusals in a row that are a limit's, while nothing is known of noise."""

_LEAST_ROW = 3
"""Refusals in a row that are a limit's, at least."""

_HARDLY_EVER = 0.002
"""How likely a row of refusals by chance may be, to be taken for a limit's."""

_MANY = 3
"""Refusals among few calls that call for a trial."""

_FEW = 9
"""Calls of which so many say something."""

_SOME = 16
"""Calls that say something in any case."""

_ROUND = 40
"""Calls after which it is asked whether more are refused than by chance."""

_CLEAN = 10
"""Calls of a trial without a refusal, after which there is no noise."""

_ALL = 24
"""Calls of a trial that are enough in any case."""

_MOST = 0.6
"""Share of refused calls from which on they are not taken for noise."""

_LEAST = 0.02
"""Share of refused calls that is worth a trial."""

_TALLIED = 400
"""Calls that the share of noise is reckoned from, at most; older ones count half each time there are more."""

_TRIALS = 3
"""Trials one after the other, each slower than the one before, at most."""


@dataclass(frozen=True, slots=True)
class Tally:
    """So many calls, and how many of them were refused."""

    calls: float = 0.0
    refused: float = 0.0

    @property
    def share(self) -> float:
        """The share of calls that were refused."""
        return self.refused / self.calls if self.calls else 0.0

    def deviation(self, share: float | None = None) -> float:
        """Return the standard deviation of the share of so many calls, where ``share`` of all are refused."""
        share = self.share if share is None else share
        return math.sqrt(share * (1 - share) / self.calls) if self.calls else 0.0

    def and_more(self, calls: float, refused: float) -> Tally:
        """Return the tally of these and more calls."""
        return Tally(self.calls + calls, self.refused + refused)


class Verdict(Enum):
    """What a trial says."""

    NONE_YET = "none yet"
    TOO_FAST = "too fast"
    IN_VAIN = "in vain"
    """No fewer calls were refused at the slower pace."""
    OF_USE = "of use"


class Noise:
    """The refusals at the present pace, and how many of all are noise.

    Attributes:
        here: The calls at the present pace.
        first: Whether these are the first calls of all.
        trial: Whether the present pace is that of a trial.
        confirmed: Whether the noise that is known was seen twice, or before a limit that was seen clearly.
    """

    def __init__(self) -> None:
        self.here = Tally()
        self.first = True
        self.trial = False
        self.confirmed = False
        self._trials = 0
        self._doubted = Tally()
        self._chance = Tally()

    @property
    def known(self) -> bool:
        """Whether some refusals are known to be noise."""
        return self._chance.refused > 0

    @property
    def likely(self) -> float:
        """The share of calls that are refused by chance, as far as is known."""
        return self._chance.share

    @property
    def most(self) -> float:
        """The same, one standard deviation higher: it is known from few calls."""
        return min(self._chance.share + self._chance.deviation(), 0.8)

    @property
    def row(self) -> float:
        """How many refusals in a row are a limit's; 0 where each one is."""
        if self.first:
            return _FIRST_ROW
        return max(_LEAST_ROW, math.log(_HARDLY_EVER) / math.log(self.most)) if self.known else 0.0

    def accepted(self) -> None:
        """Note an answer that is no refusal."""
        self.here = self.here.and_more(1, 0)
        if self.first and self.here.calls >= _FIRST:
            self.end_first()

    def refused(self) -> None:
        """Note a refusal."""
        self.here = self.here.and_more(1, 1)

    def end_first(self, limits: int = 0) -> None:
        """Take the refusals among the first calls for noise, but for the last so many, which are a limit's."""
        first = self.here.and_more(-limits, -limits)
        if self.first and first.calls >= _FEW - 1 and 1 < first.refused <= _MOST * first.calls:
            self._chance = first
        self.first = False
        self.here = Tally()

    def new_pace(self) -> None:
        """Begin to count anew, because the pace is another one."""
        self.here = Tally()
        self.trial = False

    def fold(self) -> None:
        """Reckon noise from the calls at the present pace as well, because it is below the limit."""
        kept = 0.5 if self._chance.calls > _TALLIED else 1.0
        self._chance = self.here.and_more(self._chance.calls * kept, self._chance.refused * kept)
        self.here = Tally()

    def round_over(self) -> bool:
        """Return whether enough calls were answered at the present pace to compare them with what is known."""
        return self.confirmed and self.here.calls >= _ROUND

    def clean(self, *, strict: bool) -> bool:
        """Return whether no more calls are refused than by chance; the most that may be unless ``strict``."""
        return self.here.share <= (self.likely if strict else self.most)

    def as_usual(self, *, sure: bool) -> bool:
        """Return whether no clearly larger share of calls is refused than by chance.

        Args:
            sure: Whether the pace is below a limit that was seen clearly: then it takes more to doubt it.
        """
        return self.here.share <= self.most + (3 if sure else 2) * self.here.deviation(self.most)

    def doubtful(self, *, sure: bool) -> bool:
        """Return whether a trial has to tell why calls are refused at the present pace."""
        if self.trial or self.first:
            return False
        if self.known and not self.confirmed:
            return self.here.calls >= _SOME
        if self.known:
            return self.here.calls >= _ROUND and not self.as_usual(sure=sure)
        enough = _FEW if self.here.refused >= _MANY else _SOME
        return self.here.refused > 1 and self.here.calls >= enough and self.here.share > _LEAST

    def begin_trial(self) -> None:
        """Begin a trial, because of the refusals at the present pace; or another one, slower still."""
        self._trials = self._trials + 1 if self.trial else 1
        self._doubted = self.here
        self.here = Tally()
        self.trial = True

    def verdict(self) -> Verdict:
        """Return what a trial says; once it is over, the share of noise is what it found."""
        here = self.here
        clean = here.calls == _CLEAN and not here.refused and not self.known
        some = here.calls >= _SOME and here.refused >= _MANY and not self.known
        if not (clean or some or here.calls >= _ALL):
            return Verdict.NONE_YET
        if self._trials < _TRIALS and here.share > self._too_much:
            return Verdict.TOO_FAST
        before = self._doubted.share
        in_vain = self.known and here.share > before - (2 if self.confirmed else 1) * here.deviation(before)
        self._learn(in_vain=in_vain)
        self.new_pace()
        return Verdict.IN_VAIN if in_vain else Verdict.OF_USE

    @property
    def _too_much(self) -> float:
        """The share of refused calls from which on the pace of a trial must have been too fast as well."""
        return min(self.most + 2 * self.here.deviation(self.most), _MOST) if self.known else _MOST

    def _learn(self, *, in_vain: bool) -> None:
        self.confirmed = self.known
        if in_vain:
            self._chance = self._chance.and_more(self._doubted.calls, self._doubted.refused)
        elif self.here.share < self.likely - 3 * self.here.deviation(self.likely):
            self._chance = Tally()
        if self.known or self.here.refused > 1:
            self.fold()
