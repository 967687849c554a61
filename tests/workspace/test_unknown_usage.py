"""Databases that cannot be read: what uses a credential is unknown then, and "nothing uses it" is never said."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from pydantic import SecretStr

from astrolabe.dataapi.client.command_builders import collection_options
from astrolabe.errors import RuleError
from astrolabe.portal.connection_strings.connection_string import ConnectionStringDraft
from astrolabe.portal.connection_strings.usage import model_change
from astrolabe.portal.credentials.rehearsal import Rehearsal, mismatches, unread_words
from astrolabe.portal.organization import DEFAULT_KEYSPACE, CredentialDraft, Database, DatabaseDraft, ServiceConfig
from astrolabe.workspace import Workspace, WorkspaceOptions
from screens.kit.delete_confirmation import credential_danger, scope_danger
from storage.documents.database_files import DatabaseFiles

PROVIDER, NAME = "openai", "main"
SERVICE = ServiceConfig(PROVIDER, "text-embedding-3-small", f"{NAME}.providerKey")


@pytest_asyncio.fixture
async def workspace(tmp_path: Path) -> AsyncIterator[Workspace]:
    """Three databases in the scope of one key, each with a collection that uses it; that of ``broken`` is damaged."""
    options = WorkspaceOptions(tmp_path / "data")
    async with Workspace.opened(options) as opened:
        databases = [await opened.create_database(DatabaseDraft(name)) for name in ("broken", "desk", "shop")]
        ids = tuple(database.id for database in databases)
        await opened.integrations.add_credential(CredentialDraft(PROVIDER, NAME, SecretStr("sk-0123456789"), ids))
        for database in databases:
            client = await opened.client(database)
            await client.create_collection(DEFAULT_KEYSPACE, "notes", collection_options(service=SERVICE))
    contents(options, databases[0]).write_bytes(b"no database " * 1000)
    async with Workspace.opened(options) as opened:
        yield opened


def contents(options: WorkspaceOptions, database: Database) -> Path:
    return DatabaseFiles(options.data_dir / "databases").contents(database.id)


def unknown(rehearsal: Rehearsal) -> list[str]:
    return [one.database.name for one in rehearsal.unknown]


async def test_a_database_that_cannot_be_read_is_unknown_in_every_rehearsal(workspace: Workspace) -> None:
    care, ids = workspace.credential_usage, [database.id for database in await workspace.databases.list()]
    removal = await care.rehearse_removal(PROVIDER, [NAME])
    assert unknown(removal) == ["broken"]
    assert [one.database.name for one in removal.stops] == ["desk", "shop"]
    assert unknown(await care.rehearse_scope(PROVIDER, NAME, remove=ids)) == ["broken"]
    assert unknown(await care.rehearse_replacement(PROVIDER, NAME, "other", ids)) == ["broken"]
    assert [one.database.name for one in (await care.waiting(PROVIDER)).unread] == ["broken"]


async def test_what_is_unknown_is_said_with_the_reason(workspace: Workspace) -> None:
    words = unread_words((await workspace.credential_usage.rehearse_removal(PROVIDER, [NAME])).unknown)
    assert words.startswith("Unknown: The database broken could not be read")
    assert "damaged" in words
    assert not unread_words(())


async def test_of_many_that_cannot_be_read_a_few_are_named(workspace: Workspace) -> None:
    (one,) = (await workspace.credential_usage.overview()).unread
    words = unread_words([one] * 12)
    assert "12 databases (broken, broken, broken, broken, broken and 7 more)" in words


async def test_a_change_of_one_scope_asks_about_that_database_only(workspace: Workspace) -> None:
    broken, desk, _ = await workspace.databases.list()
    rehearsal = await workspace.credential_usage.rehearse_scope(PROVIDER, NAME, remove=[desk.id])
    assert unknown(rehearsal.within({desk.id})) == []
    assert unknown(rehearsal.within({broken.id})) == ["broken"]


async def test_the_dialogs_say_it_first_and_never_that_nothing_uses_it(workspace: Workspace) -> None:
    broken, desk, shop = await workspace.databases.list()
    for database in (desk, shop):
        await workspace.delete_database(database)
    credential = await workspace.integrations.credential(PROVIDER, NAME)
    rehearsal = await workspace.credential_usage.rehearse_removal(PROVIDER, [NAME])
    for danger in (credential_danger(credential, "API key", rehearsal), scope_danger(credential, broken, rehearsal)):
        assert danger.consequences[0].startswith("Unknown: The database broken")
        assert not any(words.startswith("No collection") for words in danger.consequences)


async def test_a_test_without_known_collections_says_what_it_does_not_know(workspace: Workspace) -> None:
    ids = tuple(database.id for database in await workspace.databases.list())
    secret = SecretStr("0123456789abcdef")
    await workspace.integrations.add_credential(CredentialDraft("azureOpenAI", "unused", secret, ids))
    with pytest.raises(RuleError, match="no collection that could be read uses it yet") as refused:
        await workspace.credential_usage.questions("azureOpenAI", "unused")
    assert "Unknown: The database broken" in refused.value.message


async def test_mismatches_do_not_speak_for_what_was_not_read(workspace: Workspace) -> None:
    await workspace.integrations.remove_credential(PROVIDER, NAME)
    waiting = await workspace.credential_usage.waiting(PROVIDER)
    (words, *_) = mismatches(
        "other", [], await workspace.integrations.removed(PROVIDER), waiting.dependents, waiting.unread
    )
    assert words.startswith("No collection that could be read waits for the name 'other'")


async def test_another_model_of_a_connection_string_may_stop_what_was_not_read(workspace: Workspace) -> None:
    draft = ConnectionStringDraft("mine", "mine", "Ollama", {"Uri": "http://127.0.0.1:9", "Model": "one"})
    before = await workspace.connection_strings.create(draft)
    used = await workspace.connection_usage.dependents("mine")
    other = ConnectionStringDraft("mine", "mine", "Ollama", {"Uri": "http://127.0.0.1:9", "Model": "two"})
    assert "stops for whatever uses it" in model_change(before, other, used)
    assert not model_change(before, draft, used)


async def test_a_database_that_was_deleted_meanwhile_is_not_unknown(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, *_ = await workspace.databases.list()
    read = Workspace.dependents

    async def deleted_meanwhile(self: Workspace, database: Database) -> object:
        if database.id == broken.id:
            await self.delete_database(database)
        return await read(self, database)

    monkeypatch.setattr(Workspace, "dependents", deleted_meanwhile)
    overview = await workspace.credential_usage.overview()
    assert overview.unread == ()
    assert len(overview.dependents) == 2


async def test_a_database_whose_creation_was_cut_off_has_nothing_in_it(tmp_path: Path) -> None:
    async with Workspace.opened(WorkspaceOptions(tmp_path / "data")) as workspace:
        await workspace.databases.create(DatabaseDraft("begun"))
        assert (await workspace.credential_usage.overview()).unread == ()


async def test_definitions_of_an_older_schema_are_brought_forward_and_read(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def older(*_: object, **__: object) -> None:
        return None

    monkeypatch.setattr("astrolabe.workspace.workspace.read_definitions", older)
    overview = await workspace.credential_usage.overview()
    assert [one.database.name for one in overview.dependents] == ["desk", "shop"]
    assert [one.database.name for one in overview.unread] == ["broken"]
