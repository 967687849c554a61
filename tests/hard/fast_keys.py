"""Fifty times two hundred random keys, faster than answers come: label, rows and cursor belong to one answer."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from screens.kit.app_base import Section
from tests.support.console import Scene, SceneConsole, Templates, hold_cursors_still, many_documents
from tests.support.fast_keys import play_fast

SEEDS = 50


def main(words: list[str] | None = None) -> int:
    """Play; return 1 when something on the screen did not fit together."""
    parser = argparse.ArgumentParser(prog="fast_keys")
    parser.add_argument("--seed", type=int, required=True)
    seed = parser.parse_args(words).seed
    sys.stdout.write(f"fast keys: seeds {seed} to {seed + SEEDS - 1}\n")
    hold_cursors_still(setattr)
    with tempfile.TemporaryDirectory() as folder:
        templates = Templates(Path(folder) / "templates")
        for number in range(seed, seed + SEEDS):
            target = Path(folder) / str(number)
            templates.copy(many_documents, target)
            try:
                asyncio.run(_play(target, number))
            except AssertionError as error:
                sys.stdout.write(f"{error}\n")
                return 1
    return 0


async def _play(folder: Path, seed: int) -> None:
    async with SceneConsole(Scene(folder, start=Section.EXPLORER)).run_test(size=(80, 24)) as pilot:
        await play_fast(pilot, seed)
