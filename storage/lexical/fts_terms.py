"""Terms as SQLite's FTS5 keeps them, and a query as its expression."""

from __future__ import annotations

from collections.abc import Iterable

from storage.lexical.analyzers import TermQuery

_ENCODING = {code: 0xE000 + code for code in range(128) if not (chr(code).isdigit() or "a" <= chr(code) <= "z")}
"""FTS5's plainest tokenizer splits at what this replaces, and does not tell upper case from lower."""


def encoded(terms: Iterable[str]) -> str:
    """Return terms as the text that is indexed."""
    return " ".join(term.translate(_ENCODING) for term in terms)


def expression(query: TermQuery) -> str:
    """Return the FTS5 expression of a query that has terms; nothing in it can be taken for FTS5's syntax."""
    return " AND ".join(f'"{term.translate(_ENCODING)}"' for term in query.terms)
