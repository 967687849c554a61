"""How fast, and how long to wait."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from astrolabe.providers.throttle.throttle import Throttle, backoff, retry_after
from tests.support.fake_time import FakeTime

NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "0"}, 0),
        ({"retry-after": "Fri, 20 Nov 2026 12:00:30 GMT"}, 30),
        ({"retry-after": "Fri, 20 Nov 2026 11:00:00 GMT"}, 0),
        ({"retry-after": "Fri, 20 Nov 2026 12:00:30 -0000"}, 30),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "inf"}, None),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s"}, 360),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "120ms"}, 0.12),
        ({"x-ratelimit-remaining-tokens": "12", "x-ratelimit-reset-tokens": "9s"}, None),
    ],
)
def test_what_a_provider_asks_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    found = retry_after(headers, NOW)
    assert found == (seconds if seconds is None else pytest.approx(seconds))


def test_backoff_is_full_jitter_under_a_doubling_bound() -> None:
    def bounds(drawn: float) -> list[float]:
        return [backoff(attempt, first=0.25, longest=4, random=lambda: drawn) for attempt in range(1, 8)]

    assert bounds(1.0) == [0.25, 0.5, 1, 2, 4, 4, 4]
    assert bounds(0.0) == [0] * 7
    assert backoff(10_000, first=1, longest=60, random=lambda: 1.0) == 60


def throttle(time: FakeTime, *, start: int = 4, most: int = 8) -> Throttle:
    return Throttle(start=start, most=most, clock=time.clock, sleep=time.sleep)


async def test_no_more_requests_at_once_than_the_limit() -> None:
    road = throttle(FakeTime(), start=2)
    running = most = 0

    async def request() -> None:
        nonlocal running, most
        async with road.slot():
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)
            running -= 1

    await asyncio.gather(*(request() for _ in range(20)))
    assert most == 2


async def test_a_cancelled_request_frees_its_place() -> None:
    road = throttle(FakeTime(), start=1)
    entered = asyncio.Event()

    async def endless() -> None:
        async with road.slot():
            entered.set()
            await asyncio.Event().wait()

    first = asyncio.create_task(endless())
    await entered.wait()
    second = asyncio.create_task(endless())
    await asyncio.sleep(0)
    for task in (second, first):
        task.cancel()
    await asyncio.gather(first, second, return_exceptions=True)
    async with asyncio.timeout(1), road.slot():
        pass


def test_the_limit_rises_with_answers_and_halves_with_refusals() -> None:
    time = FakeTime()
    road = throttle(time)
    for _ in range(4):
        road.succeeded({})
    assert 4.9 < road.limit < 5
    road.refused(10)
    assert 2.4 < road.limit < 2.5
    for _ in range(100):
        road.succeeded({})
    assert road.limit == 8


def test_refusals_during_one_pause_count_once() -> None:
    time = FakeTime()
    road = throttle(time, start=8)
    for _ in range(5):
        road.refused(10)
    assert road.limit == 4
    time.now += 10
    road.refused(10)
    assert road.limit == 2


async def test_a_pause_holds_every_request() -> None:
    time = FakeTime()
    road = throttle(time)
    road.hold(5)
    async with road.slot():
        assert time.now == 1005
    assert time.slept == [5]


async def test_a_used_up_quota_in_a_success_holds_the_next_request() -> None:
    time = FakeTime()
    road = throttle(time)
    road.succeeded({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "2s"})
    async with road.slot():
        pass
    assert time.slept == [2]
