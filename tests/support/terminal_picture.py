"""What stands on a terminal after everything that was sent to it: as little of a terminal as the console needs."""

from __future__ import annotations

import re

_PART = re.compile(
    r"\x1b\[(?P<at>\d*(?:;\d+)?)H"  # go to a line and column
    r"|\x1b\[[0-9;:?<>=]*[ !\"$]*[@-~]"  # any other control sequence
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # to the terminal's window
    r"|\x1b[^\[\]]"
    r"|(?P<text>[^\x1b\r\n]+)|(?P<control>[\r\n])"
)
_UNFINISHED = re.compile(r"\x1b(?:\[[0-9;:?<>= !\"$]*|\][^\x07\x1b]*\x1b?)?\Z")


class TerminalPicture:
    """A grid of characters with a cursor. Wide characters and colours are none of its business."""

    def __init__(self, columns: int, lines: int) -> None:
        self._cells: dict[tuple[int, int], str] = {}
        self._line = self._column = 0
        self._pending = ""
        self.resize(columns, lines)

    def resize(self, columns: int, lines: int) -> None:
        """Change the size. What stood there is gone: whoever draws here has to draw all of it anew."""
        self.columns, self.height = columns, lines
        self._cells.clear()

    def feed(self, text: str) -> None:
        """Take what was sent."""
        text = self._pending + text
        unfinished = _UNFINISHED.search(text)
        end = unfinished.start() if unfinished else len(text)
        self._pending = text[end:]
        for part in _PART.finditer(text[:end]):
            if part["at"] is not None:
                line, _, column = part["at"].partition(";")
                self._line, self._column = int(line or 1) - 1, int(column or 1) - 1
            elif part["text"]:
                for character in part["text"]:
                    self._cells[self._line, self._column] = character
                    self._column += 1
            elif part["control"] == "\n":
                self._line, self._column = self._line + 1, 0

    @property
    def lines(self) -> list[str]:
        """The text of each line; what was never drawn is a black square."""
        return [
            "".join(self._cells.get((line, column), "■") for column in range(self.columns))
            for line in range(self.height)
        ]
