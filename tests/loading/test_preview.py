"""What the Load Data dialog learns of a file before it is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest
import simplejson

from astrolabe.errors import LoadError
from astrolabe.loading.formats.rows import FileFormat
from astrolabe.loading.preview import FieldType, preview


def test_fields_come_in_order_with_their_types(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    rows = [
        {
            "_id": "one",
            "title": "Bike",
            "price": 12.5,
            "tags": ["a"],
            "vector": [1, 2.5],
            "size": {"w": 1},
            "old": None,
        },
        {"_id": "two", "title": "Car", "text": "A longer description.", "price": "much", "sold": True},
    ]
    path.write_text("".join(simplejson.dumps(row) + "\n" for row in rows))
    found = preview(path)
    assert [(field.name, field.type) for field in found.fields] == [
        ("_id", FieldType.TEXT),
        ("title", FieldType.TEXT),
        ("price", FieldType.MIXED),
        ("tags", FieldType.ARRAY),
        ("vector", FieldType.VECTOR),
        ("size", FieldType.OBJECT),
        ("old", FieldType.NULL),
        ("text", FieldType.TEXT),
        ("sold", FieldType.BOOLEAN),
    ]
    assert found.format is FileFormat.JSON_LINES
    assert found.size == path.stat().st_size
    assert found.complete
    assert found.suggested_vector_field == "text"


def test_the_suggestion_is_the_longest_text_on_average_and_never_the_id(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f'_id,short,long,vector\n{"i" * 50},x,yyy,"[{", ".join(["0.25"] * 40)}]"\n')
    found = preview(path)
    assert found.suggested_vector_field == "long"
    assert {field.name: field.type for field in found.fields}["vector"] is FieldType.VECTOR


def test_no_text_field_no_suggestion(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n")
    assert preview(path).suggested_vector_field is None


def test_csv_rows_are_shown_with_the_values_they_will_have(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("name,price,zip\nbike,12.50,01234\ncar,,99999\n")
    rows = preview(path).rows
    assert [{name: str(value) for name, value in row.items()} for row in rows] == [
        {"name": "bike", "price": "12.50", "zip": "01234"},
        {"name": "car", "zip": "99999"},
    ]


def test_only_so_many_rows_are_shown_and_a_long_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": "x"}\n' * 300 + "not even json\n")
    found = preview(path, rows=3)
    assert len(found.rows) == 3
    assert not found.complete
    assert not found.faults


def test_a_few_huge_rows_are_sample_enough(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(('{"a": "' + "x" * 1_000_000 + '"}\n') * 8)
    found = preview(path)
    assert len(found.rows) < 8
    assert not found.complete


def test_faults_among_the_first_rows_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n1,2,3\n")
    assert preview(path).faults == ("line 3: 3 fields, but the header names 2",)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", "a,b\n", "holds no rows"),
        ("a.json", "[]", "holds no rows"),
        ("a.json", "[1, 2]", "line 1: this row is not an object"),
        ("a.jsonl", "{oops\n", "line 1, column 2: not valid JSON"),
    ],
)
def test_a_file_without_a_single_object_is_refused(tmp_path: Path, name: str, content: str, words: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(LoadError) as caught:
        preview(path)
    assert words in caught.value.message
