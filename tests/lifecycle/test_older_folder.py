"""A data folder that a release without tables has written is whole today, and takes tables.

``folder-before-tables.tar.gz`` was written by the command line of 52b86b1: a database with a collection that embeds on
this machine and has words, one with vectors of its own, an empty keyspace, and a load of each collection's file.
"""

from __future__ import annotations

import tarfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

from astrolabe.dataapi.client.client import DatabaseClient
from astrolabe.dataapi.client.command_builders import PlannedCommand
from astrolabe.loading.load_plan import LoadPlan
from astrolabe.loading.loader import run_load
from astrolabe.portal.organization import DEFAULT_KEYSPACE, Database
from astrolabe.workspace import Workspace, WorkspaceOptions
from storage import jsontext

ARCHIVE = Path(__file__).parent / "folder-before-tables.tar.gz"
BOOKS = """\
{"_id": "a", "text": "a red bicycle in the rain", "price": 12.50, "tags": ["x", "y"]}
{"_id": "b", "text": "sand and spice of a far planet", "price": 123456789012345678901234567890}
{"_id": {"$uuid": "0190a3f2-1d2c-7a3b-8c4d-5e6f70819203"}, "text": "a kettle that whistles", "when": {"$date": 5}}
{"text": "no id of its own", "bad": null}
"""


@pytest_asyncio.fixture
async def older(tmp_path: Path) -> AsyncIterator[tuple[Workspace, Database, DatabaseClient]]:
    """Open a copy of the folder."""
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(tmp_path / "folder", filter="data")
    async with Workspace.opened(WorkspaceOptions(tmp_path / "folder")) as workspace:
        database = await workspace.databases.find("library")
        yield workspace, database, await workspace.client(database)


Older = tuple[Workspace, Database, DatabaseClient]


async def run(client: DatabaseClient, command: dict[str, Any], name: str | None = None) -> Any:  # noqa: ANN401 - JSON
    return (await client.run(PlannedCommand(command, DEFAULT_KEYSPACE, name))).to_json()


async def test_what_was_there_is_there_to_the_digit_and_is_found(older: Older) -> None:
    workspace, database, client = older
    assert await workspace.integrity() == []
    assert await workspace.integrity(database) == []
    assert await client.keyspaces() == [DEFAULT_KEYSPACE, "other"]
    infos = {info.name: info for info in await client.collections(DEFAULT_KEYSPACE)}
    assert list(infos) == ["books", "shapes"]
    books = client.collection(DEFAULT_KEYSPACE, "books")
    by_id = {jsontext.dumps(document["_id"]): document async for document in books.find_all()}
    assert len(by_id) == 4
    for line in BOOKS.splitlines():
        document = jsontext.loads(line)
        if "_id" in document:
            assert by_id[jsontext.dumps(document["_id"])] == document
    [similar] = (await books.find(sort={"$vectorize": "a bike"}, limit=1)).documents
    [worded] = (await books.find(sort={"$lexical": "bicycles"}, limit=1)).documents
    assert similar["_id"] == worded["_id"] == "a"
    shapes = client.collection(DEFAULT_KEYSPACE, "shapes")
    [near] = (await shapes.find(sort={"$vector": [0, 1, 0.1]}, limit=1)).documents
    assert near["_id"] == 2


async def test_a_load_of_then_is_known_today(older: Older, tmp_path: Path) -> None:
    workspace, database, client = older
    path = tmp_path / "books.jsonl"
    path.write_text(BOOKS)
    [info] = [info for info in await client.collections(DEFAULT_KEYSPACE) if info.name == "books"]
    plan = LoadPlan(path, database.id, info, "text", words=True)
    summary = await run_load(plan, client.collection(DEFAULT_KEYSPACE, "books"), workspace.ledger)
    assert (summary.loaded, summary.already_there) == (0, 4)
    assert summary.notes[0].startswith("This file was loaded here before")


async def test_tables_are_made_beside_what_was_there(older: Older, tmp_path: Path) -> None:
    workspace, database, client = older
    columns = {"id": "text", "n": "int", "body": "text", "v": {"type": "vector", "dimension": 2}}
    definition = {"columns": columns, "primaryKey": "id"}
    await run(client, {"createType": {"name": "pair", "definition": {"fields": {"a": "int"}}}})
    await run(client, {"createTable": {"name": "notes", "definition": definition}})
    await run(client, {"createIndex": {"name": "by_n", "definition": {"column": "n"}}}, "notes")
    await run(client, {"createVectorIndex": {"name": "by_v", "definition": {"column": "v"}}}, "notes")
    await run(client, {"createTextIndex": {"name": "by_word", "definition": {"column": "body"}}}, "notes")
    path = tmp_path / "notes.csv"
    path.write_text('id,n,body,v\na,1,red,"[1, 0]"\nb,2,blue,"[0, 1]"\n')
    info = await client.table(DEFAULT_KEYSPACE, "notes")
    assert info is not None
    notes = client.collection(DEFAULT_KEYSPACE, "notes")
    summary = await run_load(LoadPlan(path, database.id, info), notes, workspace.ledger)
    assert summary.complete
    for question in ({"filter": {"n": 2}}, {"sort": {"v": [0, 1]}}, {"sort": {"body": "blue"}}):
        found = await run(client, {"find": {**question, "options": {"limit": 1}}}, "notes")
        assert found["data"]["documents"][0]["id"] == "b"
    assert await workspace.integrity(database) == []
    assert len(await client.collections(DEFAULT_KEYSPACE)) == 2
