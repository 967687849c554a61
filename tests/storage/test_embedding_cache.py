"""The cache of embeddings: what it keeps, what it forgets, and that no state of its file is anybody's problem."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from storage.embedding_cache.cache import EmbeddingCache
from storage.errors import CorruptStoreError, NewerSchemaError, StorageError, StoreBusyError, StoreNotWritableError
from storage.shapes import Matrix

ROOT = Path(__file__).parents[2]
DIMENSION = 8


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "embeddings.db"


@pytest.fixture
async def cache(path: Path) -> AsyncIterator[EmbeddingCache]:
    cache = EmbeddingCache(path)
    yield cache
    await cache.close()


def key(number: int) -> bytes:
    return number.to_bytes(32, "big")


def vectors(numbers: range, dimension: int = DIMENSION) -> Matrix:
    rows: Matrix = np.array([[number + 0.5] * dimension for number in numbers], dtype=np.float32)
    return rows


def fill(cache: EmbeddingCache, numbers: range, dimension: int = DIMENSION) -> None:
    cache.keep([key(number) for number in numbers], vectors(numbers, dimension))


async def found(cache: EmbeddingCache, numbers: range, dimension: int = DIMENSION) -> list[int]:
    """Return the numbers that are there; each must have its own vector."""
    known = await cache.find([key(number) for number in numbers], dimension)
    for number in numbers:
        if key(number) in known:
            assert known[key(number)].tolist() == [number + 0.5] * dimension
    return [number for number in numbers if key(number) in known]


def change(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(sql)


async def reopened(cache: EmbeddingCache, damage: Callable[[], object] = lambda: None) -> EmbeddingCache:
    await cache.close()
    damage()
    return EmbeddingCache(cache.path)


async def test_what_is_kept_is_found_at_once_and_after_a_restart(cache: EmbeddingCache) -> None:
    fill(cache, range(1200))
    assert await found(cache, range(1300)) == list(range(1200))
    again = await reopened(cache)
    assert await found(again, range(1300)) == list(range(1200))
    await again.close()


async def test_nothing_is_created_before_there_is_something_to_keep(cache: EmbeddingCache, path: Path) -> None:
    facts = await cache.facts()
    assert (facts.entries, facts.size, facts.problem) == (0, 0, None)
    assert not there(path)


async def test_vectors_of_another_length_are_not_taken(cache: EmbeddingCache) -> None:
    fill(cache, range(3))
    await cache.settle()
    assert await cache.find([key(1)], DIMENSION + 1) == {}


@pytest.mark.parametrize("column", ["vector = substr(vector, 1, 16)", "vector = zeroblob(32)", "checksum = 1"])
async def test_a_torn_entry_is_no_entry(cache: EmbeddingCache, path: Path, column: str) -> None:
    fill(cache, range(4))
    damage = f"UPDATE entry SET {column} WHERE key = {literal(2)}"  # noqa: S608 - a test's own words
    again = await reopened(cache, lambda: change(path, damage))
    assert await found(again, range(4)) == [0, 1, 3]
    fill(again, range(2, 3))
    await again.settle()
    assert await found(again, range(4)) == [0, 1, 2, 3]
    await again.close()


def there(path: Path) -> bool:
    return path.exists()


def on_disk(path: Path) -> int:
    return sum(file.stat().st_size for file in path.parent.iterdir())


def literal(number: int) -> str:
    return f"x'{key(number).hex()}'"


async def test_two_entries_that_were_swapped_are_no_entries(cache: EmbeddingCache, path: Path) -> None:
    fill(cache, range(2))
    sql = f"UPDATE entry SET vector = (SELECT vector FROM entry WHERE key = {literal(1)})"  # noqa: S608 - a test's own words
    again = await reopened(cache, lambda: change(path, sql))
    assert await found(again, range(2)) == [1]
    await again.close()


async def test_the_oldest_used_entries_go_when_the_file_has_grown_too_large(path: Path) -> None:
    now = 1_000_000.0
    cache = EmbeddingCache(path, most_bytes=2_000_000, clock=lambda: now)
    for start in range(0, 1200, 100):
        now += 1
        fill(cache, range(start, start + 100), 256)
        await cache.settle()
    now += 10_000
    assert await found(cache, range(50), 256) == list(range(50))  # used again, so no longer the oldest
    for start in range(1200, 1700, 100):
        now += 1
        fill(cache, range(start, start + 100), 256)
        await cache.settle()
    facts = await cache.facts()
    left = await found(cache, range(1700), 256)
    await cache.close()
    assert 1_500_000 < facts.size <= 2_000_000
    assert facts.entries == len(left) < 1600
    assert left[:50] == list(range(50))
    assert left[50:] == list(range(1700 - len(left) + 50, 1700))


async def test_totals_are_of_all_programs(cache: EmbeddingCache, path: Path) -> None:
    other = EmbeddingCache(path)
    cache.count(hits=2, misses=5)
    other.count(hits=10, misses=1)
    await cache.settle()
    await other.settle()
    for one in (cache, other):
        facts = await one.facts()
        assert (facts.hits, facts.misses) == (12, 6)
    await other.close()


async def test_clearing_forgets_everything_and_gives_the_space_back(cache: EmbeddingCache, path: Path) -> None:
    fill(cache, range(2000), 256)
    cache.count(hits=1, misses=1)
    await cache.settle()
    assert on_disk(path) > 2_000_000
    assert await cache.clear() == 2000
    assert on_disk(path) < 100_000
    facts = await cache.facts()
    assert (facts.entries, facts.hits, facts.misses) == (0, 0, 0)
    assert await found(cache, range(10)) == []
    fill(cache, range(10))
    assert await found(cache, range(10)) == list(range(10))


async def test_reading_only_writes_nothing(path: Path, cache: EmbeddingCache) -> None:
    reader = EmbeddingCache(path, read_only=True)
    fill(reader, range(5))
    assert await found(reader, range(5)) == []
    await reader.close()
    assert not there(path)
    fill(cache, range(5))
    await cache.settle()
    reader = EmbeddingCache(path, read_only=True)
    fill(reader, range(5, 9))
    reader.count(hits=3, misses=3)
    assert await found(reader, range(9)) == list(range(5))
    await reader.close()
    facts = await cache.facts()
    assert (facts.entries, facts.hits) == (5, 0)


def overwrite_start(path: Path) -> None:
    path.write_bytes(b"this is no database at all" * 400)


def overwrite_middle(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(path.stat().st_size - 4096))


def cut_off(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(5000)


def other_table(path: Path) -> None:
    change(path, "DROP TABLE entry")


@pytest.mark.parametrize("damage", [overwrite_start, overwrite_middle, cut_off, other_table])
async def test_a_damaged_file_is_replaced_and_said_once(
    cache: EmbeddingCache, path: Path, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    fill(cache, range(500))
    again = await reopened(cache, lambda: damage(path))
    with caplog.at_level(logging.WARNING, logger="storage"):
        assert await found(again, range(3)) == []
        fill(again, range(3))
        assert await found(again, range(3)) == [0, 1, 2]
        await again.settle()
    assert again.problem is not None
    assert "damaged" in again.problem.message
    assert len(caplog.records) == 1
    third = await reopened(again)
    assert await found(third, range(5)) == [0, 1, 2]
    assert third.problem is None
    await third.close()


async def trouble(path: Path) -> StorageError:
    """Use the cache, which must know nothing and raise nothing; return the problem it names."""
    cache = EmbeddingCache(path)
    assert await found(cache, range(3)) == []
    fill(cache, range(3))
    await cache.settle()
    problem = (await cache.facts()).problem
    await cache.close()
    assert problem is not None
    return problem


async def test_a_folder_that_cannot_be_written_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert isinstance(await trouble(tmp_path / "file" / "embeddings.db"), StorageError)
    (tmp_path / "embeddings.db").mkdir()
    assert isinstance(await trouble(tmp_path / "embeddings.db"), StoreNotWritableError)


async def test_a_newer_file_and_another_programs_are_left_alone(path: Path) -> None:
    change(path, "CREATE TABLE theirs (x)")
    assert isinstance(await trouble(path), CorruptStoreError)
    change(path, "PRAGMA user_version = 99")
    assert isinstance(await trouble(path), NewerSchemaError)
    change(path, "INSERT INTO theirs VALUES (1)")


async def test_a_full_disk_leaves_what_is_there_readable(cache: EmbeddingCache) -> None:
    fill(cache, range(50))
    await cache.settle()
    assert cache._file is not None
    async with cache._file.transaction() as connection:  # SQLite's own limit stands in for the disk's
        [(pages,)] = await connection.execute_fetchall("PRAGMA page_count")
        await connection.execute_fetchall(f"PRAGMA max_page_count = {pages}")
    fill(cache, range(50, 5000), 256)
    await cache.settle()
    assert "no space" in str(cache.problem)
    assert await found(cache, range(60)) == list(range(50))


async def test_a_lock_of_another_program_costs_an_entry_and_no_error(cache: EmbeddingCache, path: Path) -> None:
    fill(cache, range(2))
    await cache.settle()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        fill(cache, range(2, 4))
        await cache.settle()
        assert isinstance(cache.problem, StoreBusyError)
        assert await found(cache, range(4)) == [0, 1]
        connection.execute("ROLLBACK")
    fill(cache, range(2, 4))
    await cache.settle()
    assert await found(cache, range(4)) == [0, 1, 2, 3]


WRITER = """
import asyncio, sys
from pathlib import Path
from storage.embedding_cache.cache import EmbeddingCache
from tests.storage.test_embedding_cache import fill

async def main():
    cache = EmbeddingCache(Path(sys.argv[1]))
    first = int(sys.argv[2])
    for start in range(first, first + int(sys.argv[3]), 50):
        fill(cache, range(start, start + 50), 256)
        await cache.settle()
        print(start + 50, flush=True)
    await cache.close()

asyncio.run(main())
"""


async def start_writer(path: Path, first: int, count: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WRITER, str(path), str(first), str(count)), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )


async def test_a_kill_in_the_middle_of_writing_leaves_a_sound_file(path: Path) -> None:
    writer = await start_writer(path, 0, 10_000_000)
    assert writer.stdout is not None
    written = 0
    for _ in range(20):
        written = int(await writer.stdout.readline())
    writer.kill()
    await writer.communicate()
    cache = EmbeddingCache(path)
    assert (await found(cache, range(written + 100), 256))[:written] == list(range(written))
    assert cache.problem is None
    await cache.close()


async def test_two_programs_write_and_read_at_the_same_time(cache: EmbeddingCache, path: Path) -> None:
    writers = [await start_writer(path, first, 1000) for first in (0, 1000)]
    for start in range(2000, 3000, 50):
        fill(cache, range(start, start + 50), 256)
        await found(cache, range(3000), 256)
    for writer in writers:
        await writer.communicate()
        assert writer.returncode == 0
    await cache.settle()
    assert await found(cache, range(3000), 256) == list(range(3000))
    assert cache.problem is None
