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
