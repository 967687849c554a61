"""Files of exported connection strings."""

from __future__ import annotations

import os
from pathlib import Path

from astrolabe.errors import RuleError

LONGEST_FILE = 10_000_000
"""Bytes of a file of connection strings that are read; more is none."""

_OWNER_ONLY = 0o600


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


def write_export(path: Path, text: str, *, overwrite: bool = False) -> None:
    """Write a file that only its owner can read: it may hold secrets.

    Raises:
        RuleError: It cannot be written, or is there already.
    """
    try:
        mode = "w" if overwrite else "x"
        with open(path.expanduser(), mode, encoding="utf-8", opener=_private) as target:
            os.fchmod(target.fileno(), _OWNER_ONLY)
            target.write(text)
    except (OSError, RuntimeError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "there is no such path"
        raise RuleError(f"The file {path} cannot be written: {reason}.", field="file") from error


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, _OWNER_ONLY)
