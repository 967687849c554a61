"""Rows that are on their way while an index is made are found by it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from astrolabe.dataapi.protocol import Json
from storage.errors import ContainerChangedError
from storage.rows.shapes import RowChange, RowImage
from storage.rows.store import RowStore
from tests.loading.conftest import EMBEDDED, ScriptedEngine
from tests.support.local_api import KEYSPACE, LocalDatabase, local_database
from tests.support.stores import read

COLUMNS = {"id": "text", "n": "int", "body": "text", "v": {"type": "vector", **EMBEDDED}}
INDEXES: list[tuple[Json, Json]] = [
    ({"createIndex": {"name": "i", "definition": {"column": "n"}}}, {"filter": {"n": 7}}),
    ({"createTextIndex": {"name": "i", "definition": {"column": "body"}}}, {"sort": {"body": "bicycle"}}),
]


async def create(db: LocalDatabase) -> None:
    definition = {"columns": COLUMNS, "primaryKey": "id"}
    answer = await db.on_keyspace({"createTable": {"name": "t", "definition": definition}})
    assert answer["status"] == {"ok": 1}


@pytest.mark.parametrize(("command", "question"), INDEXES)
async def test_a_row_that_waits_for_its_vector_is_in_an_index_made_meanwhile(
    tmp_path: Path, command: Json, question: Json
) -> None:
    engine = ScriptedEngine(hold="a text")
    async with local_database(tmp_path, engine=engine) as db:
        await create(db)
        row = {"id": "a", "n": 7, "body": "a red bicycle", "v": "a text"}
        inserting = asyncio.create_task(db.on_collection({"insertOne": {"document": row}}, "t"))
        await engine.held.wait()
        assert (await db.on_collection(command, "t"))["status"] == {"ok": 1}
        engine.gate.set()
        assert "errors" not in await inserting
        found = await db.on_collection({"find": {**question, "projection": {"id": 1}}}, "t")
        assert found["data"]["documents"] == [{"id": "a"}]
        assert await db.store.integrity_check() == []


async def test_a_write_that_knows_an_older_shape_of_the_table_does_nothing(tmp_path: Path) -> None:
    async with local_database(tmp_path) as db:
        await create(db)
        before = await db.store.container(KEYSPACE, "t")
        assert before is not None
        await db.on_collection(INDEXES[0][0], "t")
        change = RowChange("k", lambda _body: RowImage("{}"))
        with pytest.raises(ContainerChangedError):
            await RowStore(db.store).write(before, [change])
        assert await read(db.store, before, ["k"]) == [None]
