"""The terminal's driver, for a terminal that may go away: a closed window, a connection that broke."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any

from textual.drivers.linux_driver import LinuxDriver

_HUNG_UP = 128 + signal.SIGHUP
"""Exit code of a program whose terminal has gone."""


class LastingOutput:
    """Takes what is written, and forgets it once the terminal is gone.

    The framework writes from a thread of its own, which would end with the first error; everything that is written
    after it would wait for that thread, for ever.
    """

    def __init__(self, file: IO[str], lost: Callable[[], None]) -> None:
        self._file = file
        self._lost = lost
        self._gone = False

    def write(self, text: str) -> None:
        """Write text, if anybody sees it."""
        if not self._gone:
            try:
                self._file.write(text)
            except OSError:
                self._give_up()

    def flush(self) -> None:
        """Have it seen."""
        if not self._gone:
            try:
                self._file.flush()
            except OSError:
                self._give_up()

    def fileno(self) -> int:
        """Return the number of the file."""
        return self._file.fileno()

    def isatty(self) -> bool:
        """Return whether it is a terminal."""
        return self._file.isatty()

    def _give_up(self) -> None:
        self._gone = True
        self._lost()


class LastingDriver(LinuxDriver):
    """Ends the console when its terminal is gone."""

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - as the framework calls it
        super().__init__(*args, **options)
        self._file: Any = LastingOutput(self._file, self._leave)

    def _leave(self) -> None:
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._app.exit, _HUNG_UP, _HUNG_UP)
