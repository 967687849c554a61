"""Writing what the user wants as a file: readable by its owner alone, and never over a file that nobody asked about."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from astrolabe.errors import RuleError

_OWNER_ONLY = 0o600


class FileIsThereError(RuleError):
    """The file exists, and nobody has said that it may be replaced."""


def write_private(path: Path, text: str, *, overwrite: bool = False) -> None:
    """Write a file that only its owner can read: it may hold secrets, or documents that are not for everybody.

    Args:
        path: Where; ``~`` is the home folder.
        text: What.
        overwrite: Whether a file that is there is replaced.

    Raises:
        FileIsThereError: It is there already.
        RuleError: It cannot be written.
    """
    try:
        target = path.expanduser()
        if overwrite and target.exists() and not target.is_file():
            raise RuleError(f"{path} is {_what(target)}, not a file.", field="file")
        with open(target, "w" if overwrite else "x", encoding="utf-8", opener=_private) as file:
            os.fchmod(file.fileno(), _OWNER_ONLY)
            file.write(text)
    except FileExistsError as error:
        raise _there(path) from error
    except (OSError, RuntimeError, ValueError) as error:  # no home folder, a NUL in the path
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "there is no such path"
        raise RuleError(f"The file {path} cannot be written: {reason}.", field="file") from error


def _there(path: Path) -> RuleError:
    found = path.expanduser()
    if found.exists() and not found.is_file():
        return RuleError(f"{path} is {_what(found)}, not a file.", field="file")
    return FileIsThereError(f"The file {path} cannot be written: File exists.", field="file")


def _what(path: Path) -> str:
    return "a folder" if stat.S_ISDIR(path.stat().st_mode) else "a device or a pipe"


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, _OWNER_ONLY)
