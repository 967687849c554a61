"""Definitions that were stored when there was no limit: they harm nobody, and can be deleted."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from storage.lexical.analyzers import MOST_PARTS, AnalyzerError, read_analyzer
from tests.support.local_api import LocalDatabase, codes, local_database, message

CHAIN = {"tokenizer": {"name": "standard"}, "filters": [{"name": "lowercase"}] * 100_000}
STRIPS = {"tokenizer": {"name": "standard"}, "charFilters": [{"name": "htmlstrip"}] * 100_000}


@pytest.mark.parametrize("analyzer", [CHAIN, STRIPS])
async def test_an_analyzer_of_a_hundred_thousand_filters_is_refused(db: LocalDatabase, analyzer: object) -> None:
    command = {"createCollection": {"name": "c", "options": {"lexical": {"enabled": True, "analyzer": analyzer}}}}
    answer = await db.on_keyspace(command)
    assert codes(answer) == ["INVALID_CREATE_COLLECTION_OPTIONS"]
    assert f"at most {MOST_PARTS}" in message(answer)
    assert await db.on_keyspace({"findCollections": {}}) == {"status": {"collections": []}}


def test_as_many_filters_as_are_allowed_are_applied() -> None:
    filters = [{"name": "asciifolding"}] * (MOST_PARTS - 1) + [{"name": "lowercase"}]
    analyzer = read_analyzer({"tokenizer": {"name": "standard"}, "filters": filters})
    assert analyzer.terms("Été Ñ") == ["ete", "n"]


@pytest.mark.parametrize(
    "analyzer",
    [
        "x" * 1_000_000,
        {"tokenizer": {"name": "standard", "args": {str(number): 1 for number in range(10_000)}}},
        {str(number): 1 for number in range(10_000)},
        {"tokenizer": {"name": "x" * 100_000}},
    ],
    ids=["name", "arguments", "members", "tokenizer"],
)
def test_an_analyzer_that_is_too_large_is_refused_in_a_few_words(analyzer: Any) -> None:  # noqa: ANN401 - any JSON
    with pytest.raises(AnalyzerError) as refused:
        read_analyzer(analyzer)
    assert len(str(refused.value)) < 1000


async def stored(folder: Path, column: str, value: object) -> None:
    """Create two collections, and change what is stored of one."""
    async with local_database(folder) as db:
        await db.create("old")
        await db.create("other")
    with sqlite3.connect(folder / "library.db") as connection:
        connection.execute(f"UPDATE container SET {column} = ? WHERE name = 'old'", (json.dumps(value),))  # noqa: S608
    connection.close()


async def test_a_stored_analyzer_of_a_hundred_thousand_filters_ends_nothing(tmp_path: Path) -> None:
    await stored(tmp_path, "texts", {"$lexical": {"number": 0, "analyzer": CHAIN}})
    async with local_database(tmp_path) as db:
        answer: dict[str, Any] = {}
        for _ in range(2):
            answer = await db.on_collection({"insertOne": {"document": {"$lexical": "some words"}}}, "old")
            assert codes(answer) == ["LEXICAL_NOT_ENABLED_FOR_COLLECTION"]
            assert "'filters' has 100000 parts" in message(answer)
        assert codes(await db.on_collection({"find": {"sort": {"$lexical": "words"}}}, "old")) == codes(answer)
        assert codes(await db.on_collection({"find": {"filter": {"$lexical": {"$match": "w"}}}}, "old")) == codes(
            answer
        )
        await db.insert({"_id": 1, "plain": True}, name="old")
        await db.insert({"$lexical": "some words"}, name="other")
        assert await db.on_collection({"deleteOne": {"filter": {"_id": 1}}}, "old") == {"status": {"deletedCount": 1}}
        assert any("'filters' has 100000 parts" in problem for problem in await db.store.integrity_check())
        assert await db.on_keyspace({"deleteCollection": {"name": "old"}}) == {"status": {"ok": 1}}
        assert await db.on_keyspace({"findCollections": {}}) == {"status": {"collections": ["other"]}}


async def test_documents_can_be_deleted_when_their_stored_analyzer_cannot_be_used(tmp_path: Path) -> None:
    async with local_database(tmp_path) as db:
        await db.create("old")
        await db.insert({"_id": 1, "$lexical": "some words"}, {"_id": 2, "$lexical": "more"}, name="old")
    with sqlite3.connect(tmp_path / "library.db") as connection:
        texts = {"$lexical": {"number": 0, "analyzer": CHAIN}}
        connection.execute("UPDATE container SET texts = ?", (json.dumps(texts),))
    connection.close()
    async with local_database(tmp_path) as db:
        assert await db.on_collection({"deleteOne": {"filter": {"_id": 1}}}, "old") == {"status": {"deletedCount": 1}}
        assert await db.on_collection({"deleteMany": {"filter": {}}}, "old") == {"status": {"deletedCount": -1}}


async def test_a_stored_list_of_a_hundred_thousand_paths_is_still_followed(tmp_path: Path) -> None:
    await stored(tmp_path, "definition", {"indexing": {"deny": [f"p{number}" for number in range(100_000)]}})
    async with local_database(tmp_path) as db:
        await db.insert({"_id": 1, "p99999": "x" * 9000, "q": 1}, name="old")
        answer = await db.on_collection({"find": {"filter": {"p5": 1}}}, "old")
        assert codes(answer) == ["FILTER_PATH_UNINDEXED"]
        assert len(await db.documents("old", filter={"q": 1})) == 1
        assert await db.on_keyspace({"deleteCollection": {"name": "old"}}) == {"status": {"ok": 1}}
