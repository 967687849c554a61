"""Finding the provider's own words in an error answer."""

from __future__ import annotations

import json
from collections.abc import Sequence

from astrolabe.providers.wire.foreign_json import read_json

LONGEST_WORDS = 2_000
"""Characters kept of what a provider says; some answer with a whole web page."""

_MOST_BYTES = 16 * LONGEST_WORDS
"""Bytes that are looked at for them: characters have up to four, and blanks may come first."""


def is_json(content_type: str) -> bool:
    """Return whether a ``Content-Type`` announces JSON; parameters such as a charset do not count."""
    media = content_type.partition(";")[0].strip().lower()
    return media in {"application/json", "text/json"} or media.endswith("+json")


def find_words(pointers: Sequence[str], content_type: str, body: bytes) -> str:
    """Return what the provider says in ``body``.

    The value at the first JSON pointer that exists; the whole document where none does; the raw text where it is not
    JSON. A text comes without quotes, anything else as JSON.
    """
    try:
        document = read_json(body) if is_json(content_type) else None
    except ValueError:
        document = None
    if document is None:
        return body[:_MOST_BYTES].decode("utf-8", errors="replace").strip()[:LONGEST_WORDS]
    found = next((value for pointer in pointers if (value := _at(document, pointer)) is not None), document)
    return (found if isinstance(found, str) else json.dumps(found, ensure_ascii=False))[:LONGEST_WORDS]


def _at(document: object, pointer: str) -> object:
    for step in pointer.strip("/").split("/"):
        if not isinstance(document, dict):
            return None
        document = document.get(step)
    return document
