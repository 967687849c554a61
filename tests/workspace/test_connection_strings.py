"""Collections over the Data API that embed with a connection string."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from pydantic import SecretStr

from astrolabe.dataapi.protocol import DataApi, Json, JsonValue, Response
from astrolabe.portal.connection_strings.connection_string import ConnectionStringDraft
from astrolabe.portal.organization import DEFAULT_KEYSPACE, Database, DatabaseDraft
from astrolabe.workspace import Workspace, WorkspaceOptions
from tests.support.provider_server import Answer, ProviderServer

KEY = "sk-SENTINEL-stored"
STORED: Json = {"providerKey": "mine"}


@dataclass
class Shop:
    workspace: Workspace
    database: Database
    api: DataApi
    server: ProviderServer

    async def create(self, *, dimension: int = 8, **service: JsonValue) -> Response:
        given: Json = {"provider": "connectionString", "modelName": "any-model", "authentication": STORED} | service
        options: Json = {"vector": {"dimension": dimension, "service": given}}
        command: Json = {"createCollection": {"name": "notes", "options": options}}
        return await self.api.execute(command, keyspace=DEFAULT_KEYSPACE)

    async def insert(self, text: str, **headers: str) -> Response:
        command: Json = {"insertOne": {"document": {"$vectorize": text}}}
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.api.execute(command, keyspace=DEFAULT_KEYSPACE, name="notes", headers=given)


@pytest_asyncio.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    options = WorkspaceOptions(tmp_path / "data", user="ada")
    async with ProviderServer(dimension=8) as server, Workspace.opened(options) as workspace:
        database = await workspace.create_database(DatabaseDraft("shop"))
        settings = {"Endpoint": f"{server.url}/v1", "Model": "any-model"}
        await workspace.connection_strings.create(
            ConnectionStringDraft("Mine", "", "OpenAi", settings, SecretStr(KEY), (database.id,))
        )
        yield Shop(workspace, database, await workspace.api(database), server)


def code(response: Response) -> str:
    (error,) = response.errors
    return error.code


async def test_the_service_is_shown_as_it_was_given(shop: Shop) -> None:
    assert (await shop.create()).status == {"ok": 1}
    found = await shop.api.execute({"findCollections": {"options": {"explain": True}}}, keyspace=DEFAULT_KEYSPACE)
    (collection,) = found.status["collections"]
    assert collection["options"]["vector"]["service"] == {
        "provider": "connectionString",
        "modelName": "any-model",
        "authentication": {"providerKey": "mine.providerKey"},
    }


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ({"authentication": {"providerKey": "other"}}, "VECTORIZE_CREDENTIAL_INVALID"),
        ({"authentication": {}}, "INVALID_CREATE_COLLECTION_OPTIONS"),
        ({"modelName": "another"}, "INVALID_CREATE_COLLECTION_OPTIONS"),
        ({"parameters": {"x": 1}}, "INVALID_CREATE_COLLECTION_OPTIONS"),
        ({"dimension": 5000}, "INVALID_CREATE_COLLECTION_OPTIONS"),
    ],
)
async def test_what_does_not_fit_the_string_is_refused_as_for_credentials(
    shop: Shop, service: dict[str, JsonValue], expected: str
) -> None:
    dimension = service.pop("dimension", 8)
    assert isinstance(dimension, int)
    assert code(await shop.create(dimension=dimension, **service)) == expected
    assert shop.server.requests == []


async def test_only_a_database_in_scope_may_use_it(shop: Shop) -> None:
    desk = await shop.workspace.create_database(DatabaseDraft("desk"))
    shop.api = await shop.workspace.api(desk)
    assert code(await shop.create()) == "VECTORIZE_CREDENTIAL_INVALID"


async def test_a_key_of_the_request_takes_the_place_of_the_stored_one(shop: Shop) -> None:
    await shop.create()
    assert not (await shop.insert("a red bicycle", x_embedding_api_key="sk-other")).errors
    assert not (await shop.insert("a blue boat")).errors
    sent = [request.headers["authorization"] for request in shop.server.requests]
    assert sent == ["Bearer sk-other", f"Bearer {KEY}"]


async def test_failures_have_the_codes_of_providers_and_no_key(shop: Shop) -> None:
    await shop.create()
    shop.server.script(Answer(401, {"error": {"message": f"Incorrect API key provided: {KEY}"}}))
    refused = await shop.insert("a red bicycle")
    assert code(refused) == "EMBEDDING_PROVIDER_CLIENT_ERROR"
    assert KEY not in f"{refused.errors}{refused.errors[0].message}"


async def test_removal_disables_at_once_and_the_same_identifier_brings_it_back(shop: Shop) -> None:
    await shop.create()
    strings, credential_usage = shop.workspace.connection_strings, shop.workspace.credential_usage
    before = await strings.get("mine")
    rehearsal = await credential_usage.rehearse_removal("connectionString", ["mine"])
    assert [one.label for one in rehearsal.stops] == ["shop: default_keyspace.notes"]
    assert [one.name for one in (await shop.workspace.connection_usage.dependents("mine")).dependents] == ["notes"]
    await strings.remove("mine")
    assert code(await shop.insert("x")) == "EMBEDDING_GATEWAY_UNABLE_RESOLVE_AUTHENTICATION_TYPE"
    assert [one.dependent.name for one in await credential_usage.disabled()] == ["notes"]
    again = ConnectionStringDraft("Mine", "", "OpenAi", before.settings, SecretStr(KEY), (shop.database.id,))
    await strings.create(again)
    assert not (await shop.insert("x")).errors
    assert await credential_usage.disabled() == []
