import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from storage.errors import StorageError
from storage.shapes import Hit, Vector
from storage.vectors import live
from storage.vectors.exact import Effort
from storage.vectors.index import EXACT_ROWS, VectorIndex
from storage.vectors.source import VectorChanges
from storage.vectors.worker import Worker
from tests.support.vector_cache import BOOKS, DIMENSION, QUERY, expected, hundred, opened, search
from tests.support.vectors import MemoryVectors, clustered
from tests.support.waiting import until


@pytest.fixture
def source() -> MemoryVectors:
    return hundred()


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


async def test_a_store_put_back_to_an_earlier_state_is_read_anew(tmp_path: Path, source: MemoryVectors) -> None:
    backup = source.copy()
    async with opened(tmp_path, source) as cache:
        source.write([101], QUERY[np.newaxis])
        await search(cache, QUERY)
        source.put_back(backup)
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
    monkeypatch.setattr(live, "QUICK", 0)
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
    monkeypatch.setattr(live, "QUICK", 100 * DIMENSION // 4)
    async with opened(tmp_path, source) as cache:
        assert await search(cache, QUERY) == expected(source, QUERY)
    assert threads == [True, False]


async def test_a_cancelled_job_is_waited_for() -> None:
    worker = Worker()
    began, go_on, done = threading.Event(), threading.Event(), threading.Event()

    def job() -> None:
        began.set()
        go_on.wait()
        done.set()

    task = asyncio.create_task(worker.run(job))
    await until(began.is_set)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done.is_set()
    worker.close()


async def test_a_vector_the_container_does_not_have(tmp_path: Path, source: MemoryVectors) -> None:
    async with opened(tmp_path, source) as cache:
        with pytest.raises(KeyError):
            await cache.search(BOOKS, "other", QUERY, 3, None)
