"""What the settings of a provider change: where requests go, with which key, and what is offered."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from astrolabe.errors import ProviderError, ProviderFailure
from astrolabe.providers.catalogue.catalogue import load_catalogue
from astrolabe.providers.catalogue.provider_info import Direction, EmbeddingSpec
from astrolabe.providers.catalogue.setup import ProviderSetup, own_model
from astrolabe.providers.embedding.engine import EmbeddingEngine
from tests.providers.setup import KEY
from tests.support.provider_server import ProviderServer, Recorded

OLLAMA = ProviderSetup(base_url="http://127.0.0.1:11434/v1")


async def sent(server: ProviderServer, setup: ProviderSetup, spec: EmbeddingSpec, key: str = "") -> Recorded:
    """Embed one text with a provider set up like this and return the request."""
    server.dimension = spec.dimension
    keys = {spec.provider: setup.key} if setup.key is not None else {}
    urls = {spec.provider: setup.address} if setup.address else {}
    engine = EmbeddingEngine(load_catalogue(setups={spec.provider: setup}), urls=urls, keys=keys)
    try:
        await engine.embed(spec, ["x"], Direction.STORE, SecretStr(key) if key else None)
    finally:
        await engine.close()
    return server.requests[-1]


@pytest.mark.parametrize("slash", ["", "/"])
async def test_a_compatible_server_gets_openais_request_with_floats_asked_for(
    server: ProviderServer, slash: str
) -> None:
    setup = ProviderSetup(base_url=f"{server.url}/v1{slash}")
    request = await sent(server, setup, EmbeddingSpec("openai", "nomic-embed-text", 768))
    assert (request.method, request.path) == ("POST", "/v1/embeddings")
    assert request.json == {"input": ["x"], "model": "nomic-embed-text", "encoding_format": "float"}
    assert "authorization" not in request.headers


async def test_a_compatible_server_gets_the_key_of_the_settings_unless_there_is_a_better_one(
    server: ProviderServer,
) -> None:
    setup = ProviderSetup(base_url=f"{server.url}/v1", key=SecretStr("sk-own"))
    spec = EmbeddingSpec("openai", "text-embedding-3-small", 256)
    assert (await sent(server, setup, spec)).headers["authorization"] == "Bearer sk-own"
    request = await sent(server, setup, spec, KEY)
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.json["dimensions"] == 256


async def test_openai_itself_is_not_asked_for_an_encoding(server: ProviderServer) -> None:
    setup = ProviderSetup(url=f"{server.url}/v1/embeddings")
    request = await sent(server, setup, EmbeddingSpec("openai", "text-embedding-3-small", 8), KEY)
    assert "encoding_format" not in request.json


async def test_only_a_server_on_this_machine_may_go_without_any_key() -> None:
    assert OLLAMA.keyless
    away = ProviderSetup(base_url="https://gpu.example/v1")
    assert not away.keyless
    assert ProviderSetup(base_url="https://gpu.example/v1", key=SecretStr("k")).keyless
    assert not ProviderSetup(url="http://127.0.0.1:11434/v1/embeddings").keyless
    engine = EmbeddingEngine(load_catalogue(setups={"openai": away}), urls={"openai": away.address})
    with pytest.raises(ProviderError) as caught:
        await engine.embed(EmbeddingSpec("openai", "m", 8), ["x"], Direction.STORE, None)
    await engine.close()
    assert caught.value.failure is ProviderFailure.NO_KEY


def test_a_compatible_server_has_models_of_its_own_and_any_other_by_name() -> None:
    setup = ProviderSetup(base_url=OLLAMA.base_url, models=(own_model("bge-m3", 1024),))
    openai = load_catalogue(setups={"openai": setup}).get("openai")
    assert [model.name for model in openai.models][:2] == ["bge-m3", "text-embedding-3-small"]
    free = openai.model("anything/at-all")
    assert free is not None
    assert free.accepts_dimension(768)
    assert free.default_dimension is None
    assert load_catalogue().get("openai").model("anything/at-all") is None


def test_a_model_of_the_settings_takes_the_place_of_the_catalogues() -> None:
    setup = ProviderSetup(models=(own_model("text-embedding-3-small", 512),))
    openai = load_catalogue(setups={"openai": setup}).get("openai")
    assert [model.name for model in openai.models].count("text-embedding-3-small") == 1
    small = openai.model("text-embedding-3-small")
    assert small is not None
    assert small.dimension == 512


def test_a_key_alone_makes_nvidia_available_at_its_public_address() -> None:
    nvidia = load_catalogue(setups={"nvidia": ProviderSetup(key=SecretStr("nvapi-1"))}).get("nvidia")
    assert nvidia.available
    assert not load_catalogue(setups={"nvidia": ProviderSetup(regions=())}).get("nvidia").available


async def test_the_oldest_nvidia_model_has_an_address_of_its_own_unless_one_is_set(server: ProviderServer) -> None:
    catalogue = load_catalogue(setups={"nvidia": ProviderSetup(key=SecretStr("nvapi-1"))})
    engine = EmbeddingEngine(catalogue, keys={"nvidia": SecretStr("nvapi-1")})
    nvidia, wire = catalogue.get("nvidia"), catalogue.wire("nvidia")
    assert wire is not None
    oldest = EmbeddingSpec("nvidia", "NV-Embed-QA", 1024)
    assert engine._url(nvidia, wire, oldest) == "https://ai.api.nvidia.com/v1/retrieval/nvidia/embeddings"
    newer = EmbeddingSpec("nvidia", "nvidia/nv-embedqa-e5-v5", 1024)
    assert engine._url(nvidia, wire, newer) == "https://integrate.api.nvidia.com/v1/embeddings"
    await engine.close()
    setup = ProviderSetup(url=f"{server.url}/v1/embeddings", key=SecretStr("nim"))
    request = await sent(server, setup, oldest)
    assert request.path == "/v1/embeddings"
    assert request.headers["authorization"] == "Bearer nim"


def test_regions_of_the_settings_take_the_place_of_the_catalogues() -> None:
    def offered(setup: ProviderSetup, region: str) -> bool:
        return load_catalogue(setups={"nvidia": setup}).get("nvidia").offered_in(region)

    assert not offered(ProviderSetup(), "eu-west-1")
    assert offered(ProviderSetup(regions=("eu-west-1",)), "eu-west-1")
    assert not offered(ProviderSetup(regions=("eu-west-1",)), "us-east-2")
    assert offered(ProviderSetup(regions=()), "eu-west-1")


async def test_a_collection_keeps_its_model_when_it_is_no_longer_offered(server: ProviderServer) -> None:
    setup = ProviderSetup(url=f"{server.url}/v1/embeddings")
    assert load_catalogue().get("voyageAI").model("voyage-4") is None
    request = await sent(server, setup, EmbeddingSpec("voyageAI", "voyage-4", 512), KEY)
    assert request.json["output_dimension"] == 512


def test_a_key_of_the_settings_is_in_no_repr() -> None:
    setup = ProviderSetup(key=SecretStr(KEY))
    assert KEY not in repr(setup)
    assert KEY not in repr(load_catalogue(setups={"nvidia": setup}).get("nvidia"))
