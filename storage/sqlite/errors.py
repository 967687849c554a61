"""Where SQLite's and the operating system's refusals become errors of our tree; nowhere else are they read.

Only trouble with the machine is translated: a full disk, a folder that may not be written, a lock that another program
holds, a damaged file. A broken constraint or a wrong statement is the caller's matter and passes as it is.
"""

from __future__ import annotations

import errno
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

_NOT_WRITABLE = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM})
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
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
    if code in _NOT_WRITABLE:
        return not_writable(path, str(error))
    if code in _DAMAGED:
        return CorruptStoreError(
            f"{path} is not a store of this program, or is damaged: {error}.",
            path=path,
            hint="Restore it from a backup, or move the file away to start with an empty one.",
        )
    if code == sqlite3.SQLITE_IOERR:
        return StorageError(
            f"{path} could not be read or written: {error}.",
            path=path,
            hint="Check the disk and the mount that the data folder lies on.",
        )
    return None


def from_os(error: OSError, path: Path) -> StorageError:
    """Return what an ``OSError`` met while making the folder or the file means for the user."""
    if error.errno in _NO_SPACE:
        return full(path)
    if error.errno in _REFUSED:
        return not_writable(path, error.strerror or str(error))
    return StorageError(
        f"{path} could not be opened: {error.strerror or error}.",
        path=path,
        hint="Check the disk and the mount that the data folder lies on.",
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
        f"{path} cannot grow: there is no space left. Nothing of this write was kept.",
        path=path,
        hint="Free some space on the disk, or set ASTROLABE_DATA_DIR to another one.",
    )


def not_writable(path: Path, reason: str) -> StoreNotWritableError:
    """Return the error for a folder or a file that may not be written, with the system's words."""
    return StoreNotWritableError(
        f"{path} cannot be opened for writing: {reason}.",
        path=path,
        hint="Check the permissions of the folder, or set ASTROLABE_DATA_DIR to one that you may write.",
    )
