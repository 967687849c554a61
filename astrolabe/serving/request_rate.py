"""How many requests a server takes in a second."""

from __future__ import annotations

from collections.abc import Callable


class RequestRate:
    """A bucket that holds the requests of one second, and fills again as steadily; belongs to one event loop.

    Args:
        per_second: Requests that are taken in a second; None for any number.
        clock: Returns seconds.
    """

    def __init__(self, per_second: int | None, clock: Callable[[], float]) -> None:
        self._most = per_second
        self._clock = clock
        self._left = float(per_second or 0)
        self._looked = clock()

    def take(self) -> bool:
        """Return whether one more request is taken now."""
        if self._most is None:
            return True
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._looked) * self._most)
        self._looked = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
