"""Loads into tables: columns by name, types, keys, several vector columns, and the same load again."""

from __future__ import annotations

from decimal import Decimal

import pytest
import simplejson

from astrolabe.errors import RuleError
from astrolabe.loading.tables.matching import match_columns
from tests.loading.conftest import Loading, refusal
from tests.loading.tables import create, load, rows
from tests.loading.test_load import counts, reasons
from tests.support.local_api import KEYSPACE, vector_of


async def test_a_csv_file_is_loaded_by_the_names_and_types_of_the_columns(loading: Loading) -> None:
    info = await create(loading)
    path = loading.write("a.csv", 'ID,Year,body,shape,colour\na,1815,Emma,"[1,0,0]",red\nb,,Dune,,\n')
    summary = await load(loading, path, info, {"meaning": "body"})
    assert counts(summary) == (2, 0, 0, 0)
    assert summary.notes == ("Fields without a column were left out: colour.",)
    found = await rows(loading, info)
    assert (found["a"]["year"], found["a"]["body"]) == (1815, "Emma")
    assert [float(number) for number in found["a"]["shape"]] == [1, 0, 0]
    assert [float(number) for number in found["a"]["meaning"]] == pytest.approx(vector_of("Emma", 256).tolist())
    assert found["b"].get("year") is None
    assert found["b"].get("shape") is None


async def test_rows_that_do_not_fit_are_refused_one_by_one_and_kept_in_a_file(loading: Loading) -> None:
    info = await create(loading)
    lines = [
        {"id": "a", "year": "1815", "meaning": "x"},
        {"id": "b", "year": "soon", "shape": [1, 2]},
        {"year": 1},
        {"id": None},
        {"id": "a", "year": 2},
        {"id": "c", "shape": [1, 2, 3]},
    ]
    summary = await load(
        loading, loading.write("a.jsonl", "".join(simplejson.dumps(row) + "\n" for row in lines)), info
    )
    assert counts(summary) == (2, 0, 4, 0)
    assert reasons(summary) == [
        (
            2,
            (
                "column 'year' (int): 'soon' is no number; "
                "column 'shape' (vector(3)): the vector has 2 numbers; 3 are needed"
            ),
        ),
        (3, "the field 'id' of the key is missing"),
        (4, "the field 'id' of the key is null"),
        (5, "line 1 has the same key"),
    ]
    assert summary.notes[-1].startswith("The texts of 'meaning' became the vectors of 'meaning' and are not kept")
    assert summary.failures_file is not None
    corrected = summary.failures_file.read_text().replace('"soon"', "1999").replace("[1, 2]", "[1, 2, 2]")
    again = await load(loading, loading.write("b.jsonl", corrected.splitlines()[0]), info)
    assert counts(again) == (1, 0, 0, 0)
    assert {name: row.get("year") for name, row in (await rows(loading, info)).items()} == {
        "a": 1815,
        "b": 1999,
        "c": None,
    }


async def test_a_row_is_written_over_the_one_with_its_key_column_by_column(loading: Loading) -> None:
    info = await create(loading)
    await load(loading, loading.write("a.csv", "id,year,body\na,1,first\n"), info)
    await load(loading, loading.write("b.csv", "id,body\na,second\n"), info)
    found = await rows(loading, info)
    assert (found["a"]["year"], found["a"]["body"]) == (1, "second")


async def test_the_same_file_again_is_written_again(loading: Loading) -> None:
    info = await create(loading)
    path = loading.write("a.csv", "id,body\na,first\n")
    await load(loading, path, info)
    await loading.db.client.collection(KEYSPACE, "books").update_one({"id": "a"}, {"$set": {"body": "changed"}})
    summary = await load(loading, path, info)
    assert counts(summary) == (1, 0, 0, 0)
    assert summary.notes == (
        "This file was loaded here before; its rows are written again, over those that are there.",
    )
    assert (await rows(loading, info))["a"]["body"] == "first"


async def test_a_load_that_was_stopped_goes_on_and_embeds_nothing_twice(loading: Loading) -> None:
    info = await create(loading)
    path = loading.write("a.csv", "id,meaning\n" + "".join(f"{number},text {number}\n" for number in range(250)))
    loading.engine.rule = lambda texts: refusal(401, "no") if "text 150" in texts else None
    stopped = await load(loading, path, info)
    assert stopped.problem is not None
    assert counts(stopped) == (100, 0, 0, 150)
    loading.engine.rule = None
    resumed = await load(loading, path, info)
    assert counts(resumed) == (250, 0, 0, 0)
    assert resumed.notes[0] == "Resumed after row 100."
    assert sorted(loading.engine.texts) == sorted(f"text {number}" for number in range(250))
    assert len(await rows(loading, info)) == 250


async def test_rows_that_are_gone_are_loaded_again(loading: Loading) -> None:
    info = await create(loading)
    path = loading.write("a.csv", "id,meaning\n" + "".join(f"{number},text {number}\n" for number in range(250)))
    loading.engine.rule = lambda texts: refusal(401, "no") if "text 150" in texts else None
    await load(loading, path, info)
    loading.engine.rule = None
    await loading.db.client.collection(KEYSPACE, "books").delete_many({})
    resumed = await load(loading, path, info)
    assert resumed.notes[0] == "Rows that an earlier run has loaded are gone; the load begins again."
    assert len(await rows(loading, info)) == 250


async def test_a_text_that_the_provider_refuses_costs_its_row_alone(loading: Loading) -> None:
    info = await create(loading)
    path = loading.write("a.csv", "id,meaning\n" + "".join(f"{number},text {number}\n" for number in range(30)))
    loading.engine.rule = lambda texts: refusal(400, "too long") if "text 7" in texts else None
    summary = await load(loading, path, info)
    assert counts(summary) == (29, 0, 1, 0)
    assert summary.failures[0].line == 9


@pytest.mark.parametrize(
    ("columns", "vector_field", "words", "message"),
    [
        ({"nothing": "body"}, None, False, "has no column 'nothing'"),
        ({"year": "never"}, None, False, "no field 'never' for the column 'year'"),
        ({"id": ""}, None, False, "No field of the file is there for id"),
        ({}, "body", False, "several vector columns: meaning, shape"),
        ({}, None, True, "words where its text indexes are"),
    ],
)
async def test_a_plan_that_cannot_be_carried_out_sends_nothing(
    loading: Loading, columns: dict[str, str], vector_field: str | None, words: bool, message: str
) -> None:
    info = await create(loading)
    path = loading.write("a.csv", "id,body\na,b\n")
    with pytest.raises(RuleError) as caught:
        await load(loading, path, info, columns, vector_field=vector_field, words=words)
    assert message in caught.value.message
    assert await rows(loading, info) == {}


async def test_names_differ_in_case_and_separators_only_if_nothing_else_is_meant(loading: Loading) -> None:
    columns = {"id": "text", "firstName": "text", "last_name": "text"}
    info = await create(loading, {"columns": columns, "primaryKey": "id"})
    match = match_columns(info, ["ID", "first name", "Last-Name", "last.name", "else"])
    assert match.columns == {"id": "ID", "firstName": "first name"}
    assert match.left_out == ("Last-Name", "last.name", "else")
    assert match.empty == ("last_name",)
    assert match_columns(info, ["else"]).missing_keys == ("id",)


async def test_decimal_commas_are_numbers_in_columns_of_numbers_and_stay_in_texts(loading: Loading) -> None:
    info = await create(loading, {"columns": {"id": "text", "price": "decimal", "said": "text"}, "primaryKey": "id"})
    path = loading.write("a.csv", "id;price\na;12,50\nb;1.234,5\n")
    summary = await load(loading, path, info, {"said": "price"})
    assert counts(summary) == (2, 0, 0, 0)
    found = await rows(loading, info)
    assert [found[key]["price"] for key in "ab"] == [Decimal("12.50"), Decimal("1234.5")]
    assert [found[key]["said"] for key in "ab"] == ["12,50", "1.234,5"]
