"""Vectors of a request, read apart from the rest of its JSON: they are most of its text, and need no exact decimals.

Each array that stands under ``"$vector"`` is read by itself, so that no piece keeps the interpreter's lock for long,
and gives its place in the text to a short mark. The rest is read as ever, and the marks are replaced. An array that
floats do not give back digit by digit stays where it is.
"""

from __future__ import annotations

import re
import secrets
from typing import Any

from storage.exact_floats import exact_floats
from storage.gil_yield import Turns

_NAME = '"$vector"'
_OPENING = re.compile(r"[ \t\n\r]*:[ \t\n\r]*\[")
_LONGEST_ARRAY = 131_072
"""Characters: the longest vectors of 64-bit floats have fewer."""

_WORTH_IT = 8
"""Numbers, about: shorter vectors are read with the rest."""

_CHARACTERS_AT_ONCE = 1 << 20
_CONTAINERS = frozenset({dict, list})


class TakenOut:
    """A text without its vectors, and the vectors.

    Args:
        text: JSON, or what is sent for it.
        longest: Characters that a number may have.

    Attributes:
        text: The rest: JSON exactly where the whole was JSON.
        numbers: How many numbers were taken out.
    """

    def __init__(self, text: str, longest: int) -> None:
        self._mark = f"{secrets.token_hex(12)}."  # nobody can send it
        self._vectors: list[list[float]] = []
        self._turns = Turns()
        self.numbers = 0
        self.text = self._without_vectors(text, longest)

    def _without_vectors(self, text: str, longest: int) -> str:
        parts: list[str] = []
        copied = position = 0
        while (name := self._find(text, position)) >= 0:
            position = name + len(_NAME)
            opening = _OPENING.match(text, position)
            # Behind a backslash it is the end of another name, or inside of a text.
            if opening is None or text.startswith("\\", name - 1, name):
                continue
            start = opening.end() - 1
            end = text.find("]", start, start + _LONGEST_ARRAY) + 1
            if not end:
                break  # too long, or no JSON: whatever comes of reading it as ever
            position = end
            vector = exact_floats(text[start:end], longest) if end - start > 2 * _WORTH_IT else None
            if vector is not None:
                parts += text[copied:start], f'"{self._mark}{len(self._vectors)}"'
                copied = end
                self._vectors.append(vector)
                self.numbers += len(vector)
            self._turns.rest()
        return "".join((*parts, text[copied:])) if parts else text

    def _find(self, text: str, position: int) -> int:
        """Return where the next name stands, -1 for nowhere; other threads get their turns in between."""
        for start in range(position, len(text), _CHARACTERS_AT_ONCE):
            found = text.find(_NAME, start, start + _CHARACTERS_AT_ONCE + len(_NAME))
            if found >= 0:
                return found
            self._turns.rest()
        return -1

    def put_back(self, value: Any) -> None:  # noqa: ANN401 - JSON
        """Put the vectors into the value that the rest was read as, wherever their marks are."""
        todo = [value] if self._vectors else []
        while todo:
            part = todo.pop()
            if isinstance(part, dict):
                mark = part.get("$vector")
                if isinstance(mark, str) and mark.startswith(self._mark):
                    part["$vector"] = self._vectors[int(mark.removeprefix(self._mark))]
                todo.extend(inner for inner in part.values() if type(inner) in _CONTAINERS)
            elif isinstance(part, list) and not (part and type(part[0]) is float):
                todo.extend(inner for inner in part if type(inner) in _CONTAINERS)
            self._turns.rest()
