"""A damaged database is named, and hides nothing else."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from storage.documents import store as documents_store
from storage.documents.store import DatabaseStore
from storage.shapes import COLLECTION_VECTOR
from tests.cli.conftest import Program
from tests.support.stores import KEYSPACE, new_item
from tests.support.vector_cache import EAGER


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


def test_the_doctor_names_an_index_that_a_killed_program_has_left_incomplete(program: Program) -> None:
    program.done("databases", "create", "home")
    program.done(
        "tables", "create", "t", "--database", "home", "--column", "id:text", "--column", "n:int", "--key", "id"
    )
    [path] = program.home.rglob("contents.db")
    building = '{"by_n": {"kind": "regular", "column": "n", "options": {}, "build": "1"}}'
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE container SET definition = json_set(definition, '$.building', json(?))", (building,))
    outcome = program("doctor", "--format", "json")
    assert outcome.code == 0
    [row] = [row for row in outcome.rows if row["check"] == "indexes home"]
    assert (row["state"], row["detail"]) == ("warning", "not complete: t.by_n; searches do without")


async def write_side_file(program: Program, numbers: range) -> Path:
    """Store vectors in the collection, as any program would, and have its index saved."""
    [path] = program.home.rglob("contents.db")
    store = await DatabaseStore.open(path)
    tools = await store.container(KEYSPACE, "tools")
    assert tools is not None
    for number in numbers:
        await store.insert(tools, [new_item(str(number), [number, 1])])
    await store.search(tools, COLLECTION_VECTOR, np.array([1, 1], np.float32), 3)
    await store.close()
    [file] = path.parent.glob("contents.db.vectors/*")
    return file


@pytest.fixture
def tools(program: Program, monkeypatch: pytest.MonkeyPatch) -> Program:
    monkeypatch.setattr(documents_store, "DEFAULT_POLICY", EAGER)
    program.done("databases", "create", "home")
    program.done("collections", "create", "tools", "--database", "home", "--dimension", "2")
    return program


def indexes(program: Program) -> tuple[int, str, str]:
    outcome = program("doctor", "--format", "json")
    [row] = [row for row in outcome.rows if row["check"] == "vector indexes home"]
    return outcome.code, row["state"], row["detail"]


def spoil_rows(file: Path) -> None:
    data = bytearray(file.read_bytes())
    at = data.index(np.array([7, 1], np.float32).tobytes())
    data[at] ^= 1
    file.write_bytes(data)


def put_a_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (spoil_rows, "damaged in its rows"),
        (lambda file: os.truncate(file, 9_000), "another size"),
        (lambda file: file.write_bytes(b""), "too short"),
        (put_a_pipe, "not a regular file"),
    ],
    ids=["rows", "cut short", "emptied", "pipe"],
)
def test_the_doctor_names_a_damaged_vector_index(tools: Program, spoil: Callable[[Path], None], said: str) -> None:
    file = asyncio.run(write_side_file(tools, range(20)))
    assert indexes(tools)[:2] == (0, "ok")
    spoil(file)
    code, state, detail = indexes(tools)
    assert (code, state) == (1, "problem")
    assert said in detail
    asyncio.run(write_side_file(tools, range(20, 40)))
    assert indexes(tools)[:2] == (0, "ok")


def test_the_doctor_names_a_vector_index_of_another_history(tools: Program, tmp_path: Path) -> None:
    asyncio.run(write_side_file(tools, range(20)))
    [path] = tools.home.rglob("contents.db")
    shutil.copy(path, tmp_path / "backup")
    asyncio.run(write_side_file(tools, range(20, 40)))
    shutil.copy(tmp_path / "backup", path)
    code, state, detail = indexes(tools)
    assert (code, state) == (1, "problem")
    assert "another history" in detail
    asyncio.run(write_side_file(tools, range(40, 70)))
    assert indexes(tools)[:2] == (0, "ok")


def cut_to_nothing(path: Path) -> None:
    os.truncate(path, 0)


@pytest.mark.parametrize("lose", [Path.unlink, cut_to_nothing])
@pytest.mark.parametrize("name", ["contents.db", "catalog.db"])
def test_a_file_that_vanished_or_was_emptied_is_a_problem_and_is_not_made_anew(
    tools: Program, lose: Callable[[Path], None], name: str
) -> None:
    [path] = tools.home.rglob(name)
    lose(path)
    for words in (["doctor"], ["collections", "list", "--database", "home"]):
        outcome = tools(*words)
        assert outcome.code == 1
        assert str(path) in outcome.out + outcome.err
        assert "backup" in outcome.out + outcome.err
    assert not path.exists() or not path.stat().st_size


@pytest.mark.parametrize("lose", [Path.unlink, cut_to_nothing])
def test_a_database_whose_file_has_vanished_can_be_deleted(tools: Program, lose: Callable[[Path], None]) -> None:
    [path] = tools.home.rglob("contents.db")
    lose(path)
    tools.done("databases", "delete", "home", "--yes")
    assert tools("doctor").code == 0


def test_an_old_copy_put_back_for_a_lost_file_is_used(tools: Program, tmp_path: Path) -> None:
    [path] = tools.home.rglob("contents.db")
    shutil.copy(path, tmp_path / "backup")
    path.unlink()
    assert tools("doctor").code == 1
    shutil.copy(tmp_path / "backup", path)
    assert "tools" in tools.done("collections", "list", "--database", "home").out
