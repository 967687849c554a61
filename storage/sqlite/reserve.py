"""Space kept in reserve: a file that is shortened when the disk is full, so that reading and deleting still work.

Opening a store takes some kilobytes beside it, and a deletion is written to the log before it frees anything. Besides,
what the log holds already may need room in the store's file before the log can be used anew.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

SMALLEST = 256 * 1024
"""Bytes kept from the start: enough to open the stores and to delete a little."""

LARGEST = 8 * 1024 * 1024
"""Bytes kept at most: twice what a log holds before it is written back."""

STEP = 256 * 1024
"""Bytes given back at a time."""

_SHARE = 8
"""At most one in this many bytes of the disk is kept."""

_LEFT_OVER = 64 * 1024
"""Bytes that keeping leaves free for others."""


def free_bytes(path: Path) -> int:
    """Return the bytes that this user may still write to the disk that a path lies on.

    Raises:
        OSError: There is no such folder, or the disk does not answer.
    """
    disk = os.statvfs(path.parent)
    return disk.f_bavail * disk.f_frsize


class SpaceReserve:
    """Space kept in a file of its own; safe for several threads, and for several programs on one folder.

    Every call is a few file operations, and none of them raises: without a reserve, everything works but deleting on a
    full disk.

    Args:
        path: The file; its folder exists. Only its owner can read it, and there is nothing in it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._wanted = SMALLEST
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """How many bytes are kept."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    @property
    def wanted(self) -> int:
        """How many bytes should be kept."""
        try:
            disk = os.statvfs(self.path.parent)
        except OSError:
            return 0
        return min(self._wanted, LARGEST, disk.f_blocks * disk.f_frsize // _SHARE)

    def want(self, size: int) -> None:
        """Keep so many bytes from now on, as far as the disk has room; fewer than are kept already change nothing."""
        if size > self._wanted:
            self._wanted = min(LARGEST, max(size, 2 * self._wanted))
            self.fill()

    def fill(self) -> None:
        """Keep as much as is wanted, as far as the disk has room."""
        with self._lock, contextlib.suppress(OSError), self._opened(os.O_CREAT) as descriptor:
            kept = os.fstat(descriptor).st_size
            room = free_bytes(self.path) - _LEFT_OVER
            target = min(self.wanted, kept + max(0, room))
            if target > kept:
                _allocate(descriptor, kept, target)

    def give_back(self, size: int) -> bool:
        """Give so many bytes back to the disk, or what there is; False when there was nothing."""
        with self._lock, contextlib.suppress(OSError), self._opened(0) as descriptor:
            kept = os.fstat(descriptor).st_size
            os.ftruncate(descriptor, max(0, kept - size))
            return kept > 0
        return False

    def make_room(self, size: int) -> bool:
        """See to it that so many bytes are free, as far as the reserve goes; False when it gave nothing back."""
        try:
            missing = size - free_bytes(self.path)
        except OSError:
            return False
        return missing > 0 and self.give_back(-(-missing // STEP) * STEP)

    @contextlib.contextmanager
    def _opened(self, flags: int) -> Iterator[int]:
        """Open the file; a link in its place is not followed, so that nothing else is ever shortened."""
        descriptor = os.open(self.path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK | flags, 0o600)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
            yield descriptor
        finally:
            os.close(descriptor)


def _allocate(descriptor: int, kept: int, target: int) -> None:
    """Make the file longer with space that is really taken.

    Raises:
        OSError: The disk is full after all; the file is as long as it was.
    """
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(descriptor, kept, target - kept)
        else:
            os.pwrite(descriptor, bytes(target - kept), kept)
    except OSError:
        os.ftruncate(descriptor, kept)
        raise
