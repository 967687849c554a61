"""Why a value does not fit a column."""

from __future__ import annotations

NO_CODEC = "no codec matching value type"
"""What is said of a value of another JSON type than the column takes."""


class ValueProblemError(ValueError):
    """A value that does not fit its type; the command's own error quotes the reason.

    Attributes:
        reason: A sentence without its full stop.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
