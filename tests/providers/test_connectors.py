"""What is sent for each connector of a connection string, and what of the answer is used."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from pydantic import SecretStr

from astrolabe.errors import ProviderError, ProviderFailure
from astrolabe.providers.catalogue.catalogue import load_catalogue
from astrolabe.providers.catalogue.connectors import address_of, get_connector, load_connectors, spec_of
from astrolabe.providers.catalogue.provider_info import Direction, EmbeddingSpec
from astrolabe.providers.embedding.engine import EmbeddingEngine
from astrolabe.providers.simulated.rules import Rule, SimulatedFailure
from astrolabe.providers.wire.google_tokens import GoogleTokens
from tests.support.provider_server import TOKEN, Answer, ProviderServer

KEY = SecretStr("sk-SENTINEL-connectors")
CATALOGUE = load_catalogue()
VERTEX = "/{version}/projects/{project}/locations/{Location}/publishers/google/models/{modelId}:predict"
TEXTS = ["a red bicycle", "a blue boat"]


def spec(connector: str, dimension: int = 8, **settings: Any) -> EmbeddingSpec:  # noqa: ANN401 - any setting
    return spec_of(get_connector(connector), {"Model": "m/1"} | settings, CATALOGUE, dimension=dimension, project="p1")


@pytest.mark.parametrize(
    ("connector", "settings", "url"),
    [
        ("openai", {"Endpoint": "https://api.openai.com"}, "https://api.openai.com/v1/embeddings"),
        ("openai", {"Endpoint": "https://api.openai.com/v1/"}, "https://api.openai.com/v1/embeddings"),
        ("openai", {"Endpoint": "https://h/v1/openai"}, "https://h/v1/openai/embeddings"),
        ("openai", {"Endpoint": "https://h/x/embeddings"}, "https://h/x/embeddings"),
        ("mistralai", {"Endpoint": "https://api.mistral.ai/v1"}, "https://api.mistral.ai/v1/embeddings"),
        ("ollama", {"Uri": "http://localhost:11434/"}, "http://localhost:11434/api/embed"),
        ("ollama", {"Uri": "https://h/ollama"}, "https://h/ollama/api/embed"),
        ("huggingface", {}, "https://router.huggingface.co/hf-inference/models/{modelId}/pipeline/feature-extraction"),
        ("huggingface", {"Endpoint": "https://own.example/"}, "https://own.example"),
        (
            "azureopenai",
            {"Endpoint": "https://r.openai.azure.com/"},
            "https://r.openai.azure.com/openai/deployments/{DeploymentName}/embeddings?api-version=2024-10-21",
        ),
        ("google", {}, "https://generativelanguage.googleapis.com/{version}/models/{modelId}:batchEmbedContents"),
        (
            "vertex",
            {"Location": "global"},
            "https://aiplatform.googleapis.com" + VERTEX,
        ),
    ],
)
def test_addresses_follow_from_the_settings(connector: str, settings: dict[str, str], url: str) -> None:
    assert address_of(get_connector(connector), settings) == url


def test_the_connectors_are_ravendbs() -> None:
    keys = {"OpenAi", "AzureOpenAi", "HuggingFace", "MistralAi", "Ollama", "Google", "Vertex", "Embedded"}
    assert {one.key for one in load_connectors()} == keys
    assert all(one.fields[-1].key == "EmbeddingsMaxConcurrentBatches" for one in load_connectors())


async def test_openai_sends_headers_and_dimensions_only_when_set() -> None:
    async with ProviderServer(dimension=8) as server:
        engine = EmbeddingEngine(CATALOGUE)
        given: dict[str, Any] = {"Endpoint": server.url, "OrganizationId": "o1", "ProjectId": "p1"}
        await engine.embed(spec("openai", **given), TEXTS, Direction.STORE, KEY)
        await engine.embed(spec("openai", **given, Dimensions=8), TEXTS, Direction.QUERY, KEY)
        await engine.close()
    first, second = server.requests
    assert first.path == "/v1/embeddings"
    assert first.json == {"input": TEXTS, "model": "m/1"}
    assert (first.headers["openai-organization"], first.headers["openai-project"]) == ("o1", "p1")
    assert second.json == {"input": TEXTS, "model": "m/1", "dimensions": 8}


async def test_azure_puts_the_deployment_in_the_path_and_the_key_in_its_header() -> None:
    async with ProviderServer(dimension=8) as server:
        engine = EmbeddingEngine(CATALOGUE)
        await engine.embed(spec("azureopenai", Endpoint=server.url, DeploymentName="d 1"), TEXTS, Direction.STORE, KEY)
        await engine.close()
    (request,) = server.requests
    assert request.path == "/openai/deployments/d 1/embeddings"
    assert request.query == "api-version=2024-10-21"
    assert request.headers["api-key"] == KEY.get_secret_value()
    assert "authorization" not in request.headers


async def test_mistral_and_a_server_of_hugging_faces_kind() -> None:
    async with ProviderServer(dimension=8) as server:
        engine = EmbeddingEngine(CATALOGUE)
        await engine.embed(spec("mistralai", Endpoint=f"{server.url}/v1"), TEXTS, Direction.STORE, KEY)
        await engine.embed(spec("huggingface", Endpoint=f"{server.url}/"), TEXTS, Direction.STORE, KEY)
        await engine.close()
    mistral, face = server.requests
    assert (mistral.path, mistral.json["input"], mistral.json["model"]) == ("/v1/embeddings", TEXTS, "m/1")
    assert (face.path, face.json["inputs"]) == ("/", TEXTS)


async def test_ollama_needs_no_key_and_cuts_nothing_off() -> None:
    async with ProviderServer(dimension=8) as server:
        engine = EmbeddingEngine(CATALOGUE)
        vectors = await engine.embed(spec("ollama", Uri=server.url), TEXTS, Direction.STORE, None)
        await engine.close()
    (request,) = server.requests
    assert vectors.shape == (2, 8)
    assert (request.path, request.json) == ("/api/embed", {"input": TEXTS, "model": "m/1", "truncate": False})
    assert "authorization" not in request.headers


async def test_gemini_gets_an_object_for_each_text_with_its_direction() -> None:
    async with ProviderServer(dimension=8) as server:
        template = server.url + "/{version}/models/{modelId}:batchEmbedContents"
        engine = EmbeddingEngine(CATALOGUE, urls={"google": template})
        await engine.embed(spec("google", Model="gemini-embedding-001"), TEXTS, Direction.STORE, KEY)
        query = spec("google", Model="gemini-embedding-001", AiVersion="V1", Dimensions=8)
        await engine.embed(query, ["boat"], Direction.QUERY, KEY)
        await engine.close()
    first, second = server.requests
    assert first.path == "/v1beta/models/gemini-embedding-001:batchEmbedContents"
    assert first.headers["x-goog-api-key"] == KEY.get_secret_value()
    assert first.json == {
        "requests": [
            {
                "model": "models/gemini-embedding-001",
                "content": {"parts": [{"text": text}]},
                "taskType": "RETRIEVAL_DOCUMENT",
            }
            for text in TEXTS
        ]
    }
    assert second.path.startswith("/v1/")
    (one,) = second.json["requests"]
    assert (one["taskType"], one["outputDimensionality"]) == ("RETRIEVAL_QUERY", 8)


class Account:
    """A service account with a key of its own."""

    def __init__(self, token_uri: str) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self.pem = pem.decode()
        self.secret = SecretStr(
            json.dumps(
                {
                    "type": "service_account",
                    "project_id": "p1",
                    "private_key_id": "k1",
                    "private_key": self.pem,
                    "client_email": "a@p1.iam.gserviceaccount.com",
                    "token_uri": token_uri,
                }
            )
        )


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


async def test_vertex_signs_for_a_token_once_and_sends_that() -> None:
    async with ProviderServer(dimension=8) as server:
        engine = EmbeddingEngine(CATALOGUE, urls={"vertex": server.url + VERTEX})
        account = Account(f"{server.url}/token")
        where = spec("vertex", Model="text-embedding-005", Location="us-central1")
        await engine.embed(where, TEXTS, Direction.STORE, account.secret)
        await engine.embed(where, ["boat"], Direction.QUERY, account.secret)
        await engine.close()
    exchange, store, query = server.requests
    form = parse_qs(exchange.body.decode())
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    head, claims, signature = form["assertion"][0].split(".")
    account.key.public_key().verify(
        decoded(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256()
    )
    assert json.loads(decoded(head)) == {"alg": "RS256", "typ": "JWT", "kid": "k1"}
    read = json.loads(decoded(claims))
    assert (read["iss"], read["aud"]) == ("a@p1.iam.gserviceaccount.com", f"{server.url}/token")
    assert read["exp"] - read["iat"] == 3600
    assert store.path == (
        "/v1beta1/projects/p1/locations/us-central1/publishers/google/models/text-embedding-005:predict"
    )
    assert store.headers["authorization"] == query.headers["authorization"] == f"Bearer {TOKEN}"
    assert store.json == {
        "instances": [{"content": text, "task_type": "RETRIEVAL_DOCUMENT"} for text in TEXTS],
        "parameters": {"autoTruncate": False},
    }
    assert query.json["instances"] == [{"content": "boat", "task_type": "RETRIEVAL_QUERY"}]
    assert not any(account.pem[100:140].encode() in request.body for request in server.requests)


def test_tokens_of_many_accounts_are_forgotten_in_the_end() -> None:
    tokens = GoogleTokens(now=lambda: 1000.0)
    for number in range(1000):
        tokens._keep(b"expired %d" % number, 999.0, SecretStr(TOKEN))
        tokens._keep(b"valid %d" % number, 2000.0, SecretStr(TOKEN))
    assert len(tokens._kept) <= 128
    assert b"valid 999" in tokens._kept


@pytest.mark.parametrize("lifetime", [True, -5, float("nan"), float("inf"), 10**400, "3600", None, 60])
async def test_a_token_of_an_odd_lifetime_is_used_once(lifetime: object) -> None:
    async with ProviderServer(dimension=8) as server:
        engine = EmbeddingEngine(CATALOGUE, urls={"vertex": server.url + VERTEX})
        account = Account(f"{server.url}/token")
        where = spec("vertex", Model="text-embedding-005", Location="us-central1")
        granted = Answer(body={"access_token": TOKEN, "expires_in": lifetime})
        for _ in range(2):
            server.script(granted)
            await engine.embed(where, TEXTS, Direction.STORE, account.secret)
        await engine.close()
    assert [request.path for request in server.requests].count("/token") == 2


class OneTrouble:
    """A lab that puts everything into one trouble, once."""

    def __init__(self, rule: Rule) -> None:
        self.rule: Rule | None = rule

    async def active(self, provider: str) -> bool:
        return provider == "vertex" and self.rule is not None

    async def take(self, provider: str, *, creating: bool = False) -> Rule | None:
        assert (provider, creating) == ("vertex", False)
        rule, self.rule = self.rule, None
        return rule


async def test_a_simulated_failure_needs_no_token_and_what_is_sent_afterwards_carries_one() -> None:
    lab = OneTrouble(Rule("vertex", SimulatedFailure.RATE_LIMITED, delay=0, calls=1))
    async with ProviderServer(dimension=8) as server:
        engine = EmbeddingEngine(CATALOGUE, urls={"vertex": server.url + VERTEX}, lab=lab)
        account = Account(f"{server.url}/token")
        where = spec("vertex", Model="text-embedding-005", Location="us-central1")
        with pytest.raises(ProviderError) as failed:
            await engine.probe(where, account.secret)
        assert failed.value.simulated
        assert server.requests == []
        await engine.probe(where, account.secret)
        await engine.close()
    _, sent = server.requests
    assert sent.headers["authorization"] == f"Bearer {TOKEN}"


async def test_the_newest_vertex_models_get_one_text_a_request() -> None:
    async with ProviderServer(dimension=8) as server:
        engine = EmbeddingEngine(CATALOGUE, urls={"vertex": server.url + VERTEX})
        account = Account(f"{server.url}/token")
        where = spec("vertex", Model="gemini-embedding-001", Location="us-central1")
        await engine.embed(where, TEXTS, Direction.STORE, account.secret)
        await engine.close()
    assert sorted(len(request.texts) for request in server.requests[1:]) == [1, 1]


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (Answer(400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}), "authentication"),
        (Answer(500, "oops"), "server error"),
        (Answer(200, {"no": "token"}), "unexpected response"),
        (Answer(200, {"access_token": "schlüssel"}), "unexpected response"),
        (Answer(200, {"access_token": "a\r\nhost: b"}), "unexpected response"),
    ],
)
async def test_a_refused_account_is_explained_without_its_key(answer: Answer, failure: str) -> None:
    async with ProviderServer(dimension=8) as server:
        engine = EmbeddingEngine(CATALOGUE, urls={"vertex": server.url + VERTEX})
        account = Account(f"{server.url}/token")
        server.script(answer)
        with pytest.raises(ProviderError) as refused:
            await engine.embed(spec("vertex", Location="us-central1"), TEXTS, Direction.STORE, account.secret)
        await engine.close()
    assert refused.value.failure == failure
    assert account.pem[100:140] not in f"{refused.value}{refused.value.hint}{refused.value!r}"
    assert len(server.requests) == 1


@pytest.mark.parametrize("uri", ["https://evil.example/token", "http://oauth2.googleapis.com/token", "nonsense"])
async def test_the_signed_statement_goes_to_google_alone(uri: str) -> None:
    engine = EmbeddingEngine(CATALOGUE)
    with pytest.raises(ProviderError) as refused:
        await engine.embed(spec("vertex", Location="us-central1"), TEXTS, Direction.STORE, Account(uri).secret)
    await engine.close()
    assert refused.value.failure is ProviderFailure.AUTHENTICATION


async def test_a_location_cannot_lead_the_token_to_another_host() -> None:
    async with ProviderServer() as server:
        engine = EmbeddingEngine(CATALOGUE)
        account = Account(f"{server.url}/token")
        with pytest.raises(ProviderError, match="host name"):
            await engine.embed(spec("vertex", Location="evil.example/x"), TEXTS, Direction.STORE, account.secret)
        await engine.close()


async def test_no_more_requests_at_once_than_the_string_allows() -> None:
    async with ProviderServer(dimension=8) as server:
        server.always(None)
        engine = EmbeddingEngine(CATALOGUE)
        where = spec("huggingface", Endpoint=f"{server.url}/", EmbeddingsMaxConcurrentBatches=2)
        await engine.embed(where, [f"text {n}" for n in range(320)], Direction.STORE, KEY)
        await engine.close()
    assert server.most_at_once <= 2
    assert len(server.requests) == 10


@pytest.mark.parametrize(
    ("connector", "body"),
    [
        ("ollama", {"embeddings": [[1.0] * 8]}),
        ("ollama", {"error": "model 'm' not found"}),
        ("ollama", [[1.0] * 8, [1.0] * 8]),
        ("google", {"embeddings": [{"values": [1.0] * 8}]}),
        ("google", {"embeddings": [{"values": "x"}, {}]}),
        ("google", {"embeddings": {}}),
        ("google", {"embeddings": [{"values": [1.0] * 7}, {"values": [1.0] * 7}]}),
    ],
)
async def test_an_answer_of_another_shape_is_refused(connector: str, body: object) -> None:
    async with ProviderServer(dimension=8) as server:
        server.always(Answer(body=body))
        engine = EmbeddingEngine(CATALOGUE, urls={"google": server.url + "/m:batchEmbedContents"})
        where = spec(connector, Uri=server.url) if connector == "ollama" else spec(connector)
        with pytest.raises(ProviderError) as refused:
            await engine.embed(where, TEXTS, Direction.STORE, KEY if connector == "google" else None)
        await engine.close()
    assert refused.value.failure is ProviderFailure.BAD_RESPONSE
