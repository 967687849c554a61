"""The parts of analyzers: tokenizers, filters of terms and of characters, and the analyzers that have a name."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from storage.lexical.stems import PORTER, stem

Tokens = Iterable[str]
Tokenizer = Callable[[str], Tokens]
TokenFilter = Callable[[Tokens], Tokens]

_IDEOGRAPHS = "\u3041-\u309f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"
_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed"
    "\u0900-\u0963\u0966-\u0df3\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece\u102b-\u103e\u17b4-\u17d3"
)
"""Marks that belong to the letter before them, which ``\\w`` leaves out."""

_WORD = re.compile(
    rf"[{_IDEOGRAPHS}]"
    rf"|(?:(?![{_IDEOGRAPHS}])[\w{_MARKS}]|(?<=[^\W\d_])['’.](?=[^\W\d_])|(?<=\d)[.,](?=\d))+"
)
_LETTERS = re.compile(r"[^\W\d_]+")
_NOT_BLANK = re.compile(r"\S+")
_TAG = re.compile(r"<[!/?]?[a-zA-Z-][^<>]*>")
_IDEOGRAPH = re.compile(rf"[{_IDEOGRAPHS}]")

_STOP_WORDS = frozenset(
    {
        *("a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in", "into", "is", "it", "no", "not"),
        *("of", "on", "or", "such", "that", "the", "their", "then", "there", "these", "they", "this", "to", "was"),
        *("will", "with"),
    }
)
"""Lucene's English stop words."""


def _lowercase(tokens: Tokens) -> Tokens:
    return map(str.lower, tokens)


def _without_stop_words(tokens: Tokens) -> Tokens:
    return (token for token in tokens if token not in _STOP_WORDS)


def _without_possessive(tokens: Tokens) -> Tokens:
    return (token[:-2] if token[-2:] in {"'s", "’s", "'S", "’S"} else token for token in tokens)


def _stems(language: str) -> TokenFilter:
    return lambda tokens: (stem(language, token) for token in tokens)


def _folded(tokens: Tokens) -> Tokens:
    return (token if token.isascii() else _fold(token) for token in tokens)


@lru_cache(maxsize=4096)
def _fold(token: str) -> str:
    """Return a token with its letters as near to ASCII as they go: ``é`` as ``e``, ``ß`` as ``ss``."""
    decomposed = unicodedata.normalize("NFKD", token.translate(_ASCII_FORMS))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


_ASCII_FORMS = str.maketrans(
    {
        "ß": "ss",
        "æ": "ae",
        "Æ": "AE",
        "œ": "oe",
        "Œ": "OE",
        "ø": "o",
        "Ø": "O",
        "đ": "d",
        "Đ": "D",
        "ł": "l",
        "Ł": "L",
        "ð": "d",
        "Ð": "D",
        "þ": "th",
        "Þ": "TH",
        "’": "'",
    }
)


def _found(pattern: re.Pattern[str]) -> Tokenizer:
    return lambda text: (match[0] for match in pattern.finditer(text))


def _pairs_of_ideographs(text: str) -> Iterable[str]:
    """Yield words, and every two neighbours of a run of ideographs in place of single ones."""
    run = ""
    end = -1
    for match in _WORD.finditer(text):
        token = match[0]
        neighbour = match.start() == end
        end = match.end()
        if not _IDEOGRAPH.fullmatch(token):
            yield from _run_rest(run)
            run = ""
            yield token
        elif not run or not neighbour:
            yield from _run_rest(run)
            run = token
        else:
            yield run[-1] + token
            run += token
    yield from _run_rest(run)


def _run_rest(run: str) -> tuple[str, ...]:
    """A run of one ideograph has no pair and stands for itself."""
    return (run,) if len(run) == 1 else ()


def _without_markup(text: str) -> str:
    return html.unescape(_TAG.sub(" ", text))


TOKENIZERS: Mapping[str, Tokenizer] = {
    "standard": _found(_WORD),
    "letter": _found(_LETTERS),
    "whitespace": _found(_NOT_BLANK),
    "keyword": lambda text: (text,),
}
FILTERS: Mapping[str, TokenFilter] = {
    "lowercase": _lowercase,
    "stop": _without_stop_words,
    "englishpossessive": _without_possessive,
    "porterstem": _stems(PORTER),
    "asciifolding": _folded,
}
CHAR_FILTERS: Mapping[str, Callable[[str], str]] = {"htmlstrip": _without_markup}

_WORDS = (TOKENIZERS["standard"], (_lowercase,))

_LANGUAGES = (
    *("arabic", "armenian", "basque", "catalan", "czech", "danish", "dutch", "estonian", "finnish", "french", "german"),
    *("greek", "hindi", "hungarian", "indonesian", "irish", "italian", "lithuanian", "norwegian", "persian"),
    *("portuguese", "romanian", "russian", "spanish", "swedish", "turkish"),
)
"""Languages whose words are taken to their stems."""

_WITHOUT_STEMS = ("bengali", "bulgarian", "galician", "latvian", "sorani", "thai")
"""Languages known by name whose words are taken as they are: Snowball has no stems for them."""


def _language(name: str) -> tuple[Tokenizer, tuple[TokenFilter, ...]]:
    return TOKENIZERS["standard"], (_lowercase, _stems(name))


NAMED: Mapping[str, tuple[Tokenizer, tuple[TokenFilter, ...]]] = {
    **{name: _language(name) for name in _LANGUAGES},
    **dict.fromkeys(_WITHOUT_STEMS, _WORDS),
    "brazilian": _language("portuguese"),
    "standard": _WORDS,
    "simple": (TOKENIZERS["letter"], (_lowercase,)),
    "stop": (TOKENIZERS["letter"], (_lowercase, _without_stop_words)),
    "whitespace": (TOKENIZERS["whitespace"], ()),
    "keyword": (TOKENIZERS["keyword"], ()),
    "lowercase": (TOKENIZERS["keyword"], (_lowercase,)),
    "english": (TOKENIZERS["standard"], (_without_possessive, _lowercase, _without_stop_words, _stems(PORTER))),
    "cjk": (_pairs_of_ideographs, (_lowercase, _without_stop_words)),
}
"""The analyzers that have a name: a tokenizer, and the filters that its terms go through in turn."""
