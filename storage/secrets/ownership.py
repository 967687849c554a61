"""Whose files are, and who else could have written them: what is not ours alone may not say what is run or read.

The superuser is trusted, as everywhere: it could do anything in our name anyway.
"""

from __future__ import annotations

import os
import pwd
import shlex
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

from storage.errors import SecretUnreadableError

OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
"""Bits of a mode that let others write."""

Guard = Callable[[str], None]
"""Refuses the use of what its argument names, by raising SecretUnreadableError."""


def trusted_owners() -> frozenset[int]:
    """Return the user ids whose files are ours: our own, and the superuser's."""
    return frozenset({os.geteuid(), 0})


def foreign_owner(status: os.stat_result) -> str:
    """Return whose something is, as "belongs to another user (mallory)"; empty when it is ours."""
    if status.st_uid in trusted_owners():
        return ""
    try:
        name = pwd.getpwuid(status.st_uid).pw_name
    except KeyError:
        name = f"number {status.st_uid}"
    return f"belongs to another user ({name})"


def foreign_hands(path: Path) -> str:
    """Return how somebody else could have written a file or folder, to go on after its name; empty when nobody could.

    What is not there was written by nobody.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"cannot be looked at ({error.strerror})"
    writable = f"can be written by other users (mode {stat.S_IMODE(status.st_mode):04o})"
    return foreign_owner(status) or (writable if status.st_mode & OTHERS_WRITE else "")


def mending(path: Path) -> str:
    """Return the command that makes a file or folder our own again."""
    quoted = shlex.quote(str(path))
    if not path.exists() or path.stat().st_uid in trusted_owners():
        return f"chmod go-w {quoted}"
    return f"chown {os.geteuid()} {quoted} && chmod go-w {quoted}"


def without_waiting(path: str, flags: int) -> int:
    """Open a file for :func:`open`; a named pipe without a writer does not block."""
    return os.open(path, flags | os.O_NONBLOCK)


def guard_of(folder: Path, files: Sequence[str]) -> Guard:
    """Return what refuses to follow the words of files that somebody else could have written.

    Args:
        folder: The data folder.
        files: Names of those in it that say where secrets are read from; what SQLite keeps beside them counts, too.
    """
    paths = [folder, *(folder / f"{name}{beside}" for name in files for beside in ("", "-wal", "-shm", "-journal"))]

    def check(what: str) -> None:
        for path in paths:
            reason = foreign_hands(path)
            if reason:
                raise SecretUnreadableError(
                    f"The {what} is not used: {path} {reason}, so that somebody else may have named it.",
                    path=path,
                    hint=f"Look at what is in it. If you trust that, run: {mending(path)}",
                )

    return check
