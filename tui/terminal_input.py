"""What a terminal sends, made into text: bytes that are no UTF-8, and mouse reports from before UTF-8."""

from __future__ import annotations

import re
from codecs import getincrementaldecoder

_REPORT = b"\x1b[M"
"""Begins a mouse report of the X10 protocol: three raw bytes follow for button, column and line, each 32 too large."""

_NUMBERS = 3

_RELEASED = 3
"""The button of a release in that protocol, which does not say whose."""

_MOVED_OR_SCROLLED = 0b0110_0000


class TerminalDecoder:
    """Decodes a terminal's bytes as they come in.

    A byte that is no UTF-8 (a paste from a Latin-1 file, a line that broke) becomes U+FFFD. A mouse report of the X10
    protocol, whose bytes are numbers and no text, becomes the same report in the SGR protocol, which is text.
    """

    def __init__(self) -> None:
        self._utf8 = getincrementaldecoder("utf-8")("replace")
        self._matched = 0  # so many bytes of the beginning of a report came last
        self._numbers: bytearray | None = None  # of the report that is coming in

    def decode(self, data: bytes) -> str:
        """Return the text of some bytes; a character or report that is incomplete at their end is kept for later.

        An escape character is handed on at once: what follows may be a long time coming, since it is a key as well.
        """
        text: list[str] = []
        plain = bytearray()
        for byte in data:
            if self._numbers is not None:
                self._numbers.append(byte)
                if len(self._numbers) == _NUMBERS:
                    text += [self._utf8.decode(plain), _sgr(self._numbers)]
                    plain, self._numbers = bytearray(), None
                continue
            if byte != _REPORT[self._matched]:
                self._matched = 0
            self._matched += byte == _REPORT[self._matched]
            if self._matched == len(_REPORT):
                self._matched, self._numbers = 0, bytearray()
            else:
                plain.append(byte)
        text.append(self._utf8.decode(plain))
        return "".join(text)


def _sgr(numbers: bytes | bytearray) -> str:
    """Return what follows ESC and bracket, which were handed on before it was known what they begin."""
    button, column, line = (max(number - 32, 0) for number in numbers)
    released = button & _RELEASED == _RELEASED and not button & _MOVED_OR_SCROLLED
    return f"<{button & ~_RELEASED if released else button};{column};{line}{'m' if released else 'M'}"


def sequences(text: str) -> list[str]:
    """Cut a text before each escape character, so that a sequence that cannot be read takes only itself along."""
    return [part for part in re.split("(?=\x1b)", text) if part]
