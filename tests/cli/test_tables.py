"""``astrolabe tables``, ``indexes`` and ``types`` from end to end."""

from __future__ import annotations

from pathlib import Path

import pytest
import simplejson

from tests.cli.conftest import Program

HERE = ("--database", "library")


@pytest.fixture
def library(program: Program) -> Program:
    program.done("databases", "create", "library")
    return program


def test_a_table_is_made_of_columns(library: Program) -> None:
    columns = ["page:text", "at:timestamp", "n:int", "tags:set<text>", "seen:map<text,int>", "v:vector(3)"]
    given = [word for column in columns for word in ("--column", column)]
    library.done("tables", "create", "visits", *HERE, *given, "--key", "page", "--sort-by", "at:desc")
    (row,) = library.done("tables", "list", *HERE, "--format", "json").rows
    assert row == {"name": "visits", "columns": 6, "key": "page", "sort": "at", "vectors": "v", "vectorize": ""}
    shown = simplejson.loads(library.done("tables", "show", "visits", *HERE).out)
    assert shown["definition"]["primaryKey"] == {"partitionBy": ["page"], "partitionSort": {"at": -1}}
    assert shown["definition"]["columns"]["seen"]["keyType"] == "text"
    assert shown["indexes"] == []


def test_a_table_is_made_of_a_definition_in_a_file_or_on_stdin(library: Program, tmp_path: Path) -> None:
    definition = '{"columns": {"id": "text", "title": "text"}, "primaryKey": "id"}'
    path = tmp_path / "books.json"
    path.write_text(definition)
    library.done("tables", "create", "books", *HERE, "--definition", str(path))
    again = library("tables", "create", "books", *HERE, "--definition", "-", stdin=definition)
    assert again.code == 1
    library.done("tables", "create", "books", *HERE, "--definition", definition, "--if-not-exists")


def test_a_table_is_altered_and_dropped(library: Program) -> None:
    library.done("tables", "create", "books", *HERE, "--column", "id:text", "--key", "id")
    library.done("tables", "alter", "books", '{"add": {"columns": {"year": "int"}}}', *HERE)
    assert "year" in library.done("tables", "show", "books", *HERE).out
    asked = library("tables", "drop", "books", *HERE)
    assert (asked.code, "--yes" in asked.err) == (2, True)
    library.done("tables", "drop", "books", *HERE, "--yes")
    missing = library("tables", "show", "books", *HERE)
    assert (missing.code, missing.out) == (1, "")


def test_what_a_table_cannot_be_is_said_before_anything_is_sent(library: Program) -> None:
    for words in (
        ["--column", "id:text"],
        ["--column", "id", "--key", "id"],
        ["--column", "id:text", "--key", "id", "--definition", "{}"],
        ["--column", "id:text", "--key", "id", "--sort-by", "id:up"],
    ):
        assert library("tables", "create", "x", *HERE, *words).code == 2


def test_indexes_of_each_kind_come_and_go(library: Program) -> None:
    columns = ("--column", "id:text", "--column", "year:int", "--column", "title:text", "--column", "v:vector(3)")
    library.done("tables", "create", "books", *HERE, *columns, "--key", "id")
    on = ("--table", "books", *HERE)
    library.done("indexes", "create", "by_year", "--column", "year", *on)
    library.done(
        "indexes", "create", "near", "--column", "v", "--kind", "vector", "--options", '{"metric": "euclidean"}', *on
    )
    library.done("indexes", "create", "words", "--column", "title", "--kind", "text", *on)
    rows = library.done("indexes", "list", *on, "--format", "json").rows
    assert {(row["name"], row["column"]) for row in rows} == {("by_year", "year"), ("near", "v"), ("words", "title")}
    library.done("indexes", "drop", "by_year", *HERE)
    assert len(library.done("indexes", "list", *on, "--format", "json").rows) == 2
    assert library("indexes", "drop", "by_year", *HERE).code == 1
    library.done("indexes", "drop", "by_year", *HERE, "--if-exists")


def test_types_come_change_and_go(library: Program) -> None:
    library.done("types", "create", "address", "--field", "street:text", "--field", "number:int", *HERE)
    library.done("types", "alter", "address", "--add", "city:text", "--rename", "street:road", *HERE)
    (row,) = library.done("types", "list", *HERE, "--format", "json").rows
    assert row["name"] == "address"
    assert set(row["fields"]) == {"road", "number", "city"}
    assert library("types", "alter", "address", *HERE).code == 2
    library.done("types", "drop", "address", *HERE)
    assert library.done("types", "list", *HERE, "--format", "json").rows == []


def test_rows_are_worked_with_as_documents_are(library: Program, tmp_path: Path) -> None:
    columns = ("--column", "id:text", "--column", "year:int", "--column", "big:varint")
    library.done("tables", "create", "books", *HERE, *columns, "--key", "id")
    on = ("--table", "books", *HERE)
    rows = '{"id": "a", "year": 1815, "big": 123456789012345678901234567890}\n{"id": "b", "year": 1965}'
    library.done("documents", "insert", "-", *on, stdin=rows)
    assert library.done("documents", "count", *on).out == "2\n"
    assert library.done("documents", "count", *on, "--filter", '{"id": "b"}').out == "1\n"
    assert "123456789012345678901234567890" in library.done("documents", "get", '{"id": "a"}', *on).out
    library.done("documents", "update", '{"$set": {"year": 1816}}', "--id", '{"id": "a"}', *on)
    path = tmp_path / "books.jsonl"
    library.done("documents", "export", str(path), *on)
    library.done("tables", "create", "copy", *HERE, *columns, "--key", "id")
    library.done("documents", "insert", str(path), "--table", "copy", *HERE)
    found = library.done("documents", "find", "--table", "copy", *HERE, "--format", "json").rows
    assert {row["id"]: row.get("year") for row in found} == {"a": 1816, "b": 1965}
    assert library.done("documents", "delete", '{"id": "a"}', "--yes", *on).out == "1\n"
    assert library.done("documents", "delete", "--all", "--yes", *on).out == "1\n"
    assert library.done("documents", "count", *on).out == "0\n"
