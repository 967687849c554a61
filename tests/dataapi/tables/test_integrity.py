"""The check of a database's file compares what indexes find with what rows have."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from astrolabe.dataapi.engine.definitions.row_layout import extract_of
from tests.support.local_api import KEYSPACE, LocalDatabase, local_database

COLUMNS = {"id": "text", "n": "int", "tags": {"type": "set", "valueType": "text"}}


async def create(db: LocalDatabase) -> Path:
    definition = {"columns": COLUMNS, "primaryKey": "id"}
    await db.on_keyspace({"createTable": {"name": "t", "definition": definition}})
    for column in ("n", "tags"):
        await db.on_collection({"createIndex": {"name": f"by_{column}", "definition": {"column": column}}}, "t")
    rows = [{"id": f"{n}", "n": n, "tags": ["a", f"tag {n}"]} for n in range(20)] + [{"id": "empty"}]
    await db.on_collection({"insertMany": {"documents": rows}}, "t")
    await db.on_collection({"updateOne": {"filter": {"id": "3"}, "update": {"$unset": {"n": ""}}}}, "t")
    await db.on_collection({"deleteOne": {"filter": {"id": "4"}}}, "t")
    return db.store.file.path


@pytest.mark.parametrize(
    ("damage", "finding"),
    [
        ("UPDATE item_1 SET value_1 = NULL WHERE seq = 1", "the index 'by_n' does not find row 1 by what is in it."),
        ("UPDATE item_1 SET value_1 = x'00' WHERE seq = 2", "the index 'by_n' does not find row 2 by what is in it."),
        (
            "DELETE FROM entry_1 WHERE seq = 1",
            "the index 'by_tags' does not find row 1 by what is in it.",
        ),
        (
            "UPDATE entry_1 SET seq = 999 WHERE seq = 1",
            "an index has an entry for row 999 that belongs to nothing.",
        ),
    ],
)
async def test_what_an_index_finds_wrongly_is_found(tmp_path: Path, damage: str, finding: str) -> None:
    async with local_database(tmp_path) as db:
        path = await create(db)
        assert await db.store.integrity_check(extract_of) == []
        with closing(sqlite3.connect(path)) as other:
            other.execute(damage)
            other.commit()
        assert finding in [text.partition(": ")[2] for text in await db.store.integrity_check(extract_of)]


async def test_columns_that_went_and_came_leave_no_entries(tmp_path: Path) -> None:
    async with local_database(tmp_path) as db:
        await create(db)
        for command in ({"dropIndex": {"name": "by_tags"}}, {"dropIndex": {"name": "by_n"}}):
            await db.on_keyspace(command, KEYSPACE)
        assert await db.store.integrity_check(extract_of) == []
        await db.on_collection({"alterTable": {"operation": {"drop": {"columns": ["n"]}}}}, "t")
        await db.on_collection({"alterTable": {"operation": {"add": {"columns": {"n": "int"}}}}}, "t")
        await db.on_collection({"createIndex": {"name": "again", "definition": {"column": "n"}}}, "t")
        await db.on_collection({"insertOne": {"document": {"id": "z", "n": 5}}}, "t")
        assert await db.store.integrity_check(extract_of) == []
