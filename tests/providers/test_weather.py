"""What is noted of requests: counts, latencies, the last success and failure, and what is left of a quota."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from astrolabe.errors import ProviderError, ProviderFailure
from astrolabe.providers.call_health import KEPT, CallHealth, Gauge, percentile
from astrolabe.providers.catalogue.provider_info import Direction, EmbeddingSpec
from astrolabe.providers.throttle.quota import Headroom, headroom, quota_headers, request_id
from tests.providers.setup import KEY, SUBJECTS, Bench
from tests.support.provider_server import Answer, ProviderServer

DEDICATED = SUBJECTS["huggingfaceDedicated"]
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def test_percentiles_are_numbers_that_occurred() -> None:
    assert percentile([], 50) is None
    assert percentile([3.0], 95) == 3.0
    numbers = [float(number) for number in range(1, 101)]
    assert (percentile(numbers, 50), percentile(numbers, 95)) == (50.0, 95.0)


def test_only_the_last_latencies_count_and_memory_is_bounded() -> None:
    gauge = Gauge("openai", "prod", lambda: NOON)
    for _ in range(KEPT):
        gauge.succeeded(9.0, texts=1)
    for _ in range(KEPT):
        gauge.succeeded(0.5, texts=1)
    assert gauge.report().slow == 0.5
    assert gauge.report().requests == 2 * KEPT


def test_a_key_that_is_tried_out_does_not_count() -> None:
    weather = CallHealth(lambda: NOON)
    weather.gauge("openai", "prod", kept=False).succeeded(1.0, texts=1)
    assert weather.reports() == []
    assert weather.report("openai", "prod").silent
    weather.gauge("openai", "prod").succeeded(1.0, texts=3, tokens=12)
    weather.gauge("openai", "prod", kept=False).succeeded(1.0, texts=1)
    (report,) = weather.reports()
    assert (report.requests, report.texts, report.tokens, report.last_success) == (1, 3, 12, NOON)


async def test_every_request_is_noted_with_its_credential_and_failures_count_as_requests(
    bench: Bench, server: ProviderServer
) -> None:
    quota = {"x-ratelimit-remaining-requests": "59", "x-ratelimit-limit-requests": "60"}
    server.script(Answer(500, "oops"), Answer(429, {"message": "slow down"}, {"retry-after": "1", **quota}))
    await bench.embed(DEDICATED, ["one", "two", "three"])
    report = bench.engine.weather.report("huggingfaceDedicated", "my-key")
    assert (report.requests, report.failed, report.texts) == (3, 2, 3)
    assert report.tokens > 0
    assert report.last_success is not None
    assert report.last_failure is not None
    assert (report.last_failure.failure, report.last_failure.status) == ("rate limited", 429)
    assert "slow down" in report.last_failure.message
    assert report.headroom == (Headroom("requests", 59, 60),)
    assert report.median is not None
    assert report.slow is not None
    assert report.slow >= report.median > 0


async def test_an_answer_of_the_wrong_dimension_is_a_failure(bench: Bench, server: ProviderServer) -> None:
    server.script(Answer(body={"data": [{"index": 0, "embedding": [0.6, 0.8]}]}))
    await bench.fail(DEDICATED)
    report = bench.engine.weather.report("huggingfaceDedicated", "my-key")
    assert (report.requests, report.failed, report.texts, report.last_success) == (1, 1, 0, None)


async def test_keys_of_requests_and_models_of_this_machine_have_no_name(bench: Bench, server: ProviderServer) -> None:
    server.dimension = DEDICATED.dimension
    await bench.engine.embed(DEDICATED.spec, ["x"], Direction.STORE, SecretStr(KEY))
    await bench.engine.embed(
        EmbeddingSpec("embedded", "wordllama-l2-supercat-256", 256), ["a", "b"], Direction.STORE, None
    )
    reports = bench.engine.weather.reports()
    assert [(one.provider, one.credential, one.texts) for one in reports] == [
        ("embedded", None, 2),
        ("huggingfaceDedicated", None, 1),
    ]


async def test_a_provider_that_sends_the_key_back_in_its_headers_does_not_spread_it(
    bench: Bench, server: ProviderServer
) -> None:
    server.script(Answer(401, b"", {"x-request-id": f"for-{KEY}", "retry-after": KEY, "x-ratelimit-remaining-a": KEY}))
    error = await bench.fail(DEDICATED)
    assert error.request_id == "for-•••"
    assert KEY not in repr(vars(error))
    assert KEY not in repr(bench.engine.weather.reports())


async def test_a_failed_probe_knows_how_long_it_took_and_which_request_it_was(
    bench: Bench, server: ProviderServer
) -> None:
    server.script(Answer(403, {"message": "no"}, {"x-request-id": "r1"}))
    with pytest.raises(ProviderError) as caught:
        await bench.engine.probe(DEDICATED.spec, SecretStr(KEY))
    assert caught.value.request_id == "r1"
    assert caught.value.seconds is not None
    assert caught.value.meaning
    assert caught.value.step
    assert caught.value.hint == f"{caught.value.meaning} {caught.value.step}"


async def test_a_probe_waits_for_a_model_that_is_loaded_if_somebody_listens(
    bench: Bench, server: ProviderServer
) -> None:
    loading = Answer(503, {"error": "Model x is currently loading", "estimated_time": 18.0})
    spec, key = SUBJECTS["huggingface"].spec, SecretStr(KEY)
    server.script(loading)
    with pytest.raises(ProviderError) as caught:
        await bench.engine.probe(spec, key)
    assert caught.value.failure is ProviderFailure.LOADING

    waits: list[tuple[float, str]] = []
    server.script(loading, loading)
    probe = await bench.engine.probe(spec, key, on_wait=lambda *wait: waits.append(wait))
    assert probe.dimension == SUBJECTS["huggingface"].dimension
    assert waits == [(18.0, "Hugging Face - Serverless is loading the model")] * 2


def test_the_quota_is_read_in_the_spellings_of_the_providers() -> None:
    assert headroom({"x-ratelimit-remaining-tokens": "9000", "x-ratelimit-limit-tokens": "10000"}) == (
        Headroom("tokens", 9000, 10000),
    )
    assert headroom({"x-ratelimit-remaining-requests": "1", "x-ratelimit-reset-requests": "6m0s"}) == (
        Headroom("requests", 1, None, 360.0),
    )
    assert headroom({"ratelimit-remaining": "5, 9", "ratelimit-limit": "7"}) == (Headroom("requests", 5, 7),)
    assert headroom({"x-ratelimit-remaining-requests": "many", "x-ratelimit-limit-requests": "60"}) == ()
    assert headroom({"x-ratelimit-remaining-requests": "9" * 400}) == ()


def test_headers_that_are_no_quota_are_left_out_and_long_ones_are_cut() -> None:
    headers = {"content-type": "application/json", "retry-after": "7" * 1000, "set-cookie": "a=b", "x-request-id": "r"}
    assert quota_headers(headers) == {"retry-after": "7" * 200}
    assert request_id(headers) == "r"
    assert len(quota_headers({f"x-ratelimit-remaining-{number}": "1" for number in range(500)})) < 20
