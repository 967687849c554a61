"""What a text says in the encodings that a secret may be echoed in, and where each character of it stands.

:func:`readings` gives the text itself, the text with its escapes resolved (of URLs, HTML, JSON and the like, also of
one inside another), and the bytes that its runs of hexadecimal, base32, base64 and decimal numbers stand for. A reading
knows which part of the original each of its characters came from.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Protocol

Span = tuple[int, int]
"""Start and end of a part of the original text, in characters."""

_DEEPEST = 4
"""How often escapes are resolved, each time in what the last time gave."""

_ESCAPE = re.compile(
    r"%u(?P<percent_unicode>[0-9a-f]{4})|%(?P<percent>[0-9a-f]{2})|=(?P<quoted>[0-9a-f]{2})"
    r"|(?P<entity>&(?:\#x[0-9a-f]{1,6}|\#[0-9]{1,7}|[a-z][a-z0-9]{1,12});?)"
    r"|\\u\{(?P<braced>[0-9a-f]{1,6})\}|\\u(?P<unicode>[0-9a-f]{4})|\\x(?P<hexadecimal>[0-9a-f]{2})"
    r"|\\(?P<octal>[0-7]{3})|\\(?P<plain>.)",
    re.IGNORECASE | re.DOTALL,
)
_BASES = {
    "percent_unicode": 16,
    "percent": 16,
    "quoted": 16,
    "braced": 16,
    "unicode": 16,
    "hexadecimal": 16,
    "octal": 8,
}
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_LAST_CHARACTER = 0x10FFFF
_BYTE = 8


class Reading(Protocol):
    """What a text says in one encoding."""

    @property
    def text(self) -> str:
        """What it says."""
        ...

    def span(self, start: int, end: int) -> Span:
        """Return the part of the original that ``text[start:end]``, which is not empty, came from."""
        ...


def readings(original: str, least: int) -> Iterator[Reading]:
    """Yield what ``original`` says in each encoding; itself first.

    Args:
        original: The text.
        least: Characters that a reading must have to be of use; shorter ones may be left out.
    """
    current = _Plain(original, range(len(original)), range(1, len(original) + 1))
    for _ in range(_DEEPEST):
        yield current
        yield from _numbers(current)
        yield from (reading for alphabet in _ALPHABETS for reading in alphabet.readings(current, least))
        if _ESCAPE.search(current.text) is None:
            return
        current = _unescaped(current)
    yield current


@dataclass(frozen=True, slots=True)
class _Plain:
    """A text of which each character came from one part of the original.

    Attributes:
        text: What it says.
        starts: Where each character begins in the original.
        ends: Where it ends there.
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def span(self, start: int, end: int) -> Span:
        return self.starts[start], self.ends[end - 1]


def _unescaped(reading: _Plain) -> _Plain:
    """Return the reading with every escape replaced by the character it stands for."""
    characters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    done = 0
    for match in [*_ESCAPE.finditer(reading.text), None]:
        begin, end = match.span() if match is not None else (len(reading.text), 0)
        characters += reading.text[done:begin]
        starts += reading.starts[done:begin]
        ends += reading.ends[done:begin]
        if match is not None:
            meant = _meant(match)
            characters += meant
            starts += [reading.starts[begin]] * len(meant)
            ends += [reading.ends[end - 1]] * len(meant)
        done = end
    return _Plain("".join(characters), starts, ends)


def _meant(match: re.Match[str]) -> str:
    kind = match.lastgroup or ""
    if kind == "entity":
        return html.unescape(match[0])
    if kind == "plain":
        return _CONTROLS.get(match[kind], match[kind])
    number = int(match[kind], _BASES[kind])
    return chr(number) if number <= _LAST_CHARACTER else match[0]


@dataclass(frozen=True, slots=True)
class _Packed:
    """Bytes, as characters, that were written with fewer bits to a character.

    Attributes:
        text: The bytes.
        written: The reading that they were written in.
        places: Where in it the characters stand.
        bits: How many bits each of them says.
    """

    text: str
    written: _Plain
    places: Sequence[int]
    bits: int

    def span(self, start: int, end: int) -> Span:
        first, last = start * _BYTE // self.bits, (end * _BYTE - 1) // self.bits
        return self.written.span(self.places[first], self.places[last] + 1)


@dataclass(frozen=True, slots=True)
class _Alphabet:
    """An encoding that writes bytes with few characters: what it looks like, and what each character says.

    Attributes:
        runs: Finds what may be such a text.
        values: The bits of each character, as 0 and 1; what is missing is skipped.
        offsets: At how many characters from the start of a run its first byte may begin.
    """

    runs: re.Pattern[str]
    values: Mapping[str, str]
    offsets: int

    def readings(self, reading: _Plain, least: int) -> Iterator[Reading]:
        """Yield what each run that stands for ``least`` bytes says, at every place where the first byte may begin."""
        bits = len(self.values["a"])
        for run in self.runs.finditer(reading.text):
            places = [place for place in range(run.start(), run.end()) if self._counts(reading.text, place)]
            if len(places) * bits < least * _BYTE:
                continue
            said = "".join([self.values[reading.text[place]] for place in places])
            for offset in range(self.offsets):
                yield _Packed(_bytes(said[offset * bits :]), reading, places[offset:], bits)

    def _counts(self, text: str, place: int) -> bool:
        return text[place] in self.values and text[place : place + 2] not in {"0x", "0X"}


def _bytes(bits: str) -> str:
    size = len(bits) // _BYTE
    return int(bits[: size * _BYTE] or "0", 2).to_bytes(size, "big").decode("latin-1")


def _values(characters: str, bits: int, *, any_case: bool = True) -> dict[str, str]:
    found = {character: f"{value:0{bits}b}" for value, character in enumerate(characters)}
    return found | ({character.lower(): value for character, value in found.items()} if any_case else {})


_BASE64 = _values(f"{ascii_uppercase}{ascii_lowercase}{digits}+/", 6, any_case=False) | {"-": "111110", "_": "111111"}
_ALPHABETS = (
    _Alphabet(
        re.compile(r"(?:(?:0x)?[0-9a-f]{1,2}[\s:,.\-]{0,2}){4,}", re.IGNORECASE), _values(f"{digits}ABCDEF", 4), 2
    ),
    _Alphabet(re.compile(r"(?:[a-z2-7](?:\r?\n)?){7,}", re.IGNORECASE), _values(f"{ascii_uppercase}234567", 5), 8),
    _Alphabet(
        re.compile(r"(?:[0-9a-v](?:\r?\n)?){7,}", re.IGNORECASE), _values(f"{digits}{ascii_uppercase[:22]}", 5), 8
    ),
    _Alphabet(re.compile(r"(?:[A-Za-z0-9+/_-](?:\r?\n)?){6,}"), _BASE64, 4),
)
_DECIMALS = re.compile(r"(?:\d{2,3}[\s,;]{1,3}){3,}\d{2,3}")
_DECIMAL = re.compile(r"\d+")


def _numbers(reading: _Plain) -> Iterator[Reading]:
    """Yield what lists of decimal numbers stand for, as bytes are printed in some languages."""
    for run in _DECIMALS.finditer(reading.text):
        found = list(_DECIMAL.finditer(reading.text, run.start(), run.end()))
        starts = [reading.starts[match.start()] for match in found]
        ends = [reading.ends[match.end() - 1] for match in found]
        yield _Plain("".join(chr(int(match[0])) for match in found), starts, ends)
