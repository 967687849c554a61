"""A file that is read by offset and never mapped: one that is cut short meanwhile is an error, not the end of all."""

from __future__ import annotations

import os
import stat
import weakref
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


class UnusableSideFileError(Exception):
    """A side file is damaged, or not this container's; the index has to be built from the store."""


class StaleSideFileError(UnusableSideFileError):
    """There is no side file, or one of a time that is over; nothing is wrong."""


class PlainFile:
    """An open regular file; closed when nothing refers to it any more. Safe to read from several threads.

    Attributes:
        path: The file.
        size: Its bytes when it was opened.
    """

    def __init__(self, path: Path) -> None:
        """Open a file; a pipe or a device in its place is refused and not waited for.

        Raises:
            StaleSideFileError: There is none.
            UnusableSideFileError: It cannot be opened, or is no regular file.
        """
        self.path = path
        try:
            self._handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError as error:
            raise StaleSideFileError(f"{path} is not there.") from error
        except OSError as error:
            raise UnusableSideFileError(f"{path} cannot be opened: {error.strerror}.") from error
        weakref.finalize(self, os.close, self._handle)
        status = os.fstat(self._handle)
        if not stat.S_ISREG(status.st_mode):
            raise UnusableSideFileError(f"{path} is not a regular file.")
        self.size = status.st_size

    def read(self, offset: int, size: int) -> bytes:
        """Return some bytes, fewer than a gigabyte.

        Raises:
            UnusableSideFileError: The file ends before, or the disk cannot read it.
        """
        try:
            data = os.pread(self._handle, size, offset)
        except OSError as error:
            raise UnusableSideFileError(f"{self.path} cannot be read: {error.strerror}.") from error
        if len(data) != size:
            raise UnusableSideFileError(f"{self.path} was cut short.")
        return data

    def read_into(self, offset: int, array: NDArray[Any]) -> None:
        """Fill a contiguous array.

        Raises:
            UnusableSideFileError: As :meth:`read`.
        """
        room = array.reshape(-1).view(np.uint8).data
        done = 0
        while done < len(room):
            try:
                read = os.preadv(self._handle, [room[done:]], offset + done)
            except OSError as error:
                raise UnusableSideFileError(f"{self.path} cannot be read: {error.strerror}.") from error
            if not read:
                raise UnusableSideFileError(f"{self.path} was cut short.")
            done += read

    def announce(self, offset: int, size: int) -> None:
        """Ask the system to fetch what is about to be read, so that several places cost one wait for the disk."""
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(self._handle, offset, size, os.POSIX_FADV_WILLNEED)
