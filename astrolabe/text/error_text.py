"""What to tell the user about an error that nobody raised on purpose."""

from __future__ import annotations

import logging

from astrolabe.errors import AstrolabeError, DataApiError, ProviderError
from astrolabe.text.safe_text import VIEWER_LIMIT, display_text

log = logging.getLogger(__name__)


def source_of(error: AstrolabeError) -> str:
    """Return who has to act; a simulated failure is told from a real one here, since its words are the same."""
    simulated = isinstance(error, DataApiError | ProviderError) and error.simulated
    return f"Source: {error.owner.value}{', simulated by the failure lab' if simulated else ''}"


def as_told(error: BaseException) -> AstrolabeError:
    """Return an error of our tree; an unexpected one is logged and turned into words.

    The log of the program gets its type and frames. Its message may quote a value that must not be written down: the
    log's formatter leaves it out.
    """
    if isinstance(error, AstrolabeError):
        return error
    log.error("unexpected error in the console", exc_info=error)
    return AstrolabeError(
        f"An unexpected error: {type(error).__name__}: {display_text(error, limit=VIEWER_LIMIT)}",
        hint="This is a fault of the program; what was saved is safe. Please report the steps that led here.",
    )
