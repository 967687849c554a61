"""Making a store's file: whole or not at all, and never in the place of one that has vanished."""

from __future__ import annotations

import asyncio
import os
import secrets
import stat
from collections.abc import Sequence
from pathlib import Path

from storage.drafts import remove_abandoned
from storage.errors import VanishedStoreError
from storage.sqlite.access import Access, log_of
from storage.sqlite.busy_retry import uninterrupted
from storage.sqlite.errors import not_writable, os_translated, translated
from storage.sqlite.migrations import Migration, migrate
from storage.sqlite.threaded import connected

_SUFFIXES = ("", "-wal", "-shm")


FOR_READING = "Put it back from a backup. A new data folder is begun without --read-only."
"""What to do when a file that is to be read only is gone."""

_OR_BEGIN = "Put it back from a backup, or remove what is left of it to begin with an empty one."


def is_there(path: Path, if_vanished: str | None) -> bool:
    """Return whether a store's file is there; nothing is opened, because closing it again would drop SQLite's locks.

    Args:
        path: The file.
        if_vanished: It was made before: what to do when it is gone. None: it need not be there.

    Raises:
        VanishedStoreError: It was made before, or its log is still there, and it is not; or it is empty.
        StorageError: It cannot be looked at, or is no file.
    """
    with os_translated(path):
        try:
            found = path.stat()
        except FileNotFoundError:
            if if_vanished is None and not log_of(path).exists():
                return False
            message = f"{path} is not there. Nothing was made in its place."
            raise VanishedStoreError(message, path=path, hint=if_vanished or _OR_BEGIN) from None
    if not stat.S_ISREG(found.st_mode):
        raise not_writable(path, "it is not a regular file")
    check_emptied(path, found.st_size, if_vanished or _OR_BEGIN)
    return True


def check_emptied(path: Path, size: int, if_vanished: str | None) -> None:
    """Refuse a file that holds nothing at all.

    Args:
        path: The file.
        size: Its bytes, or its schema version.
        if_vanished: As with :func:`is_there`.

    Raises:
        VanishedStoreError: It was made before.
    """
    if not size and if_vanished is not None:
        message = f"{path} is empty: what was in it is gone. It was left as it is."
        raise VanishedStoreError(message, path=path, hint=if_vanished)


async def create(path: Path, migrations: Sequence[Migration], pragmas: Sequence[str], busy_timeout: float) -> None:
    """Make a store's file with the newest schema under another name, and give it its own in one step.

    Missing folders are created with mode 0700, the file with 0600. One that another program makes at the same time is
    left as it is.

    Raises:
        StorageError: The folder cannot be written, or the disk is full; nothing is left behind.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    with os_translated(path):
        await asyncio.to_thread(_begin, path, draft)
    try:
        with translated(path):
            connection = await connected(Access(draft), busy_timeout)
            try:
                for pragma in (*pragmas, "journal_mode = WAL"):
                    await connection.execute_fetchall(f"PRAGMA {pragma}")
                await connection.execute("BEGIN IMMEDIATE")
                await migrate(connection, path, migrations)
                await connection.commit()
            finally:
                await uninterrupted(connection.close())
        with os_translated(path):
            await asyncio.to_thread(_put_in_place, draft, path)
    finally:
        _remove(draft)


def _begin(path: Path, draft: Path) -> None:
    missing = [folder for folder in path.parents if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
        sync_folder(folder.parent)
    for suffix in _SUFFIXES:
        remove_abandoned(path.parent, f".{path.name}.*.part{suffix}")
    os.close(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _put_in_place(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)  # fails where a file already is
    except FileExistsError:
        return
    except OSError:  # a file system without links
        if path.exists():
            return
        draft.rename(path)
    sync_folder(path.parent)


def _remove(draft: Path) -> None:
    for suffix in _SUFFIXES:
        draft.with_name(draft.name + suffix).unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make a new name in a folder survive a loss of power.

    Raises:
        OSError: The folder cannot be opened or written.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
