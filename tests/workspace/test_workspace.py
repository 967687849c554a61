from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from astrolabe.errors import (
    ConflictError,
    CorruptStoreError,
    NewerSchemaError,
    NotFoundError,
    ProviderError,
    StorageError,
    StoreNotWritableError,
    VanishedStoreError,
)
from astrolabe.portal.organization import CredentialDraft, DatabaseDraft, DatabaseStatus
from astrolabe.providers.local.models import LocalModels
from astrolabe.workspace import Workspace, WorkspaceOptions
from storage.documents.database_files import DatabaseFiles


@pytest.fixture
def options(tmp_path: Path) -> WorkspaceOptions:
    return WorkspaceOptions(data_dir=tmp_path / "kept" / "data")


@pytest.fixture
async def workspace(options: WorkspaceOptions) -> AsyncIterator[Workspace]:
    async with Workspace.opened(options) as opened:
        yield opened


def folders(options: WorkspaceOptions) -> list[str]:
    folder = options.data_dir / "databases"
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


async def test_the_data_folder_is_made_for_its_owner_only(options: WorkspaceOptions) -> None:
    async with Workspace.opened(options) as workspace:
        database = await workspace.create_database(DatabaseDraft("library"))
    made = [options.data_dir, options.data_dir / "databases", options.data_dir / "databases" / database.id]
    assert [path.stat().st_mode & 0o777 for path in made] == [0o700] * 3
    assert (options.data_dir / "catalog.db").stat().st_mode & 0o777 == 0o600


async def test_a_new_database_is_active_and_has_its_default_keyspace(workspace: Workspace) -> None:
    database = await workspace.create_database(DatabaseDraft("library"))
    assert database.status is DatabaseStatus.ACTIVE
    client = await workspace.client(database)
    assert await client.keyspaces() == ["default_keyspace"]
    assert [entry.planned.verb for entry in workspace.activity.entries] == ["findKeyspaces"]


async def test_a_database_is_opened_once_however_often_it_is_asked_for(workspace: Workspace) -> None:
    database = await workspace.create_database(DatabaseDraft("library"))
    await asyncio.gather(*(workspace.api(database) for _ in range(5)))
    assert list(workspace._stores.open_ids) == [database.id]


async def test_what_was_created_is_there_after_reopening(options: WorkspaceOptions) -> None:
    async with Workspace.opened(options) as workspace:
        database = await workspace.create_database(DatabaseDraft("library"))
        await (await workspace.client(database)).create_keyspace("second")
        await workspace.put_setting("theme", "nord")
    async with Workspace.opened(options) as workspace:
        client = await workspace.client(await workspace.databases.find("library"))
        assert await client.keyspaces() == ["default_keyspace", "second"]
        assert await workspace.setting("theme") == "nord"


async def test_a_creation_that_was_cut_off_is_finished_at_the_next_start(options: WorkspaceOptions) -> None:
    async with Workspace.opened(options) as workspace:
        await workspace.databases.create(DatabaseDraft("library"))  # and killed before the file was made
    async with Workspace.opened(options) as workspace:
        database = await workspace.databases.find("library")
        assert database.status is DatabaseStatus.ACTIVE
        assert await (await workspace.client(database)).keyspaces() == ["default_keyspace"]


async def test_a_creation_that_fails_leaves_nothing_behind(workspace: Workspace, options: WorkspaceOptions) -> None:
    (options.data_dir / "databases").touch()
    with pytest.raises(StorageError):
        await workspace.create_database(DatabaseDraft("library"))
    assert await workspace.databases.list() == []
    (options.data_dir / "databases").unlink()
    assert (await workspace.create_database(DatabaseDraft("library"))).status is DatabaseStatus.ACTIVE


async def test_a_name_that_is_taken_is_refused_and_the_first_database_stays(workspace: Workspace) -> None:
    first = await workspace.create_database(DatabaseDraft("library"))
    with pytest.raises(ConflictError):
        await workspace.create_database(DatabaseDraft("library"))
    assert await workspace.databases.list() == [first]
    assert await (await workspace.client(first)).keyspaces() == ["default_keyspace"]


async def test_deleting_a_database_takes_its_file_and_its_scopes(
    workspace: Workspace, options: WorkspaceOptions
) -> None:
    database = await workspace.create_database(DatabaseDraft("library"))
    draft = CredentialDraft("openai", "main", SecretStr("sk-0123456789abcdef"), (database.id,))
    await workspace.integrations.add_credential(draft)
    await workspace.client(database)
    await workspace.delete_database(database)
    assert folders(options) == []
    assert await workspace.databases.list() == []
    assert not await workspace.integrations.covers(database.id, "openai", "main")
    with pytest.raises(NotFoundError):
        await workspace.client(database)
    with pytest.raises(NotFoundError):
        await workspace.delete_database(database)


async def test_a_deletion_that_was_cut_off_is_finished_at_the_next_start(options: WorkspaceOptions) -> None:
    async with Workspace.opened(options) as workspace:
        database = await workspace.create_database(DatabaseDraft("library"))
        DatabaseFiles(options.data_dir / "databases").condemn(database.id)
        await workspace.databases.delete(database.id)  # and killed before the folder was removed
    assert folders(options) == [database.id]
    async with Workspace.opened(options):
        assert folders(options) == []


async def test_a_deletion_that_never_reached_the_catalog_has_not_happened(options: WorkspaceOptions) -> None:
    async with Workspace.opened(options) as workspace:
        database = await workspace.create_database(DatabaseDraft("library"))
        DatabaseFiles(options.data_dir / "databases").condemn(database.id)  # and killed
    for _ in range(2):
        async with Workspace.opened(options) as workspace:
            assert await (await workspace.client(database)).keyspaces() == ["default_keyspace"]


async def test_contents_without_a_catalog_are_not_touched(options: WorkspaceOptions) -> None:
    async with Workspace.opened(options) as workspace:
        database = await workspace.create_database(DatabaseDraft("library"))
    for path in options.data_dir.glob("catalog.db*"):
        path.unlink()
    with pytest.raises(VanishedStoreError, match=r"catalog\.db is not there") as caught:
        await Workspace.open(options)
    assert "move databases" in caught.value.hint
    assert not list(options.data_dir.glob("catalog.db*"))
    assert folders(options) == [database.id]


async def test_two_workspaces_on_one_folder_see_each_others_changes(options: WorkspaceOptions) -> None:
    async with Workspace.opened(options) as here, Workspace.opened(options) as there:
        database = await here.create_database(DatabaseDraft("library"))
        assert await there.databases.list() == [database]
        await (await there.client(database)).create_keyspace("second")
        assert "second" in await (await here.client(database)).keyspaces()
        await there.delete_database(database)
        with pytest.raises(NotFoundError):
            await here.client(database)
        assert not here._stores.open_ids


async def test_a_newer_catalog_is_refused_and_left_as_it_is(options: WorkspaceOptions) -> None:
    async with Workspace.opened(options):
        pass
    path = options.data_dir / "catalog.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(NewerSchemaError):
        await Workspace.open(options)
    assert path.read_bytes() == before


async def test_a_catalog_that_is_no_database_is_refused(options: WorkspaceOptions) -> None:
    options.data_dir.mkdir(parents=True)
    (options.data_dir / "catalog.db").write_text("not a database, but long enough to be read as one " * 100)
    with pytest.raises(CorruptStoreError):
        await Workspace.open(options)


async def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreNotWritableError):
        await Workspace.open(WorkspaceOptions(data_dir=tmp_path / "file" / "data"))


async def test_a_database_that_cannot_be_activated_does_not_keep_the_others_from_opening(
    options: WorkspaceOptions,
) -> None:
    async with Workspace.opened(options) as workspace:
        await workspace.create_database(DatabaseDraft("healthy"))
        broken = await workspace.databases.create(DatabaseDraft("broken"))
        contents = DatabaseFiles(options.data_dir / "databases").contents(broken.id)
        contents.parent.mkdir()
        contents.write_text("no database " * 1000)
    async with Workspace.opened(options) as workspace:
        await workspace.client(await workspace.databases.find("healthy"))
        assert (await workspace.databases.find("broken")).status is DatabaseStatus.INITIALIZING
        with pytest.raises(CorruptStoreError):
            await workspace.client(await workspace.databases.find("broken"))


async def test_closing_twice_is_harmless(options: WorkspaceOptions) -> None:
    workspace = await Workspace.open(options)
    await workspace.close()
    await workspace.close()


async def test_the_sample_finds_the_mail_client_by_its_meaning(workspace: Workspace) -> None:
    database = await workspace.create_database(DatabaseDraft("library"))
    name = await workspace.create_sample(database, "default_keyspace")
    collection = (await workspace.client(database)).collection("default_keyspace", name)
    page = await collection.find(sort={"$vectorize": "send an e-mail"}, limit=5)
    assert "smtplib" in [document["_id"] for document in page.documents]
    before = await collection.estimated_count()
    assert before > 200
    await workspace.create_sample(database, "default_keyspace")
    assert await collection.estimated_count() == before


async def test_without_the_embedded_provider_the_sample_says_what_is_missing(
    options: WorkspaceOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LocalModels, "why_unavailable", lambda *_: "Install the package wordllama.")
    async with Workspace.opened(options) as workspace:
        database = await workspace.create_database(DatabaseDraft("library"))
        with pytest.raises(ProviderError, match="Install the package wordllama"):
            await workspace.create_sample(database, "default_keyspace")
