"""A style sheet that is parsed once, and again only where something has changed."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from textual.cache import LRUCache
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet

_SOURCES = 1024
"""More than there are style sheets, those of the framework's widgets included."""

_Parsed = LRUCache[tuple[Any, ...], list[RuleSet]]


@lru_cache(maxsize=4)
def parsed_with(_variables: frozenset[tuple[str, str]]) -> _Parsed:
    """Return what has been parsed with some variables so far, which are a theme's."""
    return LRUCache(_SOURCES)


class KeptStylesheet(Stylesheet):
    """The framework's style sheet without its second parsing.

    The framework has every source parsed anew at each change of page, theme or not, and whenever a kind of widget
    appears for the first time: it keeps 64 of them, and there are more. That was half of the time that a page takes to
    open. What was parsed with the same variables is the same.
    """

    def __init__(self, *, variables: dict[str, str] | None = None) -> None:
        super().__init__(variables=variables)
        self._given = dict(variables or {})
        self._parse_cache = parsed_with(frozenset(self._given.items()))

    def set_variables(self, variables: dict[str, str]) -> None:
        """Take what was parsed with these variables, if they are others than before."""
        if variables != self._given:
            self._given = dict(variables)
            self._parse_cache = LRUCache(_SOURCES)  # the one that is left keeps what it has for when it comes back
            super().set_variables(variables)
            self._parse_cache = parsed_with(frozenset(variables.items()))

    def reparse(self) -> None:
        """Parse what is new; the rules stay as they are when that fails.

        Raises:
            StylesheetParseError: A source is invalid.
        """
        self.parse()
