"""findEmbeddingProviders has exactly the keys that the clients know."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from astrolabe.dataapi.engine.vectorize.provider_listing import list_providers
from astrolabe.dataapi.protocol import Json, JsonValue
from astrolabe.providers.catalogue.catalogue import Catalogue, load_catalogue
from astrolabe.providers.catalogue.provider_info import (
    Hosting,
    ModelInfo,
    ModelStatus,
    ParameterInfo,
    ParameterType,
    ProviderInfo,
)
from tests.dataapi.test_create_service import with_status
from tests.support.local_api import LocalDatabase, codes, local_database, message


async def providers(db: LocalDatabase, **command: JsonValue) -> Json:
    answer = await db.on_database({"findEmbeddingProviders": command})
    assert list(answer) == ["status"]
    assert list(answer["status"]) == ["embeddingProviders"]
    found: Json = answer["status"]["embeddingProviders"]
    return found


async def test_those_of_the_catalogue_are_listed(db: LocalDatabase) -> None:
    assert set(await providers(db)) == {provider.key for provider in load_catalogue().providers}


async def test_every_level_has_its_keys_and_no_others(db: LocalDatabase) -> None:
    parameter = {"name", "type", "required", "defaultValue", "validation", "help"}
    for provider in (await providers(db)).values():
        assert set(provider) == {"displayName", "url", "supportedAuthentication", "parameters", "models"}
        for mode in provider["supportedAuthentication"].values():
            assert set(mode) == {"enabled", "tokens"}
            assert all(set(token) == {"accepted", "forwarded"} for token in mode["tokens"])
        for entry in provider["parameters"]:
            assert set(entry) == parameter | {"displayName", "hint"}
            assert entry["type"] in {"STRING", "NUMBER", "BOOLEAN"}
        for model in provider["models"]:
            assert set(model) == {"name", "apiModelSupport", "vectorDimension", "parameters"}
            assert model["apiModelSupport"] == {"status": "SUPPORTED"}
            for entry in model["parameters"]:
                assert set(entry) == parameter
                assert entry["type"] in {"string", "number", "boolean"}
                assert entry["defaultValue"] is None or isinstance(entry["defaultValue"], str)


async def test_openai_as_the_contract_shows_it(db: LocalDatabase) -> None:
    openai = (await providers(db))["openai"]
    assert openai["displayName"] == "OpenAI"
    assert openai["url"] == "https://api.openai.com/v1/"
    assert openai["supportedAuthentication"] == {
        "NONE": {"enabled": False, "tokens": []},
        "HEADER": {"enabled": True, "tokens": [{"accepted": "x-embedding-api-key", "forwarded": "Authorization"}]},
        "SHARED_SECRET": {"enabled": True, "tokens": [{"accepted": "providerKey", "forwarded": "Authorization"}]},
    }
    assert [model["name"] for model in openai["models"]] == [
        "text-embedding-3-large",
        "text-embedding-3-small",
        "text-embedding-ada-002",
    ]
    small, fixed = openai["models"][1], openai["models"][2]
    (dimension,) = small["parameters"]
    assert small["vectorDimension"] is None
    assert dimension["name"] == "vectorDimension"
    assert (dimension["type"], dimension["required"], dimension["defaultValue"]) == ("number", True, "1536")
    assert dimension["validation"] == {"numericRange": [2, 1536]}
    assert (fixed["vectorDimension"], fixed["parameters"]) == (1536, [])


async def test_a_default_and_a_label_are_listed_as_upstream_has_them(db: LocalDatabase) -> None:
    listed = await providers(db)
    (truncate,) = listed["voyageAI"]["parameters"]
    assert (truncate["name"], truncate["type"], truncate["defaultValue"]) == ("autoTruncate", "BOOLEAN", "true")
    cloud = listed["huggingfaceDedicated"]["parameters"][2]
    assert cloud["displayName"] == "Cloud provider where the dedicated endpoint is deployed"
    assert cloud["hint"] == "Add cloud name"
    v3 = next(model for model in listed["jinaAI"]["models"] if model["name"] == "jina-embeddings-v3")
    assert [(entry["name"], entry["type"], entry["defaultValue"]) for entry in v3["parameters"]] == [
        ("vectorDimension", "number", "1024"),
        ("task", "string", "text-matching"),
        ("late_chunking", "boolean", "false"),
    ]
    assert listed["nvidia"]["displayName"] == "Nvidia"


async def test_models_that_astra_does_not_list_are_listed_only_on_demand(tmp_path: Path) -> None:
    async def names(catalogue: Catalogue, folder: str) -> set[str]:
        async with local_database(tmp_path / folder, catalogue=catalogue) as database:
            listed = await providers(database)
        return {model["name"] for provider in listed.values() for model in provider["models"]}

    usual = await names(load_catalogue(), "usual")
    everything = await names(load_catalogue(unlisted_models=True), "everything")
    assert "voyage-4" not in usual
    assert {"voyage-4", "codestral-embed", "jina-embeddings-v4"} <= everything - usual
    assert usual < everything


async def test_hosted_providers_need_no_key(db: LocalDatabase) -> None:
    listed = await providers(db)
    for key in ("nvidia", "embedded"):
        assert listed[key]["supportedAuthentication"] == {"NONE": {"enabled": True, "tokens": []}}
    assert listed["embedded"]["url"] is None


def test_models_are_in_code_point_order() -> None:
    models = tuple(ModelInfo(name, dimension=2) for name in ("b", "A", "a", "B"))
    provider = ProviderInfo("p", "P", Hosting.HOSTED, None, "API key", models)
    listed = list_providers(Catalogue((provider,)), frozenset(ModelStatus))["p"]["models"]
    assert [model["name"] for model in listed] == ["A", "B", "a", "b"]


@pytest_asyncio.fixture
async def aged(tmp_path: Path) -> AsyncIterator[LocalDatabase]:
    catalogue = with_status(ModelStatus.DEPRECATED, "Use 3-large.")
    async with local_database(tmp_path, catalogue=catalogue) as database:
        yield database


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ({}, False),
        ({"options": {}}, True),
        ({"options": {"filterModelStatus": None}}, True),
        ({"options": {"filterModelStatus": ""}}, True),
        ({"options": {"filterModelStatus": "supported"}}, False),
        ({"options": {"filterModelStatus": "Deprecated"}}, True),
        ({"options": {"filterModelStatus": "END_OF_LIFE"}}, False),
    ],
)
async def test_models_by_life_cycle(aged: LocalDatabase, command: Json, shown: bool) -> None:
    openai = (await providers(aged, **command))["openai"]
    names = {model["name"]: model["apiModelSupport"] for model in openai["models"]}
    assert ("text-embedding-3-small" in names) is shown
    if shown:
        assert names["text-embedding-3-small"] == {"status": "DEPRECATED", "message": "Use 3-large."}


async def test_a_provider_without_matching_models_is_listed(aged: LocalDatabase) -> None:
    listed = await providers(aged, options={"filterModelStatus": "END_OF_LIFE"})
    assert all(provider["models"] == [] for provider in listed.values())
    assert len(listed) == 10


async def test_another_life_cycle_is_refused(db: LocalDatabase) -> None:
    answer = await db.on_database({"findEmbeddingProviders": {"options": {"filterModelStatus": "NEW"}}})
    assert codes(answer) == ["COMMAND_FIELD_VALUE_INVALID"]
    assert "command.options.filterModelStatus" in message(answer)


def test_ranges_and_choices_are_validations() -> None:
    ranged = ParameterInfo("size", ParameterType.NUMBER, required=False, label="Size", help="", numeric_range=(1, 9))
    chosen = ParameterInfo("kind", ParameterType.STRING, required=True, label="Kind", help="", options=("a", "b"))
    model = ModelInfo("m", dimension_range=(64, 512), dimension_options=(64, 512), default_dimension=64)
    provider = ProviderInfo("p", "P", Hosting.HOSTED, None, "API key", (model,), parameters=(ranged, chosen))
    listed = list_providers(Catalogue((provider,)), frozenset(ModelStatus))["p"]
    assert [entry["validation"] for entry in listed["parameters"]] == [
        {"numericRange": [1, 9]},
        {"options": ["a", "b"]},
    ]
    assert listed["models"][0]["parameters"][0]["validation"] == {"options": ["64", "512"]}
