"""``astrolabe load --table`` and ``astrolabe search --table`` from end to end."""

from __future__ import annotations

from pathlib import Path

import pytest
import simplejson

from tests.cli.conftest import Program

ON = ("--database", "library", "--table", "notes")
EMBEDDED = {"provider": "embedded", "modelName": "wordllama-l2-supercat-256"}
DEFINITION = {
    "columns": {
        "id": "text",
        "year": "int",
        "body": "text",
        "meaning": {"type": "vector", "service": EMBEDDED},
        "shape": {"type": "vector", "dimension": 3},
    },
    "primaryKey": "id",
}
CSV = """\
id,year,text,shape
a,1815,a red bicycle,"[1, 0, 0]"
b,1965,sand and spice,"[0, 1, 0]"
"""


@pytest.fixture
def notes(program: Program, tmp_path: Path) -> Program:
    """A table with a text of two columns and two vector columns, and a file of two rows in it."""
    program.done("databases", "create", "library")
    program.done("tables", "create", "notes", "--database", "library", "--definition", simplejson.dumps(DEFINITION))
    path = tmp_path / "notes.csv"
    path.write_text(CSV)
    program.done("load", str(path), *ON, "--map", "meaning=text", "--map", "body=text")
    return program


def test_a_file_is_loaded_into_two_vector_columns(notes: Program) -> None:
    found = notes.done("documents", "find", *ON, "--format", "json").rows
    assert {row["id"]: (row["year"], row["body"], row["shape"]) for row in found} == {
        "a": (1815, "a red bicycle", [1, 0, 0]),
        "b": (1965, "sand and spice", [0, 1, 0]),
    }
    assert all(len(row["meaning"]) == 256 for row in found)


def test_a_row_that_does_not_fit_is_told_and_the_exit_code_says_so(notes: Program, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("id,year\nc,soon\nd,1999\n")
    ended = notes("load", str(path), *ON, "--format", "json")
    assert ended.code == 1
    assert "line 2: column 'year' (int): 'soon' is no number" in ended.err
    assert ended.rows[0]["loaded"] == 1


def test_what_cannot_be_mapped_is_said_before_anything_is_sent(notes: Program, tmp_path: Path) -> None:
    path = tmp_path / "more.csv"
    path.write_text("name,year\nc,1\n")
    for words, told in (
        ((), "id"),
        (("--map", "key=name"), "key=name"),
        (("--map", "id"), "COLUMN=FIELD"),
        (("--map", "id=nothing"), "nothing"),
        (("--map", "id=name", "--vector-field", "year"), "meaning, shape"),
    ):
        refused = notes("load", str(path), *ON, *words)
        assert refused.code in {1, 2}
        assert told in refused.err
    into_collection = notes("load", str(path), "--database", "library", "--collection", "notes", "--map", "id=name")
    assert into_collection.code == 1
    missing = notes("load", str(path), "--database", "library", "--table", "letters")
    assert (missing.code, "notes" in missing.err) == (1, True)
    assert notes.done("documents", "count", *ON).out == "2\n"


def test_a_table_is_searched_by_one_of_its_vector_columns(notes: Program) -> None:
    for column, metric in (("meaning", "cosine"), ("shape", "euclidean")):
        options = simplejson.dumps({"metric": metric})
        notes.done(
            "indexes", "create", f"by_{column}", "--column", column, "--kind", "vector", "--options", options, *ON
        )
    words = ("search", "a bike", *ON, "--format", "json")
    unnamed = notes(*words)
    assert unnamed.code == 1
    assert "meaning, shape" in unnamed.err
    assert "--column" in unnamed.err
    first, second = notes.done(*words, "--column", "meaning").rows
    assert (first["id"], second["id"]) == ("a", "b")
    assert first["$similarity"] > second["$similarity"]
    [near] = notes.done(
        "search", "--vector", "[0, 1, 0.1]", "--column", "shape", "--limit", "1", *ON, "--format", "json"
    ).rows
    assert near["id"] == "b"
    filtered = notes.done(*words, "--column", "meaning", "--filter", '{"id": "b"}')
    assert [row["id"] for row in filtered.rows] == ["b"]


def test_what_a_column_cannot_be_searched_by_is_told(notes: Program) -> None:
    for words, told in (
        (("a text", "--column", "body"), "no vector column 'body'"),
        (("a text", "--column", "shape"), "does not vectorize"),
        (("--vector", "[1, 2]", "--column", "shape"), "2 numbers"),
        (("a text", "--words"), "no text index"),
        (("a text", "--hybrid"), "one search at a time"),
        (("a text", "--column", "meaning"), "index"),
    ):
        refused = notes("search", *words, *ON)
        assert (refused.code, refused.out) == (1, ""), words
        assert told in refused.err, words


def test_a_table_is_searched_by_the_words_of_a_text_index(notes: Program) -> None:
    notes.done("indexes", "create", "words", "--column", "body", "--kind", "text", *ON)
    found = notes.done("search", "bicycle", "--words", *ON, "--format", "json").rows
    assert [row["id"] for row in found] == ["a"]
