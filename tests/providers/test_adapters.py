"""What each provider is sent, member by member, and how its answer is read."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pydantic import SecretStr

from astrolabe.providers.catalogue.catalogue import load_catalogue
from astrolabe.providers.catalogue.provider_info import Direction, EmbeddingSpec
from astrolabe.providers.embedding.engine import EmbeddingEngine
from tests.providers.setup import KEY, SUBJECTS, Bench, Subject
from tests.support.provider_server import Answer, ProviderServer, vector_of

TEXTS = ["first text", "zweiter Text, 第二"]

BODIES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "azureOpenAI": (
        {"input": TEXTS, "model": "text-embedding-3-small", "dimensions": 64},
        {"input": TEXTS, "model": "text-embedding-3-small", "dimensions": 64},
    ),
    "huggingfaceDedicated": ({"input": TEXTS}, {"input": TEXTS}),
    "huggingface": (
        {"inputs": TEXTS, "options": {"waitForModel": True}, "truncate": False},
        {"inputs": TEXTS, "options": {"waitForModel": True}, "truncate": False},
    ),
    "jinaAI": (
        {"input": TEXTS, "model": "jina-embeddings-v3", "dimensions": 32, "truncate": False},
        {"input": TEXTS, "model": "jina-embeddings-v3", "dimensions": 32, "truncate": False},
    ),
    "mistral": (
        {"input": TEXTS, "model": "mistral-embed", "encoding_format": "float"},
        {"input": TEXTS, "model": "mistral-embed", "encoding_format": "float"},
    ),
    "nvidia": (
        {"input": TEXTS, "model": "NV-Embed-QA", "input_type": "passage", "truncate": "NONE"},
        {"input": TEXTS, "model": "NV-Embed-QA", "input_type": "query", "truncate": "NONE"},
    ),
    "openai": (
        {"input": TEXTS, "model": "text-embedding-3-small", "dimensions": 64},
        {"input": TEXTS, "model": "text-embedding-3-small", "dimensions": 64},
    ),
    "upstageAI": (
        {"input": TEXTS[0], "model": "solar-embedding-1-large-passage"},
        {"input": TEXTS[0], "model": "solar-embedding-1-large-query"},
    ),
    "voyageAI": (
        {"input": TEXTS, "model": "voyage-2", "input_type": "document", "truncation": False},
        {"input": TEXTS, "model": "voyage-2", "input_type": "query", "truncation": False},
    ),
}
PATHS = {
    "azureOpenAI": "/res/openai/deployments/my dep/embeddings",
    "huggingfaceDedicated": "/abc.us-east-2.aws/embeddings",
    "huggingface": "/hf-inference/models/BAAI/bge-small-en-v1.5/pipeline/feature-extraction",
    "upstageAI": "/v1/solar/embeddings",
}


@pytest.mark.parametrize("direction", list(Direction))
async def test_each_provider_gets_the_documented_request(
    bench: Bench, server: ProviderServer, subject: Subject, direction: Direction
) -> None:
    await bench.embed(subject, TEXTS, direction)

    request = server.requests[0]
    assert subject.provider in BODIES, "say in BODIES what its documentation has it sent"
    stored, searched = BODIES[subject.provider]
    assert request.json == (stored if direction is Direction.STORE else searched)
    assert request.path == PATHS.get(subject.provider, "/v1/embeddings")
    assert request.query == ("api-version=2024-02-01" if subject.provider == "azureOpenAI" else "")
    name, value = subject.auth
    assert request.headers[name] == value
    assert request.headers["content-type"] == "application/json"
    assert [header for header, sent in request.headers.items() if KEY in sent] == [name]


async def test_vectors_come_back_in_the_order_of_the_texts(
    bench: Bench, server: ProviderServer, subject: Subject
) -> None:
    server.reverse = True
    texts = [f"text number {n}" for n in range(2 * min(subject.batch, 32) + 3)]

    matrix = await bench.embed(subject, texts)

    assert matrix.dtype == np.float32
    assert matrix.flags.c_contiguous
    np.testing.assert_array_equal(matrix, np.array([vector_of(t, subject.dimension) for t in texts], dtype=np.float32))


async def test_no_request_is_larger_than_the_provider_allows(
    bench: Bench, server: ProviderServer, subject: Subject
) -> None:
    texts = [f"text {n}" for n in range(70)]
    await bench.embed(subject, texts)
    sizes = [len(request.texts) for request in server.requests]
    assert max(sizes) == min(subject.batch, 70)
    assert sum(sizes) == 70


async def test_dimensions_are_sent_only_to_models_that_offer_a_range(bench: Bench, server: ProviderServer) -> None:
    await bench.embed(replace(SUBJECTS["openai"], model="text-embedding-ada-002", dimension=1536))
    await bench.embed(replace(SUBJECTS["jinaAI"], model="jina-embeddings-v2-base-en", dimension=768))
    assert [request.json.get("dimensions") for request in server.requests] == [None, None]


async def test_optional_parameters_are_sent_only_when_the_collection_has_them(
    bench: Bench, server: ProviderServer
) -> None:
    chosen = {"task": "retrieval.passage", "late_chunking": False}
    await bench.embed(replace(SUBJECTS["jinaAI"], parameters=chosen))
    await bench.embed(replace(SUBJECTS["voyageAI"], parameters={"autoTruncate": True}))
    await bench.embed(replace(SUBJECTS["openai"], parameters={"organizationId": "org-1", "projectId": "proj-2"}))
    await bench.embed(replace(SUBJECTS["openai"], parameters={"organizationId": ""}))

    jina, voyage, openai, plain = server.requests
    assert {name: jina.json[name] for name in chosen} == chosen
    assert voyage.json["truncation"] is True
    assert openai.headers["openai-organization"] == "org-1"
    assert openai.headers["openai-project"] == "proj-2"
    assert "openai-organization" not in plain.headers


@pytest.mark.parametrize(
    ("task", "stored", "searched"),
    [
        ("retrieval.passage", "retrieval.passage", "retrieval.query"),
        ("retrieval.query", "retrieval.query", "retrieval.query"),
        ("text-matching", "text-matching", "text-matching"),
        ("nl2code.passage", "nl2code.passage", "nl2code.query"),
        ("passage", "passage", "passage"),
    ],
)
async def test_a_search_among_passages_is_a_query(
    bench: Bench, server: ProviderServer, task: str, stored: str, searched: str
) -> None:
    subject = replace(SUBJECTS["jinaAI"], parameters={"task": task})
    await bench.embed(subject, direction=Direction.STORE)
    await bench.embed(subject, direction=Direction.QUERY)
    assert [request.json["task"] for request in server.requests] == [stored, searched]


async def test_a_models_own_limit_of_tokens_decides_the_batches() -> None:
    catalogue = load_catalogue(unlisted_models=True)
    texts = ["word " * 2000] * 64  # about 213,000 tokens as they are estimated

    async def requests(model: str) -> int:
        async with ProviderServer() as server:
            server.dimension = 1024
            engine = EmbeddingEngine(catalogue, urls={"voyageAI": f"{server.url}/v1/embeddings"})
            await engine.embed(EmbeddingSpec("voyageAI", model, 1024), texts, Direction.STORE, SecretStr(KEY))
            await engine.close()
            return len(server.requests)

    assert await requests("voyage-4-large") == 3
    assert await requests("voyage-4-lite") == 2


async def test_base64_vectors_are_understood_although_they_are_not_asked_for(
    bench: Bench, server: ProviderServer
) -> None:
    subject = replace(SUBJECTS["openai"], dimension=2)
    packed = base64.b64encode(np.array([0.6, -0.8], dtype="<f4").tobytes()).decode()
    server.script(Answer(body={"data": [{"index": 0, "embedding": packed}]}))
    np.testing.assert_allclose(await bench.embed(subject), [[0.6, -0.8]], rtol=1e-6)


async def test_lone_surrogates_do_not_stop_a_request(bench: Bench, server: ProviderServer) -> None:
    await bench.embed(SUBJECTS["openai"], ["half \ud83d of a pair", "a whole \U0001f600 one"])
    assert server.requests[0].texts == ["half \ufffd of a pair", "a whole \U0001f600 one"]


async def test_a_provider_that_takes_one_text_gets_each_in_a_request_of_its_own(
    bench: Bench, server: ProviderServer
) -> None:
    await bench.embed(SUBJECTS["upstageAI"], ["one", "two", "three"])
    assert sorted(request.json["input"] for request in server.requests) == ["one", "three", "two"]
