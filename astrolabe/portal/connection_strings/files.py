"""Reading files of exported connection strings."""

from __future__ import annotations

from pathlib import Path

from astrolabe.errors import RuleError

LONGEST_FILE = 10_000_000
"""Bytes of a file of connection strings that are read; more is none."""


def read_export(path: Path) -> str:
    """Return the text of a file.

    Raises:
        RuleError: It cannot be read, is too large, or is no text.
    """
    try:
        with path.expanduser().open("rb") as source:
            content = source.read(LONGEST_FILE + 1)
        text = content.decode("utf-8-sig")
    except (OSError, RuntimeError, ValueError) as error:  # no home folder, a NUL in the path, no UTF-8
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is not text in UTF-8"
        raise RuleError(f"The file {path} cannot be read: {reason}.", field="file", hint="Check the path.") from error
    if len(content) > LONGEST_FILE:
        raise RuleError(f"The file {path} is larger than {LONGEST_FILE} bytes; that is no export.", field="file")
    return text
