"""How far a load is: counts, a rate of late, and the time that is left; told about ten times a second."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from astrolabe.loading.load_plan import LoadPhase, LoadProgress, ProgressListener
from storage.loads.ledger import LoadRecord

_INTERVAL = 0.1
"""Seconds between two reports, at least."""

_WINDOW = 10.0
"""Seconds that the rate is taken over."""


class ProgressMeter:
    """Counts settled rows and reports them to a listener."""

    def __init__(self, listener: ProgressListener | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._listener = listener
        self._clock = clock
        self._started = clock()
        self._reported = -_INTERVAL
        self._phase = LoadPhase.CHECKING
        self._done = self._loaded = self._already_there = self._failed = 0
        self._total: int | None = None
        self._waiting = self._wait_reason = ""
        self._wait_ends = 0.0
        self._from_cache = 0
        self._samples: deque[tuple[float, int]] = deque([(self._started, 0)])

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return self._clock() - self._started

    def checked(self, rows: int, position: int, size: int) -> None:
        """Tell how far the check of the file is: rows, and bytes of how many."""
        self._done = rows
        self._total = round(rows * size / position) if position and rows else None
        self._report()

    def begin(self, total: int, record: LoadRecord) -> None:
        """Begin to load a file of ``total`` rows, of which earlier runs have settled some."""
        self._phase = LoadPhase.LOADING
        self._total = total
        self._samples = deque([(self._clock(), record.next_row)])
        self._count(record)
        self._report(at_once=True)

    def settled(self, record: LoadRecord) -> None:
        """Tell how far the ledger is."""
        self._count(record)
        self._waiting = self._wait_reason = ""
        self._report()

    @property
    def from_cache(self) -> int:
        """Texts whose vector was in the cache of embeddings."""
        return self._from_cache

    def recalled(self, texts: int) -> None:
        """Tell that so many more texts were in the cache of embeddings."""
        self._from_cache += texts

    def waiting(self, seconds: float, reason: str) -> None:
        """Tell that the provider asked to wait."""
        self._waiting = f"{reason} (next try in {seconds:.0f} s)"
        self._wait_reason, self._wait_ends = reason, self._clock() + seconds
        self._report(at_once=True)

    def finish(self) -> None:
        """Report the final counts, however short ago the last report was."""
        self._report(at_once=True)

    def _count(self, record: LoadRecord) -> None:
        self._done, self._failed = record.next_row, record.failed
        self._loaded, self._already_there = record.loaded, record.already_there

    def _report(self, *, at_once: bool = False) -> None:
        now = self._clock()
        if self._listener is None or (not at_once and now - self._reported < _INTERVAL):
            return
        self._reported = now
        rate = self._rate(now)
        left = None if self._total is None else max(self._total - self._done, 0)
        self._listener(
            LoadProgress(
                self._phase,
                self._done,
                loaded=self._loaded,
                already_there=self._already_there,
                failed=self._failed,
                total=self._total,
                rate=rate,
                eta=left / rate if left is not None and rate > 0 else None,
                elapsed=now - self._started,
                waiting=self._waiting,
                wait_reason=self._wait_reason,
                wait_seconds=max(self._wait_ends - now, 0.0) if self._wait_reason else 0.0,
                from_cache=self._from_cache,
            )
        )

    def _rate(self, now: float) -> float:
        self._samples.append((now, self._done))
        while len(self._samples) > 2 and self._samples[0][0] < now - _WINDOW:  # noqa: PLR2004 - the two ends of a span
            self._samples.popleft()
        since, rows = self._samples[0]
        return (self._done - rows) / (now - since) if now > since else 0.0
