"""How fast, and how long to wait."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astrolabe.errors import ProviderError, ProviderFailure
from astrolabe.providers.catalogue.catalogue import load_catalogue
from astrolabe.providers.throttle.retry import EngineLimits, Retries, RetryMeans
from astrolabe.providers.throttle.throttle import LONGEST_SECONDS, ClosedError, Throttle, backoff, retry_after
from tests.support.fake_time import EventTime, FakeTime
from tests.support.waiting import LONGEST_WAIT

PROVIDER = load_catalogue().get("openai")
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
        ({"retry-after": "\N{MINUS SIGN}5"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "-inf"}, None),
        ({"retry-after": "1e999"}, None),
        ({"retry-after": "1_000"}, None),
        ({"retry-after": "\N{FULLWIDTH DIGIT FIVE}"}, None),
        ({"retry-after": "9" * 400}, LONGEST_SECONDS),
        ({"retry-after": "864000"}, 864000),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, LONGEST_SECONDS),
        ({"retry-after": "Fri, 20 Nov 99999999999999999999 12:00:00 GMT"}, None),
        ({"retry-after": "Fri, 20 Nov 2026 12:00:00 +9999"}, None),
        ({"retry-after": "0 0 0 0:0:0"}, None),
        ({"retry-after": ", , , , ,"}, None),
        ({"retry-after-ms": "nan", "retry-after": "9"}, 9),
        ({"retry-after-ms": "-1"}, None),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "9" * 400 + "d"}, LONGEST_SECONDS),
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
    async with asyncio.timeout(LONGEST_WAIT), road.slot():
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


@given(st.text(max_size=40) | st.text("0123456789:, +-GMTFriNov.e", max_size=40))
def test_nothing_that_a_provider_asks_for_is_more_than_a_refusal(value: str) -> None:
    for name in ("retry-after", "retry-after-ms"):
        seconds = retry_after({name: value}, NOW)
        assert seconds is None or 0 <= seconds <= LONGEST_SECONDS


async def endless(_: float) -> None:
    """Sleep as long as the test does."""
    await asyncio.Event().wait()


@pytest.mark.parametrize("loads", [1, 8])
async def test_a_search_does_not_wait_for_a_pause_that_a_load_was_told_to_make(loads: int) -> None:
    time = FakeTime()
    road = Throttle(start=4, most=8, clock=time.clock, sleep=endless)
    means = RetryMeans(road, EngineLimits(), time.clock, endless, lambda: 1.0)

    async def load() -> None:
        async with road.slot():
            raise AssertionError("the pause lasts longer than the test")

    async def search() -> None:
        raise AssertionError("it is sent in the pause")

    road.hold(0.5)  # so that all of them are at the gate when it is closed for long
    waiting = [asyncio.create_task(load()) for _ in range(loads)]
    await asyncio.sleep(0)
    searching = asyncio.create_task(Retries(PROVIDER, means, time.now + 120).run(search))
    await asyncio.sleep(0)
    assert road.refused(500)
    later = await Retries(PROVIDER, means, time.now + 120).run(search)
    assert isinstance(later, ProviderError)
    assert later.failure is ProviderFailure.RATE_LIMITED
    assert later.retry_after == 500
    with pytest.raises(ClosedError):
        async with road.slot(urgent=True, until=time.now + 120):
            raise AssertionError("it is sent in the pause")
    for task in (*waiting, searching):
        task.cancel()
    await asyncio.gather(*waiting, searching, return_exceptions=True)


async def test_a_search_that_waits_already_is_given_up_when_the_pause_becomes_too_long() -> None:
    time = EventTime()
    road = Throttle(start=1, most=1, clock=time.clock, sleep=time.sleep)
    means = RetryMeans(road, EngineLimits(), time.clock, time.sleep, lambda: 1.0)
    road.hold(5)

    async def search() -> None:
        raise AssertionError("it is sent in the pause")

    async def told_to_wait() -> None:
        await time.sleep(4)
        road.hold(500)

    async def both() -> object:
        outcome, _ = await asyncio.gather(Retries(PROVIDER, means, time.now + 120).run(search), told_to_wait())
        return outcome

    begun = time.now
    outcome = await time.run(both())
    assert isinstance(outcome, ProviderError)
    assert outcome.failure is ProviderFailure.RATE_LIMITED
    assert time.now - begun <= 120


async def test_a_search_behind_requests_that_hang_is_given_up_in_time() -> None:
    loop = asyncio.get_running_loop()
    road = Throttle(start=1, most=1, clock=loop.time, sleep=endless)
    means = RetryMeans(road, EngineLimits(), loop.time, endless, lambda: 1.0)
    tasks = []

    async def hang() -> None:
        async with road.slot(urgent=True):
            await asyncio.Event().wait()

    async def search() -> None:
        raise AssertionError("it has no place")

    for _ in range(2):
        tasks.append(asyncio.create_task(hang()))
        await asyncio.sleep(0)
    outcome = await Retries(PROVIDER, means, loop.time() + 0.05).run(search)
    assert isinstance(outcome, ProviderError)
    assert outcome.failure is ProviderFailure.TIMEOUT
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
