"""A server whose file was deleted or replaced acknowledges nothing that would be gone at its end."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.served import KEYSPACE, served


def delete(path: Path) -> None:
    path.unlink()


def put_back(path: Path) -> None:
    """Put a backup in its place."""
    shutil.copy(path, path.with_name("backup"))
    path.with_name("backup").replace(path)


@pytest.mark.parametrize("lose", [delete, put_back])
def test_no_write_to_a_lost_file_is_acknowledged(tmp_path: Path, lose: Callable[[Path], None]) -> None:
    with served(tmp_path / "data") as server:
        path = f"/api/json/v1/{KEYSPACE}"
        assert server.post(path, json={"createCollection": {"name": "books"}}).json() == {"status": {"ok": 1}}
        kept = server.post(f"{path}/books", json={"insertOne": {"document": {"_id": "kept"}}}).json()
        assert kept["status"]["insertedIds"] == ["kept"]
        [file] = tmp_path.rglob("contents.db")
        lose(file)
        for command in (
            {"insertOne": {"document": {"_id": "lost"}}},
            {"updateOne": {"filter": {"_id": "kept"}, "update": {"$set": {"a": 1}}}},
            {"deleteOne": {"filter": {"_id": "kept"}}},
            {"findOne": {"filter": {"_id": "kept"}}},
        ):
            answer = server.post(f"{path}/books", json=command).json()
            assert "status" not in answer or "insertedIds" not in answer["status"]
            assert "was deleted or replaced" in answer["errors"][0]["message"], command
