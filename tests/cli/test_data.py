"""``astrolabe documents`` and ``astrolabe api``: working with data from the shell."""

from __future__ import annotations

from pathlib import Path

import pytest
import simplejson

from tests.cli.conftest import Program

BOOKS = ("--database", "library", "--collection", "books")


@pytest.fixture
def library(program: Program) -> Program:
    """A database with a collection of three books."""
    program.done("databases", "create", "library")
    program.done("collections", "create", "books", "--database", "library")
    lines = [
        '{"_id": "a", "title": "Emma", "price": 10.50, "meta": {"year": 1815}}',
        '{"_id": 2, "title": "Dune", "price": 123456789012345678901234567890}',
        '{"_id": {"$uuid": "0190a3f2-1d2c-7a3b-8c4d-5e6f70819203"}, "title": "Ulysses", "when": {"$date": 5}}',
    ]
    printed = program.done("documents", "insert", "-", *BOOKS, stdin="\n".join(lines))
    assert printed.out.splitlines() == ['"a"', "2", '{"$uuid": "0190a3f2-1d2c-7a3b-8c4d-5e6f70819203"}']
    return program


def test_a_document_is_got_by_an_id_of_any_type(library: Program) -> None:
    for given, title in (
        ("a", "Emma"),
        ("2", "Dune"),
        ('{"$uuid": "0190a3f2-1d2c-7a3b-8c4d-5e6f70819203"}', "Ulysses"),
    ):
        found = simplejson.loads(library.done("documents", "get", given, *BOOKS).out)
        assert found["title"] == title
    missing = library("documents", "get", "nobody", *BOOKS)
    assert (missing.code, missing.out) == (1, "")
    assert "nobody" in missing.err


def test_numbers_keep_their_digits(library: Program) -> None:
    assert "123456789012345678901234567890" in library.done("documents", "get", "2", *BOOKS).out


def test_the_count_is_a_number_and_nothing_else(library: Program) -> None:
    assert library.done("documents", "count", *BOOKS).out == "3\n"
    assert library.done("documents", "count", *BOOKS, "--filter", '{"title": "Emma"}').out == "1\n"


def test_the_count_goes_beyond_what_the_api_counts(library: Program) -> None:
    many = "\n".join(f'{{"n": {n}, "even": {str(n % 2 == 0).lower()}}}' for n in range(2300))
    library.done("documents", "insert", "-", *BOOKS, stdin=many)
    assert library.done("documents", "count", *BOOKS).out == "2303\n"
    assert library.done("documents", "count", *BOOKS, "--filter", '{"n": {"$gte": 0}}').out == "2300\n"


def test_what_matches_is_found_over_all_pages(library: Program) -> None:
    library.done("documents", "insert", "-", *BOOKS, stdin="\n".join(f'{{"n": {n}}}' for n in range(120)))
    lines = library.done("documents", "find", *BOOKS, "--filter", '{"n": {"$gte": 0}}', "--format", "jsonl").out
    assert sorted(simplejson.loads(line)["n"] for line in lines.splitlines()) == list(range(120))
    few = library.done("documents", "find", *BOOKS, "--limit", "70", "--format", "jsonl").out
    assert len(few.splitlines()) == 70
    sort = ("--sort", '{"n": -1}', "--limit", "2", "--projection", '{"n": true, "_id": false}', "--format", "json")
    assert library.done("documents", "find", *BOOKS, *sort).rows == [{"n": 119}, {"n": 118}]


def test_a_document_is_changed_and_says_so(library: Program) -> None:
    done = library.done("documents", "update", '{"$set": {"title": "Persuasion"}}', "--id", "a", *BOOKS)
    assert simplejson.loads(done.out) == {"matched": 1, "modified": 1}
    assert '"Persuasion"' in library.done("documents", "get", "a", *BOOKS).out
    nothing = library("documents", "update", '{"$set": {"x": 1}}', "--id", "nobody", *BOOKS)
    assert nothing.code == 1
    many = library.done("documents", "update", '{"$set": {"x": 1}}', "--filter", "{}", "--many", *BOOKS)
    assert simplejson.loads(many.out) == {"matched": 3, "modified": 3}
    made = library.done("documents", "update", '{"$set": {"x": 1}}', "--id", "new", "--upsert", *BOOKS)
    assert simplejson.loads(made.out)["upsertedId"] == "new"


def test_an_update_of_many_goes_on_past_the_first_page(library: Program) -> None:
    library.done("documents", "insert", "-", *BOOKS, stdin="\n".join(f'{{"n": {n}}}' for n in range(130)))
    update = ("documents", "update", '{"$set": {"seen": true}}', "--filter", '{"n": {"$gte": 0}}', "--many", *BOOKS)
    assert simplejson.loads(library.done(*update).out) == {"matched": 130, "modified": 130}


def test_documents_are_deleted_by_id_by_filter_and_all(library: Program) -> None:
    asked = library("documents", "delete", "a", *BOOKS)
    assert asked.code == 2
    assert "--yes" in asked.err
    assert library.done("documents", "delete", "a", "2", "nobody", "--yes", *BOOKS).out == "2\n"
    assert library.done("documents", "delete", "--filter", '{"title": "Ulysses"}', "--yes", *BOOKS).out == "1\n"
    library.done("documents", "insert", "-", *BOOKS, stdin="\n".join(f'{{"n": {n}}}' for n in range(45)))
    some = library.done("documents", "delete", "--filter", '{"n": {"$lt": 30}}', "--yes", *BOOKS)
    assert some.out == "30\n"
    assert library("documents", "delete", "--filter", "{}", "--yes", *BOOKS).code == 2
    assert library.done("documents", "delete", "--all", "--yes", *BOOKS).out == "15\n"
    assert library.done("documents", "count", *BOOKS).out == "0\n"


@pytest.mark.parametrize("form", ["jsonl", "json"])
def test_an_export_loads_again_to_equal_documents(library: Program, tmp_path: Path, form: str) -> None:
    path = tmp_path / f"books.{form}"
    told = library.done("documents", "export", str(path), *BOOKS)
    assert told.out == ""
    assert "3 documents" in told.err
    library.done("collections", "create", "copy", "--database", "library")
    copy = ("--database", "library", "--collection", "copy")
    library.done("documents", "insert", str(path), *copy)
    everything = ("--format", "jsonl")
    before = library.done("documents", "find", *BOOKS, *everything).out
    assert sorted(library.done("documents", "find", *copy, *everything).out.splitlines()) == sorted(before.splitlines())


def test_an_export_as_columns_has_the_fields_of_all(library: Program, tmp_path: Path) -> None:
    path = tmp_path / "books.csv"
    library.done("documents", "export", str(path), *BOOKS, "--filter", '{"_id": {"$in": ["a", 2]}}')
    heading, *rows = path.read_text().splitlines()
    assert set(heading.split(",")) == {"_id", "title", "price", "meta"}
    assert len(rows) == 2


def test_an_export_that_fails_leaves_the_old_file(library: Program, tmp_path: Path) -> None:
    path = tmp_path / "books.jsonl"
    path.write_text("old")
    refused = library("documents", "export", str(path), *BOOKS, "--filter", '{"$nope": 1}')
    assert refused.code == 1
    assert path.read_text() == "old"
    assert list(tmp_path.glob(".books*")) == []


def test_a_pipe_carries_documents_from_one_collection_to_another(library: Program) -> None:
    written = library.done("documents", "export", "-", *BOOKS)
    library.done("collections", "create", "copy", "--database", "library")
    copy = ("--database", "library", "--collection", "copy")
    library.done("documents", "insert", "-", *copy, stdin=written.out)
    assert library.done("documents", "count", *copy).out == "3\n"


def test_what_is_refused_is_told_with_its_number_and_the_rest_is_inserted(library: Program) -> None:
    outcome = library("documents", "insert", '[{"_id": "a"}, {"_id": "new"}]', *BOOKS)
    assert outcome.code == 1
    assert outcome.out == '"new"\n'
    assert "Document 1:" in outcome.err


def test_a_mistake_in_json_is_found(library: Program) -> None:
    wrong = library("documents", "find", *BOOKS, "--filter", '{"a": }')
    assert wrong.code == 2
    assert "--filter" in wrong.err
    assert "column" in wrong.err


def test_any_command_is_sent_as_it_is(library: Program, tmp_path: Path) -> None:
    answer = simplejson.loads(library.done("api", '{"countDocuments": {}}', *BOOKS).out)
    assert answer == {"status": {"count": 3}}
    path = tmp_path / "command.json"
    path.write_text('{"findKeyspaces": {}}')
    assert "default_keyspace" in library.done("api", str(path), "--database", "library").out
    refused = library("api", "-", *BOOKS, stdin='{"nope": {}}')
    assert refused.code == 1
    assert simplejson.loads(refused.out)["errors"][0]["errorCode"] == "COMMAND_UNKNOWN"
