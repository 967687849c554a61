"""Files as rows: formats, exact numbers, laziness, and where a file is malformed."""

from __future__ import annotations

import os
import tracemalloc
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import simplejson

from astrolabe.errors import LoadError
from astrolabe.loading.formats import csv_rows
from astrolabe.loading.formats.detect import inspect_file
from astrolabe.loading.formats.readers import FileRows
from astrolabe.loading.formats.rows import FileFormat, Row


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def read(path: Path) -> list[Row]:
    with FileRows(inspect_file(path)) as reader:
        return list(reader)


def values(path: Path) -> list[Any]:
    return [row.value for row in read(path)]


def refusal(path: Path) -> LoadError:
    with pytest.raises(LoadError) as caught:
        read(path)
    return caught.value


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.json", '[{"a": 1}, {"a": 2}]', FileFormat.JSON),
        ("a.json", '{"a": 1}', FileFormat.JSON),
        ("a.json", '{\n  "a": 1\n}', FileFormat.JSON),
        ("a.json", '{"a": 1}\n{"a": 2}\n', FileFormat.JSON_LINES),
        ("a.jsonl", '{"a": 1}\n', FileFormat.JSON_LINES),
        ("a.ndjson", '{"a": 1\n{"a": 2}\n', FileFormat.JSON_LINES),
        ("a.jsonl", '{\n"a": 1\n}\n', FileFormat.JSON),
        ("a.jsonl", '[{"a": 1}]\n', FileFormat.JSON),
        ("a.jsonl", '[\n{"a": 1}\n]\n', FileFormat.JSON),
        ("a.jsonl", '[1]\n{"a": 1}\n', FileFormat.JSON_LINES),
        ("a.csv", "a,b\n1,2\n", FileFormat.CSV),
        ("a.tsv", "a\tb\n1\t2\n", FileFormat.CSV),
        ("a.csv", "[a],b\n1,2\n", FileFormat.CSV),
        ("a.csv", '[{"a": 1}]', FileFormat.JSON),
        ("unnamed", '\n\n  [{"a": 1}]', FileFormat.JSON),
        ("unnamed", '{"a": 1}\n{"a": 2}', FileFormat.JSON_LINES),
        ("a.txt", "a;b\n1;2\n", FileFormat.CSV),
    ],
)
def test_content_and_name_decide_the_format(tmp_path: Path, name: str, content: str, expected: FileFormat) -> None:
    assert inspect_file(write(tmp_path, name, content)).format is expected


@pytest.mark.parametrize(
    ("name", "content", "delimiter"),
    [
        ("a.csv", "a,b,c\n1,2,3\n", ","),
        ("a.csv", "a;b;c\n1,5;2,5;3,5\n", ";"),
        ("a.csv", "a|b\nx, y|z, w\n", "|"),
        ("a.csv", "text\nhello, world\nbye\n", ","),
        ("a.tsv", "one field\nx\n", "\t"),
        ("a.csv", 'a,b\n"x;y;z",1\n"p;q;r",2\n', ","),
    ],
)
def test_the_delimiter_is_the_one_that_splits_evenly(tmp_path: Path, name: str, content: str, delimiter: str) -> None:
    assert inspect_file(write(tmp_path, name, content)).delimiter == delimiter


def test_a_json_array_gives_its_elements_with_their_lines(tmp_path: Path) -> None:
    rows = read(write(tmp_path, "a.json", '[\n {"a": 1},\n\n {"a": {"b": [2]}}, 3]\n'))
    assert [(row.number, row.line, row.value) for row in rows] == [
        (0, 2, {"a": 1}),
        (1, 4, {"a": {"b": [2]}}),
        (2, 4, 3),
    ]


def test_elements_that_cross_the_edge_of_a_block_are_read_whole(tmp_path: Path) -> None:
    # The sizes put the edge of the reader's block into strings, escapes, numbers and between elements.
    elements = [
        {"n": number, "text": "x" * (number * 37 % 5000), "escaped": 'é\\n"\u20ac' * (number % 50), "big": 10**90}
        for number in range(400)
    ]
    path = write(tmp_path, "a.json", simplejson.dumps(elements, indent=1))
    assert path.stat().st_size > 3 * 2**18
    assert values(path) == elements


@pytest.mark.parametrize("pad", range(2**18 - 24, 2**18 + 4))
def test_a_token_cut_by_the_edge_of_a_block_is_no_fault(tmp_path: Path, pad: int) -> None:
    text = '["' + "x" * (pad - 8) + '", 12345.678901, true, "\\ud83d\\ude00", {"a": null}, [1, 2], -1.5e-7 ]'
    assert values(write(tmp_path, "a.json", text))[1:] == simplejson.loads(text, use_decimal=True)[1:]


def test_one_object_is_one_row_and_objects_in_a_row_are_several(tmp_path: Path) -> None:
    assert values(write(tmp_path, "a.json", '{"a":\n 1}')) == [{"a": 1}]
    assert values(write(tmp_path, "b.json", '{"a":\n 1}\n{"a":\n 2}\n')) == [{"a": 1}, {"a": 2}]


def test_numbers_keep_their_digits(tmp_path: Path) -> None:
    digits = "3.14159265358979323846264338327950288419716939937510"
    for name, content in (("a.json", f'[{{"n": {digits}}}]'), ("a.jsonl", f'{{"n": {digits}}}\n')):
        assert values(write(tmp_path, name, content)) == [{"n": Decimal(digits)}]


def test_json_lines_skip_blank_lines_and_count_them(tmp_path: Path) -> None:
    rows = read(write(tmp_path, "a.jsonl", '\ufeff{"a": 1}\r\n\r\n   \n{"a": 2}'))
    assert [(row.number, row.line, row.value) for row in rows] == [(0, 1, {"a": 1}), (1, 4, {"a": 2})]


def test_a_broken_json_line_does_not_spoil_the_others(tmp_path: Path) -> None:
    rows = read(write(tmp_path, "a.jsonl", '{"a": 1}\n{"a": oops}\n{"a": 3}\n'))
    assert [row.value for row in rows] == [{"a": 1}, None, {"a": 3}]
    fault = rows[1].fault
    assert fault is not None
    assert (rows[1].line, fault.column, fault.text) == (2, 7, '{"a": oops}')
    assert "not valid JSON" in fault.reason


@pytest.mark.parametrize(
    "value", ["[" * 5000 + "]" * 5000, "9" * 5000, "NaN", '"\x01"'], ids=["deep", "long", "NaN", "control"]
)
def test_values_that_json_readers_choke_on_are_faults_of_their_line(tmp_path: Path, value: str) -> None:
    rows = read(write(tmp_path, "a.jsonl", f'{{"a": 1}}\n{{"a": {value}}}\n{{"a": 3}}\n'))
    assert [row.fault is not None for row in rows] == [False, True, False]


@pytest.mark.parametrize(
    ("content", "line", "column", "words"),
    [
        ('[{"a": 1},\n {"a": }]', 2, 8, "expecting value"),
        ('[{"a": 1}\n {"a": 2}]', 2, 2, "expected ',' or ']'"),
        ('[{"a": 1},\n]', 2, 1, "comma before"),
        ('[{"a": 1},\n {"a": 2}', 2, 10, "the file ends inside the array that begins on line 1"),
        ('[{"a": 1},\n {"a": "two', 2, 8, "unterminated string"),
        ('[{"a": 1}]\n [2]', 2, 2, "after the array has ended"),
        ('{"a": 1} x', 1, 10, "another object"),
        ('[{"a": "line\nbreak"}]', 1, 13, "control character"),
        pytest.param("[" * 5000, 1, 2, "nested too deeply", id="deep"),
        ('"text"', 1, 1, "expected '[' or '{'"),
    ],
)
def test_malformed_json_is_refused_with_line_and_column(
    tmp_path: Path, content: str, line: int, column: int, words: str
) -> None:
    error = refusal(write(tmp_path, "a.json", content))
    assert (error.line, error.column) == (line, column)
    assert words in error.message
    assert f"a.json, line {line}, column {column}" in error.message


def test_a_fault_far_into_a_large_file_is_placed_exactly(tmp_path: Path) -> None:
    good = ",\n".join('{"text": "' + "x" * 200 + '"}' for _ in range(5000))
    error = refusal(write(tmp_path, "a.json", "[" + good + ',\n{"a": bad}]'))
    assert (error.line, error.column) == (5001, 7)


def test_csv_rows_are_objects_of_texts(tmp_path: Path) -> None:
    rows = read(write(tmp_path, "a.csv", '\ufeffname,note\r\nAda,"says ""hi"",\r\ntwice"\r\n\r\nBob,\r\n'))
    assert [(row.line, row.value) for row in rows] == [
        (2, {"name": "Ada", "note": 'says "hi",\r\ntwice'}),
        (5, {"name": "Bob", "note": ""}),
    ]


@pytest.mark.parametrize(
    ("record", "line", "column", "reason"),
    [
        ("1,2,3", 3, 5, "3 fields, but the header names 2"),
        ("1", 3, 2, "1 field, but the header names 2"),
        ('"x\ny",2,3', 4, 6, "3 fields, but the header names 2"),
    ],
)
def test_a_record_of_another_length_is_a_fault_of_its_row(
    tmp_path: Path, record: str, line: int, column: int, reason: str
) -> None:
    rows = read(write(tmp_path, "a.csv", f"a,b\n1,2\n{record}\n5,6\n"))
    assert [row.value for row in rows] == [{"a": "1", "b": "2"}, None, {"a": "5", "b": "6"}]
    fault = rows[1].fault
    assert fault is not None
    assert (rows[1].line, fault.column, fault.reason, fault.text) == (line, column, reason, record)


@pytest.mark.parametrize(
    ("content", "line", "column", "words"),
    [
        ('a,b\n1,2\n3,"open\n5,6\n', 3, 3, "the quote that opens here is not closed"),
        ('a,b\n1,2\n"3"x,4\n', 3, 4, "between the closing quote and the next delimiter"),
        ("a,b,a\n1,2,3\n", 1, None, "names the field 'a' twice"),
    ],
)
def test_csv_that_cannot_be_split_is_refused_with_its_place(
    tmp_path: Path, content: str, line: int, column: int | None, words: str
) -> None:
    error = refusal(write(tmp_path, "a.csv", content))
    assert (error.line, error.column) == (line, column)
    assert words in error.message


def test_an_unclosed_quote_does_not_swallow_a_large_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_rows, "_LONGEST_FIELD", 40_000)
    path = write(tmp_path, "a.csv", 'a,b\n1,"open\n' + "x,y\n" * 500_000)
    with FileRows(inspect_file(path)) as reader:
        with pytest.raises(LoadError, match="not closed within 40,000 characters") as caught:
            list(reader)
        assert reader.position < 1_000_000
    assert (caught.value.line, caught.value.column) == (2, 3)


def test_a_header_without_a_name_gets_one(tmp_path: Path) -> None:
    assert values(write(tmp_path, "a.csv", ",text\n0,hello\n")) == [{"column_1": "0", "text": "hello"}]


@pytest.mark.parametrize(
    ("name", "content", "line", "column"),
    [
        ("a.csv", b"a,b\n1,caf\xe9\n", 2, 6),
        ("a.jsonl", b'{"a": 1}\n{"a": "\xff"}\n', 2, 8),
        ("a.json", b'[{"a": 1},\n{"a": "\xc3"}]', 2, 8),
    ],
)
def test_text_that_is_not_utf8_is_refused_with_its_place(
    tmp_path: Path, name: str, content: bytes, line: int, column: int
) -> None:
    error = refusal(write(tmp_path, name, content))
    assert (error.line, error.column) == (line, column)
    assert "not UTF-8" in error.message
    assert "iconv" in error.hint


def test_bad_text_far_into_a_file_is_placed_exactly(tmp_path: Path) -> None:
    good, bad = b'{"a": "\xe2\x82\xac"}\n', b'{"a": "\xe2\x82"}\n'
    error = refusal(write(tmp_path, "a.jsonl", good * 40_000 + bad))
    assert (error.line, error.column) == (40_001, 8)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \n", "is empty"),
        (b"\x1f\x8b\x08rest", "gzip"),
        (b"PK\x03\x04rest", "ZIP"),
        (b"\xff\xfea\x00", "UTF-16"),
        (b"a\x00b", "binary"),
        (b"just some words\nand more of them\n", "neither JSON nor CSV"),
    ],
)
def test_what_is_no_data_file_is_refused_by_name(tmp_path: Path, content: bytes, words: str) -> None:
    error = refusal(write(tmp_path, "data", content))
    assert words in error.message
    assert error.hint


def test_a_missing_file_a_folder_and_a_pipe_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "There is no file" in refusal(tmp_path / "none.csv").message
    assert "is a folder" in refusal(tmp_path).message
    assert "pipe" in refusal(tmp_path / "pipe").message


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_a_large_file_is_read_in_the_memory_of_a_few_rows(tmp_path: Path, name: str) -> None:
    row = simplejson.dumps({"text": "word " * 40})
    path = write(tmp_path, name, "[" + ",\n".join([row] * 20_000) + "]" if name == "a.json" else f"{row}\n" * 20_000)
    assert path.stat().st_size > 4_000_000
    tracemalloc.start()
    with FileRows(inspect_file(path)) as reader:
        count = sum(1 for _ in reader)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 20_000
    assert peak < 2_500_000


def test_a_file_that_changes_or_disappears_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    path = write(tmp_path, "a.jsonl", '{"a": 1}\n' * 10)
    with FileRows(inspect_file(path)) as reader:
        reader.take(2)
        with path.open("a") as file:
            file.write('{"a": 2}\n')
        with pytest.raises(LoadError, match="was changed while it was being read"):
            reader.take(2)
        path.unlink()
        with pytest.raises(LoadError, match="There is no file"):
            reader.take(2)


def test_the_digest_is_of_the_content_alone(tmp_path: Path) -> None:
    def digest(path: Path) -> str:
        with FileRows(inspect_file(path)) as reader:
            list(reader)
            return reader.digest

    first = digest(write(tmp_path, "a.jsonl", '{"a": 1}\n'))
    assert first == digest(write(tmp_path, "b.jsonl", '{"a": 1}\n'))
    assert first != digest(write(tmp_path, "a.jsonl", '{"a": 2}\n'))
