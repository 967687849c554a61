"""The terminal's driver, for a terminal that may go away, and that may send anything."""

from __future__ import annotations

import logging
import os
import selectors
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any

from textual import events
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from tui.terminal_input import TerminalDecoder, sequences

_HUNG_UP = 128 + signal.SIGHUP
"""Exit code of a program whose terminal has gone."""

_LONGEST_SIDE = 4_096
"""Columns or lines of a terminal that is believed to be that large."""

_TICK = 0.1
"""Seconds between two looks at whether an escape character was a key of its own."""

_READ = 4_096

log = logging.getLogger(__name__)


class HangupSafeOutput:
    """Takes what is written, and forgets it once the terminal is gone.

    The framework writes from a thread of its own, which would end with the first error; everything that is written
    after it would wait for that thread, for ever.
    """

    def __init__(self, file: IO[str], lost: Callable[[], None], crashed: Callable[[Exception], None]) -> None:
        self._file = file
        self._lost = lost
        self._crashed = crashed
        self._gone = False

    def write(self, text: str) -> None:
        """Write text, if anybody sees it."""
        self._attempt(lambda: self._file.write(text))

    def flush(self) -> None:
        """Have it seen."""
        self._attempt(self._file.flush)

    def _attempt(self, work: Callable[[], object]) -> None:
        if self._gone:
            return
        try:
            work()
        except OSError:
            self._gone = True
            self._lost()
        except Exception as error:  # noqa: BLE001 - the thread's boundary; the terminal is put right all the same
            self._crashed(error)

    def fileno(self) -> int:
        """Return the number of the file."""
        return self._file.fileno()

    def isatty(self) -> bool:
        """Return whether it is a terminal."""
        return self._file.isatty()


class HangupSafeDriver(LinuxDriver):
    """Ends the console when its terminal is gone, and at nothing else that a terminal does."""

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - as the framework calls it
        super().__init__(*args, **options)
        self._file: Any = HangupSafeOutput(self._file, self._leave, self._crash)

    def run_input_thread(self) -> None:
        """Hand on what is typed until the console ends. The framework's own ends with the first byte it cannot read."""
        decoder, parser = TerminalDecoder(), XTermParser(self._debug)
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(_TICK):
                    data = self._read()
                    if not data:
                        self._leave()
                        return
                    for sequence in sequences(decoder.decode(data)):
                        parser = self._parsed(sequence, parser)
                for message in parser.tick():
                    self.process_message(message)

    def process_message(self, message: Message) -> None:
        """Hand a message on, unless no terminal can mean it."""
        if _sensible(message):
            super().process_message(message)

    def _read(self) -> bytes:
        try:
            return os.read(self.fileno, _READ)
        except OSError:  # a terminal that has gone says so in one of two ways
            return b""

    def _parsed(self, sequence: str, parser: XTermParser) -> XTermParser:
        """Hand on what a sequence means; return the parser for the next one."""
        try:
            for message in parser.feed(sequence):
                self.process_message(message)
        except Exception as error:
            log.warning("the terminal sent what cannot be read", exc_info=error)
            return XTermParser(self._debug)
        return parser

    def _run_input_thread(self) -> None:
        # The framework would end the console with exit code 0.
        try:
            self.run_input_thread()
        except Exception as error:  # noqa: BLE001 - the thread's boundary
            self._crash(error)

    def _crash(self, error: Exception) -> None:
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._app._handle_exception, error)  # noqa: SLF001 - as its own parts do

    def _leave(self) -> None:
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._app.exit, _HUNG_UP, _HUNG_UP)


def _sensible(message: Message) -> bool:
    if isinstance(message, events.Resize):  # may come as an escape sequence, with any number
        return all(0 < side <= _LONGEST_SIDE for side in message.size)
    # Half of a surrogate pair is a number that a key's sequence can name, and no character.
    return not (isinstance(message, events.Key) and message.character and "\ud800" <= message.character <= "\udfff")
