"""A store file on a real disk: opened, refused, shared, cancelled."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from pathlib import Path

import pytest

from storage.errors import (
    CorruptStoreError,
    NewerSchemaError,
    StoreBusyError,
    StoreFullError,
    StoreNotWritableError,
)
from storage.sqlite.migrations import Migration
from storage.sqlite.store_file import StoreFile
from tests.storage.notes import FIRST, read, write
from tests.support.waiting import LONGEST_WAIT

SECOND = Migration(2, ("ALTER TABLE note ADD COLUMN author TEXT", "UPDATE note SET author = 'nobody'"))


async def test_a_write_is_there_after_reopening(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "notes.db"
    store = await StoreFile.open(path, [FIRST])
    await write(store, "one", "two")
    await store.close()
    store = await StoreFile.open(path, [FIRST])
    assert await read(store) == ["one", "two"]
    await store.close()


async def test_only_the_owner_may_read_the_file_and_the_folders_made_for_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "notes.db"
    old_mask = os.umask(0)
    try:
        store = await StoreFile.open(path, [FIRST])
    finally:
        os.umask(old_mask)
    await write(store, "one")
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.parent.parent.stat().st_mode) == 0o700
    for name in ("notes.db", "notes.db-wal", "notes.db-shm"):
        assert stat.S_IMODE((path.parent / name).stat().st_mode) == 0o600
    await store.close()


async def test_a_commit_is_synced_to_the_disk(tmp_path: Path) -> None:
    store = await StoreFile.open(tmp_path / "notes.db", [FIRST])
    async with store.transaction() as connection:
        assert list(await connection.execute_fetchall("PRAGMA synchronous")) == [(2,)]
        assert list(await connection.execute_fetchall("PRAGMA journal_mode")) == [("wal",)]
        assert list(await connection.execute_fetchall("PRAGMA foreign_keys")) == [(1,)]
    await store.close()


async def test_an_older_file_is_brought_forward(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    store = await StoreFile.open(path, [FIRST])
    await write(store, "one")
    await store.close()
    store = await StoreFile.open(path, [FIRST, SECOND])
    async with store.reader() as connection:
        assert list(await connection.execute_fetchall("SELECT text, author FROM note")) == [("one", "nobody")]
    await store.close()


async def test_a_migration_that_fails_leaves_the_old_schema(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    await (await StoreFile.open(path, [FIRST])).close()
    broken = Migration(3, ("CREATE TABLE extra (id INTEGER)", "INSERT INTO nowhere VALUES (1)"))
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        await StoreFile.open(path, [FIRST, SECOND, broken])
    store = await StoreFile.open(path, [FIRST])
    async with store.reader() as connection:
        names = [row[1] for row in await connection.execute_fetchall("PRAGMA table_info(note)")]
        assert names == ["id", "text"]
        assert not await connection.execute_fetchall("PRAGMA table_info(extra)")
    await store.close()


async def test_migrations_with_a_gap_are_a_defect(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="numbered"):
        await StoreFile.open(tmp_path / "notes.db", [FIRST, Migration(3, ())])


async def test_a_newer_file_is_refused_and_left_untouched(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    await (await StoreFile.open(path, [FIRST, SECOND])).close()
    before = path.read_bytes()
    with pytest.raises(NewerSchemaError, match="schema version 2") as refused:
        await StoreFile.open(path, [FIRST])
    assert refused.value.path == path
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"these are not the bytes of a database" * 40, b"\x00" * 5000])
async def test_a_file_that_is_no_database_is_refused_and_left_untouched(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.db"
    path.write_bytes(content)
    with pytest.raises(CorruptStoreError):
        await StoreFile.open(path, [FIRST])
    assert path.read_bytes() == content


async def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE theirs (id INTEGER)")
    other.close()
    with pytest.raises(CorruptStoreError, match="another program"):
        await StoreFile.open(path, [FIRST])


async def test_a_damaged_page_is_reported_as_damage(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    store = await StoreFile.open(path, [FIRST])
    await write(store, *[f"{number} " + "x" * 500 for number in range(200)])
    await store.close()
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(bytes(data))
    store = await StoreFile.open(path, [FIRST])
    with pytest.raises(CorruptStoreError):
        await read(store)
    await store.close()


async def test_a_parent_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreNotWritableError) as refused:
        await StoreFile.open(tmp_path / "file" / "notes.db", [FIRST])
    assert "ASTROLABE_DATA_DIR" in refused.value.hint


async def test_a_path_that_is_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreNotWritableError):
        await StoreFile.open(tmp_path, [FIRST])


async def test_a_folder_where_no_file_can_be_made_is_refused() -> None:
    with pytest.raises(StoreNotWritableError):
        await StoreFile.open(Path("/proc/self/notes.db"), [FIRST])


async def test_a_full_disk_keeps_what_was_there_and_nothing_of_the_refused_write(tmp_path: Path) -> None:
    store = await StoreFile.open(tmp_path / "notes.db", [FIRST])
    await write(store, "kept")
    async with store.transaction() as connection:
        await connection.execute_fetchall("PRAGMA max_page_count = 10")
    with pytest.raises(StoreFullError, match="no space left"):
        await write(store, *[f"{number} " + "x" * 4000 for number in range(50)])
    assert await read(store) == ["kept"]
    await write(store, "small enough")
    assert await read(store) == ["kept", "small enough"]
    await store.close()


async def test_a_lock_held_by_another_program_is_waited_for_and_then_reported(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    store = await StoreFile.open(path, [FIRST], busy_timeout=0.02)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusyError):
        await write(store, "one")
    assert await read(store) == []
    other.execute("ROLLBACK")
    other.close()
    await write(store, "one")
    assert await read(store) == ["one"]
    await store.close()


async def test_a_write_goes_on_as_soon_as_the_other_program_is_done(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    store = await StoreFile.open(path, [FIRST])
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(write(store, "one"))
    await asyncio.sleep(0.03)
    assert not waiting.done()
    other.execute("COMMIT")
    other.close()
    await waiting
    assert await read(store) == ["one"]
    await store.close()


async def test_waiting_for_another_program_can_be_cancelled(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    store = await StoreFile.open(path, [FIRST], busy_timeout=600)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(write(store, "one"))
    await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(waiting, LONGEST_WAIT)
    other.execute("COMMIT")
    other.close()
    await write(store, "two")
    assert await read(store) == ["two"]
    await store.close()


async def test_an_error_in_the_block_rolls_back(tmp_path: Path) -> None:
    store = await StoreFile.open(tmp_path / "notes.db", [FIRST])

    async def fail() -> None:
        async with store.transaction() as connection:
            await connection.execute("INSERT INTO note (text) VALUES ('lost')")
            raise KeyError("reason")

    with pytest.raises(KeyError):
        await fail()
    assert await read(store) == []
    await store.close()


async def test_a_broken_constraint_reaches_the_caller_as_it_is(tmp_path: Path) -> None:
    store = await StoreFile.open(tmp_path / "notes.db", [FIRST])
    await write(store, "one")
    with pytest.raises(sqlite3.IntegrityError):
        await write(store, "two", "one")
    assert await read(store) == ["one"]
    await store.close()


async def test_cancellation_in_the_middle_of_a_transaction_rolls_back(tmp_path: Path) -> None:
    store = await StoreFile.open(tmp_path / "notes.db", [FIRST])
    inside = asyncio.Event()

    async def never_ends() -> None:
        async with store.transaction() as connection:
            await connection.execute("INSERT INTO note (text) VALUES ('lost')")
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(never_ends())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await write(store, "kept")
    assert await read(store) == ["kept"]
    await store.close()


@pytest.mark.parametrize("turns", range(12))
async def test_wherever_cancellation_strikes_all_or_nothing_is_kept(tmp_path: Path, turns: int) -> None:
    store = await StoreFile.open(tmp_path / "notes.db", [FIRST])
    task = asyncio.create_task(write(store, *[str(number) for number in range(500)]))
    for _ in range(turns):
        await asyncio.sleep(0.0002)
    task.cancel()
    await asyncio.wait({task})
    assert len(await read(store)) in (0, 500)
    await write(store, "next")
    assert (await read(store))[-1] == "next"
    await store.close()


async def test_transactions_of_one_process_queue(tmp_path: Path) -> None:
    store = await StoreFile.open(tmp_path / "notes.db", [FIRST])
    await asyncio.gather(*[write(store, f"{number}a", f"{number}b") for number in range(20)])
    texts = await read(store)
    assert len(texts) == 40
    assert all(texts[at][:-1] == texts[at + 1][:-1] for at in range(0, 40, 2))
    await store.close()


async def test_two_stores_on_one_file_see_each_others_writes(tmp_path: Path) -> None:
    first = await StoreFile.open(tmp_path / "notes.db", [FIRST])
    second = await StoreFile.open(tmp_path / "notes.db", [FIRST])
    await write(first, "from the first")
    assert await read(second) == ["from the first"]
    await write(second, "from the second")
    assert await read(first) == ["from the first", "from the second"]
    await first.close()
    await second.close()


async def test_many_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    stores = await asyncio.gather(*[StoreFile.open(path, [FIRST, SECOND]) for _ in range(6)])
    await asyncio.gather(*[write(store, str(number)) for number, store in enumerate(stores)])
    assert sorted(await read(stores[0])) == ["0", "1", "2", "3", "4", "5"]
    for store in stores:
        await store.close()
