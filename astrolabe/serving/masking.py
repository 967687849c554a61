"""Texts for people to read, without what must not be shown: tokens, keys, passwords."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pydantic import SecretStr

from astrolabe.providers.wire.redaction import without_key

_MASK = "•••"
_NAME = r"(?:api_?-?key|secret|passw|token|authorization)"
_TEXT, _LIST, _OBJECT = r'"(?:[^"\\]|\\.)*(?:"|$)', r"\[[^\]]*(?:\]|$)", r"\{[^}]*(?:\}|$)"
_SECRET_MEMBER = re.compile(rf'("[^"]*{_NAME}[^"]*"\s*:\s*)(?:{_TEXT}|{_LIST}|{_OBJECT})', re.IGNORECASE)
_SECRET_PLACE = re.compile(_NAME, re.IGNORECASE)
_SECRET_FORM = re.compile(r"AstraCS:[\w:-]+|\b(?:sk|pk|hf|nvapi|pa|jina)[-_][\w-]{12,}|\bAIza[\w-]{20,}")


def masked(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a text without what came as a secret, what stands under a name of secrets, and what looks like one."""
    for secret in secrets:
        text = without_key(text, SecretStr(secret))
    return _SECRET_FORM.sub(_MASK, _SECRET_MEMBER.sub(rf'\1"{_MASK}"', text))


def masked_at(place: str, text: str, secrets: Iterable[str] = ()) -> str:
    """Return what stands at a place such as ``data.document.apiKey.value``; nothing of it under a name of secrets."""
    return _MASK if _SECRET_PLACE.search(place) else masked(text, secrets)
