"""An index of a table with many rows is dropped at once and emptied in slices: other writes get through."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from astrolabe.dataapi.engine import index_builds
from astrolabe.dataapi.engine.definitions.row_layout import extract_of
from astrolabe.dataapi.protocol import Json
from storage.documents import reshaping
from storage.documents.dropped_values import free_columns, numbers_left
from storage.documents.index_filling import Slice
from storage.documents.values import Extract
from storage.errors import ContainerChangedError
from storage.rows import scanning
from storage.rows.shapes import RowQuery
from storage.rows.store import RowStore
from storage.shapes import Container
from storage.sqlite.store_file import StoreFile
from tests.dataapi.tables.test_index_building import NUMBER, ROWS, SET, WORDS, fill_table, found_ids, row
from tests.support.local_api import LocalDatabase, local_database

DROP: Json = {"dropIndex": {"name": "i"}}
OTHER: Json = {"createIndex": {"name": "other", "definition": {"column": "body"}}}


class Pause:
    """Holds the first who comes by, until it may go on."""

    def __init__(self) -> None:
        self.reached, self.go = asyncio.Event(), asyncio.Event()

    async def once(self) -> None:
        """Wait, the first time."""
        if not self.reached.is_set():
            self.reached.set()
            await self.go.wait()


class Slices:
    """Stops the emptying after some slices, until it may go on."""

    def __init__(self) -> None:
        self.taken = 0
        self.stopped = asyncio.Event()
        self.go = asyncio.Event()


@pytest.fixture
def slices(monkeypatch: pytest.MonkeyPatch) -> Slices:
    """Have slices of five rows, and the third wait."""
    found = Slices()
    empty = RowStore.empty_dropped

    async def counted(store: RowStore, container: Container, rows: int) -> bool:
        if found.taken == 2:
            found.stopped.set()
            await found.go.wait()
        found.taken += 1
        return await empty(store, container, rows)

    monkeypatch.setattr(index_builds, "ROWS_AT_ONCE", 5)
    monkeypatch.setattr(reshaping, "_ROWS_AT_ONCE", 5)
    monkeypatch.setattr(RowStore, "empty_dropped", counted)
    return found


async def left(db: LocalDatabase) -> tuple[list[int], list[int]]:
    """Return the numbers that dropped indexes have left, and the columns that are free."""
    [container] = await db.store.containers()
    read = db.store.file.read
    return await read(lambda c: numbers_left(c, container)), await read(lambda c: free_columns(c, container))


@pytest.mark.parametrize(("index", "free"), [(NUMBER, [1]), (SET, [])])
async def test_writes_get_through_while_an_index_is_emptied(
    tmp_path: Path, slices: Slices, index: Json, free: list[int]
) -> None:
    async with local_database(tmp_path) as db:
        await fill_table(db)
        assert (await db.on_collection(index, "t"))["status"] == {"ok": 1}
        dropping = asyncio.create_task(db.on_keyspace(DROP))
        await slices.stopped.wait()
        assert await left(db) == ([1], [])
        assert (await db.on_collection({"listIndexes": {}}, "t"))["status"] == {"indexes": []}
        assert "errors" not in await db.on_collection({"insertOne": {"document": row(100, 7)}}, "t")
        assert await found_ids(db, {"filter": {"n": 7}}) == {7, 100}
        assert (await db.on_collection(OTHER, "t"))["status"] == {"ok": 1}
        assert not dropping.done()
        assert await db.store.integrity_check(extract_of) == []
        slices.go.set()
        assert (await dropping)["status"] == {"ok": 1}
        assert slices.taken > ROWS // 5
        assert await left(db) == (free, free)
        assert await found_ids(db, {"filter": {"body": "seven bridges"}}) == {7, 100}
        assert await db.store.integrity_check(extract_of) == []


async def test_the_next_index_takes_an_emptied_column(tmp_path: Path, slices: Slices) -> None:
    slices.go.set()
    async with local_database(tmp_path) as db:
        await fill_table(db)
        for index in (NUMBER, OTHER, NUMBER):
            assert (await db.on_collection(index, "t"))["status"] == {"ok": 1}
            name = index["createIndex"]["name"]
            [container] = await db.store.containers()
            assert container.values[name].number == 1
            assert await found_ids(db, {"filter": {"n": 7, "body": "seven bridges"}}) == {7}
            assert await db.store.integrity_check(extract_of) == []
            assert (await db.on_keyspace({"dropIndex": {"name": name}}))["status"] == {"ok": 1}


async def test_what_a_kill_leaves_harms_nobody_and_goes_with_the_next_drop(tmp_path: Path, slices: Slices) -> None:
    async with local_database(tmp_path) as db:
        await fill_table(db)
        await db.on_collection(NUMBER, "t")
        dropping = asyncio.create_task(db.on_keyspace(DROP))
        await slices.stopped.wait()
        dropping.cancel()
        await asyncio.wait([dropping])
    slices.go.set()
    async with local_database(tmp_path) as db:
        assert await left(db) == ([1], [])
        assert (await db.on_collection(NUMBER, "t"))["status"] == {"ok": 1}
        assert await found_ids(db, {"filter": {"n": 7}}) == {7}
        assert await db.store.integrity_check(extract_of) == []
        assert (await db.on_keyspace(DROP))["status"] == {"ok": 1}
        assert await left(db) == ([1, 2], [1, 2])


async def test_who_knows_a_dropped_index_is_not_led_along_it(tmp_path: Path, slices: Slices) -> None:
    slices.go.set()
    async with local_database(tmp_path) as db:
        await fill_table(db)
        await db.on_collection(NUMBER, "t")
        [known] = await db.store.containers()
        await db.on_keyspace(DROP)
        with pytest.raises(ContainerChangedError):
            await anext(RowStore(db.store).scan(known, RowQuery()))


@pytest.mark.parametrize(
    ("index", "asked", "found"),
    [(NUMBER, {"n": {"$in": [3, 37]}}, [{"id": 3}, {"id": 37}]), (WORDS, {"body": {"$match": "seven"}}, None)],
    ids=["values", "words"],
)
async def test_a_find_begins_again_when_its_index_is_dropped_and_being_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, index: Json, asked: Json, found: list[Json] | None
) -> None:
    looked_up, half_made = Pause(), Pause()
    plan, fill, filled = scanning._plan, RowStore.fill_indexes, 0

    async def held_plan(file: StoreFile, container: Container, query: RowQuery) -> object:
        await looked_up.once()
        return await plan(file, container, query)

    async def held_fill(store: RowStore, container: Container, extract: Extract, place: Slice) -> int | None:
        nonlocal filled
        if filled == 2:
            await half_made.once()
        filled += 1
        return await fill(store, container, extract, place)

    monkeypatch.setattr(index_builds, "ROWS_AT_ONCE", 5)
    async with local_database(tmp_path) as db:
        await fill_table(db)
        assert (await db.on_collection(index, "t"))["status"] == {"ok": 1}
        monkeypatch.setattr(scanning, "_plan", held_plan)
        find = {"find": {"filter": asked, "projection": {"id": 1}}}
        finding = asyncio.create_task(db.on_collection(find, "t"))
        await looked_up.reached.wait()
        assert (await db.on_keyspace(DROP))["status"] == {"ok": 1}
        monkeypatch.setattr(RowStore, "fill_indexes", held_fill)
        making = asyncio.create_task(db.on_collection(index, "t"))
        await half_made.reached.wait()
        looked_up.go.set()
        answer = await finding
        if found is None:  # words need their index, and it is not there yet
            assert answer["errors"][0]["errorCode"] == "CANNOT_LEXICAL_FILTER_NON_INDEXED_COLUMNS"
        else:
            assert sorted(answer["data"]["documents"], key=lambda one: one["id"]) == found
        half_made.go.set()
        assert (await making)["status"] == {"ok": 1}
