"""Loads of good and of bad files: nothing is lost, nothing sounds better than it is."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest
import simplejson

from astrolabe.errors import LoadError, ProviderError, ProviderFailure, RuleError
from astrolabe.loading.batches import MOST_ROWS
from astrolabe.loading.load_plan import LoadPhase, LoadSummary
from astrolabe.loading.pipeline import rows_for
from astrolabe.portal.organization import ServiceConfig
from tests.loading.conftest import EMBEDDED, Loading, refusal
from tests.support.infos import info_of
from tests.support.local_api import vector_of
from tests.support.waiting import until

REMOTE = {"service": {"provider": "huggingface", "modelName": "BAAI/bge-small-en-v1.5"}}


def counts(summary: LoadSummary) -> tuple[int, int, int, int]:
    return summary.loaded, summary.already_there, summary.failed, summary.not_attempted


def reasons(summary: LoadSummary) -> list[tuple[int, str]]:
    return [(failure.line, failure.reason) for failure in summary.failures]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "_id,text,price\r\na,A red bicycle,12.50\r\nb,A kettle,3\r\n"),
        (
            "a.json",
            '[{"_id": "a", "text": "A red bicycle", "price": 12.50}, {"_id": "b", "text": "A kettle", "price": 3}]',
        ),
        (
            "a.jsonl",
            '{"_id": "a", "text": "A red bicycle", "price": 12.50}\n{"_id": "b", "text": "A kettle", "price": 3}\n',
        ),
    ],
)
async def test_each_format_loads_documents_with_exact_numbers(loading: Loading, name: str, content: str) -> None:
    summary = await loading.load(loading.write(name, content))
    assert counts(summary) == (2, 0, 0, 0)
    assert summary.complete
    assert summary.failures_file is None
    first, second = await loading.documents()
    vector = first.pop("$vector")
    assert first == {"_id": "a", "text": "A red bicycle", "price": Decimal("12.50"), "$vectorize": "A red bicycle"}
    assert str(first["price"]) == "12.5"
    assert [float(number) for number in vector] == pytest.approx(vector_of("A red bicycle", 256).tolist())
    assert second["_id"] == "b"


async def test_a_load_of_many_batches_keeps_several_in_flight(loading: Loading) -> None:
    loading.engine.hold = "text 0"
    await loading.db.create("remote", vector=REMOTE)
    load = asyncio.create_task(loading.load(loading.rows(1050), name="remote"))
    await until(lambda: loading.engine.flying > 1)
    loading.engine.gate.set()
    summary = await load
    assert counts(summary) == (1050, 0, 0, 0)
    assert await loading.numbers("remote") == list(range(1050))
    assert 1 < loading.engine.most <= 4
    assert max(len(call.texts) for call in loading.engine.calls) == 100
    assert sorted(loading.engine.texts) == sorted(f"text {number}" for number in range(1050))
    last = loading.progress[-1]
    assert (last.phase, last.done, last.total, last.loaded) == (LoadPhase.LOADING, 1050, 1050, 1050)


async def test_documents_keep_the_order_of_the_file_where_nothing_is_waited_for(loading: Loading) -> None:
    loading.engine.delay = 0.001
    await loading.load(loading.rows(450))
    assert [int(document["n"]) for document in await loading.documents()] == list(range(450))
    assert loading.engine.most == 1


async def test_large_documents_travel_in_smaller_batches(loading: Loading) -> None:
    await loading.db.create("large", vector=EMBEDDED, indexing={"deny": ["body"]})
    rows = [{"text": f"text {number}", "body": "y" * 1_500_000} for number in range(5)]
    path = loading.write("a.jsonl", "".join(simplejson.dumps(row) + "\n" for row in rows))
    assert counts(await loading.load(path, name="large")) == (5, 0, 0, 0)
    assert sorted(len(call.texts) for call in loading.engine.calls) == [1, 2, 2]


async def test_bad_rows_fail_with_their_line_and_the_rest_goes_on(loading: Loading) -> None:
    rows = [
        '{"_id": "good", "text": "fine"}',
        '{"_id": "no text"}',
        '{"_id": "empty", "text": " "}',
        '{"_id": "number", "text": 12}',
        '["no object"]',
        '{"broken": ',
        '{"_id": "good", "text": "again"}',
        '{"_id": ["bad id"], "text": "fine"}',
        '{"_id": "bad name", "text": "fine", "$price": 1}',
        '{"_id": "too long", "text": "fine", "note": "' + "x" * 8001 + '"}',
        '{"_id": "last", "text": "fine too"}',
    ]
    summary = await loading.load(loading.write("a.jsonl", "\n".join(rows)))
    assert counts(summary) == (2, 0, 9, 0)
    assert not summary.complete
    assert [document["_id"] for document in await loading.documents()] == ["good", "last"]
    found = dict(reasons(summary))
    assert sorted(found) == [2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert found[2] == "the Vector Field 'text' is missing"
    assert found[3] == "the Vector Field 'text' is empty"
    assert found[4] == "the Vector Field 'text' holds a number, not a text"
    assert found[5] == "the row is an array, not an object"
    assert found[6] == "not valid JSON: expecting value (column 12)"
    assert found[7] == "line 1 has the same _id"
    assert "_id" in found[8]
    assert "$price" in found[9]
    assert "8000" in found[10].replace(",", "")


async def test_failed_rows_are_kept_in_a_file_that_can_be_corrected_and_loaded(loading: Loading) -> None:
    path = loading.write("books.csv", "_id,text,year\na,fine,1990\nb,,1991\nc,too,many,fields\n")
    summary = await loading.load(path)
    assert counts(summary) == (1, 0, 2, 0)
    file = summary.failures_file
    assert file is not None
    assert file.parent.parent == loading.ledger.folder
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text() == '{"_id": "b", "text": "", "year": 1991}\n"c,too,many,fields"\n'

    corrected = loading.write("corrected.jsonl", file.read_text().replace('""', '"now there"').splitlines()[0])
    assert counts(await loading.load(corrected)) == (1, 0, 0, 0)
    assert [document["_id"] for document in await loading.documents()] == ["a", "b"]


async def test_the_failures_file_goes_when_the_failures_go(loading: Loading) -> None:
    loading.engine.rule = lambda texts: refusal(400, "too long") if "text 7" in texts else None
    path = loading.rows(20)
    summary = await loading.load(path)
    assert summary.failures_file is not None
    loading.engine.rule = None
    again = await loading.load(path)
    assert counts(again) == (1, 19, 0, 0)
    assert again.failures_file is None
    assert not summary.failures_file.exists()


@pytest.mark.parametrize(
    ("name", "content", "line", "column"),
    [
        ("a.json", "[" + '{"text": "x"},\n' * 500 + '{"text": }]', 501, 10),
        ("a.csv", "text\n" + "x\n" * 500 + '"open\n', 502, 1),
    ],
)
async def test_a_malformed_file_costs_nothing(
    loading: Loading, name: str, content: str, line: int, column: int
) -> None:
    with pytest.raises(LoadError) as caught:
        await loading.load(loading.write(name, content))
    assert (caught.value.line, caught.value.column) == (line, column)
    assert loading.engine.calls == []
    assert await loading.documents() == []


async def test_a_missing_or_empty_file_and_a_wrong_field_are_refused_before_anything_is_sent(loading: Loading) -> None:
    with pytest.raises(LoadError, match="There is no file"):
        await loading.load(loading.folder / "none.csv")
    with pytest.raises(LoadError, match="holds no rows"):
        await loading.load(loading.write("a.json", "[ ]"))
    await loading.db.create("plain")
    with pytest.raises(RuleError, match="has no vectors"):
        await loading.load(loading.rows(3), name="plain")
    assert loading.engine.calls == []


async def test_rows_without_a_vector_field_are_loaded_as_they_are(loading: Loading) -> None:
    await loading.db.create("plain")
    assert counts(await loading.load(loading.rows(3), None, name="plain")) == (3, 0, 0, 0)
    assert all("$vectorize" not in document for document in await loading.documents("plain"))


async def test_numbers_in_the_vector_field_become_the_vector(loading: Loading) -> None:
    await loading.db.create("vectors", vector={"dimension": 2, "metric": "euclidean"})
    rows = '{"_id": 1, "v": [0.5, 1]}\n{"_id": 2, "v": [1, 2, 3]}\n{"_id": 3, "v": "text"}\n{"_id": 4, "v": [3, 4]}\n'
    summary = await loading.load(loading.write("a.jsonl", rows), "v", name="vectors")
    assert counts(summary) == (2, 0, 2, 0)
    assert [line for line, _ in reasons(summary)] == [2, 3]
    assert await loading.documents("vectors") == [
        {"_id": 1, "$vector": [Decimal("0.5"), 1]},
        {"_id": 4, "$vector": [3, 4]},
    ]


async def test_documents_that_are_there_already_are_counted_and_left_alone(loading: Loading) -> None:
    await loading.collection().insert_one({"_id": "b", "text": "the old one"})
    path = loading.write("a.csv", "_id,text\na,new\nb,new\nc,new\n")
    summary = await loading.load(path)
    assert counts(summary) == (2, 1, 0, 0)
    assert summary.complete
    assert {document["_id"]: document["text"] for document in await loading.documents()} == {
        "a": "new",
        "b": "the old one",
        "c": "new",
    }


async def test_a_text_that_the_provider_refuses_fails_alone(loading: Loading) -> None:
    loading.engine.rule = lambda texts: refusal(413, "413 too long") if "text 137" in texts else None
    summary = await loading.load(loading.rows(300))
    assert counts(summary) == (299, 0, 1, 0)
    [(line, reason)] = reasons(summary)
    assert line == 138
    assert "413" in reason
    assert sorted(loading.engine.texts) == sorted(f"text {number}" for number in range(300) if number != 137)


async def test_a_provider_that_refuses_every_text_stops_the_load(loading: Loading) -> None:
    loading.engine.rule = lambda _: refusal(400, "no such model")
    summary = await loading.load(loading.rows(1000))
    assert counts(summary) == (0, 0, 0, 1000)
    assert summary.problem is not None
    assert "no such model" in summary.problem.message


@pytest.mark.parametrize("status", [401, 402, 403, 404, 429, 500])
async def test_trouble_with_the_provider_stops_with_honest_counts_and_the_load_goes_on_later(
    loading: Loading, status: int
) -> None:
    loading.engine.rule = lambda texts: refusal(status, "no") if "text 250" in texts else None
    path = loading.rows(1000)
    summary = await loading.load(path)
    assert summary.problem is not None
    assert f"HTTP {status}" in summary.problem.message
    assert not summary.complete
    there = await loading.numbers()
    assert len(there) == summary.loaded + summary.already_there
    assert 200 <= len(there) < 1000
    assert summary.failed == 0
    assert summary.not_attempted == 1000 - len(there)

    loading.engine.rule = None
    embedded = len(loading.engine.texts)
    again = await loading.load(path)
    assert again.complete
    assert again.loaded + again.already_there == 1000
    assert await loading.numbers() == list(range(1000))
    # Nothing is paid for twice.
    assert len(loading.engine.texts) - embedded == 1000 - len(there)


async def test_waiting_for_the_provider_is_told(loading: Loading) -> None:
    loading.engine.wait = (20, "Embedded is loading the model")
    await loading.load(loading.rows(3))
    assert "Embedded is loading the model (next try in 20 s)" in [progress.waiting for progress in loading.progress]
    assert loading.progress[-1].waiting == ""


async def test_the_file_may_disappear_and_what_was_loaded_stays(loading: Loading) -> None:
    path = loading.rows(2000)

    def remove(texts: object) -> None:
        if "text 300" in str(texts):
            path.unlink(missing_ok=True)

    loading.engine.rule = remove
    summary = await loading.load(path)
    assert isinstance(summary.problem, LoadError)
    assert "There is no file" in summary.problem.message
    there = await loading.numbers()
    assert 300 < len(there) < 2000
    assert counts(summary) == (len(there), 0, 0, 2000 - len(there))


def test_the_summary_counts_a_row_once() -> None:
    summary = LoadSummary(Path("a"), 10, 5, 2, 2, 1)
    assert not summary.complete
    assert LoadSummary(Path("a"), 10, 8, 2, 0, 0).complete


async def test_a_text_too_long_for_a_model_on_this_machine_fails_alone(loading: Loading) -> None:
    error = ProviderError("It has 300 tokens.", provider="embedded", failure=ProviderFailure.TOO_LONG)
    loading.engine.rule = lambda texts: error if "text 37" in texts else None
    summary = await loading.load(loading.rows(60))
    assert counts(summary) == (59, 0, 1, 0)
    [(row, reason)] = reasons(summary)
    assert row == 38
    assert "300 tokens" in reason


def test_a_slow_model_on_this_machine_gets_few_rows_at_a_time() -> None:
    def rows(provider: str, model: str) -> int:
        service = ServiceConfig(provider, model)
        return rows_for(info_of(dimension=384, service=service))

    assert rows("embedded", "all-MiniLM-L6-v2") == 16
    assert rows("embedded", "wordllama-l2-supercat-256") == MOST_ROWS
    assert rows("huggingface", "all-MiniLM-L6-v2") == MOST_ROWS


async def test_batches_are_as_small_as_they_should_be(loading: Loading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("astrolabe.loading.loader.rows_for", lambda _info: 16)
    assert counts(await loading.load(loading.rows(40))) == (40, 0, 0, 0)
    assert [len(call.texts) for call in loading.engine.calls] == [16, 16, 8]
