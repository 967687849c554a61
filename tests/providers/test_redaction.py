"""A provider's words without the key, however much of it they say and however it is spelled."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import SecretStr

from astrolabe.providers.wire.redaction import without_key

KEY = 'hf_Zq7"/+xyz=0123456789&<k>mn'
SECRET = KEY.removeprefix("hf_")


def _escaped(form: str) -> Callable[[str], str]:
    return lambda text: "".join(form.format(ord(character)) for character in text)


def _base64(before: str) -> Callable[[str], str]:
    return lambda text: base64.b64encode(f"{before}{text};;".encode()).decode()


def _base32(before: str) -> Callable[[str], str]:
    return lambda text: base64.b32encode(f"{before}{text};;;;".encode()).decode()


ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "small letters": str.lower,
    "capital letters": str.upper,
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON twice": lambda text: json.dumps(json.dumps(text)),
    "JSON with \\/": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "JSON, all \\u": _escaped("\\u{:04x}"),
    "JavaScript \\u{}": _escaped("\\u{{{:X}}}"),
    "\\x": _escaped("\\x{:02X}"),
    "octal": _escaped("\\{:03o}"),
    "%": lambda text: quote(text, safe=""),
    "% but for /": quote,
    "% for all": _escaped("%{:02x}"),
    "% twice": lambda text: quote(quote(text, safe=""), safe=""),
    "quoted-printable": _escaped("={:02X}"),
    "HTML": html.escape,
    "HTML in JSON": lambda text: json.dumps(html.escape(text)),
    "HTML, decimal": _escaped("&#{};"),
    "HTML, hexadecimal": _escaped("&#x{:x};"),
    "HTML, without ;": _escaped("&#x{:x}"),
    "hexadecimal": lambda text: text.encode().hex(),
    "hexadecimal, capital": lambda text: text.encode().hex().upper(),
    "hexadecimal, mixed": lambda text: text.encode().hex().replace("e", "E").replace("b", "B"),
    "hexadecimal with colons": lambda text: text.encode().hex(":"),
    "hexadecimal with spaces": lambda text: text.encode().hex(" ").upper(),
    "hexadecimal with hyphens": lambda text: text.encode().hex("-"),
    "hexadecimal, a list": lambda text: ", ".join(f"0x{byte:02x}" for byte in text.encode()),
    "hexadecimal after a digit": lambda text: "f" + text.encode().hex(),
    "a list of numbers": lambda text: str(list(text.encode())),
    "base32, small": lambda text: base64.b32encode(text.encode()).decode().lower(),
    "base32 of the other alphabet": lambda text: base64.b32hexencode(text.encode()).decode(),
    **{f"base32 after {count}": _base32("x" * count) for count in range(6)},
    **{f"base64 after {count}": _base64("x" * count) for count in range(4)},
    "base64 of credentials": _base64("Bearer "),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(f"~{text}".encode()).decode().rstrip("="),
    "base64 in lines": lambda text: base64.encodebytes((text * 5).encode()).decode(),
    "base64 in JSON": lambda text: json.dumps({"echo": base64.b64encode(text.encode()).decode()}),
    "base64 of a URL's escapes": lambda text: base64.b64encode(text.encode()).decode().replace("=", "%3D"),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_eight_characters_of_a_key_are_masked_in_every_encoding(encoding: str) -> None:
    for start in range(len(SECRET) - 7):
        spelled = ENCODINGS[encoding](SECRET[start : start + 8])
        cleaned = without_key(f"The key ({spelled}) is unknown", SecretStr(KEY))
        assert "•••" in cleaned
        assert spelled not in cleaned
        assert cleaned.startswith("The key (")
        assert cleaned.endswith(") is unknown")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_of_the_whole_key_nothing_is_left(encoding: str) -> None:
    around = without_key(f"«{ENCODINGS[encoding](KEY)}»", SecretStr(KEY))
    none = without_key(f"«{ENCODINGS[encoding]('')}»", SecretStr(KEY))
    assert "•••" in around
    # What surrounds the key, its prefix, and the few letters of an encoding that they share with it.
    assert len(around.replace("•••", "")) <= len(none) + 24


@pytest.mark.parametrize(
    ("key", "prefix"),
    [
        ("sk-proj-Ab9xQ2mKd8LwZ4", "sk-proj-"),
        ("AstraCS:aBcDeFgHiJ:0123456789abcdef", "AstraCS:"),
        ("nvapi-Zz91-xyW_88ab", "nvapi-"),
    ],
)
def test_the_prefix_that_all_keys_of_a_provider_have_may_be_said(key: str, prefix: str) -> None:
    words = f"Keys begin with {prefix}, and are made on our site."
    assert without_key(words, SecretStr(key)) == words
    assert without_key(f"{key}!", SecretStr(key)) == "•••!"


def test_seven_characters_of_a_key_may_be_said() -> None:
    words = f"the key that begins with {SECRET[:7]} and ends in {SECRET[-7:]}"
    assert without_key(words, SecretStr(KEY)) == words


def test_two_echoes_are_masked_each_and_what_stands_between_them_stays() -> None:
    words = f"{SECRET[:9]} and {SECRET[3:14]}; {SECRET}{SECRET}"
    assert without_key(words, SecretStr(KEY)) == "••• and •••; •••"


def test_a_letter_with_a_long_small_form_hides_no_echo() -> None:
    assert without_key(f"İ {SECRET.upper()} İ", SecretStr(KEY)) == "İ ••• İ"


@pytest.mark.parametrize("key", ["abcd", "pass12"])
def test_a_short_key_is_masked_as_a_whole(key: str) -> None:
    assert without_key(f"{key}; {key.encode().hex()}", SecretStr(key)) == "•••; •••"


@pytest.mark.parametrize("key", [None, SecretStr(""), SecretStr("abc")])
def test_without_a_key_the_words_stay(key: SecretStr | None) -> None:
    assert without_key("abc is what it says", key) == "abc is what it says"


@given(st.text(max_size=80))
@example("%" * 8 + "\\")
@example("&#x110000; &#1114112; \\u{ffffff} \\777 %uD800")
@example("a" * 80)
def test_other_words_stay_as_they_are(words: str) -> None:
    assert without_key(words, SecretStr("§" * 20)) == words
