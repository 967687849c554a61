"""Every page and dialog in each of its states: what snapshots compare and what ``make screenshots`` draws.

A state is a prepared data folder, a place to start, and the keys that lead there; so a picture can only show what a
user can reach from the keyboard.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from textual.pilot import Pilot

from screens.console import Section
from tests.support.console import Preparation, articles, hugging_face, three_databases

Step = str | Callable[[Pilot[Any]], Awaitable[None]]
"""A key to press, or something to do."""

LONGEST_WAIT = 20.0
"""Seconds after which background work that has not ended is a failure."""


@dataclass(frozen=True, slots=True)
class State:
    """One state of a page or dialog.

    Attributes:
        name: Also the name of its picture.
        steps: What leads there from the start.
        prepare: What is in the data folder.
        start: The place that is shown first.
    """

    name: str
    steps: tuple[Step, ...] = ()
    prepare: Preparation | None = None
    start: Section = Section.DATABASES


async def settle(pilot: Pilot[Any]) -> None:
    """Wait until the console has nothing left to do."""
    async with asyncio.timeout(LONGEST_WAIT):
        await pilot.pause()
        while any(not worker.is_finished for worker in pilot.app.workers):
            await asyncio.sleep(0.01)
        await pilot.pause()


async def play(pilot: Pilot[Any], steps: Sequence[Step]) -> None:
    """Carry out the steps, waiting after each until its consequences are on the screen."""
    await settle(pilot)
    for step in steps:
        if isinstance(step, str):
            await pilot.press(step)
        else:
            await step(pilot)
        await settle(pilot)


def typed(text: str) -> tuple[str, ...]:
    """Return the keys that type ``text``."""
    names = {" ": "space", "_": "underscore", "-": "minus", "/": "slash", ".": "full_stop", "$": "dollar_sign"}
    return tuple(names.get(char, char) for char in text)


STATES: tuple[State, ...] = (
    State("databases-empty"),
    State("databases", prepare=three_databases),
    State("integrations", start=Section.INTEGRATIONS),
    State("integrations-active", prepare=hugging_face, start=Section.INTEGRATIONS),
    State("explorer-empty", prepare=three_databases, start=Section.EXPLORER),
    State("explorer", prepare=articles, start=Section.EXPLORER),
    State("search-empty", start=Section.SEARCH),
    State("activity-empty", start=Section.ACTIVITY),
)
"""All states that are pictured."""
