"""The Porter stemmer: English words to their stems, by the published algorithm of 1980."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

_CONSONANT = "[^aeiou]"
_VOWEL = "[aeiouy]"
_CONSONANTS = f"{_CONSONANT}[^aeiouy]*"
_VOWELS = f"{_VOWEL}[aeiou]*"
_MORE_THAN_0 = re.compile(f"^({_CONSONANTS})?+{_VOWELS}{_CONSONANTS}")
_EXACTLY_1 = re.compile(f"^({_CONSONANTS})?+{_VOWELS}{_CONSONANTS}({_VOWELS})?$")
_MORE_THAN_1 = re.compile(f"^({_CONSONANTS})?+{_VOWELS}{_CONSONANTS}{_VOWELS}{_CONSONANTS}")
_HAS_VOWEL = re.compile(f"^({_CONSONANTS})?+{_VOWEL}")
_SHORT_END = re.compile(f"^{_CONSONANTS}{_VOWEL}[^aeiouwxy]$")
_DOUBLED = re.compile(r"([^aeiouylsz])\1$")
_STEMMABLE = re.compile(r"[a-z]{3,64}")

_Endings = Sequence[tuple[str, str]]

_STEP_2: _Endings = (
    ("ational", "ate"),
    ("tional", "tion"),
    ("enci", "ence"),
    ("anci", "ance"),
    ("izer", "ize"),
    ("bli", "ble"),
    ("alli", "al"),
    ("entli", "ent"),
    ("eli", "e"),
    ("ousli", "ous"),
    ("ization", "ize"),
    ("ation", "ate"),
    ("ator", "ate"),
    ("alism", "al"),
    ("iveness", "ive"),
    ("fulness", "ful"),
    ("ousness", "ous"),
    ("aliti", "al"),
    ("iviti", "ive"),
    ("biliti", "ble"),
    ("logi", "log"),
)
_STEP_3: _Endings = (
    ("icate", "ic"),
    ("ative", ""),
    ("alize", "al"),
    ("iciti", "ic"),
    ("ical", "ic"),
    ("ful", ""),
    ("ness", ""),
)
_STEP_4 = (
    *("al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ou", "ism"),
    *("ate", "iti", "ous", "ive", "ize"),
)


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """Return the stem of a word in lower case; words that are too short, too long or not English stay as they are."""
    if not _STEMMABLE.fullmatch(word):
        return word
    word = _without_plural(word)
    word = _without_past(word)
    if word.endswith("y") and _HAS_VOWEL.match(word[:-1]):
        word = word[:-1] + "i"
    for endings in (_STEP_2, _STEP_3):
        word = _replaced(word, endings)
    word = _without_suffix(word)
    return _tidied(word)


def _without_plural(word: str) -> str:
    if word.endswith(("sses", "ies")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _without_past(word: str) -> str:
    if word.endswith("eed"):
        return word[:-1] if _MORE_THAN_0.match(word[:-3]) else word
    ending = "ed" if word.endswith("ed") else "ing"
    rest = word.removesuffix(ending)
    if rest == word or not _HAS_VOWEL.match(rest):
        return word
    if rest.endswith(("at", "bl", "iz")) or _SHORT_END.match(rest):
        return rest + "e"
    return rest[:-1] if _DOUBLED.search(rest) else rest


def _replaced(word: str, endings: _Endings) -> str:
    """Return the word with the one ending that fits replaced, if enough is before it."""
    for ending, instead in endings:
        if word.endswith(ending):
            rest = word.removesuffix(ending)
            return rest + instead if _MORE_THAN_0.match(rest) else word
    return word


def _without_suffix(word: str) -> str:
    ending = max(filter(word.endswith, _STEP_4), key=len, default="")
    if ending:
        rest = word.removesuffix(ending)
        return rest if _MORE_THAN_1.match(rest) else word
    rest = word.removesuffix("ion")
    return rest if rest != word and rest.endswith(("s", "t")) and _MORE_THAN_1.match(rest) else word


def _tidied(word: str) -> str:
    """Drop a final e and one of two final l where enough is before them."""
    if word.endswith("e"):
        rest = word[:-1]
        if _MORE_THAN_1.match(rest) or (_EXACTLY_1.match(rest) and not _SHORT_END.match(rest)):
            word = rest
    return word[:-1] if word.endswith("ll") and _MORE_THAN_1.match(word) else word
