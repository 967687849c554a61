"""Half-written files that a killed program has left beside the place of the whole one."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

_ABANDONED_AFTER = 3600.0
"""Seconds after which a half-written file is taken to be left behind."""


def remove_abandoned(folder: Path, pattern: str) -> None:
    """Remove the drafts in a folder that are so old that nobody writes them any more; what cannot go stays.

    Args:
        folder: Where they are, if it is there.
        pattern: Of their names.
    """
    with suppress(OSError):
        for draft in folder.glob(pattern):
            if time.time() - draft.stat().st_mtime > _ABANDONED_AFTER:
                draft.unlink(missing_ok=True)
