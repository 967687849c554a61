"""What the machine refuses becomes an error of our tree that says what it is: locks, damage, disks, descriptors."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path
from typing import NoReturn

import pytest

from storage.documents.database_files import DatabaseFiles
from storage.documents.store import DatabaseStore
from storage.errors import (
    CorruptStoreError,
    StoreBusyError,
    StoreFullError,
)
from storage.sqlite import errors as machine
from storage.sqlite.errors import from_os, from_sqlite
from storage.sqlite.migrations import Migration
from storage.sqlite.store_file import StoreFile

NOTES = [Migration(1, ("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL)",))]
FIND = "SELECT text FROM note WHERE id = ?"


async def filled(path: Path) -> None:
    """Make a store of a few pages."""
    store = await StoreFile.open(path, NOTES)
    async with store.transaction() as connection:
        rows = [(f"{number} " + "x" * 500,) for number in range(200)]
        await connection.executemany("INSERT INTO note (text) VALUES (?)", rows)
    await store.close()


def ruin(path: Path) -> None:
    """Damage every page but the first."""
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(bytes(data))


async def test_a_corrupt_page_met_by_a_look_up_is_reported_as_damage(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    await filled(path)
    ruin(path)
    store = await StoreFile.open(path, NOTES)
    with pytest.raises(CorruptStoreError, match=r"notes\.db"):
        await store.lookup(FIND, (150,))
    await store.close()


async def test_bytes_that_are_no_text_are_reported_as_damage(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    await filled(path)
    with sqlite3.connect(path) as other:
        other.execute("UPDATE note SET text = CAST(x'ff41' AS TEXT) WHERE id = 1")
    other.close()
    store = await StoreFile.open(path, NOTES)
    with pytest.raises(CorruptStoreError, match="UTF-8"):
        await store.lookup(FIND, (1,))
    with pytest.raises(CorruptStoreError, match="UTF-8"):
        async with store.reader() as connection:
            await connection.execute_fetchall(FIND, (1,))
    await store.close()


async def test_a_file_that_another_program_has_for_itself_is_reported_as_busy(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    await filled(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreBusyError):
        await StoreFile.open(path, NOTES, busy_timeout=0.02)
    other.close()


async def test_a_lock_is_no_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = await DatabaseStore.open(tmp_path / "contents.db")

    async def locked(*_: object) -> NoReturn:
        error = sqlite3.OperationalError("database is locked")
        error.sqlite_errorcode = sqlite3.SQLITE_BUSY
        raise error

    monkeypatch.setattr("storage.documents.integrity.list_containers", locked)
    with pytest.raises(StoreBusyError):
        await store.integrity_check()
    await store.close()


def refusal(code: int, words: str = "disk I/O error") -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(words)
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    "code",
    [sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR_WRITE],
)
def test_whatever_fails_on_a_full_disk_says_that_it_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    monkeypatch.setattr(machine, "lacks_room", lambda _: True)
    meaning = from_sqlite(refusal(code), tmp_path / "notes.db")
    assert isinstance(meaning, StoreFullError)
    assert "full" in meaning.message


def test_a_disk_error_where_there_is_room_is_not_called_full(tmp_path: Path) -> None:
    meaning = from_sqlite(refusal(sqlite3.SQLITE_IOERR_READ), tmp_path / "notes.db")
    assert meaning is not None
    assert not isinstance(meaning, StoreFullError)


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE])
def test_a_process_without_descriptors_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def none_left(*_: object) -> NoReturn:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "open", none_left)
    meaning = from_sqlite(refusal(sqlite3.SQLITE_CANTOPEN, "unable to open database file"), tmp_path / "notes.db")
    assert meaning is not None
    assert "as many files and connections open as it may have" in meaning.message
    assert "as many files" in from_os(OSError(number, "too many"), tmp_path).message


def test_a_mark_that_cannot_be_removed_is_told_and_keeps_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = DatabaseFiles(tmp_path)
    (tmp_path / "kept" / "deleted").mkdir(parents=True)  # a folder in its place: nobody can unlink that
    (tmp_path / "gone").mkdir()
    files.condemn("gone")
    files.clear_condemned({"kept"})
    assert "not cleared away" in caplog.text
    assert str(tmp_path / "kept" / "deleted") in caplog.text
    assert not (tmp_path / "gone").exists()
