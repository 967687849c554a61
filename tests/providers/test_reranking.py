"""The reranking engine against a loopback server: the wire, the batches, the keys, and everything that can go wrong."""

from __future__ import annotations

import socket
import traceback
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from pydantic import SecretStr

from astrolabe.errors import Owner, ProviderError, ProviderFailure
from astrolabe.providers.catalogue.provider_info import ModelStatus
from astrolabe.providers.rerank.catalogue import RerankerInfo, Rerankers, RerankModel, load_rerankers
from astrolabe.providers.rerank.engine import RerankerAccess, RerankingEngine, RerankKeys
from astrolabe.providers.throttle.retry import EngineLimits
from tests.support.fake_time import FakeTime
from tests.support.provider_server import Answer, ProviderServer
from tests.support.waiting import LONGEST_WAIT

MODEL = "nvidia/llama-3.2-nv-rerankqa-1b-v2"
KEY = "nv-sentinel-4711"


@pytest.fixture
async def server() -> AsyncIterator[ProviderServer]:
    async with ProviderServer() as started:
        yield started


@asynccontextmanager
async def engine_for(
    url: str, *, key: str | None = None, forward_token: bool = False
) -> AsyncGenerator[RerankingEngine, None]:
    """Lend an engine that reaches one reranker, in a time of its own."""
    time = FakeTime()
    access = RerankerAccess(url, SecretStr(key) if key else None, forward_token)
    limits = EngineLimits(query_seconds=LONGEST_WAIT)
    engine = RerankingEngine(
        access={"NVIDIA": access}, limits=limits, clock=time.clock, sleep=time.sleep, random=lambda: 1.0
    )
    try:
        yield engine
    finally:
        await engine.close()


async def test_scores_come_in_the_order_of_the_passages(server: ProviderServer) -> None:
    async with engine_for(f"{server.url}/ranking") as engine:
        passages = ["a red bicycle", "nothing", "red red \ud800"]
        assert engine.reaches("nvidia")
        assert await engine.score("nvidia", MODEL, "Red bicycle", passages) == [2.0, 0.0, 2.0]
        [request] = server.requests
        assert request.json == {
            "model": MODEL,
            "query": {"text": "Red bicycle"},
            "passages": [{"text": "a red bicycle"}, {"text": "nothing"}, {"text": "red red \ufffd"}],
            "truncate": "END",
        }
        assert "authorization" not in request.headers


@pytest.mark.parametrize("first", [{}, {"index": None}])
async def test_the_index_of_the_first_passage_may_be_left_out(server: ProviderServer, first: dict[str, None]) -> None:
    server.script(Answer(200, {"rankings": [{"index": 1, "logit": 5}, first | {"logit": 3}]}))
    server.script(Answer(200, {"rankings": [first | {"logit": 4}]}))
    async with engine_for(f"{server.url}/ranking") as engine:
        assert await engine.score("nvidia", MODEL, "q", ["one", "two"]) == [3.0, 5.0]
        assert await engine.score("nvidia", MODEL, "q", ["one"]) == [4.0]


async def test_ten_passages_go_in_one_request(server: ProviderServer) -> None:
    async with engine_for(f"{server.url}/ranking") as engine:
        passages = ["word " * n for n in range(1, 26)]
        assert await engine.score("nvidia", MODEL, "word", passages) == [float(n) for n in range(1, 26)]
        assert sorted(len(request.json["passages"]) for request in server.requests) == [5, 10, 10]
        assert await engine.score("nvidia", MODEL, "word", []) == []
        assert len(server.requests) == 3


@dataclass(frozen=True)
class Keys:
    """Where keys come from, and which of them is sent."""

    sent: str | None
    settings: str | None = None
    header: str | None = None
    token: str | None = "AstraCS:token"
    forward: bool = False


@pytest.mark.parametrize(
    "given",
    [
        Keys(None),
        Keys("from-header", header="from-header"),
        Keys("from-settings", settings="from-settings"),
        Keys("from-header", settings="from-settings", header="from-header", forward=True),
        Keys("from-settings", settings="from-settings", forward=True),
        Keys("AstraCS:token", forward=True),
        Keys(None, token=None, forward=True),
    ],
)
async def test_which_key_is_sent(server: ProviderServer, given: Keys) -> None:
    keys = RerankKeys(
        SecretStr(given.header) if given.header else None, SecretStr(given.token) if given.token else None
    )
    async with engine_for(f"{server.url}/ranking", key=given.settings, forward_token=given.forward) as engine:
        await engine.score("nvidia", MODEL, "q", ["p"], keys)
    assert server.requests[0].headers.get("authorization") == (f"Bearer {given.sent}" if given.sent else None)


async def test_a_server_error_is_tried_again(server: ProviderServer) -> None:
    server.script(Answer(500, {"message": "oops"}), Answer(429, {"message": "slow"}, {"retry-after": "2"}))
    async with engine_for(f"{server.url}/ranking") as engine:
        assert await engine.score("nvidia", MODEL, "a", ["a"]) == [1.0]
        assert len(server.requests) == 3


@dataclass(frozen=True)
class Case:
    """One thing that goes wrong, on every attempt, and what has to become of it."""

    answer: Answer
    failure: ProviderFailure
    owner: Owner = Owner.PROVIDER
    attempts: int = 1
    words: str = ""


CASES = {
    "bad request": Case(Answer(400, {"message": "no such model"}), ProviderFailure.BAD_REQUEST, Owner.REQUEST),
    "key refused": Case(Answer(401, {"detail": f"bad key {KEY}"}), ProviderFailure.AUTHENTICATION, Owner.REQUEST),
    "no right": Case(Answer(403, {"message": "no"}), ProviderFailure.PERMISSION, Owner.REQUEST),
    "no credit": Case(Answer(402, {"message": "pay"}), ProviderFailure.BILLING, Owner.REQUEST),
    "not found": Case(Answer(404, "Not Found"), ProviderFailure.NOT_FOUND, Owner.REQUEST),
    "redirect": Case(Answer(307, "", {"location": "http://127.0.0.1:9/"}), ProviderFailure.BAD_RESPONSE),
    "rate limit": Case(Answer(429, {"message": "slow"}), ProviderFailure.RATE_LIMITED, attempts=7),
    "server error": Case(Answer(500, {"message": "oops"}), ProviderFailure.SERVER, attempts=4),
    "loading": Case(Answer(503, {"message": "the model is loading"}), ProviderFailure.LOADING, attempts=8),
    "web page": Case(Answer(200, "<html>", {"content-type": "text/html"}), ProviderFailure.BAD_RESPONSE),
    "not JSON": Case(Answer(200, b"{", {"content-type": "application/json"}), ProviderFailure.BAD_RESPONSE),
    "empty": Case(Answer(200, b"", {"content-type": "application/json"}), ProviderFailure.BAD_RESPONSE),
    "embeddings": Case(Answer(200, {"data": []}), ProviderFailure.BAD_RESPONSE),
    "too few": Case(Answer(200, {"rankings": [{"index": 0, "logit": 1}]}), ProviderFailure.BAD_RESPONSE),
    "doubled": Case(Answer(200, {"rankings": [{"index": 0, "logit": 1}] * 2}), ProviderFailure.BAD_RESPONSE),
    "no index": Case(Answer(200, {"rankings": [{"logit": 1}, {"logit": 2}]}), ProviderFailure.BAD_RESPONSE),
    "negative index": Case(
        Answer(200, {"rankings": [{"index": -1, "logit": 1}, {"index": 0, "logit": 2}]}), ProviderFailure.BAD_RESPONSE
    ),
    "true as an index": Case(
        Answer(200, {"rankings": [{"index": True, "logit": 1}, {"index": 0, "logit": 2}]}), ProviderFailure.BAD_RESPONSE
    ),
    "true as a score": Case(
        Answer(200, {"rankings": [{"index": 1, "logit": True}, {"index": 0, "logit": 2}]}), ProviderFailure.BAD_RESPONSE
    ),
    "a score too large": Case(
        Answer(200, {"rankings": [{"index": 1, "logit": 10**400}, {"index": 0, "logit": 2}]}),
        ProviderFailure.BAD_RESPONSE,
    ),
    "key as content type": Case(Answer(200, "x", {"content-type": f"text/{KEY}"}), ProviderFailure.BAD_RESPONSE),
    "compressed twice": Case(
        Answer(200, b"x", {"content-type": "application/json", "content-encoding": "gzip, gzip"}),
        ProviderFailure.BAD_RESPONSE,
    ),
    "no score": Case(Answer(200, {"rankings": [{"index": 0}, {"index": 1}]}), ProviderFailure.BAD_RESPONSE),
    "not a number": Case(
        Answer(200, b'{"rankings": [{"index": 0, "logit": NaN}, {"index": 1, "logit": 1}]}'),
        ProviderFailure.BAD_RESPONSE,
    ),
    "endless": Case(Answer(fault="endless"), ProviderFailure.BAD_RESPONSE),
    "cut off": Case(Answer(fault="reset"), ProviderFailure.UNREACHABLE, Owner.NETWORK, attempts=4),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
async def test_everything_that_can_go_wrong(server: ProviderServer, case: Case) -> None:
    server.always(case.answer)
    async with engine_for(f"{server.url}/ranking", key=KEY) as engine:
        with pytest.raises(ProviderError) as caught:
            await engine.score("nvidia", MODEL, "query", ["one", "two"])
        error = caught.value
        assert (error.failure, error.owner, error.attempts) == (case.failure, case.owner, case.attempts)
        assert error.hint
        assert error.provider == "nvidia"
        told = "".join(traceback.format_exception(error)) + repr(error) + error.hint + error.words
        assert KEY not in told


async def test_a_reranker_that_never_answers(server: ProviderServer) -> None:
    server.always(Answer(fault="hang"))
    engine = RerankingEngine(
        access={"nvidia": RerankerAccess(f"{server.url}/ranking")}, limits=EngineLimits(query_seconds=0.1, attempts=1)
    )
    with pytest.raises(ProviderError) as caught:
        await engine.score("nvidia", MODEL, "query", ["one"])
    await engine.close()
    assert caught.value.failure is ProviderFailure.TIMEOUT
    await engine.close()


async def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with engine_for(f"http://127.0.0.1:{port}/ranking") as engine:
        with pytest.raises(ProviderError) as caught:
            await engine.score("nvidia", MODEL, "query", ["one"])
        assert (caught.value.failure, caught.value.owner) == (ProviderFailure.UNREACHABLE, Owner.NETWORK)


async def test_a_key_that_is_missing_is_asked_for(server: ProviderServer) -> None:
    server.key = KEY
    async with engine_for(f"{server.url}/ranking") as engine:
        with pytest.raises(ProviderError, match="wants a key") as caught:
            await engine.score("nvidia", MODEL, "query", ["one"])
        assert caught.value.failure is ProviderFailure.NO_KEY
        assert "ASTROLABE_RERANKERS__" in caught.value.hint


@pytest.mark.parametrize(
    ("url", "key", "failure"),
    [
        ("http://10.0.0.1/ranking", None, ProviderFailure.UNAVAILABLE),
        ("file:///etc/passwd", None, ProviderFailure.UNAVAILABLE),
        ("http://127.0.0.1:9/ranking", "clé", ProviderFailure.AUTHENTICATION),
    ],
)
async def test_what_is_never_called(url: str, key: str | None, failure: ProviderFailure) -> None:
    async with engine_for(url, key=key) as engine:
        with pytest.raises(ProviderError) as caught:
            await engine.score("nvidia", MODEL, "query", ["one"])
        assert caught.value.failure is failure


async def test_a_reranker_without_an_address() -> None:
    engine = RerankingEngine()
    assert not engine.reaches("nvidia")
    with pytest.raises(ProviderError, match="No address is set") as caught:
        await engine.score("nvidia", MODEL, "query", ["one"])
    assert "ASTROLABE_RERANKERS__nvidia__URL" in caught.value.hint


def test_the_default_model() -> None:
    provider, model = load_rerankers().default
    assert (provider.key, model.name, model.status) == ("nvidia", MODEL, ModelStatus.SUPPORTED)
    assert provider.model("none") is None
    two = Rerankers((RerankerInfo("x", "X", "X", is_default=False, passages=1, words=(), models=(RerankModel("m"),)),))
    assert two.find("X") is None
    assert two.find("x") is two.providers[0]
