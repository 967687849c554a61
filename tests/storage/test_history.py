"""A database that is put back to an earlier state, or has lost writes, is told from what it was: no index is misled."""

from __future__ import annotations

import asyncio
import logging
import shutil
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from storage.documents import history
from storage.documents import store as documents_store
from storage.documents.schema import CONTAINER_TABLES, MIGRATIONS, Tables
from storage.documents.store import DatabaseStore
from storage.errors import ContainerMissingError
from storage.shapes import COLLECTION_VECTOR, Container, Metric, Vector
from storage.vectors.source import Head
from tests.support.stores import KEYSPACE, new_collection, new_item
from tests.support.vector_cache import EAGER
from tests.support.vectors import plain_search

DIMENSION = 4


@pytest.fixture(autouse=True)
def indexes_are_soon_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents_store, "DEFAULT_POLICY", EAGER)


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[DatabaseStore]:
    store = await DatabaseStore.open(path)
    try:
        yield store
    finally:
        await store.close()


async def write(store: DatabaseStore, container: Container, first: int, count: int, seed: int) -> None:
    """Insert some items in transactions of ten."""
    vectors = np.random.default_rng(seed).standard_normal((count, DIMENSION))
    for start in range(0, count, 10):
        numbers = range(start, min(start + 10, count))
        await store.insert(container, [new_item(str(first + n), vectors[n].tolist()) for n in numbers])


async def wrong_answers(store: DatabaseStore, container: Container) -> int:
    """Return how many of ten searches differ from what plain numpy finds in the documents."""
    rows: dict[int, Vector] = {}
    async for items in store.scan(container, vectors=[COLLECTION_VECTOR]):
        rows |= {item.seq: item.vectors[COLLECTION_VECTOR].data for item in items}
    wrong = 0
    for query in np.random.default_rng(99).standard_normal((10, DIMENSION)).astype(np.float32):
        hits = await store.search(container, COLLECTION_VECTOR, query, 10)
        found = [(hit.seq, hit.similarity) for hit in hits]
        wrong += found != plain_search(Metric.EUCLIDEAN, rows, query, 10)
    return wrong


def side_files(folder: Path) -> list[Path]:
    return list(folder.glob("contents.db.vectors/*"))


async def found_container(store: DatabaseStore) -> Container:
    container = await store.container(KEYSPACE, "books")
    assert container is not None
    return container


async def test_a_side_file_newer_than_a_backup_is_not_used_once_the_backup_has_caught_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, backup = tmp_path / "contents.db", tmp_path / "backup"
    async with opened(path) as store:
        await write(store, await new_collection(store, dimension=DIMENSION), 0, 30, seed=1)
    shutil.copy(path, backup)
    async with opened(path) as store:
        books = await found_container(store)
        await write(store, books, 100, 50, seed=2)
        assert await wrong_answers(store, books) == 0
    assert len(side_files(tmp_path)) == 1
    shutil.copy(backup, path)
    async with opened(path) as store:
        books = await found_container(store)
        await write(store, books, 200, 60, seed=3)
        assert await wrong_answers(store, books) == 0
    assert "of another history" in caplog.text


WRITER = """
import asyncio, os, signal, sys
from pathlib import Path
from tests.storage.test_history import *

async def main():
    documents_store.DEFAULT_POLICY = EAGER
    store = await DatabaseStore.open(Path(sys.argv[1]))
    books = await found_container(store)
    await write(store, books, 100, 50, seed=2)
    assert await wrong_answers(store, books) == 0
    await store._indexes.settle()
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def test_a_side_file_newer_than_a_store_that_lost_its_log_in_a_kill_is_not_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "contents.db"
    async with opened(path) as store:
        await write(store, await new_collection(store, dimension=DIMENSION), 0, 30, seed=1)
    killed = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, str(path), cwd=Path(__file__).parents[2]
    )
    assert await killed.wait() == -9
    assert len(side_files(tmp_path)) == 1
    path.with_name("contents.db-wal").unlink()
    async with opened(path) as store:
        books = await found_container(store)
        assert await store.count(books) == 30
        await write(store, books, 200, 60, seed=3)
        assert await wrong_answers(store, books) == 0
    assert "of another history" in caplog.text


async def test_an_older_side_file_of_the_same_history_is_used(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "contents.db"
    async with opened(path) as store:
        books = await new_collection(store, dimension=DIMENSION)
        await write(store, books, 0, 30, seed=1)
        assert await wrong_answers(store, books) == 0
    [file] = side_files(tmp_path)
    shutil.copy(file, tmp_path / "older")
    async with opened(path) as store, opened(path) as other:
        await write(store, books, 100, 30, seed=2)
        await write(other, books, 200, 30, seed=3)
        assert await wrong_answers(store, books) == 0
    shutil.copy(tmp_path / "older", file)
    caplog.clear()
    with caplog.at_level(logging.INFO):
        async with opened(path) as store:
            assert await wrong_answers(store, books) == 0
    assert "Building" not in caplog.text


async def head(store: DatabaseStore, container: Container) -> Head:
    return (await store._rows.state(container.id)).head


async def knows(store: DatabaseStore, container: Container, known: Head) -> bool:
    return not (await store._rows.state(container.id, known)).parted


async def test_writers_take_turns_and_every_write_of_both_is_remembered(tmp_path: Path) -> None:
    async with opened(tmp_path / "contents.db") as one, opened(tmp_path / "contents.db") as two:
        books = await new_collection(one)
        heads = []
        for turn in range(4):
            await write_one(one if turn % 2 else two, books, str(turn))
            heads.append(await head(one, books))
        assert len({known.writer for known in heads}) == 2
        assert [await knows(two, books, known) for known in heads] == [True] * 4
        last = heads[-1]
        assert not await knows(two, books, Head(last.writer, last.revision + 1))
        assert not await knows(two, books, Head(last.writer + 1, 1))


async def write_one(store: DatabaseStore, container: Container, key: str) -> None:
    await store.insert(container, [new_item(key, [1, 2])])


async def test_a_write_that_was_undone_does_not_make_its_writer_a_stranger(tmp_path: Path) -> None:
    async with opened(tmp_path / "contents.db") as store:
        books = await new_collection(store)
        await write_one(store, books, "a")
        before = await head(store, books)
        with pytest.raises(ContainerMissingError):
            await write_one(store, replace(books, id=99), "b")
        await write_one(store, books, "b")
        assert await head(store, books) == Head(before.writer, before.revision + 1)


async def test_a_running_writer_whose_file_was_put_back_begins_another_history(tmp_path: Path) -> None:
    """As if the file had been written over with a copy while it was open."""
    async with opened(tmp_path / "contents.db") as store:
        books = await new_collection(store)
        await write_one(store, books, "a")
        await write_one(store, books, "b")
        lost = await head(store, books)
        with sqlite3.connect(tmp_path / "contents.db") as other:
            other.execute("UPDATE meta SET revision = revision - 1")
            other.execute("UPDATE container SET revision = revision - 1")
        other.close()
        await write_one(store, books, "c")
        now = await head(store, books)
        assert now.revision == lost.revision
        assert now.writer != lost.writer
        assert not await knows(store, books, lost)


async def test_the_oldest_of_many_writers_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MOST_WRITERS", 4)
    heads = []
    async with opened(tmp_path / "contents.db") as store:
        books = await new_collection(store)
    for number in range(8):
        async with opened(tmp_path / "contents.db") as store:
            await write_one(store, books, str(number))
            heads.append(await head(store, books))
    async with opened(tmp_path / "contents.db") as store:
        known = [await knows(store, books, one) for one in heads]
    assert known == sorted(known)
    assert not known[0]
    assert known[-3:] == [True] * 3


async def test_a_store_of_before_gets_a_writer_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "contents.db"
    with sqlite3.connect(path) as old:
        for migration in MIGRATIONS[:4]:
            for statement in migration.statements:
                old.execute(statement)
        old.execute("INSERT INTO keyspace VALUES (?)", (KEYSPACE,))
        old.execute(
            "INSERT INTO container (id, keyspace, name, kind, definition, vectors, epoch, revision)"
            " VALUES (1, ?, 'books', 'collection', '{}', '{}', 7, 3)",
            (KEYSPACE,),
        )
        for statement in CONTAINER_TABLES:
            old.execute(Tables(1).sql(statement))
        old.execute("UPDATE meta SET revision = 3")
        old.execute("PRAGMA user_version = 4")
    old.close()
    shutil.copy(path, tmp_path / "copy.db")
    async with opened(path) as store, opened(tmp_path / "copy.db") as copy:
        books = await found_container(store)
        before = await head(store, books)
        assert before.revision == 3
        assert not await knows(copy, books, before), "each file begins a history of its own"
        await store.insert(books, [new_item("a")])
        assert await knows(store, books, before)
        assert await store.integrity_check() == []
