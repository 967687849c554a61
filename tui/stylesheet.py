"""A style sheet that is parsed once, and again only where something has changed."""

from __future__ import annotations

from textual.css.stylesheet import Stylesheet


class KeptStylesheet(Stylesheet):
    """The framework's style sheet without its second parsing.

    The framework has every source parsed anew at each change of page, theme or not: half of the time that a page takes
    to open. What was parsed with the same variables is the same.
    """

    def __init__(self, *, variables: dict[str, str] | None = None) -> None:
        super().__init__(variables=variables)
        self._given = dict(variables or {})

    def set_variables(self, variables: dict[str, str]) -> None:
        """Forget what was parsed if the variables are others than before."""
        if variables != self._given:
            self._given = dict(variables)
            super().set_variables(variables)

    def reparse(self) -> None:
        """Parse what is new; the rules stay as they are when that fails.

        Raises:
            StylesheetParseError: A source is invalid.
        """
        self.parse()
