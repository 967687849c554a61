"""The cache of embeddings behind the Data API: it saves requests, and opens no door that was closed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from astrolabe.dataapi.client.client import Collection
from astrolabe.errors import DataApiError
from astrolabe.loading.load_plan import LoadPlan, LoadProgress
from astrolabe.loading.loader import run_load
from astrolabe.portal.organization import DEFAULT_KEYSPACE
from astrolabe.providers.simulated.rules import Rule, SimulatedFailure
from astrolabe.workspace import Workspace, WorkspaceOptions
from storage.errors import ReadOnlyError
from tests.support.provider_server import Answer, ProviderServer
from tests.support.shop import NAME, PROVIDER, can_vectorize, shop_with_notes, urls


@pytest.fixture
async def server() -> AsyncIterator[ProviderServer]:
    async with ProviderServer() as running:
        yield running


@pytest.fixture
def options(tmp_path: Path, server: ProviderServer) -> WorkspaceOptions:
    return WorkspaceOptions(tmp_path / "data", urls(server))


@pytest.fixture
async def shop(options: WorkspaceOptions) -> AsyncIterator[Workspace]:
    async with Workspace.opened(options) as workspace:
        await shop_with_notes(workspace)
        yield workspace


async def notes(shop: Workspace) -> Collection:
    client = await shop.client(await shop.databases.find("shop"))
    return client.collection(DEFAULT_KEYSPACE, "notes")


async def test_the_same_search_asks_the_provider_once(shop: Workspace, server: ProviderServer) -> None:
    server.requests.clear()
    for _ in range(3):
        assert await can_vectorize(shop, "bicycle")
    assert len(server.requests) == 1


async def test_a_removed_credential_is_refused_at_once_although_the_vector_is_known(shop: Workspace) -> None:
    assert await can_vectorize(shop, "bicycle")
    await shop.integrations.remove_credential(PROVIDER, NAME)
    assert not await can_vectorize(shop, "bicycle")


async def test_a_database_out_of_the_scope_is_refused_although_the_vector_is_known(shop: Workspace) -> None:
    assert await can_vectorize(shop, "bicycle")
    database = await shop.databases.find("shop")
    await shop.integrations.remove_from_scope(PROVIDER, NAME, database.id)
    assert not await can_vectorize(shop, "bicycle")


async def test_a_wrong_key_in_the_header_gets_no_vector_a_known_one_neither(
    shop: Workspace, server: ProviderServer
) -> None:
    assert await can_vectorize(shop, "bicycle")
    server.always(Answer(401, {"error": "Invalid credentials"}))
    api = await shop.api(await shop.databases.find("shop"))
    headers = {"x-embedding-api-key": "wrong"}

    async def search(text: str) -> list[str]:
        command = {"find": {"sort": {"$vectorize": text}, "options": {"limit": 1}}}
        answer = await api.execute(command, keyspace=DEFAULT_KEYSPACE, name="notes", headers=headers)
        return [error.code for error in answer.errors]

    assert await search("bicycle") == ["EMBEDDING_PROVIDER_CLIENT_ERROR"]
    assert await search("never asked for") == ["EMBEDDING_PROVIDER_CLIENT_ERROR"]


async def test_without_the_setting_every_text_is_asked_for(tmp_path: Path, server: ProviderServer) -> None:
    async with Workspace.opened(WorkspaceOptions(tmp_path / "data", urls(server), cache_bytes=None)) as workspace:
        await shop_with_notes(workspace)
        server.requests.clear()
        for _ in range(3):
            assert await can_vectorize(workspace, "bicycle")
    assert len(server.requests) == 3
    assert not (tmp_path / "data" / "embeddings.db").exists()


async def test_a_load_that_is_repeated_elsewhere_takes_its_texts_from_the_cache(
    shop: Workspace, server: ProviderServer, tmp_path: Path
) -> None:
    path = tmp_path / "notes.jsonl"
    path.write_text("".join(json.dumps({"n": n, "text": f"text {n}"}) + "\n" for n in range(250)))
    database = await shop.databases.find("shop")
    client = await shop.client(database)
    [info] = await client.collections(DEFAULT_KEYSPACE)
    plan = LoadPlan(path, database.id, info, "text")
    seen: list[LoadProgress] = []
    first = await run_load(plan, await notes(shop), shop.ledger)
    assert (first.loaded, first.from_cache) == (250, 0)
    await (await notes(shop)).delete_many({})
    server.requests.clear()
    path.write_text(path.read_text() + '{"n": 250, "text": "one more"}\n')
    again = await run_load(plan, await notes(shop), shop.ledger, on_progress=seen.append)
    assert (again.loaded, again.from_cache) == (251, 250)
    assert seen[-1].from_cache == 250
    assert server.texts == ["one more"]


async def test_clearing_is_a_change(options: WorkspaceOptions, shop: Workspace, server: ProviderServer) -> None:
    assert await can_vectorize(shop, "bicycle")
    await shop.embedding_cache.settle()
    async with Workspace.opened(WorkspaceOptions(options.data_dir, options.provider_urls, read_only=True)) as reader:
        server.requests.clear()
        assert await can_vectorize(reader, "bicycle")
        assert server.requests == []
        with pytest.raises(ReadOnlyError):
            await reader.clear_embedding_cache()
    assert await shop.clear_embedding_cache() == 2
    assert await can_vectorize(shop, "bicycle")
    assert len(server.requests) == 1


async def test_a_known_vector_does_not_hide_a_simulated_failure(shop: Workspace) -> None:
    assert await can_vectorize(shop, "bicycle")
    await shop.lab.switch_on(Rule(PROVIDER, SimulatedFailure.UNAUTHORIZED))
    with pytest.raises(DataApiError, match="401"):
        await can_vectorize(shop, "bicycle")
    await shop.lab.switch_off(PROVIDER)
    assert await can_vectorize(shop, "bicycle")
