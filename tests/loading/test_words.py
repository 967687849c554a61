"""Loads whose texts are searchable by words, too."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from astrolabe.errors import RuleError
from storage.loads.ledger import LoadKey, LoadLedger, LoadState
from tests.loading.conftest import Loading, refusal

FIRST_SCHEMA = """
    CREATE TABLE loads (
        id INTEGER PRIMARY KEY, database TEXT NOT NULL, keyspace TEXT NOT NULL, collection TEXT NOT NULL,
        vector_field TEXT NOT NULL, digest TEXT NOT NULL, path TEXT NOT NULL, size INTEGER NOT NULL,
        state TEXT NOT NULL, next_row INTEGER NOT NULL DEFAULT 0, loaded INTEGER NOT NULL DEFAULT 0,
        already_there INTEGER NOT NULL DEFAULT 0, failed INTEGER NOT NULL DEFAULT 0, started_at REAL NOT NULL,
        changed_at REAL NOT NULL, UNIQUE (database, keyspace, collection, vector_field, digest)
    ) STRICT;
    CREATE TABLE failed_rows (
        load_id INTEGER NOT NULL REFERENCES loads (id) ON DELETE CASCADE, row INTEGER NOT NULL, line INTEGER NOT NULL,
        reason TEXT NOT NULL, content TEXT NOT NULL, PRIMARY KEY (load_id, row)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO loads VALUES (7, 'db', 'k', 'c', 'text', 'd', '/f', 9, 'stopped', 3, 2, 0, 1, 1.5, 2.5);
    INSERT INTO failed_rows VALUES (7, 1, 2, 'bad', '{}');
    PRAGMA user_version = 1;
"""


async def found(loading: Loading, words: str) -> list[object]:
    page = await loading.collection().find(sort={"$lexical": words}, limit=1000)
    return [document["_id"] for document in page.documents]


async def test_the_vector_fields_text_is_found_by_words(loading: Loading) -> None:
    path = loading.write("a.csv", "_id,text\na,red bicycle\nb,blue car\n")
    assert (await loading.load(path, words=True)).complete
    assert await found(loading, "bicycle") == ["a"]
    [first, _] = await loading.documents()
    assert (first["text"], first["$vectorize"], first["$lexical"]) == ("red bicycle",) * 3


async def test_a_load_that_did_not_ask_for_it_has_no_words(loading: Loading) -> None:
    await loading.load(loading.write("a.csv", "_id,text\na,red bicycle\n"))
    assert await found(loading, "bicycle") == []


async def test_what_a_row_brings_itself_stays(loading: Loading) -> None:
    rows = [
        '{"_id": "a", "$vectorize": "red"}',
        '{"_id": "b", "$vectorize": "red", "$lexical": "FF800"}',
        '{"_id": "c", "$hybrid": "red"}',
        '{"_id": "d", "n": 1}',
    ]
    assert (await loading.load(loading.write("a.jsonl", "\n".join(rows)), None, words=True)).complete
    assert sorted(map(str, await found(loading, "red"))) == ["a", "c"]
    assert await found(loading, "ff800") == ["b"]


async def test_a_text_of_too_many_words_is_a_row_that_failed(loading: Loading) -> None:
    words = " ".join(f"word{number}" for number in range(2000))
    path = loading.write("a.csv", f"_id,text\na,short\nb,{words}\nc,short too\n")
    summary = await loading.load(path, words=True)
    assert (summary.loaded, summary.failed) == (2, 1)
    assert "lexical" in summary.failures[0].reason


async def test_a_load_that_was_stopped_goes_on_with_its_words(loading: Loading) -> None:
    path = loading.rows(250)
    loading.engine.rule = lambda texts: refusal(402, "no") if "text 210" in texts else None
    assert not (await loading.load(path, words=True)).complete
    loading.engine.rule = None
    resumed = await loading.load(path, words=True)
    assert (resumed.loaded, resumed.earlier > 0) == (250, True)
    assert len(await found(loading, "text")) == 250
    [record] = await loading.ledger.recent()
    assert record.key.words


async def test_the_same_file_without_words_is_another_load_and_says_so(loading: Loading) -> None:
    path = loading.rows(3)
    await loading.load(path)
    summary = await loading.load(path, words=True)
    assert (summary.loaded, summary.already_there) == (0, 3)
    [note] = summary.notes
    assert note == (
        "This file was loaded here before without words to search by; documents that are still there are left as they "
        "are. Delete them first to add the words."
    )
    assert {record.key.words for record in await loading.ledger.recent()} == {True, False}


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"vector": {"dimension": 2}}, "embeds no texts"),
        ({"lexical": {"enabled": False}}, "has no lexical search"),
    ],
)
async def test_a_collection_that_cannot_is_told_before_anything_is_read(
    loading: Loading, options: dict[str, object], reason: str
) -> None:
    await loading.db.create("other", **options)
    with pytest.raises(RuleError, match=reason):
        await loading.load(Path("/nowhere.csv"), None, "other", words=True)


async def test_a_ledger_of_before_keeps_its_loads_and_failed_rows(tmp_path: Path) -> None:
    path = tmp_path / "loads.db"
    connection = sqlite3.connect(path)
    connection.executescript(FIRST_SCHEMA)
    connection.close()
    ledger = await LoadLedger.open(path)
    try:
        record = await ledger.find(LoadKey("db", "k", "c", "text", "d"))
        assert record is not None
        assert (record.id, record.state, record.next_row, record.failed) == (7, LoadState.STOPPED, 3, 1)
        assert [failure.reason async for failure in ledger.failures(7)] == ["bad"]
        assert await ledger.find(LoadKey("db", "k", "c", "text", "d", words=True)) is None
        await ledger.restart(record)
        assert [failure async for failure in ledger.failures(7)] == []
    finally:
        await ledger.close()
