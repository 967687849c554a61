"""What every picture and every Pilot test needs: nothing blinks, nothing depends on the machine."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from screens.kit.app_base import Section
from screens.kit.depth import Depth
from tests.support.console import Preparation, Scene, SceneConsole, Templates, hold_cursors_still

SNAPSHOT_REPORT = "TEXTUAL_SNAPSHOT_TEMPDIR"
"""Set by pytest-textual-snapshot for itself."""

MakeConsole = Callable[..., SceneConsole]


@pytest.fixture(autouse=True)
def same_everywhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in list(os.environ):
        ours_or_the_frameworks = name.startswith(("TEXTUAL", "ASTROLABE_")) and name != SNAPSHOT_REPORT
        if ours_or_the_frameworks or name in {"NO_COLOR", "SSH_CONNECTION"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)  # what a test saves with w belongs nowhere else
    monkeypatch.setenv("LOGNAME", "ada")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    hold_cursors_still(monkeypatch.setattr)
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """Prepared data folders, each made once per test process."""
    return Templates(tmp_path_factory.mktemp("templates"))


@pytest.fixture
def console(tmp_path: Path, templates: Templates) -> MakeConsole:
    """Return a maker of consoles on an empty or prepared data folder."""

    def make(
        prepare: Preparation | None = None,
        *,
        start: Section = Section.DATABASES,
        urls: dict[str, str] | None = None,
        depth: Depth = Depth.TRUE,
    ) -> SceneConsole:
        folder = tmp_path / "data"
        if prepare is not None:
            templates.copy(prepare, folder)
        return SceneConsole(Scene(folder, None, start, tuple((urls or {}).items()), depth=depth))

    return make
