import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from storage.errors import StorageError
from storage.model import Hit, Metric, Vector
from storage.vectors import live
from storage.vectors.cache import IndexCache
from storage.vectors.exact import Effort
from storage.vectors.index import EXACT_ROWS, IndexParts, VectorIndex
from storage.vectors.live import SavePolicy
from storage.vectors.rows import Positions
from storage.vectors.sidefile import Stamp, write_side_file
from storage.vectors.source import VectorChanges
from storage.vectors.worker import Worker
from tests.support.vectors import MemoryVectors, clustered, container, plain_search

DIMENSION = 6
EAGER = SavePolicy(fewest_rows=10, fewest_changes=10)
BOOKS = container(DIMENSION)


@pytest.fixture
def source() -> MemoryVectors:
    vectors = MemoryVectors(DIMENSION)
    vectors.write(range(1, 101), clustered(100, DIMENSION))
    return vectors


@asynccontextmanager
async def opened(folder: Path, source: MemoryVectors, **options: int) -> AsyncIterator[IndexCache]:
    cache = IndexCache(folder, source, policy=EAGER, **options)
    try:
        yield cache
    finally:
        await cache.close()


async def search(
    cache: IndexCache, query: Vector, k: int = 10, allowed: list[int] | None = None
) -> list[tuple[int, float]]:
    seqs = None if allowed is None else np.array(allowed, dtype=np.int64)
    return [(hit.seq, hit.similarity) for hit in await cache.search(BOOKS, "$vector", query, k, seqs)]


def expected(
    source: MemoryVectors, query: Vector, k: int = 10, allowed: list[int] | None = None
) -> list[tuple[int, float]]:
    return plain_search(Metric.COSINE, source.rows, query, k, allowed)


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.exists() else []


QUERY = clustered(1, DIMENSION, seed=9)[0]


async def test_every_search_sees_what_was_written_before_it(tmp_path: Path, source: MemoryVectors) -> None:
    async with opened(tmp_path, source) as cache:
        assert await search(cache, QUERY) == expected(source, QUERY)
        source.write([101, 5], clustered(2, DIMENSION, seed=3))
        assert await search(cache, QUERY) == expected(source, QUERY)
        source.remove([seq for seq, _ in expected(source, QUERY, 3)])
        assert await search(cache, QUERY) == expected(source, QUERY)
        assert await search(cache, QUERY, 4, [7, 3, 1, 999]) == expected(source, QUERY, 4, [1, 3, 7])
        source.truncate()
        assert await search(cache, QUERY) == []
        source.write([200], QUERY[np.newaxis])
        assert await search(cache, QUERY) == [(200, 1.0)]


async def test_nothing_is_read_when_nothing_has_changed(tmp_path: Path, source: MemoryVectors) -> None:
    async with opened(tmp_path, source) as cache:
        for _ in range(3):
            await search(cache, QUERY)
            await cache.settle()
    assert source.asked_since == [0]


async def test_a_container_without_vectors_finds_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path, MemoryVectors(DIMENSION)) as cache:
        assert await search(cache, QUERY) == []


async def test_two_caches_on_one_source_see_each_others_writes(tmp_path: Path, source: MemoryVectors) -> None:
    async with opened(tmp_path, source) as one, opened(tmp_path, source) as other:
        for step in range(12):
            source.write([step + 1, 300 + step], clustered(2, DIMENSION, seed=step))
            source.remove([50 + step])
            query = clustered(1, DIMENSION, seed=100 + step)[0]
            both = await asyncio.gather(search(one, query), search(other, query))
            assert list(both) == [expected(source, query)] * 2
            if step % 3 == 0:
                await one.settle()


async def test_a_saved_index_is_opened_and_reads_only_what_is_new(tmp_path: Path, source: MemoryVectors) -> None:
    async with opened(tmp_path, source) as cache:
        await search(cache, QUERY)
    assert len(files(tmp_path)) == 1
    saved_at = source.revision
    source.write([3, 500], clustered(2, DIMENSION, seed=3))
    source.remove([40])
    async with opened(tmp_path, source) as cache:
        assert await search(cache, QUERY, 200) == expected(source, QUERY, 200)
    assert source.asked_since == [0, saved_at]


async def test_an_index_in_use_is_saved_in_the_background_and_leaves_memory(
    tmp_path: Path, source: MemoryVectors
) -> None:
    async with opened(tmp_path, source) as cache:
        await search(cache, QUERY)
        assert cache.bytes_in_memory > 0
        await cache.settle()
        assert cache.bytes_in_memory == 0
        assert len(files(tmp_path)) == 1
        source.write([7], QUERY[np.newaxis])
        assert await search(cache, QUERY) == expected(source, QUERY)


async def test_few_changes_are_not_worth_a_new_file(tmp_path: Path, source: MemoryVectors) -> None:
    async with opened(tmp_path, source) as cache:
        await search(cache, QUERY)
        await cache.settle()
        [before] = [file.stat() for file in files(tmp_path)]
        source.write([1, 2], clustered(2, DIMENSION, seed=3))
        await search(cache, QUERY)
        await cache.settle()
    assert [file.stat().st_ino for file in files(tmp_path)] == [before.st_ino]


async def test_small_indexes_leave_no_file(tmp_path: Path, source: MemoryVectors) -> None:
    cache = IndexCache(tmp_path / "folder", source)
    await search(cache, QUERY)
    await cache.close()
    assert not files(tmp_path)


def tear(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:5_000])


def zero_rows(file: Path) -> None:
    data = bytearray(file.read_bytes())
    rows = clustered(100, DIMENSION)[:1].tobytes()
    start = data.index(rows)
    data[start : start + len(rows)] = bytes(len(rows))
    file.write_bytes(bytes(data))


async def stored(tmp_path: Path, source: MemoryVectors) -> Path:
    async with opened(tmp_path, source) as cache:
        await search(cache, QUERY)
    [file] = files(tmp_path)
    return file


@pytest.mark.parametrize("spoil", [tear, Path.unlink, lambda file: file.write_bytes(b"ASTROVEC" * 900)])
async def test_a_spoilt_side_file_costs_a_rebuild_and_nothing_else(
    tmp_path: Path, source: MemoryVectors, spoil: Callable[[Path], object]
) -> None:
    spoil(await stored(tmp_path, source))
    async with opened(tmp_path, source) as cache:
        assert await search(cache, QUERY) == expected(source, QUERY)
    assert source.asked_since == [0, 0]
    async with opened(tmp_path, source) as cache:
        assert await search(cache, QUERY) == expected(source, QUERY)
    assert source.asked_since == [0, 0], "the rebuilt index was saved"


async def test_damaged_rows_in_a_side_file_are_found_in_the_background(
    tmp_path: Path, source: MemoryVectors, caplog: pytest.LogCaptureFixture
) -> None:
    file = await stored(tmp_path, source)
    zero_rows(file)
    async with opened(tmp_path, source) as cache:
        await search(cache, QUERY)
        await cache.settle()
        assert "damaged" in caplog.text
        assert await search(cache, QUERY, 100) == expected(source, QUERY, 100)


async def test_a_side_file_of_another_store_or_time_is_not_used(tmp_path: Path, source: MemoryVectors) -> None:
    await stored(tmp_path, source)
    other = MemoryVectors(DIMENSION, epoch=source.epoch + 1)
    other.write([1, 2, 3], clustered(3, DIMENSION, seed=5))
    other.revision += 10
    restored = MemoryVectors(DIMENSION, epoch=source.epoch)
    async with opened(tmp_path, other) as cache, opened(tmp_path, restored) as second:
        assert await search(cache, QUERY) == expected(other, QUERY)
        assert await search(second, QUERY) == []


async def test_a_store_put_back_to_an_earlier_state_is_read_anew(tmp_path: Path, source: MemoryVectors) -> None:
    async with opened(tmp_path, source) as cache:
        source.write([101], QUERY[np.newaxis])
        await search(cache, QUERY)
        source.rows.pop(101)
        source.revision -= 1
        assert await search(cache, QUERY) == expected(source, QUERY)


async def test_many_dead_rows_are_let_go(
    tmp_path: Path, source: MemoryVectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_DEAD_ALLOWED", 10)
    cache = IndexCache(tmp_path, source)
    await search(cache, QUERY)
    source.remove(list(range(1, 90)))
    assert await search(cache, QUERY) == expected(source, QUERY)
    await cache.settle()
    assert cache.bytes_in_memory == 0
    assert await search(cache, QUERY) == expected(source, QUERY)
    await cache.close()


async def test_a_folder_that_cannot_be_written_does_not_stop_searches(
    tmp_path: Path, source: MemoryVectors, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    async with opened(blocked / "folder", source) as cache:
        assert await search(cache, QUERY) == expected(source, QUERY)
        await cache.settle()
        assert caplog.text.count("could not be saved") == 1
        source.write([101], QUERY[np.newaxis])
        assert await search(cache, QUERY) == expected(source, QUERY)


class BrokenVectors(MemoryVectors):
    """A source that fails after its first chunk until it is mended."""

    broken = True

    async def changes(self, container_id: int, vector: str, dimension: int, since: int) -> AsyncIterator[VectorChanges]:
        async for chunk in super().changes(container_id, vector, dimension, since):
            yield chunk
            if self.broken:
                raise StorageError("The disk is gone.")


async def test_a_source_that_fails_half_way_is_asked_again_from_the_start(tmp_path: Path) -> None:
    source = BrokenVectors(DIMENSION, chunk=30)
    source.write(range(1, 101), clustered(100, DIMENSION))
    async with opened(tmp_path, source) as cache:
        with pytest.raises(StorageError, match="gone"):
            await search(cache, QUERY)
        source.broken = False
        assert await search(cache, QUERY, 200) == expected(source, QUERY, 200)
    assert source.asked_since == [0, 0]


async def test_a_cancelled_search_leaves_the_index_whole(tmp_path: Path) -> None:
    source = MemoryVectors(DIMENSION, chunk=500)
    source.write(range(1, EXACT_ROWS + 3_001), clustered(EXACT_ROWS + 3_000, DIMENSION))
    async with opened(tmp_path, source) as cache:
        for turns in (3, 30, 90):
            task = asyncio.create_task(search(cache, QUERY))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert await search(cache, QUERY, 20) == expected(source, QUERY, 20)


async def test_a_cancelled_search_lets_go_of_the_source_at_once(tmp_path: Path) -> None:
    opened_stream, closed = asyncio.Event(), asyncio.Event()

    class Watched(MemoryVectors):
        async def changes(
            self, container_id: int, vector: str, dimension: int, since: int
        ) -> AsyncIterator[VectorChanges]:
            opened_stream.set()
            try:
                async for chunk in super().changes(container_id, vector, dimension, since):
                    yield chunk
            finally:
                closed.set()

    source = Watched(DIMENSION, chunk=10)
    source.write(range(1, 101), clustered(100, DIMENSION))
    async with opened(tmp_path, source) as cache:
        task = asyncio.create_task(search(cache, QUERY))
        await opened_stream.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert closed.is_set()


async def test_searches_at_the_same_time_do_not_disturb_each_other(tmp_path: Path, source: MemoryVectors) -> None:
    queries = clustered(20, DIMENSION, seed=21)
    async with opened(tmp_path, source) as cache:
        found = await asyncio.gather(*(search(cache, query) for query in queries))
    assert found == [expected(source, query) for query in queries]
    assert source.asked_since == [0]


async def test_the_event_loop_stays_free_while_an_index_works(
    tmp_path: Path, source: MemoryVectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, finish = threading.Event(), threading.Event()
    original = VectorIndex.search

    def slow(self: VectorIndex, *arguments: *tuple[Vector, int, NDArray[np.int64] | None, Effort]) -> list[Hit]:
        started.set()
        finish.wait(5)
        return original(self, *arguments)

    monkeypatch.setattr(VectorIndex, "search", slow)
    monkeypatch.setattr(live, "_QUICK", 0)
    async with opened(tmp_path, source) as cache:
        task = asyncio.create_task(search(cache, QUERY))
        await asyncio.to_thread(started.wait, 5)
        assert not task.done()
        finish.set()
        assert await task == expected(source, QUERY)


async def test_a_search_that_turns_out_to_be_long_goes_to_a_thread(
    tmp_path: Path, source: MemoryVectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[bool] = []
    original = VectorIndex.search

    def watched(self: VectorIndex, *arguments: *tuple[Vector, int, NDArray[np.int64] | None, Effort]) -> list[Hit]:
        threads.append(threading.current_thread() is threading.main_thread())
        return original(self, *arguments)

    monkeypatch.setattr(VectorIndex, "search", watched)
    monkeypatch.setattr(live, "_QUICK", 100 * DIMENSION // 4)
    async with opened(tmp_path, source) as cache:
        assert await search(cache, QUERY) == expected(source, QUERY)
    assert threads == [True, False]


async def test_a_cancelled_job_is_waited_for() -> None:
    worker = Worker()
    done = threading.Event()

    def job() -> None:
        time.sleep(0.03)
        done.set()

    task = asyncio.create_task(worker.run(job))
    await asyncio.sleep(0.001)
    task.cancel()
    await asyncio.sleep(0.001)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done.is_set()
    worker.close()


async def test_indexes_not_in_use_are_let_go_when_memory_runs_short(tmp_path: Path) -> None:
    sources: dict[int, int] = {}

    class Several(MemoryVectors):
        async def changes(
            self, container_id: int, vector: str, dimension: int, since: int
        ) -> AsyncIterator[VectorChanges]:
            sources[container_id] = sources.get(container_id, 0) + 1
            async for chunk in super().changes(1, vector, dimension, since):
                yield chunk

    source = Several(DIMENSION)
    source.write(range(1, 301), clustered(300, DIMENSION))
    cache = IndexCache(tmp_path, source, memory=10_000)
    for number in (1, 2, 3, 1):
        books = container(DIMENSION, number=number)
        assert len(await cache.search(books, "$vector", QUERY, 5, None)) == 5
        await cache.settle()
        assert cache.bytes_in_memory <= 20_000
    assert sources == {1: 2, 2: 1, 3: 1}
    await cache.close()


async def test_a_forgotten_container_leaves_nothing_behind(tmp_path: Path, source: MemoryVectors) -> None:
    async with opened(tmp_path, source) as cache:
        await search(cache, QUERY)
        await cache.settle()
        assert len(files(tmp_path)) == 1
        other = tmp_path / "11-0123.vectors"
        other.touch()
        await cache.forget(1)
        assert files(tmp_path) == [other]


async def test_a_container_forgotten_while_it_is_saved_leaves_nothing_behind(
    tmp_path: Path, source: MemoryVectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing, go_on = threading.Event(), threading.Event()

    def slow(path: Path, stamp: Stamp, parts: IndexParts, order: Positions) -> None:
        writing.set()
        go_on.wait(5)
        write_side_file(path, stamp, parts, order)

    monkeypatch.setattr(live, "write_side_file", slow)
    async with opened(tmp_path, source) as cache:
        await search(cache, QUERY)
        await asyncio.to_thread(writing.wait, 5)
        await cache.forget(1)
        go_on.set()
        await cache.settle()
        assert files(tmp_path) == []


async def test_an_error_in_the_background_is_reported(
    tmp_path: Path, source: MemoryVectors, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def wrong(self: VectorIndex) -> None:
        raise TypeError(f"a mistake about {self}")

    monkeypatch.setattr(VectorIndex, "frozen", wrong)
    cache = IndexCache(tmp_path, source, policy=EAGER)
    with caplog.at_level(logging.ERROR):
        assert await search(cache, QUERY) == expected(source, QUERY)
        await cache.settle()
        await asyncio.sleep(0)
    assert "upkeep of the vector indexes failed" in caplog.text
    monkeypatch.undo()
    await cache.close()


async def test_a_vector_the_container_does_not_have(tmp_path: Path, source: MemoryVectors) -> None:
    async with opened(tmp_path, source) as cache:
        with pytest.raises(KeyError):
            await cache.search(BOOKS, "other", QUERY, 3, None)
