"""Removing what may be in use: what could not be read is said first, and ``--yes`` is not enough then."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.cli.conftest import Program

PROVIDER, NAME = "openai", "main"
KEY = (NAME, "--provider", PROVIDER)
MODEL = "text-embedding-3-small"


@pytest.fixture
def shop(program: Program) -> Program:
    """Two databases in the scope of one key; a collection in each uses it, and the file of ``broken`` is damaged."""
    for database in ("broken", "desk"):
        program.done("databases", "create", database)
    program.done("credentials", "add", *KEY, "--database", "broken", "--database", "desk", stdin="sk-0123456789abc\n")
    for database in ("broken", "desk"):
        service = ("--provider", PROVIDER, "--model", MODEL, "--key", NAME)
        program.done("collections", "create", "notes", "--database", database, *service)
    damage(program, "broken")
    return program


def damage(program: Program, database: str) -> None:
    (catalog,) = program.home.rglob("catalog.db")
    connection = sqlite3.connect(catalog)
    ((number,),) = connection.execute("SELECT id FROM database WHERE name = ?", (database,))
    connection.close()
    file: Path = catalog.parent / "databases" / number / "contents.db"
    file.write_bytes(b"no database " * 1000)


def test_a_key_that_may_be_in_use_is_not_removed_with_yes(shop: Program) -> None:
    refused = shop("credentials", "remove", *KEY, "--yes")
    assert refused.code == 1
    assert "Unknown: The database broken could not be read" in refused.err
    assert "--yes is not enough" in refused.err
    assert len(shop.done("credentials", "list", "--format", "json").rows) == 1


def test_nothing_is_removed_with_yes_while_something_is_unknown(shop: Program) -> None:
    assert shop("integrations", "remove", PROVIDER, "--yes").code == 1
    assert shop("scopes", "remove", *KEY, "--database", "broken", "--yes").code == 1
    shop.done(
        "connection-strings",
        "create",
        "mine",
        "--connector",
        "Ollama",
        "--model",
        "one",
        "--endpoint",
        "http://127.0.0.1:9",
    )
    assert shop("connection-strings", "edit", "mine", "--model", "two", "--yes").code == 1
    assert shop("connection-strings", "remove", "mine", "--yes").code == 1
    assert len(shop.done("scopes", "list", "--format", "json").rows) == 2
    shop.done("connection-strings", "edit", "mine", "--endpoint", "http://127.0.0.1:8", "--yes")


def test_a_database_that_was_read_leaves_the_scope_with_yes(shop: Program) -> None:
    shop.done("scopes", "remove", *KEY, "--database", "desk", "--yes")


def test_a_database_that_is_gone_is_in_nobodys_way(shop: Program) -> None:
    shop.done("databases", "delete", "broken", "--yes")
    shop.done("credentials", "remove", *KEY, "--yes")


def test_a_rehearsal_names_first_what_it_does_not_know_and_fails(shop: Program) -> None:
    outcome = shop("credentials", "rehearse", *KEY, "--format", "json")
    assert outcome.code == 1
    assert [(row["effect"], row["database"]) for row in outcome.rows] == [("unknown", "broken"), ("stops", "desk")]
    assert outcome.err.startswith("Unknown: The database broken could not be read")
    shop("databases", "delete", "desk", "--yes")
    outcome = shop("credentials", "rehearse", *KEY)
    assert "No collection is concerned" not in outcome.out + outcome.err


def test_the_doctor_names_every_database_that_cannot_be_read(shop: Program) -> None:
    outcome = shop("doctor", "--format", "json")
    assert outcome.code == 1
    assert {"database broken"} <= {row["check"] for row in outcome.rows if row["state"] == "problem"}


def test_a_damaged_ledger_of_loads_keeps_nothing_from_opening_but_loads(program: Program, tmp_path: Path) -> None:
    program.done("databases", "create", "shop")
    program.done("collections", "create", "notes", "--database", "shop")
    (catalog,) = program.home.rglob("catalog.db")
    catalog.with_name("loads.db").write_bytes(b"no database " * 1000)
    program.done("collections", "list", "--database", "shop")
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"_id": "n1"}\n')
    refused = program("load", str(rows), "--database", "shop", "--collection", "notes")
    assert refused.code == 1
    assert "loads.db" in refused.err
    outcome = program("doctor", "--format", "json")
    assert outcome.code == 1
    assert "loads" in {row["check"] for row in outcome.rows if row["state"] == "problem"}
