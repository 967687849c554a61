"""Rows of tables, where the recorded exchanges do not go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from astrolabe.dataapi.engine.handlers.tables import row_reading
from astrolabe.dataapi.language.allowances import CommandLimits
from astrolabe.dataapi.protocol import Json, JsonValue
from astrolabe.errors import ProviderError, ProviderFailure, ProviderReply
from astrolabe.providers.catalogue.catalogue import Catalogue
from astrolabe.providers.catalogue.provider_info import Direction
from tests.support.local_api import LocalDatabase, codes, local_database, vector_of

EMBEDDED = {"provider": "openai", "modelName": "text-embedding-3-small"}
OTHER = {"provider": "openai", "modelName": "text-embedding-3-large"}
COLUMNS: Json = {
    "p": "text",
    "c": "int",
    "n": "int",
    "t": "text",
    "d": "decimal",
    "tags": {"type": "set", "valueType": "text"},
    "v": {"type": "vector", "dimension": 3},
    "e": {"type": "vector", "dimension": 8, "service": EMBEDDED},
    "f": {"type": "vector", "dimension": 8, "service": EMBEDDED},
    "g": {"type": "vector", "dimension": 256, "service": OTHER},
}
KEY = {"partitionBy": ["p"], "partitionSort": {"c": -1}}
REPLY = ProviderReply(500, "no")
WROTE = {"status": {"matchedCount": 1, "modifiedCount": 1}}


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[LocalDatabase]:
    async with local_database(tmp_path) as opened:
        made = {"createTable": {"name": "t", "definition": {"columns": COLUMNS, "primaryKey": KEY}}}
        assert await opened.on_keyspace(made) == {"status": {"ok": 1}}
        yield opened


async def send(db: LocalDatabase, verb: str, body: Mapping[str, Any]) -> Json:
    return await db.on_collection({verb: dict(body)}, "t", key="secret")


async def insert(db: LocalDatabase, *rows: Json, **options: JsonValue) -> Json:
    return await send(db, "insertMany", {"documents": list(rows), "options": options})


async def found(db: LocalDatabase, **find: JsonValue) -> list[Json]:
    answer = await send(db, "find", find)
    assert "errors" not in answer, answer
    rows: list[Json] = answer["data"]["documents"]
    return rows


async def update(db: LocalDatabase, update: Json, c: int = 1) -> Json:
    return await send(db, "updateOne", {"filter": {"p": "a", "c": c}, "update": update})


async def index(db: LocalDatabase, column: JsonValue, verb: str = "createIndex", **options: JsonValue) -> None:
    name = f"i_{column}" if isinstance(column, str) else "i_part"
    answer = await send(db, verb, {"name": name, "definition": {"column": column, "options": options}})
    assert answer == {"status": {"ok": 1}}


def called(db: LocalDatabase) -> list[tuple[str, tuple[str, ...], Direction]]:
    return [(call.spec.model, call.texts, call.direction) for call in db.engine.calls]


async def test_texts_of_one_service_are_embedded_in_one_call_and_are_not_kept(db: LocalDatabase) -> None:
    rows = [{"p": "a", "c": 1, "e": "one", "f": "two", "g": "one"}, {"p": "a", "c": 2, "e": "two", "f": " "}]
    assert "errors" not in await insert(db, *rows)
    assert called(db) == [
        ("text-embedding-3-small", ("one", "two"), Direction.STORE),
        ("text-embedding-3-large", ("one",), Direction.STORE),
    ]
    second, first = await found(db, filter={"p": "a"})
    assert (set(first), set(second)) == ({"p", "c", "e", "f", "g"}, {"p", "c", "e"})
    assert first["f"] == pytest.approx(vector_of("two", 8).tolist(), abs=1e-6)


async def test_a_failing_provider_leaves_nothing_written(db: LocalDatabase) -> None:
    db.engine.failure = ProviderError(
        "No.", provider="openai", failure=ProviderFailure.SERVER, reply=ProviderReply(500, "no")
    )
    answer = await insert(db, {"p": "a", "c": 1}, {"p": "a", "c": 2, "e": "text"}, {"p": "a", "c": "x"})
    assert codes(answer) == ["EMBEDDING_PROVIDER_SERVER_ERROR"]
    assert "status" not in answer
    assert await found(db) == []


async def test_texts_of_refused_rows_are_not_embedded(db: LocalDatabase) -> None:
    rows: list[Json] = [
        {"p": "a", "c": 1, "e": "one"},
        {"p": "a", "c": "x", "e": "two"},
        {"p": "a", "c": 3, "e": "three"},
    ]
    answer = await insert(db, *rows, ordered=True)
    assert codes(answer) == ["INVALID_COLUMN_VALUES"]
    assert db.engine.texts == ["one"]
    assert [row["c"] for row in await found(db, projection={"c": 1})] == [1]


async def test_an_insert_keeps_what_it_does_not_name_and_takes_away_what_is_null(db: LocalDatabase) -> None:
    await insert(db, {"p": "a", "c": 1, "n": 1, "t": "old", "v": [1, 0, 0], "tags": ["x"]})
    await insert(db, {"p": "a", "c": 1, "t": "new", "tags": []}, {"p": "a", "c": 1, "n": None})
    assert await found(db) == [{"p": "a", "c": 1, "t": "new", "v": [1.0, 0.0, 0.0]}]
    await insert(db, {"p": "a", "c": 1, "v": None})
    assert await found(db) == [{"p": "a", "c": 1, "t": "new"}]


async def test_a_row_that_was_never_inserted_lasts_as_long_as_its_values(db: LocalDatabase) -> None:
    assert await update(db, {"$unset": {"n": ""}}) == WROTE
    assert await found(db) == []
    assert await update(db, {"$set": {"n": 1, "v": [1, 0, 0]}}) == WROTE
    assert await update(db, {"$unset": {"n": ""}}) == WROTE
    assert await found(db) == [{"p": "a", "c": 1, "v": [1.0, 0.0, 0.0]}]
    assert await update(db, {"$set": {"v": None}}) == WROTE
    assert await found(db) == []
    await insert(db, {"p": "a", "c": 1, "n": 1})
    await update(db, {"$unset": {"n": ""}})
    assert await found(db) == [{"p": "a", "c": 1}]


async def test_updates_at_the_same_time_all_count(db: LocalDatabase) -> None:
    await asyncio.gather(*(update(db, {"$push": {"tags": f"{number:02}"}}) for number in range(20)))
    [row] = await found(db)
    assert row["tags"] == [f"{number:02}" for number in range(20)]


async def test_a_text_in_an_update_is_embedded_and_searched_by(db: LocalDatabase) -> None:
    await index(db, "e", "createVectorIndex")
    await insert(db, {"p": "a", "c": 1, "e": "bread"}, {"p": "a", "c": 2, "e": "water"})
    await update(db, {"$set": {"e": "wine"}})
    sort = {"sort": {"e": "wine"}, "projection": {"c": 1}, "options": {"includeSimilarity": True, "limit": 1}}
    answer = await send(
        db, "find", sort | {"options": {"limit": 1, "includeSimilarity": True, "includeSortVector": True}}
    )
    [row] = answer["data"]["documents"]
    assert (row["c"], row["$similarity"]) == (1, pytest.approx(1.0, abs=1e-6))
    assert answer["status"]["sortVector"] == pytest.approx(vector_of("wine", 8).tolist(), abs=1e-6)
    assert called(db)[-1] == ("text-embedding-3-small", ("wine",), Direction.QUERY)


async def test_every_vector_column_is_searched_by_its_own_index_and_metric(db: LocalDatabase) -> None:
    await index(db, "v", "createVectorIndex", metric="euclidean")
    await index(db, "e", "createVectorIndex", metric="dot_product")
    eights = {"c": 1, "e": [1, 0, 0, 0, 0, 0, 0, 0]}, {"c": 2, "e": [0, 1, 0, 0, 0, 0, 0, 0]}
    threes = [0, 0, 9], [0, 0, 1]
    await insert(db, *({"p": "a", **row, "v": vector} for row, vector in zip(eights, threes, strict=True)))
    assert [row["c"] for row in await found(db, sort={"v": [0, 0, 0]}, projection={"c": 1})] == [2, 1]
    assert [row["c"] for row in await found(db, sort={"e": [1, 0, 0, 0, 0, 0, 0, 0]}, projection={"c": 1})] == [1, 2]
    where: Json = {"n": {"$gt": 0}}
    assert await found(db, filter=where, sort={"v": [0, 0, 0]}) == []
    await update(db, {"$set": {"n": 1}}, 1)
    assert [row["c"] for row in await found(db, filter=where, sort={"v": [0, 0, 0]}, projection={"c": 1})] == [1]


async def test_a_vector_without_direction_is_refused_where_directions_are_compared(db: LocalDatabase) -> None:
    zero = {"p": "a", "c": 1, "v": [0, 0, 0]}
    assert "errors" not in await insert(db, zero)
    await index(db, "v", "createVectorIndex")
    assert codes(await insert(db, zero)) == ["INVALID_DATABASE_QUERY"]
    assert codes(await send(db, "find", {"sort": {"v": [0, 0, 0]}})) == ["INVALID_DATABASE_QUERY"]


async def test_several_text_indexes_find_words_each_in_its_column(db: LocalDatabase) -> None:
    columns = {"u": "text"}
    assert "errors" not in await send(db, "alterTable", {"operation": {"add": {"columns": columns}}})
    await index(db, "t", "createTextIndex", analyzer="english")
    await index(db, "u", "createTextIndex")
    await insert(db, {"p": "a", "c": 1, "t": "running", "u": "boat"}, {"p": "a", "c": 2, "t": "boats", "u": "running"})
    numbers = {"projection": {"c": 1}}
    assert await found(db, filter={"t": {"$match": "run"}}, **numbers) == [{"c": 1}]
    assert await found(db, filter={"u": {"$match": "run"}}, **numbers) == []
    assert await found(db, sort={"t": "boat"}, **numbers) == [{"c": 2}]
    await update(db, {"$set": {"t": "sitting"}})
    assert await found(db, filter={"t": {"$match": "run"}}, **numbers) == []


async def test_an_index_that_reads_texts_without_case_finds_them_without_case(db: LocalDatabase) -> None:
    await insert(db, {"p": "a", "c": 1, "t": "Crème"}, {"p": "a", "c": 2, "t": "creme"}, {"p": "a", "c": 3, "t": "Cr"})
    assert len(await found(db, filter={"t": "CREME"})) == 0
    await index(db, "t", caseSensitive=False, ascii=True, normalize=True)
    assert [row["c"] for row in await found(db, filter={"t": "CREME"})] == [2, 1]
    assert [row["c"] for row in await found(db, filter={"t": {"$in": ["CRÈME", "x"]}})] == [2, 1]


async def test_a_limit_counts_over_all_pages(db: LocalDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_reading, "PAGE_SIZE", 2)
    await insert(db, *({"p": "a", "c": number} for number in range(9)))
    pages, options = [], {"limit": 5}
    while True:
        answer = await send(db, "find", {"filter": {"p": "a"}, "projection": {"c": 1}, "options": options})
        pages.append([row["c"] for row in answer["data"]["documents"]])
        state = answer["data"]["nextPageState"]
        if state is None:
            break
        options = {"limit": 5, "pageState": state}
    assert pages == [[8, 7], [6, 5], [4]]


@pytest.mark.parametrize("state", ["", "AAAA", "é", "AQ==", "!", "Ag" * 20])
async def test_a_page_state_that_nobody_gave_is_refused(db: LocalDatabase, state: str) -> None:
    assert codes(await send(db, "find", {"options": {"pageState": state}})) == ["UNEXPECTED_DRIVER_ERROR"]


async def test_a_sort_of_too_many_rows_is_refused(db: LocalDatabase) -> None:
    db.allow(CommandLimits(sorted_documents=4))
    await insert(db, *({"p": "a", "c": number, "n": -number} for number in range(5)))
    answer = await send(db, "find", {"sort": {"n": 1}})
    assert codes(answer) == ["OVERLOADED_SORT_ROW_LIMIT"]
    warnings = [warning["errorCode"] for warning in answer["status"]["warnings"]]
    assert warnings == ["IN_MEMORY_SORTING_DUE_TO_NON_PARTITION_SORTING", "ZERO_FILTER_OPERATIONS"]
    where = {"c": {"$lt": 4}, "p": "a"}
    assert [row["c"] for row in await found(db, filter=where, sort={"n": 1}, projection={"c": 1})] == [3, 2, 1, 0]


async def test_ranges_of_a_partition_are_deleted(db: LocalDatabase) -> None:
    await insert(db, *({"p": name, "c": number} for name in "ab" for number in range(6)))

    async def left() -> list[tuple[str, int]]:
        return sorted((row["p"], row["c"]) for row in await found(db, projection={"p": 1, "c": 1}))

    where: Json = {"p": "a", "c": {"$gte": 1, "$lt": 4}}
    assert await send(db, "deleteMany", {"filter": where}) == {"status": {"deletedCount": -1}}
    assert await left() == [("a", 0), ("a", 4), ("a", 5), *(("b", number) for number in range(6))]
    await send(db, "deleteMany", {"filter": {"p": {"$in": ["a", "nobody"]}, "c": {"$in": [4, 5]}}})
    await send(db, "deleteMany", {"filter": {"p": "b"}})
    assert await left() == [("a", 0)]


async def test_digits_are_kept(db: LocalDatabase) -> None:
    digits = Decimal("1.000000000000000000000000000000000000001")
    await insert(db, {"p": "a", "c": 1, "d": digits}, {"p": "a", "c": 2, "d": Decimal("2.5")})
    assert [str(row["d"]) for row in await found(db, projection={"d": 1})] == ["2.5", str(digits)]
    assert (
        len(await found(db, filter={"d": {"$gt": 1, "$lt": Decimal("1.00000000000000000000000000000000000001")}})) == 1
    )
    assert len(await found(db, filter={"d": Decimal("2.5")})) == 1


async def test_a_vector_can_be_a_key(db: LocalDatabase) -> None:
    columns = {"v": {"type": "vector", "dimension": 2}, "n": "int"}
    made = {"createTable": {"name": "keyed", "definition": {"columns": columns, "primaryKey": "v"}}}
    assert await db.on_keyspace(made) == {"status": {"ok": 1}}
    rows = [{"v": [0.5, 1], "n": 1}, {"v": [0.25, 1], "n": 2}, {"v": [0.5, 1], "n": 3}]
    answer = await db.on_collection({"insertMany": {"documents": rows}}, "keyed")
    assert answer["status"]["insertedIds"] == [[[0.5, 1.0]], [[0.25, 1.0]], [[0.5, 1.0]]]
    found = await db.documents("keyed")
    assert sorted((row["n"], row["v"]) for row in found) == [(2, [0.25, 1.0]), (3, [0.5, 1.0])]


async def test_a_service_of_a_provider_that_is_gone_stops_its_column_alone(
    db: LocalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Catalogue, "find", lambda *_: None)
    assert codes(await insert(db, {"p": "a", "c": 2, "e": "text"})) == ["EMBEDDING_PROVIDER_UNAVAILABLE"]
    assert "errors" not in await insert(db, {"p": "a", "c": 3, "v": [1, 0, 0]})
    assert [row["c"] for row in await found(db)] == [3]
