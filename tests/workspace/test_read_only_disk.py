"""A data folder on a read-only file system: read, served, and never written."""

from __future__ import annotations

from pathlib import Path

import httpx

from astrolabe.portal.organization import DEFAULT_KEYSPACE, DatabaseDraft
from astrolabe.serving.options import ServerOptions
from astrolabe.serving.server import DataApiServer
from astrolabe.workspace import Workspace, WorkspaceOptions
from tests.support.disks import frozen


async def test_a_data_folder_on_a_read_only_file_system_is_read_and_served(tmp_path: Path) -> None:
    async with Workspace.opened(WorkspaceOptions(tmp_path / "data")) as workspace:
        client = await workspace.client(await workspace.create_database(DatabaseDraft("shop")))
        await client.create_collection(DEFAULT_KEYSPACE, "notes")
        await client.collection(DEFAULT_KEYSPACE, "notes").insert_one({"_id": "n1"})
    with frozen(tmp_path / "data") as view:
        async with Workspace.opened(WorkspaceOptions(view, read_only=True)) as workspace:
            assert (await workspace.credential_usage.overview()).unread == ()
            server = DataApiServer(workspace, ServerOptions(port=0, require_token=False))
            await server.start()
            async with httpx.AsyncClient() as http:
                path = f"{server.address}/v1/{DEFAULT_KEYSPACE}/notes"
                found = await http.post(path, json={"findOne": {}})
                refused = await http.post(path, json={"insertOne": {"document": {}}})
            await server.stop()
    assert found.json()["data"]["document"] == {"_id": "n1"}
    assert "read-only mode" in refused.json()["errors"][0]["message"]
