"""A provider's words without the key that it was sent: careless ones say it back, in one spelling or another."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

from pydantic import SecretStr

SHORTEST_KEY = 4
"""Shorter keys are no keys, and replacing them would garble the words."""

_REPLACEMENT = "•••"
_BASE64_EDGE = 4
"""Characters at either end of a base64 text that depend on what stands around it."""


def without_key(words: str, key: SecretStr | None) -> str:
    """Return the words with every spelling of the key replaced."""
    text = key.get_secret_value() if key is not None else ""
    if len(text) < SHORTEST_KEY:
        return words
    for spelling in _spellings(text):
        words = words.replace(spelling, _REPLACEMENT)
    return words


def _spellings(key: str) -> list[str]:
    """Return the key as it is, as JSON, in URLs, in hexadecimal and in base64; the longest first."""
    raw = key.encode()
    found = {key, json.dumps(key)[1:-1], quote(key, safe=""), quote(key), raw.hex(), raw.hex().upper()}
    for before in range(3):  # what stands in front shifts the letters
        whole = base64.b64encode(b"x" * before + raw).decode()
        core = whole[_BASE64_EDGE if before else 0 : len(whole) - _BASE64_EDGE]
        if len(core) > _BASE64_EDGE:
            found |= {core, core.replace("+", "-").replace("/", "_")}
    return sorted(found, key=len, reverse=True)
