"""Where the program keeps things, what ``info`` says of it, and the demo that keeps nothing."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.cli.conftest import Program


def test_info_prints_every_path_and_what_is_optional(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASTROLABE_PROVIDERS__nvidia__URL", "http://127.0.0.1:9/v1/embeddings")
    facts = {row["subject"]: row for row in program.done("info", "--format", "json").rows}
    home = program.home
    assert facts["astrolabe"]["value"] == "0.1.0"
    assert facts["settings file"]["value"] == str(home / ".config/astrolabe/config.toml")
    assert facts["data folder"]["value"] == str(home / ".local/share/astrolabe")
    assert facts["log file"]["value"] == str(home / ".local/state/astrolabe/astrolabe.log")
    assert facts["environment"]["value"] == "ASTROLABE_PROVIDERS__nvidia__URL"
    assert facts["optional: wordllama"]["value"] not in {"", "not installed"}
    assert facts["provider: nvidia"] == {
        "subject": "provider: nvidia",
        "value": "available",
        "note": "http://127.0.0.1:9/v1/embeddings",
    }


def test_info_works_with_wrong_settings_and_names_them(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASTROLABE_MOUSE", "perhaps")
    outcome = program("info", "--format", "json")
    assert outcome.code == 2
    assert "ASTROLABE_MOUSE" in outcome.err
    assert any(row["subject"] == "settings file" for row in outcome.rows)


def test_info_makes_no_data_folder(program: Program) -> None:
    program.done("info")
    assert not (program.home / ".local" / "share").exists()


def test_the_data_folder_can_be_moved(program: Program, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    program.done("--data-dir", str(elsewhere), "databases", "create", "library")
    assert (elsewhere / "catalog.db").exists()
    assert program.done("databases", "list", "--format", "json").rows == []
    assert len(program.done("databases", "list", "--data-dir", str(elsewhere), "--format", "json").rows) == 1


def test_the_demo_prints_a_search_where_there_is_no_terminal_and_leaves_nothing(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    outcome = program.done("demo")
    assert "smtplib" in outcome.out
    assert "send an e-mail" in outcome.err
    assert list(scratch.iterdir()) == []
    assert not (program.home / ".local" / "share").exists()


def test_the_demo_works_read_only(program: Program) -> None:
    assert "smtplib" in program.done("--read-only", "demo").out


def test_a_data_folder_of_a_newer_version_is_refused(program: Program) -> None:
    program.done("databases", "create", "library")
    connection = sqlite3.connect(program.home / ".local/share/astrolabe/catalog.db")
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    outcome = program("databases", "list")
    assert outcome.code == 1
    assert outcome.err.startswith("The store is newer than this program")


def test_a_data_folder_that_cannot_be_used_is_refused(program: Program, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    outcome = program("databases", "list", "--data-dir", str(tmp_path / "file" / "data"))
    assert outcome.code == 1
    assert "ASTROLABE_DATA_DIR" in outcome.err


def test_a_state_folder_that_cannot_be_written_does_not_keep_a_verb_from_working(program: Program) -> None:
    (program.home / ".local").mkdir()
    (program.home / ".local" / "state").touch()
    program.done("databases", "list")
