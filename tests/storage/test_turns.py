"""Long work that lets other threads have their turns."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import aiosqlite
import pytest

from storage.gil_yield import StoppedError, give_way, in_thread, in_turns, stopped_by
from storage.sqlite.migrations import Migration
from storage.sqlite.store_file import StoreFile


def test_every_value_comes_in_order() -> None:
    assert list(in_turns(iter(range(1000)))) == list(range(1000))


def test_nothing_is_taken_before_it_is_wanted() -> None:
    taken: list[int] = []

    def values() -> Iterator[int]:
        for number in range(3):
            taken.append(number)
            yield number

    assert next(in_turns(values())) == 0
    assert taken == [0]


def test_work_longer_than_a_turn_is_paused(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[str] = []
    monkeypatch.setattr("storage.gil_yield.TURN", -1)
    monkeypatch.setattr("storage.gil_yield.give_way", lambda: pauses.append("pause"))
    assert list(in_turns("abc")) == ["a", "b", "c"]
    assert len(pauses) == 3


def test_work_that_nobody_waits_for_ends_at_its_next_turn() -> None:
    stop = threading.Event()
    with stopped_by(stop):
        give_way()
        stop.set()
        with pytest.raises(StoppedError):
            give_way()
    give_way()


async def test_a_cancelled_caller_stops_the_thread_that_works_for_it() -> None:
    began, ended = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def work() -> None:
        loop.call_soon_threadsafe(began.set)
        try:
            for _ in in_turns(count()):
                pass
        finally:
            ended.set()

    task = asyncio.create_task(in_thread(work))
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(ended.wait, 30)


async def test_what_a_thread_returns_or_raises_comes_back() -> None:
    assert await in_thread(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await in_thread(divmod, 7, 0)


async def test_a_cancelled_read_stops_what_its_block_computes(tmp_path: Path) -> None:
    file = await StoreFile.open(tmp_path / "store.db", [Migration(1, ("CREATE TABLE first (a)",))])
    began, ended = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    async def endless(_connection: aiosqlite.Connection) -> None:
        loop.call_soon_threadsafe(began.set)
        try:
            for _ in in_turns(count()):
                pass
        finally:
            ended.set()

    try:
        task = asyncio.create_task(file.read(endless))
        await began.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(ended.wait, 30)

        async def one(connection: aiosqlite.Connection) -> int:
            [(number,)] = await connection.execute_fetchall("SELECT 1")
            return int(number)

        assert await file.read(one) == 1
    finally:
        await file.close()


async def test_a_write_that_has_begun_is_finished_whoever_waits(tmp_path: Path) -> None:
    file = await StoreFile.open(tmp_path / "store.db", [Migration(1, ("CREATE TABLE first (a)",))])
    began, go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    async def slow(connection: aiosqlite.Connection) -> None:
        loop.call_soon_threadsafe(began.set)
        go_on.wait(30)
        for _ in in_turns(range(10)):
            give_way()
        await connection.execute("CREATE TABLE written (a)")

    try:
        task = asyncio.create_task(file.write(slow))
        await began.wait()
        task.cancel()
        await asyncio.sleep(0)
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with file.reader() as connection:
            assert await connection.execute_fetchall("SELECT count(*) FROM written")
    finally:
        await file.close()
