"""Whether codes save work: what searches through them have read lately, beside what reading every row takes.

Vectors without clusters are about equally far from everything, and no bound rules any of them out. Where a few searches
in a row have read more than all rows are, the next ones read the rows at once; now and then one tries the codes again.
What is read is counted, not timed, so that a busy machine changes nothing.
"""

from __future__ import annotations

_MEMORY = 0.75
"""Weight of what was known before beside the search that has just been made: three bad ones count, one does not."""

_FIRST_PAUSE = 64
_LONGEST_PAUSE = 1024
"""Searches until codes are tried again; twice as many each time that they were no use."""


class Pruning:
    """The searches of one kind in one index, as they come."""

    def __init__(self) -> None:
        self._ratio = 0.0
        self._pause = 0
        self._next_pause = _FIRST_PAUSE

    def is_worth_trying(self) -> bool:
        """Return whether the next search should go through the codes."""
        if self._pause:
            self._pause -= 1
        return not self._pause

    def note(self, spent: int, everything: int) -> None:
        """Take note of a search through the codes.

        Args:
            spent: Numbers that it has read, in the measure of :class:`~storage.vectors.exact.Effort`.
            everything: What scoring all rows would have spent.
        """
        self._ratio += (spent / max(everything, 1) - self._ratio) * (1 - _MEMORY)
        if self._ratio > 1:
            self._pause, self._next_pause = self._next_pause, min(2 * self._next_pause, _LONGEST_PAUSE)
        elif self._ratio < 1 / 2:
            self._next_pause = _FIRST_PAUSE
