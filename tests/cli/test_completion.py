"""What a shell completes, the man page, and two verbs that a pipe wants."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from tests.cli.conftest import Program

IN_SHOP = ("--database", "shop", "--keyspace", "default_keyspace")


@pytest.fixture
def shop(program: Program) -> Program:
    """A program with a database of two collections."""
    program.done("databases", "create", "shop")
    for name in ("books", "notes"):
        program.done("collections", "create", name, "--database", "shop", "--no-lexical")
    return program


def completed(program: Program, *words: str) -> list[str]:
    return program.done("completion", "words", "--", *words).out.split()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["docu"], ["documents"]),
        (["documents", "ex"], ["export"]),
        (["load", "file.csv", "--vec"], ["--vector-field"]),
        (["--ver"], ["--version"]),
        (["documents", "find", "--format", ""], ["table", "json", "jsonl", "csv"]),
        (["load", ""], []),
        (["documents", "find", "--database", ""], ["shop"]),
        (["documents", "find", "--database", "shop", "--collection", ""], ["books", "notes"]),
        (["documents", "find", "--database", "shop", "--collection", "n"], ["notes"]),
        (["documents", "find", "--database", "shop", "--table", ""], []),
        (["documents", "find", "--database", "nowhere", "--collection", ""], []),
        (["collections", "show", "--database", "shop", ""], ["books", "notes"]),
        (["databases", "delete", ""], ["shop"]),
    ],
)
def test_what_may_come_next(words: list[str], expected: list[str], shop: Program) -> None:
    assert completed(shop, *words) == expected


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_scripts_are_read_by_their_shells(shell: str, program: Program) -> None:
    script = program.done("completion", shell).out
    assert "astrolabe completion words -- " in script
    found = shutil.which(shell)
    if found is None:
        pytest.skip(f"{shell} is not on this machine")
    ended = subprocess.run([found, "-n"], input=script, capture_output=True, text=True, check=False)  # noqa: S603
    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_man_page_has_every_verb_and_option(program: Program) -> None:
    page = program.done("help", "--man").out
    assert page.startswith(".TH ASTROLABE 1")
    for words in ("documents export", "load", "collections show", "completion bash"):
        assert f".SS {words}\n" in page
    assert "\\fB\\-\\-vector\\-field\\fR FIELD" in page
    assert "%(default)s" not in page
    assert not [line for line in page.splitlines() if line.startswith("'")]


def test_a_collection_is_shown_with_its_options_and_size(shop: Program) -> None:
    shop.done("documents", "insert", '[{"a": 1}, {"a": 2}]', "--collection", "books", *IN_SHOP)
    shown = json.loads(shop.done("collections", "show", "books", *IN_SHOP).out)
    assert (shown["name"], shown["documents"]) == ("books", 2)
    assert shown["options"]["lexical"] == {"enabled": False}


def test_what_comes_out_of_one_collection_goes_into_another_through_a_pipe(shop: Program) -> None:
    shop.done("documents", "insert", '[{"_id": 1, "price": 1.10}, {"_id": 2}]', "--collection", "books", *IN_SHOP)
    written = shop.done("documents", "export", "-", "--collection", "books", *IN_SHOP).out
    shop.done("load", "-", "--collection", "notes", *IN_SHOP, stdin=written)
    assert shop.done("documents", "export", "-", "--collection", "notes", *IN_SHOP).out == written
