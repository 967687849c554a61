"""Keys that arrive all at once, as over a slow line or from a script, do what they would have done one by one."""

from __future__ import annotations

from collections.abc import Iterable

from textual import events

from tests.support.console import SceneConsole
from tests.support.walker import Walker
from tests.walk.conftest import MakeConsole

NAMED = {"enter", "escape", "ctrl+s", "ctrl+q", "tab"}


def send(app: SceneConsole, keys: Iterable[str]) -> None:
    """Put keys into the program's queue without waiting for anything."""
    for key in keys:
        app.post_message(events.Key(key, None if key in NAMED else key))


async def test_a_whole_walk_typed_ahead(console: MakeConsole) -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        user = Walker(pilot)
        send(app, ["n", *"home", "ctrl+s"])
        await user.sees("home", "● active")
        send(app, ["enter", "c", *"tools", "ctrl+s"])
        await user.sees("tools", "256 dimensions")
        send(app, ["d", *"tools", "ctrl+s"])
        await user.sees("This keyspace has no collection")
        send(app, ["c", *"again", "ctrl+s"])
        await user.sees("again", "256 dimensions")
        send(app, ["s", *"send a letter", "enter"])
        await user.sees("send a letter", "Nothing found")


async def test_no_hold_lasts(console: MakeConsole) -> None:
    app = console()
    app.longest_hold = 0.05
    async with app.run_test(size=(80, 24)) as pilot:
        app.hold_keys()
        send(app, ["ctrl+q"])
        await Walker(pilot).until(lambda: app.return_code == 0)
