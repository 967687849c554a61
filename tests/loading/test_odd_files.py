"""Files that people really have: what a spreadsheet, a saved answer and an export of another database look like."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from astrolabe.errors import LoadError, RuleError
from astrolabe.loading.formats.detect import inspect_file
from astrolabe.loading.formats.readers import FileRows
from astrolabe.loading.formats.rows import DataFile, Row
from astrolabe.loading.preview import preview
from astrolabe.loading.survey import Survey, Surveyor
from tests.loading.conftest import Loading

FILES = Path(__file__).with_name("files")


def read(path: Path, rows_at: str | None = None) -> tuple[DataFile, list[Row]]:
    file = inspect_file(path, rows_at)
    with FileRows(file) as reader:
        return file, list(reader)


def values(path: Path, rows_at: str | None = None) -> list[Any]:
    return [row.value for row in read(path, rows_at)[1]]


def survey_of(path: Path) -> tuple[Survey, list[Any]]:
    file = inspect_file(path)
    with Surveyor(file) as surveyor:
        while surveyor.step():
            pass
        survey = surveyor.finish()
    return survey, [survey.value(row, None) for row in read(path)[1]]


def write(folder: Path, content: str, name: str = "a.json") -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def test_the_delimiter_that_excel_names_in_the_first_line_is_used() -> None:
    assert values(FILES / "sep_line.csv") == [{"id": "1", "body": "Excel wrote the first line"}]


@pytest.mark.parametrize("line", ["sep=|", "SEP=|\r", "sep=;"])
def test_a_named_delimiter_wins_over_what_the_records_look_like(tmp_path: Path, line: str) -> None:
    mark = line.strip()[-1]
    path = write(tmp_path, f"{line}\na{mark}b, c\n1{mark}2, 3\n", "a.csv")
    assert values(path) == [{"a": "1", "b, c": "2, 3"}]


def test_a_field_that_is_called_sep_is_a_field(tmp_path: Path) -> None:
    assert values(write(tmp_path, "sep=x,b\n1,2\n", "a.csv")) == [{"sep=x": "1", "b": "2"}]


def test_quotes_count_after_a_space_where_the_whole_file_is_written_so() -> None:
    assert values(FILES / "space_after_comma.csv") == [
        {"id": "1", "body": "quoted, after a space", "tag": "x"},
        {"id": "2", "body": "plain", "tag": "y"},
    ]


def test_a_space_that_is_not_after_every_comma_stays(tmp_path: Path) -> None:
    assert values(write(tmp_path, "a,b\n1, x\n", "a.csv")) == [{"a": "1", "b": " x"}]


def test_the_list_inside_an_object_is_what_the_rows_are() -> None:
    file, rows = read(FILES / "wrapped.json")
    assert [row.value["_id"] for row in rows] == ["a", "b"]
    assert "the rows are the list 'results'" in file.notes[0]
    assert "results" in preview(FILES / "wrapped.json").notes[0]


def test_a_file_that_was_written_over_is_looked_at_again(tmp_path: Path) -> None:
    path = write(tmp_path, '{"rows": [{"a": 1}, {"a": 2}]}')
    assert values(path) == [{"a": 1}, {"a": 2}]
    write(tmp_path, '{"rows": 2, "items": [{"a": 3}]}')
    assert values(path) == [{"a": 3}]


def test_a_list_may_lie_deeper(tmp_path: Path) -> None:
    path = write(tmp_path, '{"ok": true, "data": {"page": 1, "items": [\n{"a": 1},\n{"a": 2.50}]}}')
    file, rows = read(path)
    assert file.place is not None
    assert file.place.path == ("data", "items")
    assert [(row.number, row.line, row.value) for row in rows] == [(0, 2, {"a": 1}), (1, 3, {"a": Decimal("2.50")})]


def test_an_object_whose_members_are_alike_is_rows_by_their_id(tmp_path: Path) -> None:
    path = write(tmp_path, '{"k1": {"a": 1, "b": 2}, "k2": {"a": 3}, "k3": {"_id": "own", "a": 5}}')
    file, rows = read(path)
    assert [row.value for row in rows] == [{"_id": "k1", "a": 1, "b": 2}, {"_id": "k2", "a": 3}, {"_id": "own", "a": 5}]
    assert "its name as _id" in file.notes[0]


@pytest.mark.parametrize(
    "content",
    [
        '{"_id": "d", "comments": [{"by": "ada"}]}',
        '{"title": "one", "meta": {"a": 1}}',
        '{"a": [{"x": 1}], "b": [{"y": 2}]}',
        '{"numbers": [1, 2, 3]}',
        '{"mixed": [{"a": 1}, 2]}',
        '{"empty": []}',
        '{"p": {"a": 1}, "q": {"b": 2}}',
        '{"list": [{"a": 1}]} {"list": [{"a": 2}]}',
    ],
)
def test_other_objects_are_documents(tmp_path: Path, content: str) -> None:
    file, rows = read(write(tmp_path, content))
    assert file.place is None
    assert file.notes == ()
    assert rows[0].line == 1


def test_where_the_rows_are_can_be_said(tmp_path: Path) -> None:
    path = write(tmp_path, '{"a": [{"x": 1}], "b": {"c": [{"y": 2}, {"y": 3}]}}')
    assert values(path, "a") == [{"x": 1}]
    assert values(path, "b.c") == [{"y": 2}, {"y": 3}]
    assert len(values(FILES / "wrapped.json", ".")) == 1


@pytest.mark.parametrize("place", ["b", "a.c", "x", ""])
def test_a_place_where_no_rows_are_is_refused(tmp_path: Path, place: str) -> None:
    with pytest.raises(LoadError, match="there is no"):
        read(write(tmp_path, '{"a": [{"x": 1}], "b": 5}'), place)


def test_a_place_in_a_file_that_is_no_object_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="no JSON object"):
        read(write(tmp_path, '[{"a": 1}]'), "a")


def test_a_fault_within_the_list_is_told_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="line 2, column 12"):
        read(write(tmp_path, '{"rows": [{"a": 1},\n {"a": 2}, oops]}'), "rows")


def test_a_row_with_a_key_twice_is_refused_and_the_others_are_not() -> None:
    _, (first, second) = read(FILES / "dupkeys.json")
    assert first.fault is not None
    assert "the key 'tag' is there twice" in first.fault.reason
    assert first.fault.text.startswith('{"_id":"a"')
    assert second.value["_id"] == "b"


@pytest.mark.parametrize("name", ["nan.json", "nan.jsonl"])
def test_a_row_with_nan_is_refused_by_that_name(name: str) -> None:
    _, rows = read(FILES / name)
    reasons = [row.fault.reason for row in rows if row.fault is not None]
    assert len(reasons) == 2
    assert reasons[0].startswith("NaN is no JSON; write null")
    assert "Infinity is no JSON" in reasons[1]


def test_extended_json_of_mongodb_becomes_the_values_it_means() -> None:
    survey, (first, second) = survey_of(FILES / "mongoexport.json")
    assert first == {
        "_id": {"$objectId": "507f191e810c19729de860ea"},
        "body": "from mongo",
        "when": {"$date": 1704164645000},
        "n": 42,
    }
    assert second["_id"] == {"$objectId": "507f191e810c19729de860eb"}
    assert survey.notes == ("MongoDB's $date, $numberLong, $oid became the Data API's own values.",)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('{"$numberInt": "-7"}', -7),
        ('{"$numberDouble": "1.5"}', Decimal("1.5")),
        ('{"$numberDecimal": "0.10"}', Decimal("0.10")),
        ('{"$date": {"$numberLong": "-1"}}', {"$date": -1}),
        ('{"$date": "1969-12-31T23:59:59.999Z"}', {"$date": -1}),
        ('{"$date": "2024-01-02T03:04:05+02:00"}', {"$date": 1704157445000}),
        ('{"$binary": {"base64": "AAECAwQFBgcICQoLDA0ODw==", "subType": "04"}}',
         {"$uuid": "00010203-0405-0607-0809-0a0b0c0d0e0f"}),
        ('{"$date": "yesterday"}', {"$date": "yesterday"}),
        ('{"$numberLong": "1e5"}', {"$numberLong": "1e5"}),
        ('{"$numberDouble": "NaN"}', {"$numberDouble": "NaN"}),
        ('{"$oid": 5}', {"$oid": 5}),
    ],
)  # fmt: skip
def test_each_operator_is_translated_or_left(tmp_path: Path, written: str, meant: object) -> None:
    assert values(write(tmp_path, f'{{"v": {written}}}\n', "a.jsonl")) == [{"v": meant}]


def test_decimal_commas_are_numbers_where_semicolons_separate() -> None:
    survey, rows = survey_of(FILES / "semi_decimal.csv")
    assert [row["price"] for row in rows] == [Decimal("12.50"), Decimal("8.90"), Decimal("3.10")]
    assert survey.notes == ("Decimal commas were read as numbers in: price.",)


@pytest.mark.parametrize(
    ("cells", "meant", "words"),
    [
        (["1.234,50", "7"], [Decimal("1234.50"), 7], "read as numbers"),
        (["7", "-0,5"], [7, Decimal("-0.5")], "read as numbers"),
        (["1,234", "2,000"], ["1,234", "2,000"], "may be for thousands"),
        (["1,234", "2,5"], [Decimal("1.234"), Decimal("2.5")], "read as numbers"),
        (["1.5", "2,5"], ["1.5", "2,5"], ""),
        (["012", "2,5"], ["012", "2,5"], ""),
        (["2,5", "x"], ["2,5", "x"], ""),
        (["2,5", ""], [Decimal("2.5"), None], "read as numbers"),
    ],
)
def test_a_column_with_commas_has_one_type(tmp_path: Path, cells: list[str], meant: list[object], words: str) -> None:
    survey, rows = survey_of(
        write(tmp_path, "id;v\n" + "".join(f"{n};{cell}\n" for n, cell in enumerate(cells)), "a.csv")
    )
    assert [row.get("v") for row in rows] == meant
    assert words in " ".join(survey.notes)
    assert bool(words) == bool(survey.notes)


def test_commas_stay_where_commas_separate(tmp_path: Path) -> None:
    survey, rows = survey_of(write(tmp_path, 'id,v\n1,"2,5"\n', "a.csv"))
    assert rows == [{"id": 1, "v": "2,5"}]
    assert survey.notes == ()


def test_the_advice_for_a_windows_file_is_the_right_conversion() -> None:
    with pytest.raises(LoadError) as caught:
        read(FILES / "cp1252.csv")
    assert "WINDOWS-1252" in caught.value.hint


async def test_documents_that_no_search_would_find_are_refused_unless_they_are_meant(loading: Loading) -> None:
    path = loading.rows(3)
    with pytest.raises(RuleError, match="No row has a vector") as caught:
        await loading.load(path, None, no_vectors=False)
    assert "n, text" in caught.value.hint
    assert await loading.documents() == []
    assert (await loading.load(path, None, no_vectors=True)).loaded == 3


async def test_rows_that_bring_their_own_vector_need_no_field(loading: Loading) -> None:
    path = loading.write("own.jsonl", '{"a": 1}\n{"$vectorize": "a text"}\n')
    assert (await loading.load(path, None, no_vectors=False)).loaded == 2


async def test_a_load_says_what_it_took_for_granted(loading: Loading) -> None:
    summary = await loading.load(FILES / "wrapped.json", "body")
    assert summary.loaded == 2
    assert "'results'" in summary.notes[0]
