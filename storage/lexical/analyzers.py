"""What the words of a text are: analyzers, named and put together as Lucene's are, for the lexical index.

An analyzer turns a text into terms, for documents and for queries alike. A document matches a query when it has all of
the query's terms. The terms are made here, in one place, so that SQL and Python cannot disagree on them; SQLite's FTS5
only keeps and ranks them (docs/decisions/0051-lexical-search.md says how near this is to Lucene).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from storage import jsontext
from storage.lexical.tokenizers import CHAR_FILTERS, FILTERS, NAMED, TOKENIZERS, TokenFilter, Tokenizer

STANDARD = "standard"
"""The name of the analyzer that a collection has unless it says otherwise."""

MOST_BYTES = 8192
"""Bytes that all terms of one document may have together, repetitions included, as in the database behind the API."""

MOST_PARTS = 32
"""Filters, and filters of characters, that one analyzer may have. Each takes what the one before it gives, one inside
the other, so that a long chain of them is as deep as the stack of a thread."""

_LONGEST_NAME = 100
_LONGEST_TERM = 255
"""Characters of one term; what is longer is cut into terms of this length."""


class AnalyzerError(ValueError):
    """An analyzer that does not exist or is put together wrongly; ``str()`` is a clause that says why."""


@dataclass(frozen=True, slots=True)
class Analyzer:
    """An analyzer; :func:`read_analyzer` makes it.

    Attributes:
        definition: What it was made from, as JSON text; analyzers with the same definition are equal.
        problem: Why it reads no text, as a clause; empty for one that does.
    """

    definition: str
    _tokenizer: Tokenizer = field(compare=False, repr=False)
    _filters: tuple[TokenFilter, ...] = field(compare=False, repr=False)
    _prepare: tuple[Callable[[str], str], ...] = field(default=(), compare=False, repr=False)
    problem: str = field(default="", compare=False)

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
        if self.problem:
            raise AnalyzerError(self.problem)
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
        AnalyzerError: The name is unknown, or the object asks for what there is not, or for too much.
    """
    if isinstance(definition, Mapping):
        _check_members(definition)
        for member in ("filters", "charFilters"):
            _parts(definition, member)
        if not jsontext.is_small(definition):
            raise AnalyzerError("the object is larger than any analyzer needs")
    elif len(definition) > _LONGEST_NAME:
        raise _unknown("analyzer", definition, NAMED)
    return _read(jsontext.dumps(definition))


def stored_analyzer(definition: str | Mapping[str, Any]) -> Analyzer:
    """Return the analyzer of a stored definition; one that could not be made today says so when it is used."""
    try:
        return read_analyzer(definition)
    except AnalyzerError as problem:
        return Analyzer(jsontext.dumps(definition), TOKENIZERS["keyword"], (), problem=str(problem))


@lru_cache(maxsize=64)
def _read(text: str) -> Analyzer:
    definition = jsontext.loads(text)
    if isinstance(definition, str):
        tokenizer, filters = _named(definition)
        return Analyzer(text, tokenizer, filters)
    tokenizer = _tokenizer(definition.get("tokenizer"))
    filters = tuple(_part("filter", part, FILTERS) for part in _parts(definition, "filters"))
    prepare = tuple(_part("charFilter", part, CHAR_FILTERS) for part in _parts(definition, "charFilters"))
    return Analyzer(text, tokenizer, filters, prepare)


def _check_members(definition: Mapping[str, Any]) -> None:
    unknown = sorted(set(definition) - {"tokenizer", "filters", "charFilters"})
    if unknown:
        raise AnalyzerError(f"an analyzer has 'tokenizer', 'filters' and 'charFilters', not {_listed(unknown)}")


def _named(name: str) -> tuple[Tokenizer, tuple[TokenFilter, ...]]:
    found = NAMED.get(name.casefold())
    if found is None:
        raise _unknown("analyzer", name, NAMED)
    return found


def _parts(definition: Mapping[str, Any], member: str) -> Sequence[Any]:
    parts = definition.get(member)
    if parts is None:
        return ()
    if not isinstance(parts, list):
        raise AnalyzerError(f"'{member}' must be an array")
    if len(parts) > MOST_PARTS:
        raise AnalyzerError(f"'{member}' has {len(parts)} parts, at most {MOST_PARTS} are allowed")
    return parts


def _unknown(kind: str, name: str, known: Mapping[str, Any]) -> AnalyzerError:
    return AnalyzerError(f"there is no {kind} {name[:60]!r}. There are: {', '.join(sorted(known))}")


def _part(kind: str, part: object, known: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a filter of either kind
    name, arguments = _name_and_arguments(kind, part)
    if name.casefold() not in known:
        raise _unknown(kind, name, known)
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


def _tokenizer(part: object) -> Tokenizer:
    if part is None:
        raise AnalyzerError("an analyzer needs a 'tokenizer'")
    name, arguments = _name_and_arguments("tokenizer", part)
    if name.casefold() == "ngram":
        return _grams(arguments)
    found: Tokenizer = _part("tokenizer", part, TOKENIZERS)
    return found


def _grams(arguments: Mapping[str, Any]) -> Tokenizer:
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
_MOST_LISTED = 5


def _listed(names: Sequence[str]) -> str:
    shown = [f"{name[:60]!r}" for name in names[:_MOST_LISTED]]
    return ", ".join([*shown, "…"] if len(names) > _MOST_LISTED else shown)


def _pieces(token: str) -> Sequence[str]:
    if len(token) <= _LONGEST_TERM:
        return (token,)
    return [token[at : at + _LONGEST_TERM] for at in range(0, len(token), _LONGEST_TERM)]


STANDARD_ANALYZER = read_analyzer(STANDARD)
"""The analyzer of texts that no collection says anything about."""
