"""Large requests: how much of them is in memory at once, and in which order they are worked on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from astrolabe.serving.bodies import RefusedBodyError, read_body
from astrolabe.serving.request_memory import FullError, RequestMemory


async def arriving(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def test_a_body_beyond_the_memory_of_all_is_refused_and_gives_back_what_it_had() -> None:
    memory = RequestMemory(most_kept=100)
    with memory.share() as first:
        assert len(await read_body(arriving(b"x" * 60), None, first, most=100, patience=60, seconds=60)) == 60
        with pytest.raises(RefusedBodyError, match="Too many large requests") as refused, memory.share() as second:
            await read_body(arriving(b"x" * 30, b"x" * 30), None, second, most=100, patience=60, seconds=60)
        assert refused.value.status == 503
        assert memory.kept == 60
    assert memory.kept == 0


def test_a_share_takes_no_more_than_there_is() -> None:
    memory = RequestMemory(most_kept=10)
    with memory.share() as share:
        share.take(10)
        with pytest.raises(FullError):
            share.take(1)


async def test_large_bodies_wait_for_each_other_in_the_order_of_their_coming_and_small_ones_never() -> None:
    memory, order = RequestMemory(most_worked_on=100_000), list[str]()
    first_may_end = asyncio.Event()

    async def work(name: str, size: int, until: asyncio.Event | None = None) -> None:
        async with memory.worked_on(size):
            order.append(name)
            if until is not None:
                await until.wait()

    first = asyncio.create_task(work("first", 80_000, first_may_end))
    await asyncio.sleep(0)
    second, gone = asyncio.create_task(work("second", 90_000)), asyncio.create_task(work("gone", 40_000))
    third = asyncio.create_task(work("third", 40_000))
    await asyncio.sleep(0)
    await work("small", 100)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    assert order == ["first", "small"]
    first_may_end.set()
    await asyncio.gather(first, second, third)
    assert order == ["first", "small", "second", "third"]
