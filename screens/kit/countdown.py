"""The seconds that are left of a wait, counted down on the screen."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from textual.dom import DOMNode
from textual.timer import Timer

from screens.kit.app_base import Console

INTERVAL = 0.5
"""Seconds between two looks at the clock; the words change once a second."""


def wait_words(reason: str, seconds: float) -> str:
    """Return what is waited for and how long still: ``X is loading the model: 18 s``."""
    return f"{reason}: {math.ceil(max(seconds, 0))} s"


class Countdown:
    """Tells every second how long a wait still is, until it is over or stopped.

    A wait that is announced while another one is being counted takes its place: several requests may be waiting for
    the same provider, and the last to say so knows best.
    """

    def __init__(
        self, owner: DOMNode, tell: Callable[[str], None], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Count on behalf of a page or dialog.

        Args:
            owner: Whose timer it is; it ends with it.
            tell: Shows the words.
            clock: Seconds that never go back.
        """
        self._owner = owner
        self._tell = tell
        self._clock = clock
        self._reason = ""
        self._ends = 0.0
        self._told = ""
        self._timer: Timer | None = None

    @property
    def counting(self) -> bool:
        """Whether there is something to wait for."""
        return self._timer is not None

    def start(self, seconds: float, reason: str) -> None:
        """Begin to count down; in a timeless console the first number stays."""
        self.stop()
        self._reason, self._ends = reason, self._clock() + seconds
        app = self._owner.app
        timeless = isinstance(app, Console) and app.environment.timeless
        self._timer = self._owner.set_interval(INTERVAL, self._look, pause=timeless)
        self._say(seconds)

    def stop(self) -> None:
        """Stop counting."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self._told = ""

    def _look(self) -> None:
        self._say(self._ends - self._clock())

    def _say(self, seconds: float) -> None:
        words = wait_words(self._reason, seconds)
        if words != self._told:
            self._told = words
            self._tell(words)
