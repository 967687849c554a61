"""The console through thousands of changes of its page: it holds no more memory at the end than when it was warm.

python -m tests.hard.switches [--count 2000]
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.hard.answers import megabytes
from tests.support.console import Scene, SceneConsole, articles, hold_cursors_still
from tests.support.walker import Walker

COUNT = 2000
WARM_UP = 200
MOST_GROWTH = 30
"""Megabytes that the process may be larger at the end than after it was warm."""

_PLACES = ("1", "2", "3", "4", "5")


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


async def switch(folder: Path, count: int, dice: random.Random) -> float:
    """Go from page to page; return by how many megabytes the process has grown since it was warm."""
    app = SceneConsole(Scene(folder, articles))
    async with app.run_test(size=(80, 24)) as pilot:
        user = Walker(pilot)
        slowest = 0.0
        start = 0.0
        for number in range(WARM_UP + count):
            if number == WARM_UP:
                gc.collect()
                start = megabytes("VmRSS")
                slowest = 0.0
            began = time.perf_counter()
            await user.press_fast(dice.choice(_PLACES))
            slowest = max(slowest, time.perf_counter() - began)
        gc.collect()
        end = megabytes("VmRSS")
    _say(f"switches: {count} changes of the page, the slowest in {slowest * 1000:.0f} ms")
    _say(f"switches: {start:.0f} MB when warm, {end:.0f} MB at the end, {megabytes('VmHWM'):.0f} MB at most")
    return end - start


def main(argv: list[str] | None = None) -> int:
    """Run the part; return 0 when the process stayed small."""
    parser = argparse.ArgumentParser(description="Change the page of a console again and again.")
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))  # noqa: S311 - printed, to be used again
    args = parser.parse_args(argv)
    _say(f"switches: seed {args.seed}")
    hold_cursors_still(setattr)
    with tempfile.TemporaryDirectory() as folder:
        grown = asyncio.run(switch(Path(folder, "data"), args.count, random.Random(args.seed)))  # noqa: S311
    return 0 if grown < MOST_GROWTH else 1


if __name__ == "__main__":
    sys.exit(main())
