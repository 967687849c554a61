"""JSON values as literals of a programming language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import simplejson

from astrolabe.dataapi.protocol import JsonValue

LINE = 88
"""Characters of a line; what is longer is broken after commas."""

_SHORT = 24
"""Characters of an element of a list that does not need a line of its own."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a language spells what JSON has words for.

    Attributes:
        true: The literal.
        false: The literal.
        null: The literal.
        indent: White space of one level.
    """

    true: str
    false: str
    null: str
    indent: str

    def literal(self, value: JsonValue, depth: int = 0) -> str:
        """Return a value as a literal that begins on a line indented by ``depth`` levels."""
        if isinstance(value, dict):
            members = [(f"{_text(key)}: ", part) for key, part in value.items()]
            return self._container("{}", members, depth)
        if isinstance(value, list | tuple):
            return self._container("[]", [("", part) for part in value], depth)
        if value is None or isinstance(value, bool):
            return self.null if value is None else self.true if value else self.false
        return _text(value)

    def _container(self, brackets: str, members: Iterable[tuple[str, JsonValue]], depth: int) -> str:
        opening, closing = brackets[0], brackets[1]
        parts = [lead + self.literal(value, depth + 1) for lead, value in members]
        line = opening + ", ".join(parts) + closing
        if "\n" not in line and len(line) + len(self.indent) * depth <= LINE:
            return line
        if brackets == "[]" and all(len(part) <= _SHORT for part in parts):
            parts = _filled(parts, LINE - len(self.indent) * (depth + 1))
        return f"{opening}\n{self.lines(parts, depth + 1)}{self.indent * depth}{closing}"

    def lines(self, parts: Iterable[str], depth: int) -> str:
        """Return parts on lines of their own, each with a comma and a line end."""
        return "".join(f"{self.indent * depth}{part},\n" for part in parts)

    def call(self, function: str, arguments: list[str], broken: list[str]) -> str:
        """Return a call on one line, or over several.

        Args:
            function: What is called.
            arguments: As they stand on one line.
            broken: The same, as they stand on lines of their own, one level deeper.
        """
        line = f"{function}({', '.join(arguments)})"
        if "\n" not in line and len(line) <= LINE:
            return line
        return f"{function}(\n{self.lines(broken, 1)})"


def _filled(parts: Iterable[str], width: int) -> list[str]:
    """Put several short parts on one line: a vector would have hundreds of lines."""
    lines: list[str] = []
    for part in parts:
        if lines and len(lines[-1]) + len(part) + len(", ,") <= width:
            lines[-1] += f", {part}"
        else:
            lines.append(part)
    return lines


def _text(value: JsonValue) -> str:
    """Return a text or a number; the escapes of JSON mean the same in Python and TypeScript."""
    written: str = simplejson.dumps(value, ensure_ascii=False, use_decimal=True)
    return written
