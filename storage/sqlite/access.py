"""How connections to one file are opened: to write, or to read without changing a byte of it.

Reading a file with a write-ahead log takes an index of the log, which SQLite keeps in a file beside it (``-shm``).
Where the folder cannot be written and that file is not there, SQLite cannot open the store in its usual way. Then:

- A log that holds something is read through an index in this process's own memory, so that nothing of it is ignored.
- Without a log, the file is all there is.

Neither way sees the locks of a program that writes to the folder by another road (another mount, another user). So such
a connection remembers what the files were when it was opened: before and after each use they have to be the same.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias, TypeVar
from urllib.parse import quote

from storage.errors import VanishedStoreError
from storage.sqlite.errors import is_refusal

_FileState: TypeAlias = tuple[tuple[int, int, int] | None, ...]
_Identity: TypeAlias = tuple[int, int]
"""Device and inode."""

_Kind = TypeVar("_Kind", bound=sqlite3.Connection)

_PLAIN = "mode=ro"
_WITHOUT_LOG = "mode=ro&immutable=1"
_OWN_INDEX_OF_LOG = "mode=ro&vfs=unix-none"


class UnlockedConnection(sqlite3.Connection):
    """A connection that sees no locks.

    Attributes:
        opened_on: What the files were when it was opened.
    """

    opened_on: _FileState = ()


class Access:
    """Opens connections to one file.

    Args:
        path: The file.
        read_only: Change nothing, not even to finish what a killed program has left in the log.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.read_only = read_only
        self._opened: dict[Path, _Identity] = {}

    def connect(self, timeout: float) -> sqlite3.Connection:
        """Open a connection on the calling thread; transactions are begun and ended by statements alone.

        Raises:
            sqlite3.Error: The file cannot be opened.
            VanishedStoreError: It is not the one that was opened before.
        """
        if not self.read_only:
            connection = self._open("mode=rw", timeout, sqlite3.Connection)
            try:
                self.check_file()
            except BaseException:
                connection.close()
                raise
            return connection
        connection = self._open(_PLAIN, timeout, sqlite3.Connection)
        try:
            _try_out(connection)
        except sqlite3.OperationalError as error:
            connection.close()
            if not is_refusal(error):
                raise
            return self._unlocked(timeout)
        except BaseException:
            connection.close()
            raise
        return connection

    def remember(self) -> None:
        """Take the files that are there now for the ones that are open, from here on."""
        beside = (log_of(self.path), index_of(self.path))
        found = {path: _identity(path) for path in (self.path, *beside)}
        self._opened = {path: identity for path, identity in found.items() if identity is not None}

    def check_file(self) -> None:
        """Refuse to go on with a file that has lost its place: what is read there belongs to nothing any more.

        Raises:
            VanishedStoreError: It was deleted or replaced since it was opened.
        """
        known = self._opened.get(self.path)
        if known is not None and _identity(self.path) != known:
            raise _lost(self.path)

    def check_files(self) -> None:
        """The same of the log and its index: what is written there would be gone at the end of the program.

        Raises:
            VanishedStoreError: One of them was deleted or replaced since it was opened.
        """
        for path, known in self._opened.items():
            if _identity(path) != known:
                raise _lost(path)

    def is_stale(self, connection: sqlite3.Connection) -> bool:
        """Tell whether a connection that sees no locks was opened on other files than there are now."""
        return isinstance(connection, UnlockedConnection) and connection.opened_on != self._state()

    def _unlocked(self, timeout: float) -> sqlite3.Connection:
        state = self._state()
        log = state[1]
        if log is None or not log[1]:
            connection = self._open(_WITHOUT_LOG, timeout, UnlockedConnection)
        else:
            connection = self._open(_OWN_INDEX_OF_LOG, timeout, UnlockedConnection)
            # Said before anything is read, it makes SQLite keep the index of the log in memory.
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.opened_on = state
        try:
            _try_out(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _open(self, how: str, timeout: float, kind: type[_Kind]) -> _Kind:
        uri = f"file:{quote(os.fsencode(self.path))}?{how}"
        return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=timeout, factory=kind)

    def _state(self) -> _FileState:
        """Return the inode, the size and the time of the file and of its log."""
        return tuple(map(_look_at, (self.path, log_of(self.path))))


def log_of(path: Path) -> Path:
    """Return the write-ahead log of a file; it need not exist."""
    return path.with_name(path.name + "-wal")


def index_of(path: Path) -> Path:
    """Return the index of a file's write-ahead log; it need not exist."""
    return path.with_name(path.name + "-shm")


def _identity(path: Path) -> _Identity | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - asked before every transaction
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _lost(path: Path) -> VanishedStoreError:
    return VanishedStoreError(
        f"{path} was deleted or replaced while this program had it open, so nothing is read from it or written to it.",
        path=path,
        hint="Stop the program, put the right file in its place, and start the program again.",
    )


def _look_at(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _try_out(connection: sqlite3.Connection) -> Sequence[Any]:
    """Read something, which is when SQLite opens the log."""
    return connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
