"""Walks over several answers of one question: each has to lead on, or the walk would have no end."""

from __future__ import annotations

from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.errors import DataApiError


class PageWalk:
    """Goes from page to page, and notices when the pages go round in a circle.

    Attributes:
        state: The page state to send with the next command; None for the first one.
    """

    def __init__(self) -> None:
        self.state: str | None = None
        self._kept: str | None = None
        self._pages = 0

    def leads_on(self, state: str | None) -> bool:
        """Take the state that an answer names; return whether there is another page.

        Raises:
            DataApiError: It names a page that was there before.
        """
        if state is None:
            return False
        if state in {self.state, self._kept}:
            raise stands_still("The server's answer names the same page again, so that reading would never end.")
        self.state = state
        self._pages += 1
        if self._pages & (self._pages - 1) == 0:  # the 1st, 2nd, 4th, 8th …: one of them lies in any circle
            self._kept = state
        return True


def stands_still(message: str) -> DataApiError:
    """Return the error of an answer that says there is more and does not lead there."""
    return data_api_error(
        "UNEXPECTED_SERVER_ERROR",
        message,
        hint="This is a fault of the server: try again, and tell who runs it if it happens again.",
    )
