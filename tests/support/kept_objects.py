"""What the console keeps of the pages and dialogs that were open, counted in a process of its own.

``python -m tests.support.kept_objects`` prints a JSON object: for each name in :data:`ROUNDS`, what it has kept. A
process that runs other tests, too, has hundreds of thousands of other objects, and servers and threads among them that
come and go; here, what is counted is the console's.
"""

from __future__ import annotations

import asyncio
import functools
import gc
import heapq
import json
import sys
import tempfile
import weakref
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from textual._styles_cache import StylesCache
from textual.cache import FIFOCache, LRUCache
from textual.widget import Widget

from tests.support.console import Scene, SceneConsole, articles, hold_cursors_still
from tests.support.walker import Walker

WARM = 3
"""Rounds after which everything that is made once has been made."""

ROUNDS: dict[str, tuple[int, tuple[str, ...]]] = {
    "pages": (8, ("1", "2", "3", "4", "5")),
    "the palette": (5, ("ctrl+p", "escape")),
    "a provider's page": (5, ("2", "enter", "escape")),
    "a dialog": (5, ("1", "n", "escape")),
    "the focus": (5, ("3", "tab", "tab", "tab")),
}
"""How often, and the keys that come back to where they began."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What rounds of keys have left behind.

    Attributes:
        widgets: How many more there are of each class, ours and the framework's.
        objects: How many more objects of any kind a round has left, on average.
    """

    widgets: dict[str, int]
    objects: float


async def kept_after(folder: Path, rounds: int, keys: tuple[str, ...]) -> Kept:
    """Open a console on a new data folder, press the keys, and count before and after."""
    app = SceneConsole(Scene(folder, articles))
    async with app.run_test(size=(80, 24)) as pilot:
        user = Walker(pilot)

        async def walk(times: int) -> None:
            for _ in range(times):
                app.workspace.activity.clear()  # it keeps the last commands on purpose, and its page shows them
                await user.press_fast(*keys)
            await user.press_fast("1")

        await walk(WARM)
        widgets, objects = _count()
        await walk(rounds)
        widgets_after, objects_after = _count()
    return Kept(dict(widgets_after - widgets), (objects_after - objects) / rounds)


def _count() -> tuple[Counter[str], int]:
    """Return the widgets that exist, by class, and how many objects there are beside what may come and go."""
    _forget_cancelled_timers()
    gc.collect()
    # A widget's cache of its lines may outlive it, with all of them, in a cache of the framework's.
    widgets = Counter(type(one).__name__ for one in gc.get_objects() if isinstance(one, Widget | StylesCache))
    _empty_caches()
    gc.collect()
    return widgets, sum(not _is_dead(one) for one in gc.get_objects())


def _forget_cancelled_timers() -> None:
    """Let go of what the loop would let go of in a while: a cancelled timer stays until its time, with its context."""
    timers: list[asyncio.TimerHandle] = asyncio.get_running_loop()._scheduled  # type: ignore[attr-defined]
    for timer in timers:
        timer._scheduled = not timer.cancelled()  # type: ignore[attr-defined]
    cancelled = sum(timer.cancelled() for timer in timers)
    timers[:] = [timer for timer in timers if not timer.cancelled()]
    heapq.heapify(timers)
    asyncio.get_running_loop()._timer_cancelled_count -= cancelled  # type: ignore[attr-defined]


def _empty_caches() -> None:
    """Empty what has a limit of its own. Widgets are counted before: none may be kept by a cache either."""
    for one in gc.get_objects():
        if isinstance(one, LRUCache | FIFOCache | StylesCache):
            one.clear()
        elif isinstance(one, functools._lru_cache_wrapper) and one.cache_parameters()["maxsize"] is not None:
            one.cache_clear()


def _is_dead(one: object) -> bool:
    """Tell whether it is a reference to nothing; SQLite's module keeps up to 200 of them for each connection."""
    return type(one) is weakref.ReferenceType and one() is None


async def main() -> None:
    """Count what each of the rounds keeps, and print it."""
    hold_cursors_still(setattr)
    kept: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, (rounds, keys) in ROUNDS.items():
            kept[name] = asdict(await kept_after(Path(folder, name), rounds, keys))
    json.dump(kept, sys.stdout)


if __name__ == "__main__":
    asyncio.run(main())
