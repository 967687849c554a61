"""What a running server has answered, for whoever looks at it."""

from __future__ import annotations

from dataclasses import dataclass

from astrolabe.errors import AstrolabeError, DataApiError


@dataclass(slots=True)
class Traffic:
    """Counts since the start.

    Attributes:
        requests: Answered, with success or an error.
        failed: Of these, the ones with an error.
        last_error: The newest error's code and first line; may hold foreign text.
    """

    requests: int = 0
    failed: int = 0
    last_error: str = ""

    def note_error(self, error: AstrolabeError) -> None:
        """Count an error."""
        self.failed += 1
        code = error.code if isinstance(error, DataApiError) else error.title
        self.last_error = f"{code}: {error.message.partition(chr(10))[0]}"
