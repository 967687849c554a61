"""Whose the files of a data folder are, and who else can reach them."""

from __future__ import annotations

import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

from astrolabe.errors import SecretUnreadableError
from storage.secrets.key_file import KEY_FILE, KeyFile
from storage.secrets.ownership import OTHERS_WRITE, foreign_owner, mending
from tui.cli.verbs.doctor.finding import Finding, State

_CHECK = "file modes"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_PRIVATE = ("*.db", "*.db-wal", "*.db-shm", "secrets.*", "databases", "databases/*", "databases/*/*.db")
"""What only its owner may reach, in the data folder."""


def file_modes(folder: Path) -> list[Finding]:
    """Return the files and folders that are not ours alone; what others could have written is a problem."""
    paths = [folder, *(path for pattern in _PRIVATE for path in sorted(folder.glob(pattern)))]
    wrong = [finding for path in paths for finding in _findings(path)]
    return wrong or [Finding(_CHECK, State.OK, f"only you can reach {folder}")]


def _findings(path: Path) -> Iterator[Finding]:
    if path.name == KEY_FILE and path.is_symlink():
        yield from _key(path)
        return
    try:
        status = path.stat()
    except FileNotFoundError:  # gone in the meantime, or a link to nothing
        return
    is_secret, writable = path.name.startswith("secrets."), bool(status.st_mode & OTHERS_WRITE)
    owner = foreign_owner(status)
    if owner:
        yield Finding(_CHECK, State.PROBLEM, f"{path} {owner}", mending(path))
    elif status.st_mode & _OTHERS:
        mode, right = stat.S_IMODE(status.st_mode), "700" if path.is_dir() else "600"
        state = State.PROBLEM if is_secret or writable else State.WARNING
        words = f"other users can {'write' if writable else 'reach'} {path} (mode {mode:04o})"
        yield Finding(_CHECK, state, words, f"chmod {right} {shlex.quote(str(path))}")
    elif path.name == KEY_FILE:
        yield from _key(path)


def _key(path: Path) -> Iterator[Finding]:
    """Look at what the modes do not say of the key: links, its other names, and whether it is one."""
    try:
        KeyFile(path).keys()
    except SecretUnreadableError as error:
        yield Finding(_CHECK, State.PROBLEM, error.message, error.hint)
