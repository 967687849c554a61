"""``astrolabe cache``: what it shows, and that it empties what it says it empties."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from storage.embedding_cache.cache import EmbeddingCache
from tests.cli.conftest import Program


@pytest.fixture
def folder(program: Program) -> Path:
    folder = program.home / "data"
    program.done("--data-dir", str(folder), "databases", "create", "shop")
    return folder


def fill(folder: Path) -> None:
    asyncio.run(_fill(folder))


async def _fill(folder: Path) -> None:
    cache = EmbeddingCache(folder / "embeddings.db")
    cache.keep([bytes([number]) * 32 for number in range(20)], np.ones((20, 8), np.float32))
    cache.count(hits=7, misses=20)
    await cache.close()


def test_an_empty_cache_is_shown_and_not_created(program: Program, folder: Path) -> None:
    [row] = program.done("--data-dir", str(folder), "cache", "--format", "json").rows
    assert row["path"] == str(folder / "embeddings.db")
    assert (row["state"], row["entries"], row["hits"], row["limit_mb"]) == ("on", 0, 0, 512)
    assert not (folder / "embeddings.db").exists()


def test_entries_and_hits_are_shown_and_forgotten(program: Program, folder: Path) -> None:
    fill(folder)
    [row] = program.done("cache", "--data-dir", str(folder), "--format", "json").rows
    assert (row["entries"], row["hits"], row["misses"]) == (20, 7, 20)
    outcome = program.done("cache", "clear", "--data-dir", str(folder))
    assert "20 vectors were forgotten" in outcome.err
    [row] = program.done("--data-dir", str(folder), "cache", "--format", "json").rows
    assert (row["entries"], row["hits"], row["misses"]) == (0, 0, 0)


def test_read_only_mode_clears_nothing(program: Program, folder: Path) -> None:
    fill(folder)
    assert program("--data-dir", str(folder), "--read-only", "cache", "clear").code == 1
    [row] = program.done("--data-dir", str(folder), "cache", "--format", "json").rows
    assert row["entries"] == 20


def test_the_settings_switch_it_off_and_limit_it(
    program: Program, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASTROLABE_EMBEDDING_CACHE__ENABLED", "false")
    [row] = program.done("--data-dir", str(folder), "cache", "--format", "json").rows
    assert row["state"] == "off"
    monkeypatch.setenv("ASTROLABE_EMBEDDING_CACHE__ENABLED", "true")
    monkeypatch.setenv("ASTROLABE_EMBEDDING_CACHE__SIZE_MB", "20")
    [row] = program.done("--data-dir", str(folder), "cache", "--format", "json").rows
    assert row["limit_mb"] == 20
    monkeypatch.setenv("ASTROLABE_EMBEDDING_CACHE__SIZE", "20")
    outcome = program("cache")
    assert outcome.code == 2
    assert "Did you mean size_mb?" in outcome.err


def test_the_doctor_names_a_damaged_cache_and_goes_on(program: Program, folder: Path) -> None:
    outcome = program.done("--data-dir", str(folder), "doctor")
    assert "embedding cache" in outcome.out
    (folder / "embeddings.db").write_bytes(b"nonsense " * 2000)
    (folder / "embeddings.db").chmod(0o600)
    rows = program.done("--data-dir", str(folder), "doctor", "--format", "json").rows
    [found] = [row for row in rows if row["check"] == "embedding cache"]
    assert found["state"] == "warning"
    assert "damaged" in found["detail"]
    rows = program.done("--data-dir", str(folder), "doctor", "--format", "json").rows
    [found] = [row for row in rows if row["check"] == "embedding cache"]
    assert found["state"] == "ok"


def test_info_names_the_file(program: Program, folder: Path) -> None:
    assert str(folder / "embeddings.db") in program.done("--data-dir", str(folder), "info").out
