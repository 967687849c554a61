"""A provider's words without the key that it was sent: careless ones say it back, in part and in other spellings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from string import ascii_lowercase, ascii_uppercase

from pydantic import SecretStr

from astrolabe.providers.wire.spellings import Reading, Span, readings

SHORTEST_KEY = 4
"""Shorter keys are no keys, and replacing them would garble the words."""

LONGEST_FRAGMENT = 7
"""Characters in a row of a key that may be shown, as providers do that name a key by its beginning or end."""

_REPLACEMENT = "•••"
_SMALL = str.maketrans(ascii_uppercase, ascii_lowercase)
_PUBLIC_PREFIX = re.compile(r"sk-(?:(?:proj|svcacct|admin|ant|or-v1)-)?|hf_|nvapi-|pa-|jina_|up_|aiza|ya29\.|astracs:")
"""What the keys of a provider begin with, in small letters; it is in its documentation and says nothing about a key."""


def without_key(words: str, key: SecretStr | None) -> str:
    """Return the words with every echo of the key replaced.

    An echo is eight or more characters in a row out of the key, not counting the prefix that all keys of a provider
    have, in any letter case: as they are; escaped for URLs, HTML or JSON; in hexadecimal, base32 or base64; or in one
    of these inside another.
    """
    text = key.get_secret_value() if key is not None else ""
    if len(text) < SHORTEST_KEY or not words:
        return words
    prefix, fragments = _parts(text.translate(_SMALL))
    spans = [span for reading in readings(words, _size(fragments)) for span in _echoes(reading, prefix, fragments)]
    return _replaced(words, spans) if spans else words


def _parts(key: str) -> tuple[str, frozenset[str]]:
    """Return the public prefix of a key, and every run of eight characters of the rest; all of a shorter one."""
    match = _PUBLIC_PREFIX.match(key)
    prefix = match[0] if match is not None and len(key) - match.end() >= SHORTEST_KEY else ""
    secret = key.removeprefix(prefix)
    size = min(LONGEST_FRAGMENT + 1, len(secret))
    return prefix, frozenset(secret[start : start + size] for start in range(len(secret) - size + 1))


def _size(fragments: frozenset[str]) -> int:
    return len(next(iter(fragments)))


def _echoes(reading: Reading, prefix: str, fragments: frozenset[str]) -> Iterator[Span]:
    """Yield where fragments stand; with the prefix, where that is in front of one."""
    text, size = reading.text.translate(_SMALL), _size(fragments)
    for start in range(len(text) - size + 1):
        if text[start : start + size] in fragments:
            begin = start - len(prefix) if text.endswith(prefix, 0, start) else start
            yield reading.span(begin, start + size)


def _replaced(words: str, spans: list[Span]) -> str:
    """Return the words with what the spans cover replaced; neighbours become one."""
    parts: list[str] = []
    done = 0
    for start, end in sorted(spans):
        if start > done or not parts:
            parts += [words[done:start], _REPLACEMENT]
        done = max(done, end)
    return "".join(parts) + words[done:]
