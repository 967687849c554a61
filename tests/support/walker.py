"""A user at the keyboard: presses keys, types, waits, and reads what is on the screen."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from textual.pilot import Pilot
from textual.widgets import SelectionList

from tests.support.headless import strips
from tests.support.steps import press, settle, typed
from tests.support.waiting import LONGEST_WAIT


class Walker:
    """Drives a console through its keys; nothing here reaches past what a user can do or see."""

    def __init__(self, pilot: Pilot[Any]) -> None:
        self.pilot = pilot

    @property
    def screen(self) -> str:
        """What is on the screen, line by line."""
        return "\n".join(strip.text.rstrip() for strip in strips(self.pilot.app))

    async def press(self, *keys: str) -> None:
        """Press keys one after the other, waiting for each one's consequences."""
        for key in keys:
            await press(self.pilot, key)

    async def press_fast(self, *keys: str) -> None:
        """Press keys one right after the other, and wait for what comes of all of them."""
        await press(self.pilot, *keys)

    async def type(self, text: str) -> None:
        """Type fast into what has the focus."""
        await press(self.pilot, *typed(text))

    async def choose(self, start_of_label: str) -> None:
        """Open the focused drop-down, go to an option by its first letters, and take it."""
        await self.press("enter")
        await self.type(start_of_label)
        await self.press("enter")

    async def tick_all(self) -> None:
        """Tick every row of the focused list with the space bar."""
        focused = self.pilot.app.focused
        assert isinstance(focused, SelectionList)
        for _ in range(focused.option_count):
            await self.press("space", "down")

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for background work until something holds."""
        end = time.monotonic() + LONGEST_WAIT
        while not condition():
            assert time.monotonic() < end, "still waiting, and the screen says:\n" + self.screen
            await self.pilot.pause(0.02)
        await settle(self.pilot)

    async def sees(self, *texts: str) -> None:
        """Check that texts are on the screen, waiting a little for them."""
        await self.until(lambda: all(text in self.screen for text in texts))
