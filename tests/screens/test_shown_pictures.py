"""The pictures in the README and the guides are what the console looks like now."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pictures import PICTURES, named_pictures, picture
from tests.support.console import Templates
from tests.support.states import FILES


def test_every_picture_is_shown_somewhere() -> None:
    assert sorted(path.stem for path in PICTURES.glob("*.svg")) == named_pictures()


@pytest.mark.parametrize("name", named_pictures())
def test_the_picture_is_current(
    name: str, tmp_path: Path, templates: Templates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(FILES)
    drawn = picture(name, tmp_path / "data", templates)
    assert (PICTURES / f"{name}.svg").read_text(encoding="utf-8") == drawn, "draw them anew: make screenshots"
