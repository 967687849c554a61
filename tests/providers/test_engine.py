"""The engine above the adapters: batches, waits, halving, addresses, cancelling, connection tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import numpy as np
import pytest
from pydantic import SecretStr

from astrolabe.errors import Owner, ProviderError, ProviderFailure
from astrolabe.providers.catalogue.catalogue import load_catalogue
from astrolabe.providers.catalogue.provider_info import Direction, EmbeddingSpec
from astrolabe.providers.embedding.engine import EmbeddingEngine
from astrolabe.providers.throttle.retry import EngineLimits
from tests.providers.setup import KEY, SUBJECTS, Bench
from tests.support.provider_server import Answer, ProviderServer, vector_of
from tests.support.waiting import LONGEST_WAIT

DEDICATED = SUBJECTS["huggingfaceDedicated"]
SERVERLESS = SUBJECTS["huggingface"]


def expected(texts: list[str], dimension: int) -> list[list[float]]:
    return [vector_of(text, dimension) for text in texts]


async def test_nothing_to_embed_sends_nothing(bench: Bench, server: ProviderServer) -> None:
    matrix = await bench.embed(DEDICATED, [])
    assert matrix.shape == (0, 48)
    assert server.requests == []


async def test_batches_run_at_the_same_time_but_not_all_of_them(bench: Bench, server: ProviderServer) -> None:
    server.always(Answer(delay=0.01))
    texts = [f"text {n}" for n in range(32 * 40)]
    matrix = await bench.embed(DEDICATED, texts)
    assert matrix.tolist() == expected(texts, 48)
    assert 4 <= server.most_at_once <= 16
    assert len(server.requests) == 40


@pytest.mark.parametrize(("joined", "requests"), [(True, 3), (False, 1)])
async def test_texts_that_would_become_one_document_go_alone(
    bench: Bench, server: ProviderServer, joined: bool, requests: int
) -> None:
    jina = SUBJECTS["jinaAI"]
    await bench.embed(replace(jina, parameters={"late_chunking": joined}), ["a", "b", "c"])
    assert len(server.requests) == requests


async def test_retry_after_is_waited_and_reported(bench: Bench, server: ProviderServer) -> None:
    server.script(Answer(429, {"message": "slow"}, {"retry-after": "7"}))
    await bench.embed(DEDICATED)
    assert bench.time.slept == [7]
    assert bench.waits == [(7, "Hugging Face - Dedicated limits the number of requests")]
    assert len(server.requests) == 2


async def test_retry_after_in_milliseconds_is_waited(bench: Bench, server: ProviderServer) -> None:
    server.script(Answer(429, {"message": "slow"}, {"retry-after-ms": "120"}))
    await bench.embed(DEDICATED)
    assert bench.time.slept == [pytest.approx(0.12)]


async def test_a_refusal_slows_all_batches_down_and_loses_none(bench: Bench, server: ProviderServer) -> None:
    refusal = Answer(429, {"message": "slow"}, {"retry-after": "2"})
    server.script(*[refusal] * 3)
    texts = [f"text {n}" for n in range(32 * 8)]
    matrix = await bench.embed(DEDICATED, texts)
    assert matrix.tolist() == expected(texts, 48)
    assert len(server.requests) == 8 + 3


async def test_a_cold_start_is_waited_for_as_long_as_it_says(bench: Bench, server: ProviderServer) -> None:
    loading = {"error": "Model BAAI/bge-small-en-v1.5 is currently loading", "estimated_time": 20.0}
    server.script(Answer(503, loading), Answer(503, loading))
    matrix = await bench.embed(SERVERLESS, ["a text"])
    assert matrix.tolist() == expected(["a text"], 384)
    assert bench.waits == [(20, "Hugging Face - Serverless is loading the model")] * 2


async def test_a_long_cold_start_is_asked_about_in_between(bench: Bench, server: ProviderServer) -> None:
    server.script(Answer(503, {"error": "loading", "estimated_time": 900}))
    await bench.embed(SERVERLESS)
    assert bench.time.slept == [60]


async def test_server_errors_are_tried_again_with_growing_waits(bench: Bench, server: ProviderServer) -> None:
    server.script(Answer(500, "oops"), Answer(502, "oops"), Answer(fault="reset"))
    await bench.embed(DEDICATED)
    assert bench.time.slept[0] == 0.25
    assert len(server.requests) == 4


async def test_waiting_ends_with_the_total_time_limit(server: ProviderServer) -> None:
    bench = Bench(server, limits=EngineLimits(total_seconds=25))
    server.always(Answer(429, {"message": "slow"}, {"retry-after": "10"}))
    error = await bench.fail(DEDICATED)
    await bench.close()
    assert error.failure is ProviderFailure.RATE_LIMITED
    assert error.retry_after == 10
    assert bench.time.slept == [10, 10]


async def test_a_search_waits_less_for_an_answer_than_a_load(server: ProviderServer) -> None:
    bench = Bench(server, limits=EngineLimits(call_seconds=LONGEST_WAIT, query_seconds=0.02, attempts=1))
    server.always(Answer(delay=0.04))
    await bench.embed(DEDICATED, ["x"], Direction.STORE)
    with pytest.raises(ProviderError) as caught:
        await bench.embed(DEDICATED, ["x"], Direction.QUERY)
    await bench.close()
    assert caught.value.failure is ProviderFailure.TIMEOUT


async def test_one_hopeless_batch_ends_the_whole_call(bench: Bench, server: ProviderServer) -> None:
    server.script(Answer(), Answer(401, b""))
    error = await bench.fail(DEDICATED, ["text"] * 32 * 30)
    assert error.failure is ProviderFailure.AUTHENTICATION
    assert len(server.requests) < 30


async def test_too_many_texts_are_halved_until_they_fit_and_it_is_remembered(
    bench: Bench, server: ProviderServer
) -> None:
    server.max_batch = 10
    texts = [f"text {n}" for n in range(32)]
    assert (await bench.embed(DEDICATED, texts)).tolist() == expected(texts, 48)
    server.requests.clear()
    await bench.embed(DEDICATED, texts)
    assert [len(request.texts) for request in server.requests] == [8, 8, 8, 8]


async def test_a_payload_that_is_too_large_is_halved(bench: Bench, server: ProviderServer) -> None:
    server.script(Answer(413, "Payload Too Large"))
    texts = ["one", "two", "three"]
    assert (await bench.embed(DEDICATED, texts)).tolist() == expected(texts, 48)
    assert [request.texts for request in server.requests] == [texts, ["one", "two"], ["three"]]


async def test_the_one_text_that_is_too_long_is_named(bench: Bench, server: ProviderServer) -> None:
    words = "`inputs` must have less than 512 tokens. Given: 900"
    refusal = Answer(422, {"message": words, "code": 422, "type": "Validation"})
    server.script(refusal, Answer(), refusal, Answer(), refusal)
    error = await bench.fail(DEDICATED, ["one", "two", "three", "four"])
    assert error.failure is ProviderFailure.TOO_LONG
    assert error.message.startswith("Text 4 of 4: ")
    assert error.words == words
    assert [request.texts for request in server.requests] == [
        ["one", "two", "three", "four"], ["one", "two"], ["three", "four"], ["three"], ["four"],
    ]  # fmt: skip


async def test_cancelling_takes_effect_at_once_and_leaves_the_engine_usable(
    bench: Bench, server: ProviderServer
) -> None:
    server.always(Answer(fault="hang"))
    task = asyncio.create_task(bench.embed(DEDICATED, ["text"] * 200))
    await server.arrived.wait()
    task.cancel()
    async with asyncio.timeout(LONGEST_WAIT):
        with pytest.raises(asyncio.CancelledError):
            await task
    server.always(None)
    async with asyncio.timeout(LONGEST_WAIT):
        await bench.embed(DEDICATED)


async def test_long_texts_are_spread_over_requests_by_their_tokens(bench: Bench, server: ProviderServer) -> None:
    text = "word " * 2400  # 4,000 tokens by the estimate, of 16,384 that Mistral takes at once
    await bench.embed(SUBJECTS["mistral"], [text] * 7)
    assert sorted(len(request.texts) for request in server.requests) == [1, 3, 3]


async def test_answers_are_kept_small_enough_to_be_read_without_a_pause(bench: Bench, server: ProviderServer) -> None:
    subject = replace(SUBJECTS["openai"], dimension=1536)
    await bench.embed(subject, ["text"] * 300)
    assert max(len(request.texts) for request in server.requests) == 200_000 // 1536


@pytest.fixture
async def plain(server: ProviderServer) -> AsyncIterator[EmbeddingEngine]:
    urls = {"NVIDIA": f"{server.url}/v1/embeddings"}
    engine = EmbeddingEngine(load_catalogue(configured=urls), urls=urls, keys={"Nvidia": SecretStr("nv-key")})
    yield engine
    await engine.close()


async def test_a_hosted_provider_uses_the_key_of_the_settings_unless_one_is_given(
    plain: EmbeddingEngine, server: ProviderServer
) -> None:
    server.dimension = 1024
    spec = EmbeddingSpec("nvidia", "NV-Embed-QA", 1024)
    await plain.embed(spec, ["x"], Direction.STORE, None)
    await plain.embed(spec, ["x"], Direction.STORE, SecretStr("mine"))
    assert [request.headers["authorization"] for request in server.requests] == ["Bearer nv-key", "Bearer mine"]


async def test_a_hosted_provider_without_any_key_is_called_without_one(server: ProviderServer) -> None:
    urls = {"nvidia": f"{server.url}/v1/embeddings"}
    engine = EmbeddingEngine(load_catalogue(configured=urls), urls=urls)
    server.dimension = 1024
    await engine.embed(EmbeddingSpec("nvidia", "NV-Embed-QA", 1024), ["x"], Direction.STORE, None)
    await engine.close()
    assert "authorization" not in server.requests[0].headers


async def test_plain_http_to_another_machine_is_refused_before_anything_is_sent() -> None:
    engine = EmbeddingEngine(load_catalogue(), urls={"openai": "http://10.255.255.1/v1/embeddings"})
    with pytest.raises(ProviderError, match="not encrypted") as caught:
        await engine.embed(SUBJECTS["openai"].spec, ["x"], Direction.STORE, SecretStr(KEY))
    await engine.close()
    assert caught.value.owner is Owner.REQUEST


async def test_a_parameter_that_cannot_be_a_host_is_an_unknown_host(server: ProviderServer) -> None:
    engine = EmbeddingEngine(load_catalogue())
    subject = replace(DEDICATED, parameters={"endpointName": "a.b/", "regionName": "r", "cloudName": "c"})
    with pytest.raises(ProviderError) as caught:
        await engine.embed(subject.spec, ["x"], Direction.STORE, SecretStr(KEY))
    await engine.close()
    assert caught.value.failure is ProviderFailure.UNKNOWN_HOST
    assert server.requests == []


async def test_a_key_is_sent_without_the_blanks_it_was_copied_with(bench: Bench, server: ProviderServer) -> None:
    server.dimension = 48
    await bench.engine.embed(DEDICATED.spec, ["x"], Direction.STORE, SecretStr(f"  {KEY}\n"))
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


async def test_a_connection_test_reports_what_came_back(bench: Bench, server: ProviderServer) -> None:
    server.script(
        Answer(
            body={"data": [{"index": 0, "embedding": [0.6, 0.8]}], "usage": {"prompt_tokens": 8, "total_tokens": 8}},
            headers={"x-ratelimit-remaining-requests": "99"},
        )
    )
    probe = await bench.engine.probe(DEDICATED.spec, SecretStr(KEY))
    assert (probe.dimension, probe.expected, probe.status) == (2, 48, 200)
    assert probe.usage.prompt_tokens == 8
    assert probe.quota == {"x-ratelimit-remaining-requests": "99"}
    assert 0 < probe.seconds < 5


async def test_a_connection_test_fails_at_the_first_try(bench: Bench, server: ProviderServer) -> None:
    server.script(Answer(500, "oops"))
    with pytest.raises(ProviderError, match="500"):
        await bench.engine.probe(DEDICATED.spec, SecretStr(KEY))
    assert len(server.requests) == 1


async def test_a_connection_test_of_the_model_here_needs_no_network(bench: Bench) -> None:
    probe = await bench.engine.probe(EmbeddingSpec("embedded", "wordllama-l2-supercat-256", 256), None)
    assert (probe.dimension, probe.status) == (256, None)


async def test_a_clients_own_connections_are_left_open(server: ProviderServer) -> None:
    async with httpx.AsyncClient() as client:
        engine = EmbeddingEngine(load_catalogue(), urls={"openai": f"{server.url}/v1/embeddings"}, client=client)
        server.dimension = 64
        await engine.embed(SUBJECTS["openai"].spec, ["x"], Direction.STORE, SecretStr(KEY))
        await engine.close()
        assert not client.is_closed


async def test_a_client_that_follows_redirects_is_not_allowed_to(server: ProviderServer) -> None:
    async with ProviderServer() as elsewhere, httpx.AsyncClient(follow_redirects=True) as client:
        server.always(Answer(307, "", {"location": f"{elsewhere.url}/v1/embeddings"}))
        engine = EmbeddingEngine(load_catalogue(), urls={"openai": f"{server.url}/v1/embeddings"}, client=client)
        with pytest.raises(ProviderError, match="redirect"):
            await engine.embed(SUBJECTS["openai"].spec, ["x"], Direction.STORE, SecretStr(KEY))
        await engine.close()
        assert elsewhere.requests == []


async def test_results_are_float32_and_contiguous(bench: Bench) -> None:
    matrix = await bench.embed(DEDICATED, ["a", "b"])
    assert matrix.dtype == np.float32
    assert matrix.flags.c_contiguous
