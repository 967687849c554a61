"""The walks use the same console as the pictures, each on a data folder of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from screens.kit.app_base import Section
from tests.screens.conftest import same_everywhere
from tests.support.console import Preparation, Scene, SceneConsole

__all__ = ["same_everywhere"]

MakeConsole = Callable[..., SceneConsole]


@pytest.fixture
def console(tmp_path: Path) -> MakeConsole:
    """Return a maker of consoles on an empty data folder."""

    def make(
        prepare: Preparation | None = None,
        *,
        start: Section = Section.DATABASES,
        urls: dict[str, str] | None = None,
    ) -> SceneConsole:
        return SceneConsole(Scene(tmp_path / "data", prepare, start, tuple((urls or {}).items())))

    return make
