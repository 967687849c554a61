"""What the settings say about providers, from the workspace down to what a server receives."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
import pytest_asyncio
from pydantic import SecretStr

from astrolabe.dataapi.protocol import Json
from astrolabe.portal.organization import DEFAULT_KEYSPACE, CredentialDraft, Database, DatabaseDraft
from astrolabe.providers.catalogue.setup import ProviderSetup, own_model
from astrolabe.workspace import Workspace, WorkspaceOptions
from tests.support.provider_server import ProviderServer

NVIDIA: Json = {"provider": "nvidia", "modelName": "NV-Embed-QA"}
OWN: Json = {"provider": "openai", "modelName": "nomic-embed-text"}


@pytest_asyncio.fixture
async def server() -> AsyncIterator[ProviderServer]:
    async with ProviderServer(dimension=1024) as running:
        yield running


@pytest_asyncio.fixture
async def workspace(tmp_path: Path, server: ProviderServer) -> AsyncIterator[Workspace]:
    setups = {
        "nvidia": ProviderSetup(
            url=f"{server.url}/v1/embeddings", key=SecretStr("nvapi-settings"), regions=("us-east-2",)
        ),
        "openai": ProviderSetup(base_url=f"{server.url}/v1", models=(own_model("bge-m3", 1024),)),
    }
    options = WorkspaceOptions(tmp_path / "data", provider_setups=setups, unlisted_models=True)
    async with Workspace.opened(options) as opened:
        yield opened


async def answer(
    workspace: Workspace, database: Database, command: Json, name: str | None = None, **headers: str
) -> Json:
    api = await workspace.api(database)
    sent: Mapping[str, str] = {header.replace("_", "-"): value for header, value in headers.items()}
    return (await api.execute(command, keyspace=DEFAULT_KEYSPACE, name=name, headers=sent)).to_json()


async def create(workspace: Workspace, database: Database, service: Json, dimension: int | None = None) -> Json:
    vector: Json = {"service": service} | ({"dimension": dimension} if dimension else {})
    return await answer(workspace, database, {"createCollection": {"name": "docs", "options": {"vector": vector}}})


INSERT: Json = {"insertOne": {"document": {"$vectorize": "a red bicycle"}}}
FIND: Json = {"find": {"sort": {"$vectorize": "bicycle"}, "options": {"limit": 1}}}


async def test_a_server_of_ones_own_needs_no_credential(workspace: Workspace, server: ProviderServer) -> None:
    database = await workspace.create_database(DatabaseDraft("shop"))
    assert await create(workspace, database, OWN, 1024) == {"status": {"ok": 1}}
    assert "errors" not in await answer(workspace, database, INSERT, "docs")
    found = await answer(workspace, database, FIND, "docs")
    assert len(found["data"]["documents"]) == 1
    assert [request.json["model"] for request in server.requests] == ["nomic-embed-text"] * 2
    assert not any("authorization" in request.headers for request in server.requests)


async def test_a_credential_goes_before_what_the_settings_say(workspace: Workspace, server: ProviderServer) -> None:
    database = await workspace.create_database(DatabaseDraft("shop"))
    await workspace.integrations.add_credential(
        CredentialDraft("openai", "my-key", SecretStr("sk-stored"), (database.id,))
    )
    assert await create(workspace, database, OWN | {"authentication": {"providerKey": "my-key"}}, 1024) == {
        "status": {"ok": 1}
    }
    await answer(workspace, database, INSERT, "docs")
    await answer(workspace, database, FIND, "docs", x_embedding_api_key="sk-header")
    sent = [request.headers["authorization"] for request in server.requests]
    assert sent == ["Bearer sk-stored", "Bearer sk-header"]
    await workspace.integrations.remove_credential("openai", "my-key")
    gone = await answer(workspace, database, FIND, "docs")
    assert gone["errors"][0]["errorCode"] == "EMBEDDING_GATEWAY_UNABLE_RESOLVE_AUTHENTICATION_TYPE"


@pytest.mark.parametrize(("header", "sent"), [({}, "nvapi-settings"), ({"x_embedding_api_key": "mine"}, "mine")])
async def test_the_hosted_provider_gets_the_header_or_the_key_of_the_settings(
    workspace: Workspace, server: ProviderServer, header: dict[str, str], sent: str
) -> None:
    database = await workspace.create_database(DatabaseDraft("shop"))
    assert await create(workspace, database, NVIDIA) == {"status": {"ok": 1}}
    await answer(workspace, database, INSERT, "docs", **header)
    request = server.requests[0]
    assert request.headers["authorization"] == f"Bearer {sent}"
    assert (request.json["input_type"], request.json["truncate"]) == ("passage", "NONE")


async def test_the_hosted_provider_is_offered_and_accepted_in_its_regions_only(workspace: Workspace) -> None:
    here = await workspace.create_database(DatabaseDraft("here", "aws", "us-east-2"))
    there = await workspace.create_database(DatabaseDraft("there", "aws", "eu-west-1"))

    async def offered(database: Database) -> bool:
        choices = await workspace.integrations.choices(database.id)
        return "nvidia" in [choice.provider.key for choice in choices]

    assert await offered(here)
    assert not await offered(there)
    assert await create(workspace, here, NVIDIA) == {"status": {"ok": 1}}
    refused = await create(workspace, there, NVIDIA)
    assert refused["errors"][0]["errorCode"] == "INVALID_CREATE_COLLECTION_OPTIONS"
    assert "eu-west-1" in refused["errors"][0]["message"]


async def test_what_the_settings_add_is_offered_in_the_dialogs(workspace: Workspace) -> None:
    database = await workspace.create_database(DatabaseDraft("shop"))
    choices = {choice.provider.key: choice for choice in await workspace.integrations.choices(database.id)}
    openai = choices["openai"]
    assert openai.credentials == ()
    assert openai.models[0].name == "bge-m3"
    assert "baai/bge-m3" in [model.name for model in choices["nvidia"].models]
