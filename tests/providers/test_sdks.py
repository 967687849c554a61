"""Each request beside the one that the vendor's own SDK sends for the same call: equal but for what is listed here."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from astrolabe.providers.catalogue.catalogue import load_catalogue
from astrolabe.providers.catalogue.provider_info import Direction, EmbeddingSpec
from astrolabe.providers.embedding.engine import EmbeddingEngine
from tests.providers import sdks
from tests.providers.setup import KEY
from tests.support.provider_server import ProviderServer, Recorded, provider_server_in_thread

TEXTS = ["first text", "zweiter Text, 第二"]
ABSENT = "(absent)"
COMPARED_HEADERS = ("authorization", "api-key", "content-type", "openai-organization", "openai-project")
ENDPOINT = {"endpointName": "abc", "regionName": "us-east-2", "cloudName": "aws"}


class SdkCall(Protocol):
    """Embeds texts with a vendor's SDK at a server, and returns the address it would have used by itself."""

    def __call__(self, server: str, texts: list[str], *, query: bool) -> str: ...


@dataclass(frozen=True)
class Difference:
    """Why one member of the two requests is not the same, and what each has there."""

    sdk: object
    ours: object
    reason: str


@dataclass(frozen=True)
class Case:
    """The same call twice, and in what the two requests differ."""

    call: SdkCall
    spec: EmbeddingSpec
    differences: Mapping[str, Difference] = field(default_factory=dict)
    one_text: bool = False


BASE64 = Difference("base64", ABSENT, "numbers as text can be read in a log, and every server answers with them")
FLOAT = Difference("float", ABSENT, "it is what the server answers by default")


def left_out(what: object = None) -> Difference:
    return Difference(what, ABSENT, "a null says the same as no member, and some gateways refuse it")


CASES = {
    "openai": Case(
        sdks.openai,
        EmbeddingSpec("openai", "text-embedding-3-small", 64, {"organizationId": "org-1", "projectId": "proj-2"}),
        {"body.encoding_format": BASE64},
    ),
    "azureOpenAI": Case(
        sdks.azure,
        EmbeddingSpec("azureOpenAI", "text-embedding-3-small", 64, {"resourceName": "res", "deploymentId": "my dep"}),
        {"body.encoding_format": BASE64},
    ),
    "mistral": Case(
        sdks.mistral,
        EmbeddingSpec("mistral", "codestral-embed", sdks.CODE_DIMENSION),
        {"body.encoding_format": Difference(ABSENT, "float", "the Data API says so, and the SDK cannot read base64")},
    ),
    "voyageAI": Case(
        sdks.voyage,
        EmbeddingSpec("voyageAI", "voyage-4", sdks.CODE_DIMENSION),
        {"body.encoding_format": BASE64, "body.output_dtype": left_out()},
    ),
    "huggingface": Case(
        sdks.serverless,
        EmbeddingSpec("huggingface", "BAAI/bge-small-en-v1.5", 384),
        {
            "body.options": Difference(
                ABSENT, {"waitForModel": True}, "the Data API says so; the SDK leaves a cold start to its caller"
            )
        },
    ),
    "huggingfaceDedicated": Case(
        sdks.dedicated,
        EmbeddingSpec("huggingfaceDedicated", "endpoint-defined-model", 384, ENDPOINT),
        {
            "path": Difference("/", "/embeddings", "the Data API uses the route whose answer has an order and a usage"),
            "address": Difference("…/", "…/embeddings", "the same"),
            "body.inputs": Difference(TEXTS, ABSENT, "that route's member is 'input'"),
            "body.input": Difference(ABSENT, TEXTS, "that route's member is 'input'"),
        },
    ),
    "nvidia": Case(
        sdks.nvidia,
        EmbeddingSpec("nvidia", "nvidia/llama-nemotron-embed-1b-v2", sdks.CODE_DIMENSION),
        {"body.encoding_format": FLOAT},
    ),
    "upstageAI": Case(
        sdks.upstage,
        EmbeddingSpec("upstageAI", "solar-embedding-2", 1024),
        {"body.encoding_format": BASE64},
        one_text=True,
    ),
    "jinaAI": Case(
        sdks.jina,
        EmbeddingSpec("jinaAI", "jina-embeddings-v3", 64, {"task": "retrieval.passage", "late_chunking": True}),
        {
            "body.encoding_type": Difference("float", ABSENT, "Jina's documentation has no such member"),
            "body.truncate": Difference(
                ABSENT, False, "a text that is too long has to be an error, whatever the default"
            ),
        },
        one_text=True,
    ),
}


@pytest.fixture(scope="module", autouse=True)
def quiet() -> Iterator[None]:
    """Keep the SDKs from reporting to anybody, and from taking keys, addresses and proxies from this machine."""
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.lower().endswith("_proxy") or name.startswith(("OPENAI_", "AZURE_", "MISTRAL_", "HF_", "NVIDIA_")):
                patch.delenv(name)
        for name in ("HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK", "ANONYMIZED_TELEMETRY_DISABLED"):
            patch.setenv(name, "1")
        patch.setenv("LANGCHAIN_TRACING_V2", "false")
        patch.setattr(socket, "getaddrinfo", only_this_machine(socket.getaddrinfo))
        yield


def only_this_machine(resolve: Callable[..., Any]) -> Callable[..., Any]:
    """Resolve no name but this machine's: a test that needs another one is wrong."""

    def resolved(host: str | bytes | None, *more: object, **named: object) -> object:
        assert host in {"127.0.0.1", "localhost", b"127.0.0.1", None}, f"a test asks for {host!r}"
        return resolve(host, *more, **named)

    return resolved


@pytest.fixture
def recorder() -> Iterator[ProviderServer]:
    with provider_server_in_thread() as server:
        yield server


def flat(request: Recorded, address: str) -> dict[str, object]:
    """The parts of a request that are compared, each under a name of its own."""
    parts: dict[str, object] = {
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "address": address,
    }
    parts |= {f"header.{name}": request.headers[name] for name in COMPARED_HEADERS if name in request.headers}
    return parts | {f"body.{member}": value for member, value in request.json.items()}


def differences(sdk: Mapping[str, object], ours: Mapping[str, object]) -> dict[str, tuple[object, object]]:
    """What each of the two has, where they are not equal."""
    names = sorted(sdk.keys() | ours.keys())
    pairs = {name: (sdk.get(name, ABSENT), ours.get(name, ABSENT)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


async def our_request(server: ProviderServer, spec: EmbeddingSpec, texts: list[str], direction: Direction) -> Recorded:
    """Embed with the catalogue's own address, but for its scheme and host."""
    catalogue = load_catalogue(configured=["nvidia"], unlisted_models=True)
    wire = catalogue.wire(spec.provider)
    assert wire is not None
    template = wire.model_urls.get(spec.model, catalogue.get(spec.provider).url or "")
    parts = urlsplit(template)
    url = server.url + parts.path + (f"?{parts.query}" if parts.query else "")
    engine = EmbeddingEngine(catalogue, urls={spec.provider: url})
    try:
        await engine.embed(spec, texts, direction, SecretStr(KEY))
    finally:
        await engine.close()
    return server.requests[-1]


def our_address(spec: EmbeddingSpec) -> str:
    catalogue = load_catalogue(configured=["nvidia"], unlisted_models=True)
    wire = catalogue.wire(spec.provider)
    assert wire is not None
    return EmbeddingEngine(catalogue)._url(catalogue.get(spec.provider), wire, spec)


def short(address: str) -> str:
    """An address without what the test of the path and the query compares already."""
    parts = urlsplit(address)
    path = parts.path if "endpoints.huggingface" not in address else f"…{parts.path}"
    return f"{parts.scheme}://{parts.netloc}{path}" if not path.startswith("…") else path


@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize("name", CASES)
async def test_a_request_is_the_sdks_but_for_what_is_listed(
    recorder: ProviderServer, name: str, direction: Direction
) -> None:
    case = CASES[name]
    recorder.dimension = case.spec.dimension
    query = direction is Direction.QUERY
    texts = TEXTS[:1] if query or case.one_text else TEXTS

    address = case.call(recorder.url, texts, query=query)
    theirs = flat(recorder.requests[-1], short(address))
    ours = flat(await our_request(recorder, case.spec, texts, direction), short(our_address(case.spec)))

    listed = {
        part: tuple(texts if value is TEXTS else value for value in (listed.sdk, listed.ours))
        for part, listed in case.differences.items()
    }
    assert differences(theirs, ours) == listed
    assert all(listed.reason for listed in case.differences.values())


def test_every_provider_over_http_is_compared() -> None:
    catalogue = load_catalogue()
    asked = {provider.key for provider in catalogue.providers if catalogue.wire(provider.key) is not None}
    assert set(CASES) == asked, "say in CASES what the provider's own client sends"


@pytest.mark.parametrize(
    ("sdk", "ours", "found"),
    [
        ({"a": 1}, {"a": 1}, {}),
        ({"a": 1}, {"a": 2}, {"a": (1, 2)}),
        ({"a": None}, {}, {"a": (None, ABSENT)}),
        ({}, {"a": False}, {"a": (ABSENT, False)}),
    ],
)
def test_a_difference_is_found_wherever_it_is(sdk: dict[str, Any], ours: dict[str, Any], found: dict[str, Any]) -> None:
    assert differences(sdk, ours) == found
