"""Every page and dialog in each of its states, at both sizes, beside the picture that was looked at and accepted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol

import pytest
from textual.app import App
from textual.pilot import Pilot

from tests.support.console import SIZES, Scene, SceneConsole, Templates
from tests.support.states import FILES, STATES, State, play


class SnapCompare(Protocol):
    """The fixture of pytest-textual-snapshot."""

    def __call__(
        self,
        app: App[Any],
        *,
        terminal_size: tuple[int, int],
        run_before: Callable[[Pilot[Any]], Awaitable[None]],
    ) -> bool: ...


@pytest.fixture
def stage(tmp_path: Path, templates: Templates, monkeypatch: pytest.MonkeyPatch) -> Callable[[State], SceneConsole]:
    """Return a maker of the console that a state begins in."""

    def make(state: State) -> SceneConsole:
        monkeypatch.chdir(FILES)
        folder = tmp_path / "data"
        if state.prepare is not None:
            templates.copy(state.prepare, folder)
        return SceneConsole(Scene(folder, state.then, state.start, theme=state.theme))

    return make


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_state(
    state: State, size: tuple[int, int], stage: Callable[[State], SceneConsole], snap_compare: SnapCompare
) -> None:
    assert snap_compare(stage(state), terminal_size=size, run_before=lambda pilot: play(pilot, state.steps))


def test_names_are_unique() -> None:
    names = [state.name for state in STATES]
    assert len(names) == len(set(names))
