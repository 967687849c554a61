"""No space left at all: what is there is read and deleted, and whatever fails is called full."""

from __future__ import annotations

from pathlib import Path

import pytest

from astrolabe.errors import DataApiError
from astrolabe.portal.organization import DEFAULT_KEYSPACE, DatabaseDraft
from astrolabe.workspace import Workspace, WorkspaceOptions
from tests.support.disks import fill_up, small_disk


@pytest.mark.parametrize("anew", [False, True], ids=["while it is open", "by another program"])
async def test_reading_and_deleting_go_on_when_the_disk_is_full(tmp_path: Path, *, anew: bool) -> None:
    with small_disk(tmp_path / "disk", 20 << 20) as disk:
        options = WorkspaceOptions(disk / "data", cache_bytes=None)
        async with Workspace.opened(options) as workspace:
            database = await workspace.create_database(DatabaseDraft("shop"))
            client = await workspace.client(database)
            await client.create_collection(DEFAULT_KEYSPACE, "notes")
            notes = client.collection(DEFAULT_KEYSPACE, "notes")
            await notes.insert_many([{"_id": number, "text": "x" * 3000} for number in range(100)])
            if not anew:
                fill_up(disk)
                await _read_and_delete(workspace)
        if anew:
            fill_up(disk)
            async with Workspace.opened(options) as workspace:
                await _read_and_delete(workspace)


async def _read_and_delete(workspace: Workspace) -> None:
    client = await workspace.client(await workspace.databases.find("shop"))
    notes = client.collection(DEFAULT_KEYSPACE, "notes")
    with pytest.raises(DataApiError, match="full"):
        await notes.insert_many([{"text": "y" * 3000} for _ in range(90)])
    for number in range(30):
        assert len((await notes.find(filter={"_id": number})).documents) == 1
        await notes.delete_one({"_id": number})
    assert len((await notes.find(filter={"_id": 50})).documents) == 1
    await client.delete_collection(DEFAULT_KEYSPACE, "notes")
    await workspace.delete_database(await workspace.databases.find("shop"))
