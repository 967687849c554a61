"""What the interpreter is set to while a server runs, so that no request keeps the others waiting; and set back."""

from __future__ import annotations

import gc
import sys

_TURN = 0.001
"""Seconds that a thread may keep the interpreter while others wait. A request changes threads a few times, and each
time it would wait Python's 5 ms for every search and scan that computes beside it."""

_GARBAGE = (10_000, 3, 1000)
"""How many new containers, and rounds of looking through the young ones and the not so young, lead to the next round.
With Python's numbers, a request with hundreds of thousands of values has all of them looked through again and again, a
tenth of a second each time and with the lock held. Most garbage is found young, in a few milliseconds."""


class ServingInterpreter:
    """The settings of the interpreter, for the time between :meth:`begin` and :meth:`end`."""

    def __init__(self) -> None:
        self._before: tuple[float, tuple[int, int, int]] | None = None
        self._frozen = False

    def begin(self) -> None:
        """Change them."""
        if self._before is None:
            self._before = sys.getswitchinterval(), gc.get_threshold()
            sys.setswitchinterval(min(self._before[0], _TURN))
            gc.set_threshold(*_GARBAGE)

    def freeze(self) -> None:
        """Leave what is there by now out of every search for garbage: it stays, and is much."""
        gc.freeze()
        self._frozen = True

    def end(self) -> None:
        """Set back what was changed; harmless when nothing was."""
        if self._before is not None:
            sys.setswitchinterval(self._before[0])
            gc.set_threshold(*self._before[1])
            self._before = None
        if self._frozen:
            gc.unfreeze()
            self._frozen = False
