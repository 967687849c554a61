"""A provider's words without the key, however it is spelled."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from astrolabe.providers.wire.redaction import without_key

KEY = 'hf_Zq7"/+xyz=0123456789'


@pytest.mark.parametrize(
    "spelling",
    [KEY, json.dumps(KEY), quote(KEY, safe=""), quote(KEY), KEY.encode().hex(), KEY.encode().hex().upper()],
)
def test_a_spelling_of_the_key_is_replaced(spelling: str) -> None:
    cleaned = without_key(f"the key {spelling} is unknown", SecretStr(KEY))
    assert "•••" in cleaned
    assert spelling.strip('"') not in cleaned
    assert cleaned.startswith("the key ")


@pytest.mark.parametrize("before", ["", "a", "ab", "abc", "Bearer ", "user:"])
def test_base64_is_found_wherever_the_key_stands_in_it(before: str) -> None:
    whole = base64.b64encode((before + KEY + ":end").encode()).decode()
    cleaned = without_key(whole, SecretStr(KEY))
    assert "•••" in cleaned
    assert len(cleaned) < len(whole) * 2 / 3, "what is left are the ends, which depend on the neighbours"


@pytest.mark.parametrize("key", [None, SecretStr(""), SecretStr("abc")])
def test_without_a_key_the_words_stay(key: SecretStr | None) -> None:
    assert without_key("abc is what it says", key) == "abc is what it says"
