"""A damaged database is named, and hides nothing else."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from tests.cli.conftest import Program


def test_the_doctor_names_a_damaged_definition(program: Program) -> None:
    program.done("databases", "create", "home")
    program.done("collections", "create", "tools", "--database", "home", "--dimension", "2")
    [path] = program.home.rglob("contents.db")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE container SET vectors = '{'")
    outcome = program("doctor", "--format", "json")
    assert outcome.code == 1
    details = {row["check"]: row["detail"] for row in outcome.rows if row["state"] == "problem"}
    assert "tools" in details["collections of home"]
    assert "damaged" in program("collections", "list", "--database", "home").err
