"""The console on a database elsewhere, with keys only: documents, a new keyspace, and what is not offered there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from astrolabe.dataapi.client.command_builders import PlannedCommand, collection_options
from astrolabe.portal.connections.saved_connection import ConnectionDraft, ConnectionKind
from astrolabe.portal.organization import DEFAULT_KEYSPACE
from astrolabe.workspace import Workspace
from astrolabe.workspace.elsewhere import connect
from tests.support.console import ARTICLES
from tests.support.served import TOKEN, Served, prepare_library, served
from tests.support.walker import Walker
from tests.walk.conftest import MakeConsole


async def prepare(workspace: Workspace) -> None:
    """Fill the database elsewhere."""
    await prepare_library(workspace)
    client = await workspace.client(await workspace.databases.find("library"))
    await client.create_collection(DEFAULT_KEYSPACE, "articles", collection_options(dimension=2))
    documents = [article | {"$vector": [1, place]} for place, article in enumerate(ARTICLES)]
    await client.collection(DEFAULT_KEYSPACE, "articles").insert_many(documents)
    columns = {"columns": {"id": "text", "words": "text"}, "primaryKey": "id"}
    await client.run(PlannedCommand({"createTable": {"name": "zoo", "definition": columns}}, DEFAULT_KEYSPACE))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path / "elsewhere", prepare=prepare) as running:
        yield running


async def test_the_same_screens_work_on_a_database_elsewhere(console: MakeConsole, server: Served) -> None:
    async def go_there(workspace: Workspace) -> None:
        draft = ConnectionDraft("beside", ConnectionKind.ENDPOINT, server.address, SecretStr(TOKEN))
        await workspace.connections.add(draft)
        workspace.connection = await connect(workspace, "beside")

    app = console(go_there)
    async with app.run_test(size=(120, 40)) as pilot:
        user = Walker(pilot)
        await user.sees("beside", "● active")
        assert "n New" not in user.screen  # databases are created where they are
        await user.press("enter")
        await user.sees("articles", "Red bicycle")
        await user.press("down", "o")
        await user.sees("Table zoo", "words")
        await user.press("escape", "y")
        await user.type("shop")
        await user.press("ctrl+s")
        await user.sees("This keyspace has no collection and no table.")
        assert "sample" not in user.screen
        assert TOKEN not in user.screen
