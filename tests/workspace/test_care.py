"""Credentials and collections together: who depends on whom, rehearsal, testing and rotating, and read-only mode."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from pydantic import SecretStr

from astrolabe.dataapi.client.command_builders import collection_options
from astrolabe.errors import DataApiError, ProviderError, ProviderFailure, RuleError
from astrolabe.portal.organization import DEFAULT_KEYSPACE, CredentialDraft, Database, DatabaseDraft, ServiceConfig
from astrolabe.workspace import Workspace, WorkspaceOptions
from storage.errors import ReadOnlyError
from tests.support.provider_server import Answer, ProviderServer

OLD, NEW = "hf_SENTINEL-the-old-one", "hf_SENTINEL-the-new-one"
PROVIDER, NAME = "huggingface", "webstore-prod"
SERVICE = ServiceConfig(PROVIDER, "sentence-transformers/all-MiniLM-L6-v2", f"{NAME}.providerKey")


@pytest_asyncio.fixture
async def server() -> AsyncIterator[ProviderServer]:
    async with ProviderServer(dimension=384) as running:
        yield running


def options(folder: Path, server: ProviderServer, *, read_only: bool = False) -> WorkspaceOptions:
    router = server.url + "/hf-inference/models/{modelId}/pipeline/feature-extraction"
    return WorkspaceOptions(folder / "data", {PROVIDER: router}, read_only=read_only)


@pytest_asyncio.fixture
async def workspace(tmp_path: Path, server: ProviderServer) -> AsyncIterator[Workspace]:
    """Two databases in the scope of one token; a collection in each uses it."""
    async with Workspace.opened(options(tmp_path, server)) as opened:
        databases = [await opened.create_database(DatabaseDraft(name)) for name in ("shop", "desk")]
        ids = tuple(database.id for database in databases)
        await opened.integrations.add_credential(CredentialDraft(PROVIDER, NAME, SecretStr(OLD), ids))
        for database in databases:
            client = await opened.client(database)
            await client.create_collection(DEFAULT_KEYSPACE, "notes", collection_options(service=SERVICE))
            await client.collection(DEFAULT_KEYSPACE, "notes").insert_one({"_id": "n1", "$vectorize": "a red bicycle"})
        server.requests.clear()
        yield opened


async def search(workspace: Workspace, database: Database) -> list[str]:
    client = await workspace.client(database)
    page = await client.collection(DEFAULT_KEYSPACE, "notes").find(sort={"$vectorize": "bicycle"}, limit=1)
    return [str(document["_id"]) for document in page.documents]


async def labels(workspace: Workspace) -> list[str]:
    return [disabled.dependent.label for disabled in await workspace.credential_usage.disabled()]


async def test_the_rehearsal_says_what_removing_does_and_that_is_what_happens(workspace: Workspace) -> None:
    shop = await workspace.databases.find("shop")
    rehearsal = await workspace.credential_usage.rehearse_removal(PROVIDER, [NAME])
    assert [one.label for one in rehearsal.stops] == ["desk: default_keyspace.notes", "shop: default_keyspace.notes"]
    assert await labels(workspace) == []
    await workspace.integrations.remove_credential(PROVIDER, NAME)
    assert await labels(workspace) == [one.label for one in rehearsal.stops]
    with pytest.raises(DataApiError) as caught:
        await search(workspace, shop)
    assert caught.value.code == "EMBEDDING_GATEWAY_UNABLE_RESOLVE_AUTHENTICATION_TYPE"
    collection = (await workspace.client(shop)).collection(DEFAULT_KEYSPACE, "notes")
    assert len((await collection.find()).documents) == 1
    assert len((await collection.find(sort={"$vector": [1.0] * 384}, limit=1)).documents) == 1


async def test_leaving_the_scope_disables_one_database_only(workspace: Workspace) -> None:
    shop, desk = await workspace.databases.find("shop"), await workspace.databases.find("desk")
    rehearsal = await workspace.credential_usage.rehearse_scope(PROVIDER, NAME, remove=[shop.id])
    assert [one.database.name for one in rehearsal.stops] == ["shop"]
    assert [one.database.name for one in rehearsal.goes_on] == ["desk"]
    await workspace.integrations.remove_from_scope(PROVIDER, NAME, shop.id)
    (disabled,) = await workspace.credential_usage.disabled(shop)
    assert f"shop is not in the scope of the user access token '{NAME}'" in disabled.reason
    assert await workspace.credential_usage.disabled(desk) == []
    assert await search(workspace, desk) == ["n1"]


async def test_a_replacement_of_another_name_brings_nothing_back(workspace: Workspace) -> None:
    ids = [database.id for database in await workspace.databases.list()]
    assert len((await workspace.credential_usage.rehearse_replacement(PROVIDER, NAME, "another", ids)).stops) == 2
    same = await workspace.credential_usage.rehearse_replacement(PROVIDER, NAME, NAME, ids[:1])
    assert (len(same.stops), len(same.goes_on)) == (1, 1)


async def test_a_rotation_asks_the_provider_first_and_then_the_new_secret_is_used(
    workspace: Workspace, server: ProviderServer
) -> None:
    await workspace.credential_usage.rotate(PROVIDER, NAME, SecretStr(NEW))
    (probe,) = server.requests
    assert probe.headers["authorization"] == f"Bearer {NEW}"
    assert await search(workspace, await workspace.databases.find("shop")) == ["n1"]
    assert server.requests[-1].headers["authorization"] == f"Bearer {NEW}"


async def test_a_secret_that_the_provider_refuses_is_not_taken(workspace: Workspace, server: ProviderServer) -> None:
    server.script(Answer(401, {"error": "Invalid credentials"}))
    with pytest.raises(ProviderError) as caught:
        await workspace.credential_usage.rotate(PROVIDER, NAME, SecretStr(NEW))
    assert caught.value.failure is ProviderFailure.AUTHENTICATION
    assert await search(workspace, await workspace.databases.find("shop")) == ["n1"]
    assert server.requests[-1].headers["authorization"] == f"Bearer {OLD}"


async def test_a_change_during_the_test_is_a_conflict(workspace: Workspace) -> None:
    shop = await workspace.databases.find("shop")
    test = workspace.credential_usage.test

    async def meanwhile(*arguments: object, **named: object) -> object:
        await workspace.integrations.remove_from_scope(PROVIDER, NAME, shop.id)
        return await test(*arguments, **named)  # type: ignore[arg-type]

    workspace.credential_usage.test = meanwhile  # type: ignore[method-assign,assignment]
    with pytest.raises(RuleError, match="changed by another window"):
        await workspace.credential_usage.rotate(PROVIDER, NAME, SecretStr(NEW))


async def test_a_credential_that_nothing_uses_is_tested_with_a_model_of_the_provider(workspace: Workspace) -> None:
    await workspace.integrations.add_credential(CredentialDraft(PROVIDER, "unused", SecretStr(NEW)))
    (tested,) = await workspace.credential_usage.test(PROVIDER, "unused")
    assert (tested.dimension, tested.expected) == (384, 384)
    await workspace.integrations.add_credential(CredentialDraft("huggingfaceDedicated", "unused", SecretStr(NEW)))
    with pytest.raises(RuleError, match=r"nothing to test with.*endpointName"):
        await workspace.credential_usage.test("huggingfaceDedicated", "unused")


async def test_read_only_mode_refuses_every_change_below_the_screens(
    workspace: Workspace, server: ProviderServer, tmp_path: Path
) -> None:
    shop = await workspace.databases.find("shop")
    async with Workspace.opened(options(tmp_path, server, read_only=True)) as reader:
        assert await search(reader, shop) == ["n1"]
        for change in (
            reader.create_database(DatabaseDraft("other")),
            reader.delete_database(shop),
            reader.integrations.add_credential(CredentialDraft(PROVIDER, "other", SecretStr(NEW))),
            reader.integrations.remove_credential(PROVIDER, NAME),
            reader.integrations.remove_from_scope(PROVIDER, NAME, shop.id),
            reader.credential_usage.rotate(PROVIDER, NAME, SecretStr(NEW), test=False),
            reader.reencryption.run(),
            reader.put_setting("theme", "day"),
        ):
            with pytest.raises(ReadOnlyError, match="read-only mode"):
                await change
        client = await reader.client(shop)
        collection = client.collection(DEFAULT_KEYSPACE, "notes")
        for refused in (
            collection.insert_one({"_id": "n2"}),
            collection.update_one({"_id": "n1"}, {"$set": {"a": 1}}),
            collection.delete_many({}),
            client.delete_collection(DEFAULT_KEYSPACE, "notes"),
            client.create_keyspace("more"),
        ):
            with pytest.raises(DataApiError, match="read-only mode"):
                await refused
    assert await search(workspace, shop) == ["n1"]


async def test_the_trail_says_who_did_what_and_no_secret(workspace: Workspace) -> None:
    await workspace.credential_usage.rotate(PROVIDER, NAME, SecretStr(NEW), test=False)
    entries = [entry async for entry in workspace.audit.entries()]
    assert [entry.action for entry in entries] == [
        "credential.rotate",
        "credential.add",
        "database.create",
        "database.create",
    ]
    assert entries[0].subject == f"{PROVIDER}/{NAME} (desk, shop)"
    assert entries[0].user
    exported = await workspace.audit.as_jsonl() + await workspace.audit.as_csv()
    assert "SENTINEL" not in exported
    assert len((await workspace.audit.as_csv()).splitlines()) == 5
