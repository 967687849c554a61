"""The loopback server answers as the recorded servers do, so that tests against it mean something."""

from __future__ import annotations

import httpx
import numpy as np
import pytest

from tests.support.provider_server import Answer, ProviderServer, provider_server_in_thread, vector_of


async def post(server: ProviderServer, path: str, body: object, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.post(server.url + path, json=body, headers=headers)


@pytest.mark.parametrize("path", ["/embeddings", "/v1/embeddings", "/v1/solar/embeddings"])
async def test_the_openai_route_answers_with_the_envelope(server: ProviderServer, path: str) -> None:
    answer = (await post(server, path, {"input": ["a", "b c"], "model": "m"})).json()
    assert answer["object"] == "list"
    assert answer["model"] == "m"
    assert answer["usage"] == {"prompt_tokens": 3, "total_tokens": 3}
    assert [(entry["object"], entry["index"]) for entry in answer["data"]] == [("embedding", 0), ("embedding", 1)]
    assert answer["data"][1]["embedding"] == vector_of("b c", 384)


@pytest.mark.parametrize("path", ["/embed", "/"])
async def test_the_native_routes_answer_with_bare_arrays(server: ProviderServer, path: str) -> None:
    assert (await post(server, path, {"inputs": "a"})).json() == [vector_of("a", 384)]


async def test_the_routers_model_decides_the_dimension(server: ProviderServer) -> None:
    path = "/hf-inference/models/intfloat/multilingual-e5-large/pipeline/feature-extraction"
    rows = (await post(server, path, {"inputs": ["a", "b"]})).json()
    assert [len(row) for row in rows] == [1024, 1024]


async def test_too_many_texts_are_refused_as_each_route_words_it(server: ProviderServer) -> None:
    server.max_batch = 2
    openai = await post(server, "/embeddings", {"input": ["a"] * 3})
    native = await post(server, "/embed", {"inputs": ["a"] * 3})
    assert openai.status_code == native.status_code == 422
    assert openai.json() == {
        "message": "batch size 3 > maximum allowed batch size 2",
        "code": 422,
        "type": "Validation",
    }
    assert native.json() == {"error": "batch size 3 > maximum allowed batch size 2", "error_type": "Validation"}


async def test_a_wrong_key_gets_an_empty_401(server: ProviderServer) -> None:
    server.key = "right"
    refused = await post(server, "/embeddings", {"input": ["a"]}, authorization="Bearer wrong")
    assert (refused.status_code, refused.content) == (401, b"")
    assert (await post(server, "/embeddings", {"input": ["a"]}, authorization="Bearer right")).status_code == 200
    assert (await post(server, "/embeddings", {"input": ["a"]}, **{"api-key": "right"})).status_code == 200


async def test_info_and_health(server: ProviderServer) -> None:
    async with httpx.AsyncClient(base_url=server.url) as client:
        assert (await client.get("/info")).json()["max_client_batch_size"] == 32
        assert (await client.get("/health")).status_code == 200
        assert (await client.get("/elsewhere")).status_code == 404
    assert len(server.visits) == 3
    assert server.requests == []


async def test_scripted_answers_come_first_then_vectors(server: ProviderServer) -> None:
    server.script(Answer(429, {"message": "slow"}, {"retry-after": "1"}))
    first = await post(server, "/embeddings", {"input": ["a"]})
    assert (first.status_code, first.headers["retry-after"], first.json()) == (429, "1", {"message": "slow"})
    assert (await post(server, "/embeddings", {"input": ["a"]})).status_code == 200


async def test_requests_are_recorded_whole(server: ProviderServer) -> None:
    await post(server, "/v1/embeddings?x=1", {"input": "one text"}, authorization="Bearer k")
    (request,) = server.requests
    assert (request.method, request.path, request.query) == ("POST", "/v1/embeddings", "x=1")
    assert request.headers["authorization"] == "Bearer k"
    assert request.texts == ["one text"] == server.texts


def test_vectors_are_stable_unit_vectors_and_shared_words_are_near() -> None:
    first, near, far = (np.array(vector_of(text, 64)) for text in ("blue whale song", "blue whale", "tax return"))
    assert np.linalg.norm(first) == pytest.approx(1, abs=1e-6)
    assert first @ near > first @ far + 0.3
    assert vector_of("Blue whale", 64) == vector_of("blue WHALE", 64)


def test_it_runs_in_a_thread() -> None:
    with provider_server_in_thread(dimension=4) as server:
        answer = httpx.post(f"{server.url}/embeddings", json={"input": ["a"]})
    assert answer.json()["data"][0]["embedding"] == vector_of("a", 4)
