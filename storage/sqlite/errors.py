"""Where SQLite's and the operating system's refusals become errors of our tree; nowhere else are they read.

Only trouble with the machine is translated: a full disk, a folder that may not be written, a lock that another program
holds, a damaged file. A broken constraint or a wrong statement is the caller's matter and passes as it is.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.errors import (
    CorruptStoreError,
    StorageError,
    StoreBusyError,
    StoreFullError,
    StoreNotWritableError,
)

_PRIMARY_CODE = 0xFF
"""SQLite's extended result codes carry the primary one in their lowest byte."""

_NO_ROOM = 64 * 1024
"""With fewer bytes free than that, a file that cannot be opened or written is taken to fail for want of space: SQLite
says "disk I/O error" or "unable to open" where the index of its log, 32 kB, finds none."""

_CHECK_THE_DISK = "Check the disk and the mount that the data folder lies on."

_NOT_WRITABLE = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM})
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_MAY_LACK_ROOM = _NOT_WRITABLE | {sqlite3.SQLITE_IOERR}
_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_TOO_MANY_FILES = frozenset({errno.EMFILE, errno.ENFILE})
_REFUSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.ENOENT})


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn the ``sqlite3.Error`` of a block into the :class:`StorageError` it means, if it means one.

    Args:
        path: The store's file, named in the message.

    Raises:
        StorageError: The translation, with the original as its cause.
        sqlite3.Error: What has no meaning for the user: a broken constraint, a wrong statement.
    """
    try:
        yield
    except sqlite3.Error as error:
        meaning = from_sqlite(error, path)
        if meaning is None:
            raise
        raise meaning from error


def from_sqlite(error: sqlite3.Error, path: Path) -> StorageError | None:
    """Return what a ``sqlite3.Error`` means for the user, or None when it is not about the machine."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY_CODE
    if code == sqlite3.SQLITE_FULL:
        return full(path)
    if code in _BUSY:
        return busy(path)
    if code in _DAMAGED or _is_no_text(error):
        return damaged(path, str(error))
    if code in _MAY_LACK_ROOM:
        return _short_of_something(path) or _no_access(path, code, str(error))
    return None


def is_full(error: sqlite3.Error, path: Path) -> bool:
    """Tell whether an error means that the disk, or the file, cannot grow."""
    return isinstance(from_sqlite(error, path), StoreFullError)


def is_refusal(error: sqlite3.Error) -> bool:
    """Tell whether SQLite could not make the files that it needs beside a store: no permission, no space."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY_CODE in _MAY_LACK_ROOM | {
        sqlite3.SQLITE_FULL
    }


def _is_no_text(error: sqlite3.Error) -> bool:
    """Tell the error, which has no code, for bytes in a column of text that are not UTF-8."""
    return isinstance(error, sqlite3.OperationalError) and str(error).startswith("Could not decode to UTF-8")


def _no_access(path: Path, code: int, reason: str) -> StorageError:
    if code in _NOT_WRITABLE:
        return not_writable(path, reason)
    return StorageError(f"{path} could not be read or written: {reason}.", path=path, hint=_CHECK_THE_DISK)


def _short_of_something(path: Path) -> StorageError | None:
    """Return the error for a machine that has no space or no descriptors left; None when it has both."""
    if lacks_room(path):
        return full(path)
    try:
        os.close(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
    except OSError as error:
        return too_many_files(path) if error.errno in _TOO_MANY_FILES else None
    return None


def lacks_room(path: Path) -> bool:
    """Tell whether the disk that a file lies on, or would lie on, is full to the last few kilobytes."""
    try:
        disk = os.statvfs(next(folder for folder in path.parents if folder.exists()))
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < _NO_ROOM or (disk.f_files > 0 and disk.f_favail == 0)


def from_os(error: OSError, path: Path) -> StorageError:
    """Return what an ``OSError`` met while making, writing or removing a file or a folder means for the user."""
    if error.errno in _NO_SPACE:
        return full(path)
    if error.errno in _TOO_MANY_FILES:
        return too_many_files(path)
    if error.errno in _REFUSED:
        return not_writable(path, error.strerror or str(error))
    reason = error.strerror or str(error)
    return StorageError(f"{path} could not be opened, written or removed: {reason}.", path=path, hint=_CHECK_THE_DISK)


@contextmanager
def os_translated(path: Path) -> Iterator[None]:
    """Turn the ``OSError`` of a block into the :class:`StorageError` it means.

    Args:
        path: What is made, written or removed, named in the message.

    Raises:
        StorageError: The translation, with the original as its cause.
    """
    try:
        yield
    except OSError as error:
        raise from_os(error, path) from error


def damaged(path: Path, reason: str) -> CorruptStoreError:
    """Return the error for a file that is not one of ours, or not any more."""
    return CorruptStoreError(
        f"{path} is not a store of this program, or is damaged: {reason}.",
        path=path,
        hint="Restore it from a backup, or move the file away to start with an empty one.",
    )


def too_many_files(path: Path) -> StorageError:
    """Return the error for a process that may open no more files."""
    return StorageError(
        f"{path} cannot be opened: this process has as many files and connections open as it may have.",
        path=path,
        hint="Raise the limit before the program is started, with `ulimit -n 4096`.",
    )


def busy(path: Path) -> StoreBusyError:
    """Return the error for a write that has waited for others too long."""
    return StoreBusyError(
        f"{path} is locked: others have been writing to it for too long. Nothing of this write was kept.",
        path=path,
        hint="Try again; if it stays, look for another astrolabe process that is stuck.",
    )


def full(path: Path) -> StoreFullError:
    """Return the error for a disk, or a file, that cannot grow."""
    return StoreFullError(
        f"The disk is full: {path} cannot grow, because there is no space left. Nothing of this write was kept.",
        path=path,
        hint="Free some space on the disk. Reading goes on, and deleting too, in space that was kept for it.",
    )


def not_writable(path: Path, reason: str) -> StoreNotWritableError:
    """Return the error for a folder or a file that may not be written, with the system's words."""
    return StoreNotWritableError(
        f"{path} cannot be opened for writing: {reason}.",
        path=path,
        hint="Check the permissions of the folder, or set ASTROLABE_DATA_DIR to one that you may write.",
    )
