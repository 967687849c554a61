"""The envelope of answers, the error objects, and what happens when this program or the machine fails."""

from __future__ import annotations

import logging
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NoReturn

import pytest
import pytest_asyncio

from astrolabe.dataapi.language.error_codes import CATALOGUE
from astrolabe.dataapi.protocol import Json, JsonValue, Response
from astrolabe.errors import Owner, StoreFullError
from tests.support.local_api import ENDPOINT, KEYSPACE, LocalDatabase, codes, local_database, message


@pytest_asyncio.fixture
async def docs(db: LocalDatabase) -> LocalDatabase:
    await db.create(vector={"dimension": 2})
    await db.insert({"_id": 1, "$vector": [1, 2]})
    return db


SUCCESSES: list[tuple[Json, set[str]]] = [
    ({"insertOne": {"document": {}}}, {"status"}),
    ({"insertMany": {"documents": [{}]}}, {"status"}),
    ({"find": {}}, {"data"}),
    ({"find": {"options": {"includeSortVector": True}}}, {"data", "status"}),
    ({"findOne": {}}, {"data"}),
    ({"findOne": {"filter": {"_id": "missing"}}}, {"data"}),
    ({"updateOne": {"filter": {}, "update": {"$set": {"a": 1}}}}, {"status"}),
    ({"updateMany": {"filter": {}, "update": {"$set": {"a": 1}}}}, {"status"}),
    ({"findOneAndUpdate": {"filter": {}, "update": {"$set": {"a": 2}}}}, {"data", "status"}),
    ({"findOneAndReplace": {"filter": {}, "replacement": {}}}, {"data", "status"}),
    ({"findOneAndDelete": {"filter": {}}}, {"data", "status"}),
    ({"deleteOne": {"filter": {}}}, {"status"}),
    ({"deleteMany": {"filter": {"a": 1}}}, {"status"}),
    ({"countDocuments": {}}, {"status"}),
    ({"estimatedDocumentCount": {}}, {"status"}),
]


@pytest.mark.parametrize(("command", "members"), SUCCESSES, ids=lambda value: "-".join(sorted(value)))
async def test_a_success_has_only_the_members_it_needs(docs: LocalDatabase, command: Json, members: set[str]) -> None:
    assert set(await docs.on_collection(command)) == members


async def test_documents_always_come_with_a_page_state(docs: LocalDatabase) -> None:
    assert set((await docs.on_collection({"find": {}}))["data"]) == {"documents", "nextPageState"}
    assert set((await docs.on_collection({"findOne": {}}))["data"]) == {"document"}


async def test_an_error_object_has_its_members_and_no_others(docs: LocalDatabase) -> None:
    [error] = (await docs.on_collection({"find": {"filter": 5}}))["errors"]
    assert set(error) == {"id", "family", "scope", "errorCode", "title", "message"}
    assert uuid.UUID(error["id"]).version == 4
    assert (error["family"], error["scope"]) == ("REQUEST", "FILTER")
    assert error["title"] == CATALOGUE[error["errorCode"]][0].title
    [again] = (await docs.on_collection({"find": {"filter": 5}}))["errors"]
    assert again["id"] != error["id"]


async def test_unscoped_codes_have_an_empty_scope(docs: LocalDatabase) -> None:
    [error] = (await docs.on_collection({"bogus": {}}))["errors"]
    assert error["scope"] == ""


async def test_the_endpoint_is_the_one_given(docs: LocalDatabase) -> None:
    assert docs.api.endpoint == ENDPOINT


def nested(levels: int, *, arrays: bool = False) -> JsonValue:
    value: JsonValue = 1
    for _ in range(levels):
        value = [value] if arrays else {"$and": [value]}
    return value


@pytest.mark.parametrize("levels", [100, 20_000])
@pytest.mark.parametrize(
    "command",
    [
        lambda deep: {"find": {"filter": deep}},
        lambda deep: {"find": {"filter": {"a": {"$eq": deep}}}},
        lambda deep: {"find": {"sort": deep}},
        lambda deep: {"find": {"projection": deep}},
        lambda deep: {"insertOne": {"document": {"a": deep}}},
        lambda deep: {"insertOne": {"document": {"_id": deep}}},
        lambda deep: {"insertOne": {"document": {"$vector": deep}}},
        lambda deep: {"updateOne": {"filter": {}, "update": {"$set": {"a": deep}}}},
        lambda deep: {"updateOne": {"filter": {}, "update": deep}},
        lambda deep: {"findOneAndReplace": {"filter": {}, "replacement": {"a": deep}}},
        lambda deep: {"findOneAndReplace": {"filter": {"x": {"$eq": deep}}, "replacement": {}}},
        lambda deep: {"countDocuments": {"filter": {"a": {"$in": [deep]}}}},
        lambda deep: {"find": {"options": deep}},
    ],
)
async def test_nesting_without_end_is_refused_and_not_followed(
    docs: LocalDatabase, command: JsonValue, levels: int
) -> None:
    for deep in (nested(levels), nested(levels, arrays=True)):
        answer = await docs.on_collection(command(deep))
        assert "UNEXPECTED_SERVER_ERROR" not in codes(answer), answer
        assert len(str(answer)) < 5_000
    assert (await docs.on_collection({"countDocuments": {}}))["status"]["count"] == 1


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
async def test_numbers_that_json_does_not_know(docs: LocalDatabase, number: float) -> None:
    answer = await docs.on_collection({"insertOne": {"document": {"a": number}}})
    assert codes(answer) == ["REQUEST_NOT_JSON"]


@pytest.mark.parametrize("text", ["\ud800", "\x00", "a" * 5000, "'; DROP TABLE item; --", "%s{0}{x}"])
async def test_odd_texts_everywhere(docs: LocalDatabase, text: str) -> None:
    commands: list[Json] = [
        {"find": {"filter": {text: 1}}},
        {"find": {"filter": {"a": text}}},
        {"find": {"filter": {"_id": text}}},
        {"find": {"sort": {text: 1}}},
        {"find": {"projection": {text: 1}}},
        {"find": {"options": {"pageState": text}}},
        {"updateOne": {"filter": {}, "update": {"$set": {text: 1}}}},
        {"insertOne": {"document": {"_id": text, text: text}}},
        {text: {}},
    ]
    for command in commands:
        assert "UNEXPECTED_SERVER_ERROR" not in codes(await docs.on_collection(command)), command
    for answer in (
        await docs.on_collection({"find": {}}, text),
        await docs.send({"find": {}}, keyspace=text, name=text),
        await docs.on_keyspace({"createCollection": {"name": text}}),
        await docs.on_database({"createKeyspace": {"name": text}}),
        await docs.on_keyspace({"deleteCollection": {"name": text}}),
        await docs.on_database({"dropKeyspace": {"name": text}}),
    ):
        assert "UNEXPECTED_SERVER_ERROR" not in codes(answer)


async def test_a_fault_of_this_program_is_an_answer_and_a_log_entry(
    docs: LocalDatabase, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object, **__: object) -> NoReturn:
        raise ZeroDivisionError("the secret detail")

    monkeypatch.setattr(docs.store, "count", broken)
    with caplog.at_level(logging.ERROR, "astrolabe.dataapi.engine.local"):
        answer = await docs.on_collection({"estimatedDocumentCount": {}})
    assert codes(answer) == ["UNEXPECTED_SERVER_ERROR"]
    assert answer["errors"][0]["family"] == "SERVER"
    assert "the secret detail" not in message(answer)
    assert "ZeroDivisionError" in caplog.text


async def test_a_full_disk_keeps_its_message_its_hint_and_its_owner(
    docs: LocalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object, **__: object) -> NoReturn:
        raise StoreFullError("The disk is full.", hint="Make room.")

    monkeypatch.setattr(docs.store, "insert", full)
    response: Response = await docs.api.execute({"insertOne": {"document": {}}}, keyspace=KEYSPACE, name="docs")
    [error] = response.errors
    assert (error.code, error.message, error.hint) == ("INTERNAL_SERVER_ERROR", "The disk is full.", "Make room.")
    assert error.owner is Owner.MACHINE


@pytest_asyncio.fixture
async def other_program(tmp_path: Path, docs: LocalDatabase) -> AsyncIterator[LocalDatabase]:  # noqa: ARG001 - opened first
    async with local_database(tmp_path) as second:
        yield second


async def test_two_programs_see_each_others_writes(docs: LocalDatabase, other_program: LocalDatabase) -> None:
    await other_program.insert({"_id": 2, "$vector": [2, 1]})
    assert [document["_id"] for document in await docs.documents(sort={"$vector": [2, 1]})] == [2, 1]
    await other_program.on_keyspace({"deleteCollection": {"name": "docs"}})
    assert codes(await docs.on_collection({"find": {}})) == ["UNKNOWN_COLLECTION_OR_TABLE"]
