"""Every page and dialog in each of its states, beside the picture that was looked at and accepted.

All are drawn at 80x24; at 120x40 those whose layout differs there, and one of each page and dialog.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pytest
from textual.app import App

from tests.support.console import SENTINEL, Templates
from tests.support.drawing import Drawn, Size, draw, sizes_of
from tests.support.states import FILES, STATES, State
from tests.support.states_wide import WIDE

KEPT = Path(__file__).with_name("__snapshots__") / "test_pictures"
"""The folder of the accepted pictures."""

DRAWN = [
    pytest.param(state, (width, height), id=f"{state.name}-{width}x{height}")
    for state in STATES
    for width, height in sizes_of(state)
]

Pictures = dict[str, dict[Size, str]]
"""By the name of the state, then by size."""


class SnapCompare(Protocol):
    """The fixture of pytest-textual-snapshot."""

    def __call__(self, app: App[Any], *, terminal_size: Size) -> bool: ...


@pytest.fixture(scope="session")
def pictures() -> Pictures:
    """What has been drawn so far: a state is drawn at both sizes in one go."""
    return {}


@pytest.fixture
def picture_of(
    pictures: Pictures, tmp_path: Path, templates: Templates, monkeypatch: pytest.MonkeyPatch
) -> Callable[[State], dict[Size, str]]:
    """Return what draws a state, unless that has been done."""
    monkeypatch.chdir(FILES)

    def find(state: State) -> dict[Size, str]:
        if state.name not in pictures:
            pictures[state.name] = draw(state, tmp_path / "data", templates, sizes_of(state))
        return pictures[state.name]

    return find


@pytest.mark.parametrize(("state", "size"), DRAWN)
def test_state(
    state: State, size: Size, picture_of: Callable[[State], dict[Size, str]], snap_compare: SnapCompare
) -> None:
    assert snap_compare(Drawn(picture_of(state)[size]), terminal_size=size)


def test_no_picture_shows_a_secret() -> None:
    for path in KEPT.glob("*.svg"):
        shown = path.read_text("utf-8").replace("&#160;", " ")
        assert SENTINEL not in shown, path.name
        assert "made_up" not in shown, f"{path.name} shows what was typed as a secret"


def test_every_picture_that_is_kept_is_compared() -> None:
    expected = {f"test_state[{parameter.id}].svg" for parameter in DRAWN}
    assert {path.name for path in KEPT.iterdir()} == expected


def test_names_are_unique() -> None:
    names = [state.name for state in STATES]
    assert len(names) == len(set(names))
    assert set(names) >= WIDE
