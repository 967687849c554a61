"""What the provider tests share: one spec per provider, its route on the loopback server, and an engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from astrolabe.errors import ProviderError
from astrolabe.providers.catalogue.catalogue import load_catalogue
from astrolabe.providers.catalogue.provider_info import Direction, EmbeddingSpec
from astrolabe.providers.embedding.cache_lookup import VectorCache
from astrolabe.providers.embedding.engine import EmbeddingEngine
from astrolabe.providers.simulated.rules import Lab
from astrolabe.providers.throttle.retry import EngineLimits
from storage.shapes import Matrix
from tests.support.fake_time import FakeTime
from tests.support.provider_server import ProviderServer
from tests.support.waiting import LONGEST_WAIT

KEY = "sk-sentinel-4711"


@dataclass(frozen=True)
class Subject:
    """One provider under test: the collection it serves, its route, and its own way to say what is wrong."""

    provider: str
    model: str
    dimension: int
    route: str
    error: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    batch: int = 32
    auth: tuple[str, str] = ("authorization", f"Bearer {KEY}")

    @property
    def spec(self) -> EmbeddingSpec:
        return EmbeddingSpec(self.provider, self.model, self.dimension, self.parameters)

    def error_body(self, text: str) -> dict[str, Any]:
        """The provider's error answer that says ``text``."""
        body: Any = text
        for step in reversed(self.error.split(".")):
            body = {step: body}
        return dict(body)


SUBJECTS = {
    subject.provider: subject
    for subject in (
        Subject(
            "azureOpenAI",
            "text-embedding-3-small",
            64,
            "/{resourceName}/openai/deployments/{deploymentId}/embeddings?api-version=2024-02-01",
            "error.message",
            {"resourceName": "res", "deploymentId": "my dep"},
            batch=2048,
            auth=("api-key", KEY),
        ),
        Subject(
            "huggingfaceDedicated",
            "endpoint-defined-model",
            48,
            "/{endpointName}.{regionName}.{cloudName}/embeddings",
            "message",
            {"endpointName": "abc", "regionName": "us-east-2", "cloudName": "aws"},
        ),
        Subject(
            "huggingface",
            "BAAI/bge-small-en-v1.5",
            384,
            "/hf-inference/models/{modelId}/pipeline/feature-extraction",
            "error",
        ),
        Subject("jinaAI", "jina-embeddings-v3", 32, "/v1/embeddings", "detail"),
        Subject("mistral", "mistral-embed", 1024, "/v1/embeddings", "message"),
        Subject("nvidia", "NV-Embed-QA", 1024, "/v1/embeddings", "message", batch=8),
        Subject("openai", "text-embedding-3-small", 64, "/v1/embeddings", "error.message", batch=2048),
        Subject("upstageAI", "solar-embedding-1-large", 4096, "/v1/solar/embeddings", "message", batch=1),
        Subject("voyageAI", "voyage-2", 1024, "/v1/embeddings", "detail"),
    )
}


def urls_at(base: str) -> dict[str, str]:
    """Return the addresses that lead every provider to one server."""
    return {key: base + subject.route for key, subject in SUBJECTS.items()}


class Bench:
    """An engine whose every provider is the loopback server, unless other addresses are given."""

    def __init__(
        self,
        server: ProviderServer,
        *,
        limits: EngineLimits | None = None,
        lab: Lab | None = None,
        cache: VectorCache | None = None,
        urls: Mapping[str, str] | None = None,
    ) -> None:
        self.server = server
        self.time = FakeTime()
        self.waits: list[tuple[float, str]] = []
        self.engine = EmbeddingEngine(
            load_catalogue(configured=["nvidia"]),
            urls=urls_at(server.url) if urls is None else urls,
            cache=cache,
            limits=limits or EngineLimits(call_seconds=LONGEST_WAIT),
            clock=self.time.clock,
            sleep=self.time.sleep,
            random=lambda: 1.0,
            lab=lab,
        )

    async def embed(
        self, subject: Subject, texts: Sequence[str] = ("a text",), direction: Direction = Direction.STORE
    ) -> Matrix:
        """Embed with the sentinel key; the server answers in the subject's dimension."""
        self.server.dimension = subject.dimension
        secret = SecretStr(KEY)
        return await self.engine.embed(
            subject.spec, texts, direction, secret, on_wait=lambda *wait: self.waits.append(wait), credential="my-key"
        )

    async def fail(self, subject: Subject, texts: Sequence[str] = ("a text",)) -> ProviderError:
        """Embed and return the error it has to end in."""
        try:
            await self.embed(subject, texts)
        except ProviderError as error:
            return error
        raise AssertionError("the call succeeded")

    async def close(self) -> None:
        await self.engine.close()
