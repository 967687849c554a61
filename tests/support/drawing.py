"""Pictures of states: the real console is led into a state once and drawn at every size."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from textual.app import App

from tests.support.console import SIZES, Scene, SceneConsole, Templates
from tests.support.states import State
from tests.support.states_wide import WIDE
from tests.support.steps import play, settle

Size = tuple[int, int]
"""Columns and lines."""


def sizes_of(state: State) -> tuple[Size, ...]:
    """Return the sizes that a state is drawn at."""
    return tuple(SIZES) if state.name in WIDE else (SIZES[0],)


def draw(state: State, folder: Path, templates: Templates, sizes: Sequence[Size] = tuple(SIZES)) -> dict[Size, str]:
    """Return a state's picture at each size, as SVG; the first size is the one that it is led there at.

    Args:
        state: What to draw.
        folder: A path for its data folder, which is created.
        templates: Where prepared data folders come from.
        sizes: Sizes of the terminal; from the second on, it is resized.
    """
    if state.prepare is not None:
        templates.copy(state.prepare, folder)
    app = SceneConsole(
        Scene(folder, state.then, state.start, theme=state.theme, minilm=state.minilm, provider_setups=state.setups)
    )
    return asyncio.run(_draw(app, state, sizes))


async def _draw(app: SceneConsole, state: State, sizes: Sequence[Size]) -> dict[Size, str]:
    pictures = {}
    async with app.run_test(size=sizes[0], notifications=True) as pilot:
        await play(pilot, state.steps)
        for size in sizes:
            if size != sizes[0]:
                await pilot.resize_terminal(*size)
                await settle(pilot)
                await pilot.pause()
            pictures[size] = app.export_screenshot(title=app.title, simplify=True)
    return pictures


class Drawn(App[str]):
    """Stands in for an application that has been drawn already, where a picture is to be compared."""

    def __init__(self, picture: str) -> None:
        super().__init__()
        self.picture = picture

    def run(self, **_: object) -> str:
        """Return the picture, which is all that is asked for."""
        return self.picture
