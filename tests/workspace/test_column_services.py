"""The services of vector columns: attached, changed, dropped, disabled one by one, rehearsed and noted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from pydantic import SecretStr

from astrolabe.dataapi.protocol import Json, JsonValue
from astrolabe.portal.organization import DEFAULT_KEYSPACE, CredentialDraft, Database, DatabaseDraft
from astrolabe.workspace import Workspace, WorkspaceOptions
from tests.support.local_api import codes

OPENAI = {
    "provider": "openai",
    "modelName": "text-embedding-3-small",
    "authentication": {"providerKey": "prod"},
}
JINA = {
    "provider": "jinaAI",
    "modelName": "jina-embeddings-v2-base-en",
    "authentication": {"providerKey": "prod"},
}


@pytest_asyncio.fixture
async def workspace(tmp_path: Path) -> AsyncIterator[Workspace]:
    """A table with a vector column of each of two providers, and one that has no service."""
    async with Workspace.opened(WorkspaceOptions(tmp_path / "data")) as opened:
        database = await opened.create_database(DatabaseDraft("shop"))
        for provider in ("openai", "jinaAI"):
            draft = CredentialDraft(provider, "prod", SecretStr("sk-made-up"), (database.id,))
            await opened.integrations.add_credential(draft)
        columns: Json = {
            "id": "text",
            "title": {"type": "vector", "service": OPENAI},
            "body": {"type": "vector", "service": JINA},
            "own": {"type": "vector", "dimension": 768},
        }
        command = {"createTable": {"name": "notes", "definition": {"columns": columns, "primaryKey": "id"}}}
        assert await send(opened, command, name=None) == {"status": {"ok": 1}}
        yield opened


async def shop(workspace: Workspace) -> Database:
    [database] = await workspace.databases.list()
    return database


async def send(workspace: Workspace, command: Json, name: str | None = "notes") -> Json:
    api = await workspace.api(await shop(workspace))
    return (await api.execute(command, keyspace=DEFAULT_KEYSPACE, name=name)).to_json()


async def alter(workspace: Workspace, **operation: JsonValue) -> list[str]:
    return codes(await send(workspace, {"alterTable": {"operation": operation}}))


async def disabled(workspace: Workspace) -> list[str]:
    return [one.dependent.label for one in await workspace.credential_usage.disabled()]


async def noted(workspace: Workspace) -> list[tuple[str, str]]:
    found = [(entry.action, entry.subject) async for entry in workspace.audit.entries()]
    return [entry for entry in reversed(found) if entry[0].startswith("service.")]


async def test_a_credential_that_goes_stops_exactly_the_columns_that_use_it(workspace: Workspace) -> None:
    rehearsal = await workspace.credential_usage.rehearse_removal("openai", ["prod"])
    assert [one.label for one in rehearsal.stops] == ["shop: default_keyspace.notes.title"]
    await workspace.integrations.remove_credential("openai", "prod")
    assert await disabled(workspace) == ["shop: default_keyspace.notes.title"]
    database = await shop(workspace)
    await workspace.integrations.remove_from_scope("jinaAI", "prod", database.id)
    assert len(await disabled(workspace)) == 2


async def test_a_service_is_dropped_and_attached_again(workspace: Workspace) -> None:
    assert await alter(workspace, dropVectorize={"columns": ["title"]}) == []
    rehearsal = await workspace.credential_usage.rehearse_removal("openai", ["prod"])
    assert rehearsal.stops == ()
    await workspace.integrations.remove_credential("openai", "prod")
    refused = await alter(workspace, addVectorize={"columns": {"title": OPENAI}})
    assert refused == ["VECTORIZE_CREDENTIAL_INVALID"]
    other = OPENAI | {"authentication": {"providerKey": "second"}}
    draft = CredentialDraft("openai", "second", SecretStr("sk-made-up-too"), ((await shop(workspace)).id,))
    await workspace.integrations.add_credential(draft)
    assert await alter(workspace, addVectorize={"columns": {"title": other}}) == []
    assert await disabled(workspace) == []
    assert await noted(workspace) == [
        ("service.drop", "shop: default_keyspace.notes.title"),
        ("service.attach", "shop: default_keyspace.notes.title"),
    ]


async def test_a_credential_out_of_scope_cannot_be_attached(workspace: Workspace) -> None:
    await workspace.integrations.remove_from_scope("jinaAI", "prod", (await shop(workspace)).id)
    assert await alter(workspace, addVectorize={"columns": {"own": JINA}}) == ["VECTORIZE_CREDENTIAL_INVALID"]


async def test_a_service_is_changed_for_another_of_the_same_dimension_only(workspace: Workspace) -> None:
    smaller = OPENAI | {"modelName": "text-embedding-3-large"}
    assert await alter(workspace, addVectorize={"columns": {"body": smaller}}) == []
    assert await alter(workspace, addVectorize={"columns": {"title": JINA}}) == ["INVALID_CREATE_COLLECTION_OPTIONS"]
    assert await noted(workspace) == [("service.change", "shop: default_keyspace.notes.body")]
    [entry] = [found async for found in workspace.audit.entries() if found.action == "service.change"]
    assert dict(entry.detail) == {
        "name": "shop: default_keyspace.notes.body",
        "former_provider": "jinaAI",
        "former_model": "jina-embeddings-v2-base-en",
        "former_credential": "prod",
        "provider": "openai",
        "model": "text-embedding-3-large",
        "credential": "prod",
    }


async def test_several_columns_are_changed_at_once_or_not_at_all(workspace: Workspace) -> None:
    refused = await alter(workspace, addVectorize={"columns": {"own": JINA, "title": JINA}})
    assert refused == ["INVALID_CREATE_COLLECTION_OPTIONS"]
    assert await noted(workspace) == []
    assert await alter(workspace, dropVectorize={"columns": ["title", "body", "own"]}) == []
    assert [subject for _, subject in await noted(workspace)] == [
        "shop: default_keyspace.notes.body",
        "shop: default_keyspace.notes.title",
    ]


async def test_a_column_that_goes_takes_its_service_along(workspace: Workspace) -> None:
    assert await alter(workspace, drop={"columns": ["title"]}) == []
    assert await noted(workspace) == [("service.drop", "shop: default_keyspace.notes.title")]
    labels = [one.label for one in (await workspace.credential_usage.overview()).dependents]
    assert labels == ["shop: default_keyspace.notes.body"]
