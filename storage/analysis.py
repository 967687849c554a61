"""What the words of a text are: analyzers, named and put together as Lucene's are, for the lexical index.

An analyzer turns a text into terms, for documents and for queries alike. A document matches a query when it has all of
the query's terms. The terms are made here, in one place, so that SQL and Python cannot disagree on them; SQLite's FTS5
only keeps and ranks them (docs/decisions/0051-lexical-search.md says how near this is to Lucene).
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from storage import jsontext
from storage.porter import stem

STANDARD = "standard"
"""The name of the analyzer that a collection has unless it says otherwise."""

MOST_BYTES = 8192
"""Bytes that all terms of one document may have together, repetitions included, as in the database behind the API."""

_LONGEST_TERM = 255
"""Characters of one term; what is longer is cut into terms of this length."""

_Tokens = Iterable[str]
_Tokenizer = Callable[[str], _Tokens]
_Filter = Callable[[_Tokens], _Tokens]

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
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "but",
        "by",
        "for",
        "if",
        "in",
        "into",
        "is",
        "it",
        "no",
        "not",
        "of",
        "on",
        "or",
        "such",
        "that",
        "the",
        "their",
        "then",
        "there",
        "these",
        "they",
        "this",
        "to",
        "was",
        "will",
        "with",
    ]
)
"""Lucene's English stop words."""

_LANGUAGES = [
    "arabic",
    "armenian",
    "basque",
    "bengali",
    "brazilian",
    "bulgarian",
    "catalan",
    "czech",
    "danish",
    "dutch",
    "estonian",
    "finnish",
    "french",
    "galician",
    "german",
    "greek",
    "hindi",
    "hungarian",
    "indonesian",
    "irish",
    "italian",
    "latvian",
    "lithuanian",
    "norwegian",
    "persian",
    "portuguese",
    "romanian",
    "russian",
    "sorani",
    "spanish",
    "swedish",
    "thai",
    "turkish",
]
"""Languages whose own analyzer is known by name; here their words are taken as they are, without stems."""


class AnalyzerError(ValueError):
    """An analyzer that does not exist or is put together wrongly; ``str()`` is a clause that says why."""


@dataclass(frozen=True, slots=True)
class Analyzer:
    """An analyzer; :func:`read_analyzer` makes it.

    Attributes:
        definition: What it was made from, as JSON text; analyzers with the same definition are equal.
    """

    definition: str
    _tokenizer: _Tokenizer = field(compare=False, repr=False)
    _filters: tuple[_Filter, ...] = field(compare=False, repr=False)
    _prepare: tuple[Callable[[str], str], ...] = field(default=(), compare=False, repr=False)

    def terms(self, text: str) -> list[str]:
        """Return the terms of a text, in order, each as often as it occurs."""
        return list(self._stream(text))

    def fits(self, text: str) -> bool:
        """Return whether the terms of a text are few and short enough to be kept: :data:`MOST_BYTES` at most."""
        size = 0
        for term in self._stream(text):
            size += len(term.encode())
            if size > MOST_BYTES:
                return False
        return True

    def query(self, text: str) -> TermQuery:
        """Return the query that asks for all the terms of a text; more of them than any document has match nothing."""
        terms: dict[str, None] = {}
        size = 0
        for term in self._stream(text):
            if term not in terms:
                terms[term] = None
                size += len(term.encode())
                if size > MOST_BYTES:
                    return TermQuery(self, ())
        return TermQuery(self, tuple(terms))

    def _stream(self, text: str) -> Iterator[str]:
        if not text.isascii():
            text = text.encode("utf-8", "replace").decode("utf-8")
        for prepare in self._prepare:
            text = prepare(text)
        tokens = self._tokenizer(text)
        for token_filter in self._filters:
            tokens = token_filter(tokens)
        return (part for token in tokens if token for part in _pieces(token))


@dataclass(frozen=True, slots=True)
class TermQuery:
    """A query: every term has to occur. Without terms, nothing matches.

    Attributes:
        analyzer: How documents are read.
        terms: Each once, in the order asked.
    """

    analyzer: Analyzer
    terms: tuple[str, ...]

    def matches(self, text: str) -> bool:
        """Return whether a text has every term."""
        return bool(self.terms) and set(self.terms) <= set(self.analyzer.terms(text))


def read_analyzer(definition: str | Mapping[str, Any]) -> Analyzer:
    """Return the analyzer of a name, or of an object ``{tokenizer, filters, charFilters}``.

    Raises:
        AnalyzerError: The name is unknown, or the object asks for what there is not.
    """
    return _read(jsontext.dumps(definition))


@lru_cache(maxsize=64)
def _read(text: str) -> Analyzer:
    definition = jsontext.loads(text)
    if isinstance(definition, str):
        tokenizer, filters = _named(definition)
        return Analyzer(text, tokenizer, filters)
    unknown = sorted(set(definition) - {"tokenizer", "filters", "charFilters"})
    if unknown:
        raise AnalyzerError(f"an analyzer has 'tokenizer', 'filters' and 'charFilters', not {_listed(unknown)}")
    tokenizer = _tokenizer(definition.get("tokenizer"))
    filters = tuple(_part("filter", part, _FILTERS) for part in _parts(definition, "filters"))
    prepare = tuple(_part("charFilter", part, _CHAR_FILTERS) for part in _parts(definition, "charFilters"))
    return Analyzer(text, tokenizer, filters, prepare)


def _named(name: str) -> tuple[_Tokenizer, tuple[_Filter, ...]]:
    found = _NAMED.get(name.casefold())
    if found is None:
        raise AnalyzerError(f"there is no analyzer {name[:60]!r}. There are: {', '.join(sorted(_NAMED))}")
    return found


def _parts(definition: Mapping[str, Any], member: str) -> Sequence[Any]:
    parts = definition.get(member)
    if parts is None:
        return ()
    if not isinstance(parts, list):
        raise AnalyzerError(f"'{member}' must be an array")
    return parts


def _part(kind: str, part: object, known: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a filter of either kind
    name, arguments = _name_and_arguments(kind, part)
    if name.casefold() not in known:
        raise AnalyzerError(f"there is no {kind} {name[:60]!r}. There are: {', '.join(sorted(known))}")
    if arguments:
        raise AnalyzerError(f"the {kind} {name!r} takes no arguments here")
    return known[name.casefold()]


def _name_and_arguments(kind: str, part: object) -> tuple[str, Mapping[str, Any]]:
    name = part.get("name") if isinstance(part, Mapping) else None
    if not isinstance(part, Mapping) or not isinstance(name, str):
        raise AnalyzerError(f"a {kind} must be an object with a 'name'")
    arguments = part.get("args") or {}
    if not isinstance(arguments, Mapping) or set(part) - {"name", "args"}:
        raise AnalyzerError(f"a {kind} has a 'name' and perhaps an object 'args'")
    return name, arguments


def _tokenizer(part: object) -> _Tokenizer:
    if part is None:
        raise AnalyzerError("an analyzer needs a 'tokenizer'")
    name, arguments = _name_and_arguments("tokenizer", part)
    if name.casefold() == "ngram":
        return _grams(arguments)
    found: _Tokenizer = _part("tokenizer", part, _TOKENIZERS)
    return found


def _grams(arguments: Mapping[str, Any]) -> _Tokenizer:
    unknown = sorted(set(arguments) - {"minGramSize", "maxGramSize"})
    if unknown:
        raise AnalyzerError(f"the tokenizer 'ngram' takes 'minGramSize' and 'maxGramSize', not {_listed(unknown)}")
    try:
        least, most = int(arguments.get("minGramSize", 1)), int(arguments.get("maxGramSize", 2))
    except (TypeError, ValueError, OverflowError) as error:
        raise AnalyzerError("the sizes of the tokenizer 'ngram' must be whole numbers") from error
    if not 1 <= least <= most <= _LONGEST_GRAM:
        raise AnalyzerError(f"the sizes of the tokenizer 'ngram' must be 1 to {_LONGEST_GRAM}, the least one first")
    sizes = range(least, most + 1)
    return lambda text: (text[at : at + size] for at in range(len(text)) for size in sizes if at + size <= len(text))


_LONGEST_GRAM = 10


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"{name[:60]!r}" for name in names)


def _pieces(token: str) -> Sequence[str]:
    if len(token) <= _LONGEST_TERM:
        return (token,)
    return [token[at : at + _LONGEST_TERM] for at in range(0, len(token), _LONGEST_TERM)]


def _lowercase(tokens: _Tokens) -> _Tokens:
    return map(str.lower, tokens)


def _without_stop_words(tokens: _Tokens) -> _Tokens:
    return (token for token in tokens if token not in _STOP_WORDS)


def _without_possessive(tokens: _Tokens) -> _Tokens:
    return (token[:-2] if token[-2:] in {"'s", "’s", "'S", "’S"} else token for token in tokens)


def _stems(tokens: _Tokens) -> _Tokens:
    return map(stem, tokens)


def _folded(tokens: _Tokens) -> _Tokens:
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


def _found(pattern: re.Pattern[str]) -> _Tokenizer:
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


_TOKENIZERS: Mapping[str, _Tokenizer] = {
    "standard": _found(_WORD),
    "letter": _found(_LETTERS),
    "whitespace": _found(_NOT_BLANK),
    "keyword": lambda text: (text,),
}
_FILTERS: Mapping[str, _Filter] = {
    "lowercase": _lowercase,
    "stop": _without_stop_words,
    "englishpossessive": _without_possessive,
    "porterstem": _stems,
    "asciifolding": _folded,
}
_CHAR_FILTERS: Mapping[str, Callable[[str], str]] = {"htmlstrip": _without_markup}

_WORDS = (_TOKENIZERS["standard"], (_lowercase,))
_NAMED: Mapping[str, tuple[_Tokenizer, tuple[_Filter, ...]]] = {
    **dict.fromkeys(_LANGUAGES, _WORDS),
    STANDARD: _WORDS,
    "simple": (_TOKENIZERS["letter"], (_lowercase,)),
    "stop": (_TOKENIZERS["letter"], (_lowercase, _without_stop_words)),
    "whitespace": (_TOKENIZERS["whitespace"], ()),
    "keyword": (_TOKENIZERS["keyword"], ()),
    "lowercase": (_TOKENIZERS["keyword"], (_lowercase,)),
    "english": (_TOKENIZERS["standard"], (_without_possessive, _lowercase, _without_stop_words, _stems)),
    "cjk": (_pairs_of_ideographs, (_lowercase, _without_stop_words)),
}

STANDARD_ANALYZER = read_analyzer(STANDARD)
"""The analyzer of texts that no collection says anything about."""
