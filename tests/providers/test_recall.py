"""The engine with its cache: what is asked for, what is not, and what makes two texts the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from astrolabe.errors import ProviderError, ProviderFailure
from astrolabe.providers.catalogue.catalogue import load_catalogue
from astrolabe.providers.catalogue.provider_info import Direction, EmbeddingSpec
from astrolabe.providers.embedding.cache_lookup import context_of, hits_listener
from astrolabe.providers.embedding.engine import EmbeddingEngine
from astrolabe.providers.throttle.retry import EngineLimits
from astrolabe.providers.wire.adapters import Call
from storage.embedding_cache.cache import EmbeddingCache
from storage.shapes import Matrix
from tests.providers.setup import KEY, SUBJECTS, Bench, Subject
from tests.support.fake_time import FakeTime
from tests.support.provider_server import Answer, ProviderServer, vector_of
from tests.support.waiting import LONGEST_WAIT

OPENAI, DEDICATED, JINA = SUBJECTS["openai"], SUBJECTS["huggingfaceDedicated"], SUBJECTS["jinaAI"]
EMBEDDED = EmbeddingSpec("embedded", "wordllama-l2-supercat-256", 256)
SECRET_TEXT = "the merger closes on friday"


class CachedBench(Bench):
    """An engine with a cache, whose every provider is the loopback server."""

    def __init__(self, server: ProviderServer, cache: EmbeddingCache, *, attempts: int = 4) -> None:
        limits = EngineLimits(call_seconds=LONGEST_WAIT, attempts=attempts, concurrency=1)
        super().__init__(server, limits=limits, cache=cache)
        self.cache = cache

    async def close(self) -> None:
        await super().close()
        await self.cache.close()


@pytest.fixture
async def bench(server: ProviderServer, tmp_path: Path) -> AsyncIterator[CachedBench]:
    bench = CachedBench(server, EmbeddingCache(tmp_path / "embeddings.db"))
    yield bench
    await bench.close()


def rows(matrix: Matrix) -> list[list[float]]:
    return [[float(number) for number in row] for row in matrix]


def expected(texts: Sequence[str], dimension: int) -> list[list[float]]:
    return [vector_of(text, dimension) for text in texts]


async def test_only_what_is_not_known_is_sent_and_the_order_is_kept(bench: CachedBench, server: ProviderServer) -> None:
    await bench.embed(DEDICATED, ["b", "d"])
    server.requests.clear()
    matrix = await bench.embed(DEDICATED, ["a", "b", "c", "d", "a"])
    assert rows(matrix) == expected(["a", "b", "c", "d", "a"], 48)
    assert matrix.dtype == np.float32
    assert server.texts == ["a", "c"]
    assert (bench.engine.recalled.hits, bench.engine.recalled.misses) == (2, 5)
    assert ((await bench.cache.facts()).hits, (await bench.cache.facts()).misses) == (2, 5)


async def test_everything_known_sends_nothing_even_in_another_program(
    bench: CachedBench, server: ProviderServer, tmp_path: Path
) -> None:
    texts = [f"text {n}" for n in range(100)]
    await bench.embed(DEDICATED, texts)
    await bench.cache.settle()
    server.requests.clear()
    other = CachedBench(server, EmbeddingCache(tmp_path / "embeddings.db"))
    assert rows(await other.embed(DEDICATED, texts)) == expected(texts, 48)
    await other.close()
    assert server.requests == []


async def test_another_key_shares_what_is_known(bench: CachedBench, server: ProviderServer) -> None:
    await bench.embed(OPENAI, ["x"])
    await bench.engine.embed(OPENAI.spec, ["x"], Direction.STORE, SecretStr("another"))
    assert len(server.requests) == 1


async def test_without_a_key_a_known_text_is_refused_like_any(bench: CachedBench) -> None:
    await bench.embed(OPENAI, ["x"])
    with pytest.raises(ProviderError) as caught:
        await bench.engine.embed(OPENAI.spec, ["x"], Direction.STORE, None)
    assert caught.value.failure is ProviderFailure.NO_KEY


async def test_a_connection_test_asks_although_the_text_is_known(bench: CachedBench, server: ProviderServer) -> None:
    server.dimension = 64
    for _ in range(2):
        await bench.engine.probe(OPENAI.spec, SecretStr(KEY))
    assert len(server.requests) == 2
    assert (await bench.cache.facts()).entries == 0


async def test_a_model_that_is_faster_than_a_look_up_is_not_looked_up(bench: CachedBench) -> None:
    await bench.engine.embed(EMBEDDED, ["x", "x"], Direction.STORE, None)
    assert bench.engine.recalled.misses == 0
    assert (await bench.cache.facts()).entries == 0


async def test_a_slower_model_on_this_machine_is(tmp_path: Path) -> None:
    catalogue = load_catalogue()
    provider = catalogue.get("embedded")
    slower = replace(provider, models=(replace(provider.models[0], cached=True), *provider.models[1:]))
    catalogue = type(catalogue)((slower,))
    cache = EmbeddingCache(tmp_path / "embeddings.db")
    engine = EmbeddingEngine(catalogue, cache=cache)
    first = await engine.embed(EMBEDDED, ["a red bicycle", "x"], Direction.STORE, None)
    again = await engine.embed(EMBEDDED, ["x", "a red bicycle"], Direction.STORE, None)
    assert rows(again) == rows(first[::-1])
    assert (engine.recalled.hits, engine.recalled.misses) == (2, 2)
    await engine.close()
    await cache.close()


async def test_what_arrived_before_a_failure_is_not_paid_for_twice(bench: CachedBench, server: ProviderServer) -> None:
    texts = [f"text {n}" for n in range(32 * 3)]
    server.script(Answer(), Answer(), Answer(401, b""))
    await bench.fail(DEDICATED, texts)
    server.requests.clear()
    assert rows(await bench.embed(DEDICATED, texts)) == expected(texts, 48)
    assert server.texts == texts[64:]


async def test_what_arrived_before_a_cancellation_is_kept(bench: CachedBench, server: ProviderServer) -> None:
    texts = [f"text {n}" for n in range(32 * 2)]
    server.script(Answer(), Answer(fault="hang"))
    task = asyncio.create_task(bench.embed(DEDICATED, texts))
    while len(server.requests) < 2:
        server.arrived.clear()
        await server.arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    server.requests.clear()
    await bench.embed(DEDICATED, texts)
    assert server.texts == texts[32:]


async def test_a_text_at_fault_is_named_by_its_place_among_all(bench: CachedBench, server: ProviderServer) -> None:
    await bench.embed(DEDICATED, ["one", "two"])
    server.script(Answer(422, {"message": "`inputs` must have less than 512 tokens. Given: 900"}))
    error = await bench.fail(DEDICATED, ["one", "two", "one", "three"])
    assert error.message.startswith("Text 4 of 4: ")


async def test_an_unusable_answer_is_not_kept(bench: CachedBench, server: ProviderServer) -> None:
    server.script(Answer(body={"data": [{"index": 0, "embedding": [0.0] * 48}]}))
    await bench.fail(DEDICATED, ["x"])
    assert rows(await bench.embed(DEDICATED, ["x"])) == expected(["x"], 48)


async def test_those_who_started_the_work_hear_of_hits(bench: CachedBench) -> None:
    await bench.embed(DEDICATED, ["a", "b"])
    outer, inner = list[int](), list[int]()
    with hits_listener(outer.append), hits_listener(inner.append):
        await asyncio.create_task(bench.embed(DEDICATED, ["a", "c", "b"]))
    await bench.embed(DEDICATED, ["a"])
    assert (sum(outer), sum(inner)) == (2, 2)


async def test_no_text_and_no_key_is_ever_in_the_file(bench: CachedBench, tmp_path: Path) -> None:
    await bench.embed(replace(OPENAI, parameters={"organizationId": "org-1"}), [SECRET_TEXT])
    await bench.cache.settle()
    content = everything_in(tmp_path)
    assert len(content) > 4096
    for secret in (SECRET_TEXT, KEY, "merger", "org-1"):
        assert secret.encode() not in content


def everything_in(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


async def test_a_cache_that_cannot_be_used_costs_nothing_but_hits(server: ProviderServer, tmp_path: Path) -> None:
    (tmp_path / "embeddings.db").mkdir()
    bench = CachedBench(server, EmbeddingCache(tmp_path / "embeddings.db"))
    for _ in range(2):
        assert rows(await bench.embed(DEDICATED, ["a", "b"])) == expected(["a", "b"], 48)
    await bench.close()
    assert server.texts == ["a", "b", "a", "b"]


@pytest.mark.parametrize(
    "other",
    [
        replace(OPENAI, dimension=65),
        replace(OPENAI, model="text-embedding-3-large"),
        replace(OPENAI, provider="voyageAI", model="voyage-2"),
        replace(OPENAI, parameters={"organizationId": "o"}),
    ],
)
async def test_another_collection_does_not_get_these_vectors(
    bench: CachedBench, server: ProviderServer, other: Subject
) -> None:
    await bench.embed(OPENAI, ["x"])
    server.requests.clear()
    await bench.embed(other, ["x"])
    assert len(server.requests) == 1


async def test_stored_and_searched_texts_and_tasks_are_kept_apart(bench: CachedBench, server: ProviderServer) -> None:
    await bench.embed(JINA, ["x"], Direction.STORE)
    await bench.embed(JINA, ["x"], Direction.QUERY)
    await bench.embed(replace(JINA, parameters={"task": "classification"}), ["x"], Direction.STORE)
    assert len(server.requests) == 3


async def test_another_address_is_another_model(server: ProviderServer, tmp_path: Path) -> None:
    cache = EmbeddingCache(tmp_path / "embeddings.db")
    server.dimension = 64
    for path in ("/v1/embeddings", "/v2/embeddings"):
        urls = {"openai": server.url + path}
        engine = EmbeddingEngine(load_catalogue(), urls=urls, cache=cache, clock=FakeTime().clock)
        await engine.embed(OPENAI.spec, ["x"], Direction.STORE, SecretStr(KEY))
        await engine.close()
    await cache.close()
    assert len(server.requests) == 2


@dataclass(frozen=True)
class Origin:
    """All that decides a text's vector, but the text."""

    spec: EmbeddingSpec
    direction: Direction
    call: Call

    @property
    def key(self) -> bytes:
        return context_of(self.spec, self.direction, self.call)


words = st.text(max_size=12)
specs = st.builds(EmbeddingSpec, words, words, st.integers(1, 4096), st.dictionaries(words, words, max_size=3))
calls = st.builds(Call, words, st.dictionaries(words, words, max_size=2), words.map(str.encode))
origins = st.builds(Origin, specs, st.sampled_from(Direction), calls)
CHANGES: Sequence[Callable[[Origin, Origin], Origin]] = (
    lambda one, other: replace(one, spec=replace(one.spec, provider=other.spec.provider)),
    lambda one, other: replace(one, spec=replace(one.spec, model=other.spec.model)),
    lambda one, other: replace(one, spec=replace(one.spec, dimension=other.spec.dimension)),
    lambda one, other: replace(one, spec=replace(one.spec, parameters=other.spec.parameters)),
    lambda one, other: replace(one, direction=other.direction),
    lambda one, other: replace(one, call=replace(one.call, url=other.call.url)),
    lambda one, other: replace(one, call=replace(one.call, headers=other.call.headers)),
    lambda one, other: replace(one, call=replace(one.call, content=other.call.content)),
)


@given(one=origins, other=origins, change=st.sampled_from(CHANGES))
def test_every_part_of_the_origin_changes_the_key_and_nothing_else_does(
    one: Origin, other: Origin, change: Callable[[Origin, Origin], Origin]
) -> None:
    changed = change(one, other)
    assert (changed.key == one.key) == (changed == one)


def test_values_that_only_python_takes_for_the_same_are_different() -> None:
    values = (1, True, "1", "true", 1.5, None)
    keys = {context_of(replace(EMBEDDED, parameters={"p": value}), Direction.STORE) for value in values}
    assert len(keys) == len(values)
