"""Words to their stems, by Snowball's algorithms.

The index of words keeps stems and needs the same ones again to forget a text, so the library's version is pinned:
another one needs a migration that builds the indexes anew (docs/decisions/0051-lexical-search.md).
"""

from __future__ import annotations

import threading
from functools import lru_cache

PORTER = "porter"
"""Porter's algorithm of 1980 for English, which Lucene's English analyzer uses."""

_stemmers = threading.local()


@lru_cache(maxsize=16_384)  # words may have 255 letters: some megabytes at most
def stem(language: str, word: str) -> str:
    """Return the stem of a word in lower case.

    Args:
        language: Snowball's name of the algorithm, such as ``german`` or :data:`PORTER`.
        word: One word.
    """
    found = getattr(_stemmers, language, None)
    if found is None:
        # Imported with the first stem: no other text needs its tables.
        from snowballstemmer import stemmer  # noqa: PLC0415

        found = stemmer(language)
        setattr(_stemmers, language, found)  # one for each thread: a stemmer works on its own state
    stemmed: str = found.stemWord(word)
    return stemmed
