import asyncio
import logging
import os
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import numpy as np
import pytest

from storage.vectors import live, stored_rows
from storage.vectors.arrays import Positions
from storage.vectors.cache import IndexCache
from storage.vectors.index import IndexParts, VectorIndex
from storage.vectors.sidefile import Stamp
from storage.vectors.sidefile_draft import SideFileDraft
from storage.vectors.source import VectorChanges
from storage.vectors.stored_rows import Budget
from tests.support.vector_cache import DIMENSION, EAGER, QUERY, expected, files, hundred, opened, search
from tests.support.vectors import MemoryVectors, clustered, container


@pytest.fixture
def source() -> MemoryVectors:
    return hundred()


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


async def test_drafts_that_a_killed_program_has_left_go_when_the_index_is_opened(
    tmp_path: Path, source: MemoryVectors
) -> None:
    async with opened(tmp_path, source) as cache:
        await search(cache, QUERY)
    [saved] = files(tmp_path)
    old, recent = saved.with_name(f"{saved.name}.1.part"), saved.with_name(f"{saved.name}.2.part")
    for draft in (old, recent):
        draft.touch()
    os.utime(old, (0, 0))
    async with opened(tmp_path, source) as cache:
        await search(cache, QUERY)
        assert not old.exists()
        assert recent.exists()  # somebody may be writing it
    recent.unlink()


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


async def test_damaged_rows_in_a_side_file_are_found_before_the_first_answer(
    tmp_path: Path, source: MemoryVectors, caplog: pytest.LogCaptureFixture
) -> None:
    zero_rows(await stored(tmp_path, source))
    async with opened(tmp_path, source) as cache:
        assert await search(cache, QUERY, 100) == expected(source, QUERY, 100)
        assert "damaged in its rows" in caplog.text
        await cache.settle()
    assert source.asked_since == [0, 0]


async def test_a_side_file_that_is_cut_short_while_it_is_in_use_costs_a_rebuild(
    tmp_path: Path, source: MemoryVectors, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_rows, "MEMORY", Budget(0))
    file = await stored(tmp_path, source)
    async with opened(tmp_path, source) as cache:
        assert await search(cache, QUERY) == expected(source, QUERY)
        os.truncate(file, 0)
        assert await search(cache, QUERY) == expected(source, QUERY)
        assert "cut short" in caplog.text


async def test_a_save_that_meets_damaged_rows_is_given_up_and_the_index_built_anew(
    tmp_path: Path, source: MemoryVectors, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_rows, "MEMORY", Budget(0))
    file = await stored(tmp_path, source)
    async with opened(tmp_path, source) as cache:
        assert await search(cache, QUERY) == expected(source, QUERY)
        source.write(range(200, 300), clustered(100, DIMENSION, seed=4))
        os.truncate(file, 0)
        late = list(range(200, 300))
        assert await search(cache, QUERY, 5, late) == expected(source, QUERY, 5, late), "which reads none of the file"
        await cache.settle()
        assert "cut short" in caplog.text
        assert await search(cache, QUERY, 50) == expected(source, QUERY, 50)


async def test_an_index_in_use_notices_that_its_store_was_put_back(
    tmp_path: Path, source: MemoryVectors, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path, source) as cache:
        backup = source.copy()
        source.write(range(101, 201), clustered(100, DIMENSION, seed=3))
        assert await search(cache, QUERY, 50) == expected(source, QUERY, 50)
        await cache.settle()
        source.put_back(backup)
        source.write(range(101, 201), clustered(100, DIMENSION, seed=4))
        source.write([201], clustered(1, DIMENSION, seed=5))
        assert await search(cache, QUERY, 50) == expected(source, QUERY, 50)
        assert "put back to an earlier state" in caplog.text
        assert "of another history" in caplog.text, "the side file, too"


async def test_a_row_that_was_replaced_during_a_save_does_not_outlive_its_history(
    tmp_path: Path, source: MemoryVectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file may hold the row as it became: then it is of no use where that has never been."""
    rows = SideFileDraft.__init__
    begun, go_on = threading.Event(), threading.Event()

    def slow(draft: SideFileDraft, path: Path, parts: IndexParts, order: Positions) -> None:
        begun.set()
        go_on.wait(5)
        rows(draft, path, parts, order)

    monkeypatch.setattr(SideFileDraft, "__init__", slow)
    async with opened(tmp_path, source) as cache:
        await search(cache, QUERY)
        await asyncio.to_thread(begun.wait, 5)
        backup = source.copy()
        source.write([7], QUERY[np.newaxis])
        await search(cache, QUERY)
        go_on.set()
        await cache.settle()
    assert len(files(tmp_path)) == 1
    source.put_back(backup)
    source.write([300], clustered(1, DIMENSION, seed=5))
    async with opened(tmp_path, source) as cache:
        assert await search(cache, QUERY, 50) == expected(source, QUERY, 50)


async def test_a_side_file_of_another_store_or_time_is_not_used(tmp_path: Path, source: MemoryVectors) -> None:
    await stored(tmp_path, source)
    other = MemoryVectors(DIMENSION, epoch=source.epoch + 1)
    other.write([1, 2, 3], clustered(3, DIMENSION, seed=5))
    for _ in range(10):
        other.next_revision()
    restored = MemoryVectors(DIMENSION, epoch=source.epoch)
    async with opened(tmp_path, other) as cache, opened(tmp_path, restored) as second:
        assert await search(cache, QUERY) == expected(other, QUERY)
        assert await search(second, QUERY) == []


async def test_many_dead_rows_are_let_go(
    tmp_path: Path, source: MemoryVectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "DEAD_ALLOWED", 10)
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

    def slow(draft: SideFileDraft, stamp: Stamp) -> None:
        writing.set()
        go_on.wait(5)
        publish(draft, stamp)

    publish = SideFileDraft.publish
    monkeypatch.setattr(SideFileDraft, "publish", slow)
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
