"""An index of a table with many rows is filled in slices: other writes get through and are in it, a kill harms not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from astrolabe.dataapi.engine import index_builds
from astrolabe.dataapi.engine.definitions.row_layout import extract_of
from astrolabe.dataapi.protocol import Json
from storage.documents import index_filling
from storage.documents.index_filling import Slice
from storage.documents.values import Extract
from storage.errors import CorruptStoreError, StoreBusyError
from storage.rows.store import RowStore
from storage.shapes import Container
from tests.support.local_api import LocalDatabase, local_database

COLUMNS = {"id": "int", "n": "int", "tags": {"type": "set", "valueType": "text"}, "body": "text"}
NUMBER: Json = {"createIndex": {"name": "i", "definition": {"column": "n"}}}
SET: Json = {"createIndex": {"name": "i", "definition": {"column": "tags"}}}
WORDS: Json = {"createTextIndex": {"name": "i", "definition": {"column": "body"}}}
INDEXES: list[tuple[Json, Json]] = [
    (NUMBER, {"filter": {"n": 7}}),
    (SET, {"filter": {"tags": {"$in": ["t7"]}}}),
    (WORDS, {"filter": {"body": {"$match": "seven"}}}),
]
ROWS = 40


@dataclass
class Slices:
    """Stops the filling of indexes after some slices, until it may go on."""

    stop_after: int = 3
    taken: int = 0
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    go: asyncio.Event = field(default_factory=asyncio.Event)
    failure: Exception | None = None
    fails: int = 1


@pytest.fixture
def slices(monkeypatch: pytest.MonkeyPatch) -> Slices:
    """Have slices of five rows, and the fourth wait."""
    found = Slices()
    fill = RowStore.fill_indexes

    async def counted(store: RowStore, container: Container, extract: Extract, place: Slice) -> int | None:
        if found.taken == found.stop_after:
            found.stopped.set()
            await found.go.wait()
            if found.failure is not None and found.fails:
                found.fails -= 1
                raise found.failure
        found.taken += 1
        return await fill(store, container, extract, place)

    monkeypatch.setattr(index_builds, "ROWS_AT_ONCE", 5)
    monkeypatch.setattr(RowStore, "fill_indexes", counted)
    return found


def row(number: int, content: int) -> Json:
    """Return a row with a content; what has the content 7 is searched for."""
    return {
        "id": number,
        "n": content,
        "tags": ["all", f"t{content}"],
        "body": "seven bridges" if content == 7 else f"bridge {content}",
    }


async def fill_table(db: LocalDatabase) -> None:
    """Make a table whose rows have the content of their number."""
    definition = {"columns": COLUMNS, "primaryKey": "id"}
    assert "errors" not in await db.on_keyspace({"createTable": {"name": "t", "definition": definition}})
    assert "errors" not in await db.on_collection(
        {"insertMany": {"documents": [row(number, number) for number in range(ROWS)]}}, "t"
    )


async def found_ids(db: LocalDatabase, question: Json) -> set[int]:
    """Return the ids that a question finds."""
    answer = await db.on_collection({"find": {**question, "projection": {"id": 1}}}, "t")
    return {document["id"] for document in answer["data"]["documents"]}


@asynccontextmanager
async def stopped_build(db: LocalDatabase, slices: Slices, command: Json) -> AsyncIterator[asyncio.Task[Json]]:
    """Begin to make an index, up to where it is stopped."""
    await fill_table(db)
    making = asyncio.create_task(db.on_collection(command, "t"))
    await slices.stopped.wait()
    yield making
    slices.go.set()


@pytest.mark.parametrize(("command", "question"), INDEXES)
async def test_writes_get_through_between_slices_and_are_in_the_index(
    tmp_path: Path, slices: Slices, command: Json, question: Json
) -> None:
    async with local_database(tmp_path) as db:
        async with stopped_build(db, slices, command) as making:
            for write in (
                {"insertOne": {"document": row(100, 7)}},
                {"insertOne": {"document": row(2, 7)}},  # over a row that was entered
                {"insertOne": {"document": row(30, 7)}},  # over one that was not
                {"deleteOne": {"filter": {"id": 3}}},
                {"deleteOne": {"filter": {"id": 31}}},
                {"updateOne": {"filter": {"id": 7}, "update": {"$set": {"n": 1, "body": "none", "tags": ["no"]}}}},
            ):
                assert "errors" not in await db.on_collection(write, "t")
            assert slices.taken == 3
            assert not making.done()
            assert await db.store.integrity_check(extract_of) == []
        assert await making == {"status": {"ok": 1}}
        assert slices.taken > ROWS // 5
        assert await found_ids(db, question) == {100, 2, 30}
        assert await db.store.integrity_check(extract_of) == []


async def test_no_query_uses_an_index_that_is_not_complete(tmp_path: Path, slices: Slices) -> None:
    async with local_database(tmp_path) as db:
        async with stopped_build(db, slices, NUMBER) as making:
            answer = await db.on_collection({"find": {"filter": {"n": 38}}}, "t")
            assert [document["id"] for document in answer["data"]["documents"]] == [38]
            assert [warning["errorCode"] for warning in answer["status"]["warnings"]] == ["MISSING_INDEX"]
            names = await db.on_collection({"listIndexes": {}}, "t")
            assert names["status"] == {"indexes": ["i"]}
            again = await db.on_collection(NUMBER, "t")
            assert again["errors"][0]["errorCode"] == "CANNOT_ADD_EXISTING_INDEX"
        await making
        answer = await db.on_collection({"find": {"filter": {"n": 38}}}, "t")
        assert "warnings" not in answer.get("status", {})


@pytest.mark.parametrize(("command", "question"), INDEXES)
async def test_what_a_kill_leaves_is_completed_by_the_next_program(
    tmp_path: Path, slices: Slices, command: Json, question: Json
) -> None:
    async with local_database(tmp_path) as db:
        await fill_table(db)
        making = asyncio.create_task(db.on_collection(command, "t"))
        await slices.stopped.wait()
    making.cancel()
    slices.stop_after = 1000
    async with local_database(tmp_path) as db:
        container = next(iter(await db.store.containers()))
        assert "building" in container.definition
        assert await db.store.integrity_check(extract_of) == []
        await db.on_collection({"find": {}}, "t")
        while "building" in container.definition:
            await asyncio.sleep(0)
            container = next(iter(await db.store.containers()))
        assert list(container.definition["indexes"]) == ["i"]
        assert await found_ids(db, question) == {7}
        assert await db.store.integrity_check(extract_of) == []


async def test_an_index_can_be_dropped_and_made_anew_while_it_is_building(tmp_path: Path, slices: Slices) -> None:
    async with local_database(tmp_path) as db:
        async with stopped_build(db, slices, NUMBER) as making:
            assert (await db.on_keyspace({"dropIndex": {"name": "i"}}))["status"] == {"ok": 1}
            other = asyncio.create_task(
                db.on_collection({"createIndex": {"name": "i", "definition": {"column": "tags"}}}, "t")
            )
        first, second = await asyncio.gather(making, other)
        assert second == {"status": {"ok": 1}}
        assert first["status"]["ok"] in {0, 1}
        assert await found_ids(db, {"filter": {"tags": {"$in": ["t7"]}}}) == {7}
        assert await db.store.integrity_check(extract_of) == []


async def test_an_index_that_cannot_be_filled_is_gone_again(tmp_path: Path, slices: Slices) -> None:
    async with local_database(tmp_path) as db:
        async with stopped_build(db, slices, NUMBER) as making:
            slices.failure = CorruptStoreError("The row 16 cannot be read.")
        answer = await making
        assert "The row 16 cannot be read." in answer["errors"][0]["message"]
        assert (await db.on_collection({"listIndexes": {}}, "t"))["status"] == {"indexes": []}
        assert await db.store.integrity_check(extract_of) == []


async def test_a_row_that_cannot_be_read_ends_the_building_once(tmp_path: Path, slices: Slices) -> None:
    slices.fails = 100
    async with local_database(tmp_path) as db:
        async with stopped_build(db, slices, NUMBER) as making:
            slices.failure = ValueError("a damaged row")
        assert "errors" in await making
        assert (await db.on_collection({"listIndexes": {}}, "t"))["status"] == {"indexes": []}
        for _ in range(3):
            assert await found_ids(db, {"filter": {"id": 1}}) == {1}
        assert slices.fails == 99


async def test_a_store_that_is_busy_for_long_costs_no_slice(tmp_path: Path, slices: Slices) -> None:
    slices.fails = 2
    async with local_database(tmp_path) as db:
        async with stopped_build(db, slices, NUMBER) as making:
            slices.failure = StoreBusyError("another program writes")
        assert (await making)["status"] == {"ok": 1}
        assert slices.taken == -(-ROWS // 5) + 1
        assert await found_ids(db, {"filter": {"n": 7}}) == {7}


async def test_a_table_that_is_dropped_while_an_index_is_building_says_so(tmp_path: Path, slices: Slices) -> None:
    async with local_database(tmp_path) as db:
        async with stopped_build(db, slices, NUMBER) as making:
            assert (await db.on_keyspace({"dropTable": {"name": "t"}}))["status"] == {"ok": 1}
        assert (await making)["errors"][0]["errorCode"] == "UNKNOWN_COLLECTION_OR_TABLE"


async def test_rows_that_have_nothing_to_enter_are_not_written(tmp_path: Path, slices: Slices) -> None:
    slices.stop_after = 0
    async with local_database(tmp_path) as db:
        async with stopped_build(db, slices, NUMBER) as making:
            without = [{"id": number, "body": "none"} for number in range(200, 230)]
            assert "errors" not in await db.on_collection({"insertMany": {"documents": without}}, "t")
            [container] = await db.store.containers()
            extract = extract_of(container)
            assert extract is not None
            async with db.store.file.transaction() as connection:
                before = connection.total_changes
                await index_filling.fill_indexes(connection, container, extract, Slice(0, 1000, 1000))
                assert connection.total_changes - before == ROWS
        await making
        assert await found_ids(db, {"filter": {"n": 7}}) == {7}
