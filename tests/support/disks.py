"""Disks that are read-only or small: made by whatever this process may do, or the test is skipped and says so."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_OWNER_READS = 0o500
_OWNER_WRITES = 0o700


@contextmanager
def frozen(folder: Path) -> Iterator[Path]:
    """Yield a path under which a folder and all in it cannot be written: a read-only mount, or without write bits.

    Permissions do not stop root, who may mount instead.
    """
    if os.geteuid() == 0:
        with _mounted(folder.with_name(folder.name + "-frozen"), "--bind", str(folder)) as view:
            _run("mount", "-o", "remount,ro,bind", str(view))
            yield view
        return
    folders = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    for path in folders:
        path.chmod(_OWNER_READS)
    try:
        yield folder
    finally:
        for path in folders:
            path.chmod(_OWNER_WRITES)


@contextmanager
def small_disk(place: Path, size: int) -> Iterator[Path]:
    """Mount a file system of its own with so many bytes, in memory."""
    with _mounted(place, "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs") as view:
        yield view


def fill_up(disk: Path) -> Path:
    """Write a file that takes all the space there is, to the last byte; return it."""
    filler = disk / "filler"
    with filler.open("ab", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while file.write(bytes(size)):
                    pass
            except OSError:
                continue
    return filler


@contextmanager
def _mounted(place: Path, *arguments: str) -> Iterator[Path]:
    place.mkdir()
    try:
        _run("mount", *arguments, str(place))
    except (OSError, subprocess.CalledProcessError):
        place.rmdir()
        pytest.skip("this process may not mount file systems")
    try:
        yield place
    finally:
        _run("umount", "--lazy", str(place))
        place.rmdir()


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own words
