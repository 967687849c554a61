"""The activity log says what was sent and how it ended, briefly and without secrets."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from astrolabe.dataapi.activity import (
    ActivityEntry,
    ActivityLog,
    Outcome,
    RecordingDataApi,
    display_copy,
)
from astrolabe.dataapi.client.command_builders import PlannedCommand
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.protocol import Json, JsonValue, Response
from astrolabe.errors import DataApiError, UsageError
from tests.support.data_api import ScriptedDataApi

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


async def record(
    answer: Response | BaseException, command: Json, headers: dict[str, str] | None = None
) -> ActivityEntry:
    log = ActivityLog()
    ticks = count()
    api = RecordingDataApi(ScriptedDataApi(answer), log, "library", now=lambda: NOON, clock=lambda: next(ticks) / 100)
    try:
        await api.execute(command, keyspace="k", name="c", headers=headers)
    except UsageError:
        pass
    except DataApiError:
        pass
    (entry,) = log.entries
    return entry


async def test_a_success_is_summed_up() -> None:
    entry = await record(Response(data={"documents": [{}, {}], "nextPageState": None}), {"find": {}})
    assert (entry.at, entry.database, entry.planned) == (NOON, "library", PlannedCommand({"find": {}}, "k", "c"))
    assert entry.milliseconds == pytest.approx(10)
    assert (entry.outcome, entry.error_code, entry.detail) == (Outcome.OK, None, "2 documents")


@pytest.mark.parametrize(
    ("response", "detail"),
    [
        (Response(status={"ok": 1}), "ok"),
        (Response(status={"insertedIds": [1, 2, 3]}), "3 inserted"),
        (Response(status={"documentResponses": [{"_id": 1, "status": "OK"}]}), "1 inserted"),
        (Response(status={"deletedCount": -1}), "deletedCount -1"),
        (Response(status={"matchedCount": 1, "modifiedCount": 0}), "matchedCount 1, modifiedCount 0"),
        (Response(status={"collections": ["a", "b"]}), "2 collections"),
        (Response(data={"document": None}), "no document"),
        (Response(data={"document": {"_id": 1}}), "1 document"),
    ],
)
async def test_details(response: Response, detail: str) -> None:
    assert (await record(response, {"x": {}})).detail == detail


async def test_an_error_names_its_code() -> None:
    error = data_api_error("UNKNOWN_KEYSPACE", "No keyspace 'x'.")
    entry = await record(Response(errors=(error,)), {"find": {}})
    assert (entry.outcome, entry.error_code, entry.detail) == (Outcome.ERROR, "UNKNOWN_KEYSPACE", "No keyspace 'x'.")


async def test_a_partly_failed_insert_is_partial() -> None:
    error = data_api_error("DOCUMENT_ALREADY_EXISTS", "There already.")
    responses = [{"_id": 1, "status": "OK"}, {"_id": 2, "status": "ERROR", "errorsIdx": 0}]
    entry = await record(Response(status={"documentResponses": responses}, errors=(error,)), {"insertMany": {}})
    assert entry.outcome is Outcome.PARTIAL


async def test_a_refused_insert_is_an_error() -> None:
    error = data_api_error("DOCUMENT_ALREADY_EXISTS", "There already.")
    entry = await record(Response(status={"insertedIds": []}, errors=(error,)), {"insertOne": {}})
    assert entry.outcome is Outcome.ERROR


async def test_what_the_inner_one_raises_is_recorded_and_raised() -> None:
    entry = await record(UsageError("No endpoint."), {"find": {}})
    assert (entry.outcome, entry.detail) == (Outcome.ERROR, "No endpoint.")


async def test_a_cancelled_command_is_recorded() -> None:
    log = ActivityLog()
    api = RecordingDataApi(ScriptedDataApi(asyncio.CancelledError()), log, "library")
    with pytest.raises(asyncio.CancelledError):
        await api.execute({"find": {}})
    assert log.entries[0].outcome is Outcome.CANCELLED


async def test_header_values_are_masked() -> None:
    entry = await record(Response(), {"find": {}}, {"x-embedding-api-key": "sk-12345"})
    assert list(entry.headers) == ["x-embedding-api-key"]
    assert "sk-12345" not in repr(entry)


async def test_listeners_hear_until_they_leave() -> None:
    log = ActivityLog(size=2)
    heard: list[ActivityEntry] = []
    leave = log.subscribe(heard.append)
    api = RecordingDataApi(ScriptedDataApi(Response()), log, "library")
    for _ in range(3):
        await api.execute({"find": {}})
    assert len(heard) == 3
    assert len(log.entries) == 2
    leave()
    leave()
    await api.execute({"find": {}})
    assert len(heard) == 3
    log.clear()
    assert not log.entries


def test_long_things_are_cut_and_say_so() -> None:
    command = {
        "insertMany": {
            "documents": [{"_id": number, "$vector": [0.5] * 1024} for number in range(100)],
            "options": {"ordered": False},
        }
    }
    shown = display_copy(PlannedCommand(command, "k", "c"))
    documents = shown.command["insertMany"]["documents"]
    assert documents[3:] == ["… 97 more"]
    assert documents[0] == {"_id": 0, "$vector": [0.5, 0.5, 0.5, "… 1021 more"]}
    assert shown.command["insertMany"]["options"] == {"ordered": False}
    assert len(command["insertMany"]["documents"]) == 100


def test_long_texts_are_cut() -> None:
    shown = display_copy(PlannedCommand({"find": {"sort": {"$vectorize": "x" * 10_000}}}))
    assert len(shown.command["find"]["sort"]["$vectorize"]) < 600


def test_bottomless_nesting_is_cut() -> None:
    value: JsonValue = 1
    for _ in range(50_000):
        value = [value]
    assert "…" in repr(display_copy(PlannedCommand({"find": {"filter": value}})))


def test_many_long_texts_and_many_lists_within_lists_are_kept_short() -> None:
    texts = {f"m{number}": "x" * 400 for number in range(400)}
    assert len(json.dumps(display_copy(PlannedCommand({"find": {"filter": texts}})).command)) < 30_000
    lists: list[Any] = []
    for _ in range(12):
        lists = [lists, lists, lists]
    assert len(json.dumps(display_copy(PlannedCommand({"find": {"filter": lists}})).command)) < 10_000


async def test_only_the_headers_that_matter_to_a_command_are_noted() -> None:
    entry = await record(Response(), {"find": {}}, {f"x-{number}": "1" for number in range(1000)})
    assert not entry.headers


def test_a_command_with_a_million_members_is_kept_short() -> None:
    wide = {f"m{number}": {"inner": number} for number in range(1_000)} | {"x" * 9_000: 1}
    copy = display_copy(PlannedCommand({"insertOne": {"document": wide, "options": {}}})).command
    shown = copy["insertOne"]["document"]
    assert shown["m0"] == {"inner": 0}
    assert shown["…"] == f"{len(wide) - len(shown) + 1} more"
    assert len(json.dumps(copy)) < 20_000
    long_name = {"findOne": {"filter": {"x" * 9_000: 1}}}
    assert len(json.dumps(display_copy(PlannedCommand(long_name)).command)) < 1_000
