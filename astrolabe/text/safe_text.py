"""Foreign text made safe and short enough to show.

Every string that did not come from our own source is untrusted for display: it may hold escape sequences that reach
the terminal, markup that becomes a live link, bidirectional overrides, or ten million characters. ``display_text`` is
the one door; what comes out is plain text to be shown with markup off. This module imports no terminal framework, so
the command line uses it too.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

import simplejson
from wcwidth import wcswidth, wcwidth

CELL_LIMIT = 200
"""Characters of a value shown in one table cell or one line."""

VIEWER_LIMIT = 10_000
"""Characters of a value shown in a viewer; the full value can be saved."""

VECTOR_PREVIEW = 3
"""Numbers of a vector that are shown; the rest is a count."""

_ELLIPSIS = "…"
_BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_STAND_INS: dict[str, str] = (
    {chr(code): chr(0x2400 + code) for code in range(0x20)}
    | {"\x7f": "␡", "\u2028": "␊", "\u2029": "␊"}
    | dict.fromkeys((*_BIDI, *map(chr, range(0x80, 0xA0))), "\ufffd")
)
_UNSHOWABLE = frozenset({"Cs", "Co", "Cn"})
_KEPT_IN_LINES = frozenset("\n\t")
_DEEPEST = 60
"""Levels of a value that are shown; the Data API allows 16."""
_UNUSUAL = re.compile(r"[^\n\x20-\x7e\u00a1-\u024f\u0400-\u052f\u3041-\u3096\u3099-\u30ff\u4e00-\u9fff\uac00-\ud7a3]")
"""Characters outside of the large blocks that hold nothing but signs; they are looked at one by one."""
_Part = TypeVar("_Part")


def display_text(value: object, *, limit: int = CELL_LIMIT, multiline: bool = False) -> str:
    """Return ``value`` as text that no terminal acts on.

    Control characters become visible stand-ins (``␛`` for ESC), bidirectional controls and lone surrogates become
    ``�``, and what is longer than ``limit`` ends in an ellipsis.

    Args:
        value: Anything; ``str()`` is taken of what is not a string.
        limit: Longest result in characters, the ellipsis included.
        multiline: Keep newlines and tabs; otherwise they become ``␊`` and ``␉``.
    """
    text = value if isinstance(value, str) else str(value)
    cut = len(text) > limit
    if cut:
        text = text[: max(limit - 1, 0)]
    kept = _KEPT_IN_LINES if multiline else frozenset[str]()
    shown = text if text.isascii() and text.isprintable() else "".join(_visible(char, kept) for char in text)
    return shown + _ELLIPSIS if cut else shown


def _visible(char: str, kept: frozenset[str]) -> str:
    if char in kept:
        return char
    stand_in = _STAND_INS.get(char)
    if stand_in is not None:
        return stand_in
    return "\ufffd" if unicodedata.category(char) in _UNSHOWABLE else char


def cell_width(text: str) -> int:
    """Return how many terminal cells ``text`` takes."""
    return max(wcswidth(text), 0)


def fit(text: str, width: int) -> str:
    """Cut or pad safe text to exactly ``width`` terminal cells."""
    used, kept = 0, []
    total = cell_width(text)
    if total <= width:
        return text + " " * (width - total)
    for char in text:
        size = max(wcwidth(char), 0)
        if used + size > width - 1:
            break
        kept.append(char)
        used += size
    return "".join(kept) + _ELLIPSIS + " " * (width - used - 1)


def show_vector(numbers: Sequence[Any]) -> str:
    """Return a vector as ``[0.12, -0.03, … ×1536]``: its first numbers and its length."""
    head = ", ".join(f"{float(number):.3g}" for number in numbers[:VECTOR_PREVIEW])
    return f"[{head}, {_ELLIPSIS} ×{len(numbers)}]" if len(numbers) > VECTOR_PREVIEW else f"[{head}]"


def looks_like_vector(value: object) -> bool:
    """Tell whether a value is a long list of numbers, better shown by its first few."""
    return (
        isinstance(value, list)
        and len(value) > 2 * VECTOR_PREVIEW
        and all(isinstance(part, int | float | Decimal) and not isinstance(part, bool) for part in value)
    )


def show_value(value: object, *, limit: int = CELL_LIMIT) -> str:
    """Return a document's value as one safe line: text as it is, everything else as JSON, vectors shortened."""
    if isinstance(value, str):
        return display_text(value, limit=limit)
    if value is None:
        return "null"
    if looks_like_vector(value):
        return show_vector(value if isinstance(value, list) else [])
    return display_text(_dumps(_Shortener(limit).shorten(value), indent=None), limit=limit)


def show_json(value: object, *, limit: int = VIEWER_LIMIT) -> str:
    """Return a document as indented, safe JSON text to look at: vectors and what is beyond ``limit`` are shortened."""
    return display_text(_dumps(_Shortener(limit).shorten(value), indent=2), limit=limit, multiline=True)


def whole_json(value: object) -> str:
    """Return a document as indented JSON text with nothing left out, to be copied or saved.

    What a terminal might act on is written as an escape of JSON, so the text is safe and means exactly the same.
    """
    return _UNUSUAL.sub(_json_escape, _dumps(value, indent=2))


def _json_escape(found: re.Match[str]) -> str:
    char = found[0]
    if _visible(char, frozenset()) == char:
        return char
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[place] << 8 | units[place + 1]:04x}" for place in range(0, len(units), 2))


def _dumps(value: object, *, indent: int | None) -> str:
    return str(simplejson.dumps(value, use_decimal=True, ensure_ascii=False, indent=indent, default=str))


class _Shortener:
    """Takes a value apart only as far as so many characters can show it, so that showing it takes no time."""

    def __init__(self, limit: int) -> None:
        self.left = limit

    def shorten(self, value: object, depth: int = 0) -> object:
        """Return the part of a value that fits; an ellipsis stands for what does not."""
        if isinstance(value, str):
            return self._cut(value)
        if not isinstance(value, Mapping | list):
            self.left -= 1
            return value
        if self.left <= 0 or depth == _DEEPEST:
            return _ELLIPSIS
        if looks_like_vector(value):
            return self._cut(show_vector(value if isinstance(value, list) else []))
        self.left -= 2
        if isinstance(value, Mapping):
            shown = self._while_it_fits(value.items())
            return {self._cut(str(name)): self.shorten(part, depth + 1) for name, part in shown}
        return [self.shorten(part, depth + 1) for part in self._while_it_fits(value)]

    def _while_it_fits(self, parts: Iterable[_Part]) -> Iterator[_Part]:
        return itertools.takewhile(lambda _: self.left > 0, parts)

    def _cut(self, text: str) -> str:
        room, self.left = self.left, self.left - len(text)
        return text if self.left >= 0 else text[: max(room, 0)] + _ELLIPSIS
