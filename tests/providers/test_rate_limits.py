"""Loads through providers that allow so many requests a minute, on time that jumps: how fast, and how often refused."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from dataclasses import dataclass, field
from functools import cache

import httpx
import pytest
from pydantic import SecretStr

from astrolabe.errors import ProviderError, ProviderFailure
from astrolabe.providers.catalogue.catalogue import load_catalogue
from astrolabe.providers.catalogue.provider_info import Direction
from astrolabe.providers.embedding.engine import EmbeddingEngine
from astrolabe.providers.throttle.retry import EngineLimits
from tests.providers.setup import SUBJECTS
from tests.support.fake_time import EventTime

SUBJECT = SUBJECTS["huggingfaceDedicated"]
BATCH = 32
LIMIT = 60
"""Requests a minute that every provider here allows."""


@cache
def answer_to(texts: int) -> bytes:
    """Return the body of an answer with a vector for each of so many texts."""
    return json.dumps({"data": [{"index": n, "embedding": [1.0] * SUBJECT.dimension} for n in range(texts)]}).encode()


def unread(status: int, body: bytes, headers: dict[str, str]) -> httpx.Response:
    """Return an answer whose body is still to be read, as one over a network is."""
    stream = httpx.ByteStream(body)
    return httpx.Response(status, headers=headers | {"content-type": "application/json"}, stream=stream)


@dataclass
class LimitedProvider:
    """A provider in this process that takes :data:`LIMIT` requests a minute.

    Attributes:
        time: Its clock.
        shape: When requests are given back: ``window`` all at the end of a minute, ``sliding`` each after a minute,
            ``bucket`` one by one.
        tell: What its answers say: ``quota`` what is left, ``retry`` when to come again, or is silent.
        busy: Every so manieth call within the limit is refused all the same; 0 for none.
        moody: Share of the calls within the limit that are refused at random.
        latency: Seconds of an answer.
        texts: How often each text was embedded.
        refused: Moments at which a call over the limit was refused.
        calls: Moments of all calls.
    """

    time: EventTime
    shape: str = "window"
    tell: str = "silent"
    busy: int = 0
    moody: float = 0.0
    latency: float = 0.3
    texts: Counter[str] = field(default_factory=Counter)
    refused: list[float] = field(default_factory=list)
    calls: list[float] = field(default_factory=list)
    left: float = LIMIT
    _since: float = 1000.0
    _taken: int = 0
    _minute: list[float] = field(default_factory=list)
    _mood: random.Random = field(default_factory=lambda: random.Random(3))  # noqa: S311 - the same moods each time

    async def answer(self, request: httpx.Request) -> httpx.Response:
        now = self.time.now
        self.calls.append(now)
        self._refill(now)
        allowed = self.left >= 1
        if allowed:
            self.left -= 1
            self._taken += 1
            self._minute.append(now)
        busy = (self.busy and self._taken % self.busy == 0) or self._mood.random() < self.moody
        headers = self._headers(now, allowed=allowed)
        await self.time.sleep(self.latency)
        if not allowed:
            self.refused.append(now)
            return unread(429, b'{"message": "slow down"}', headers)
        if busy:
            return unread(429, b'{"message": "busy"}', {})
        texts = json.loads(request.content)["input"]
        self.texts.update(texts)
        return unread(200, answer_to(len(texts)), headers)

    def _refill(self, now: float) -> None:
        passed = now - self._since
        if self.shape == "sliding":
            self._minute = [moment for moment in self._minute if moment > now - 60]
            self.left, self._since = LIMIT - len(self._minute), min(self._minute, default=now)
        elif self.shape == "bucket":
            self.left, self._since = min(self.left + passed * LIMIT / 60, LIMIT), now
        elif passed >= 60:
            self.left, self._since = LIMIT, now  # a minute begins with its first request

    def _headers(self, now: float, *, allowed: bool) -> dict[str, str]:
        if self.tell == "quota":
            reset = (LIMIT - self.left) * 60 / LIMIT if self.shape == "bucket" else self._since + 60 - now
            return {
                "x-ratelimit-remaining-requests": str(int(self.left)),
                "x-ratelimit-reset-requests": f"{reset:.3f}s",
            }
        if self.tell == "retry" and not allowed:
            wait = (1 - self.left) * 60 / LIMIT if self.shape == "bucket" else self._since + 60 - now
            return {"retry-after": f"{wait:.3f}"}
        return {}


@dataclass
class Run:
    """A load of so many batches, in calls of several batches each, several at the same time."""

    provider: LimitedProvider
    limits: EngineLimits = field(default_factory=EngineLimits)
    seconds: float = 0.0

    def engine(self) -> EmbeddingEngine:
        time = self.provider.time
        client = httpx.AsyncClient(transport=httpx.MockTransport(self.provider.answer))
        urls = {SUBJECT.provider: "http://127.0.0.1" + SUBJECT.route}
        chance = random.Random(7)  # noqa: S311 - the same waits each time
        return EmbeddingEngine(
            load_catalogue(),
            urls=urls,
            client=client,
            limits=self.limits,
            clock=time.clock,
            sleep=time.sleep,
            random=chance.random,
        )

    async def load(self, batches: int) -> None:
        engine, time = self.engine(), self.provider.time
        numbers = iter(range(0, batches, 4))

        async def flight() -> None:
            for first in numbers:
                texts = [f"text {n}" for n in range(first * BATCH, (first + 4) * BATCH)]
                await engine.embed(SUBJECT.spec, texts, Direction.STORE, SecretStr("key"))

        async def all_flights() -> None:
            async with asyncio.TaskGroup() as group:
                for _ in range(4):
                    group.create_task(flight())

        began = time.now
        await time.run(all_flights())
        self.seconds = time.now - began
        await engine.close()


KINDS = [
    *(f"{shape}-{tell}" for shape in ("window", "bucket") for tell in ("quota", "retry", "silent")),
    "sliding-retry",
    "sliding-silent",
]


def provider_of(kind: str) -> LimitedProvider:
    shape, tell = kind.split("-")
    return LimitedProvider(EventTime(), shape=shape, tell=tell)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_load_of_seven_minutes_arrives_at_the_rate_of_the_limit(kind: str) -> None:
    provider = provider_of(kind)
    run = Run(provider)
    await run.load(420)
    assert set(provider.texts.values()) == {1}
    assert len(provider.texts) == 420 * BATCH
    late = [moment for moment in provider.refused if moment > 1000 + 300]
    assert 420 / run.seconds >= 0.9 * LIMIT / 60
    if provider.tell == "quota":  # who is not told what is left finds the end of it by being refused
        assert late == []
    assert len(provider.refused) < 0.7 * len(provider.calls)


@pytest.mark.parametrize("kind", ["window-quota", "window-retry", "sliding-retry"])
async def test_a_third_refused_for_another_reason_does_not_slow_a_load_down(kind: str) -> None:
    provider = provider_of(kind)
    provider.busy = 3
    run = Run(provider)
    await run.load(420)
    assert set(provider.texts.values()) == {1}
    assert 420 / run.seconds >= 0.9 * LIMIT / 60 * 2 / 3
    if provider.tell == "quota":
        assert [moment for moment in provider.refused if moment > 1000 + 180] == []


async def test_a_load_is_held_back_for_longer_than_one_call_may_take() -> None:
    provider = LimitedProvider(EventTime(), tell="retry", latency=1.0)
    run = Run(provider, EngineLimits(total_seconds=30.0))
    await run.load(240)
    assert set(provider.texts.values()) == {1}
    assert run.seconds > 180


async def test_a_search_does_not_wait_for_a_provider_that_is_closed() -> None:
    provider = LimitedProvider(EventTime(), tell="quota")
    engine = Run(provider).engine()

    async def one(direction: Direction) -> None:
        await engine.embed(SUBJECT.spec, ["x"], direction, SecretStr("key"))

    provider.left = 1
    await provider.time.run(one(Direction.STORE))
    throttle = next(iter(engine._throttles._lately.values()))
    throttle.hold(3600)
    with pytest.raises(ProviderError, match="accepts no further request for 3600 seconds") as caught:
        await provider.time.run(one(Direction.QUERY))
    assert caught.value.failure is ProviderFailure.RATE_LIMITED
    await engine.close()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [1 / 3, 1 / 20])
async def test_refusals_without_a_reason_never_bring_a_load_to_a_stop(kind: str, share: float) -> None:
    provider = provider_of(kind)
    provider.moody = share
    run = Run(provider)
    await run.load(420)
    assert set(provider.texts.values()) == {1}
    assert len(provider.texts) == 420 * BATCH
    assert 420 / run.seconds >= 0.6 * LIMIT / 60 * (1 - share)
    assert len(provider.refused) < (0.05 if provider.tell == "quota" else 0.7) * len(provider.calls)
