"""The terminal is resized at any moment, to any size: the console draws all of it, every time."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pexpect
import pytest
from textual import events
from textual.geometry import Size

from screens.kit.app_base import Section
from screens.kit.too_small import TooSmall
from tests.screens.conftest import MakeConsole
from tests.support.console import SceneConsole, Templates, articles
from tests.support.steps import key_event, settle
from tests.support.terminal_picture import TerminalPicture
from tests.support.waiting import wait_until
from tests.support.walker import Walker
from tui.app import SMALLEST

ROOT = Path(__file__).resolve().parents[2]
KEYS = ("1", "2", "3", "4", "5", "f5", "f1", "escape", "n", "tab", "enter")
BYTES = ("1", "2", "3", "4", "5", "\x1b[15~")
"""Keys that load a page or refresh it (F5)."""


def random_size(source: random.Random) -> tuple[int, int]:
    """Columns and lines; every third is too small to draw in."""
    if source.random() < 1 / 3:
        return source.randint(1, SMALLEST[0]), source.randint(1, SMALLEST[1])
    return source.randint(SMALLEST[0], 160), source.randint(SMALLEST[1], 50)


def resize(app: SceneConsole, columns: int, lines: int) -> None:
    """Tell the console of a new size, as the terminal does, without waiting for what it makes of it."""
    size = Size(columns, lines)
    app.post_message(events.Resize(size, size))


@pytest.mark.parametrize("seed", range(3))
async def test_resizes_in_the_midst_of_everything_leave_nothing_undrawn(seed: int, console: MakeConsole) -> None:
    source = random.Random(seed)  # noqa: S311 - no secret
    app = console(articles, start=Section.EXPLORER)
    async with app.run_test(size=(80, 24)) as pilot:
        user = Walker(pilot)
        for _ in range(12):
            for _ in range(source.randint(0, 4)):  # without waiting for anything in between
                if source.random() < 0.5:
                    resize(app, *random_size(source))
                else:
                    app.post_message(key_event(source.choice(KEYS)))
            size = random_size(source)
            resize(app, *size)
            await settle(pilot)
            assert (app.size, app.screen.size) == (size, size)
            drawn = user.screen
            app.screen.refresh(layout=True)
            await settle(pilot)
            assert user.screen == drawn
            too_small = size[0] < SMALLEST[0] or size[1] < SMALLEST[1]
            assert any(isinstance(screen, TooSmall) for screen in app.screen_stack) is too_small


@pytest.fixture
def terminal(tmp_path: Path, templates: Templates) -> Iterator[Terminal]:
    """A terminal with the console in it, which the test leaves again."""
    templates.copy(articles, tmp_path / "data")
    one = Terminal(tmp_path)
    yield one
    one.child.close(force=True)


class Terminal:
    """The console in a pseudo-terminal that can be resized, and what stands on it."""

    def __init__(self, home: Path) -> None:
        environment = {"PATH": os.environ["PATH"], "HOME": str(home), "TERM": "xterm-256color", "LANG": "C.UTF-8"}
        self.child = pexpect.spawn(
            sys.executable,
            ["-m", "tui.cli", "--data-dir", str(home / "data")],
            env=environment | {"PYTHONPATH": str(ROOT)},
            encoding="utf-8",
            dimensions=(24, 80),
        )
        self.picture = TerminalPicture(80, 24)

    def resize(self, columns: int, lines: int) -> None:
        """Change the size, which the console is told by SIGWINCH."""
        self.picture.resize(columns, lines)
        self.child.setwinsize(lines, columns)

    def is_drawn(self) -> bool:
        """Read what was sent since, and tell whether every cell has been drawn."""
        with suppress(pexpect.TIMEOUT):
            self.picture.feed(self.child.read_nonblocking(100_000, timeout=0.05))
        return not any("■" in line for line in self.picture.lines)


@pytest.mark.terminal
# pexpect forks; the child does nothing but start our program.
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_every_size_of_a_terminal_is_drawn_while_pages_are_loaded(terminal: Terminal) -> None:
    source = random.Random(1)  # noqa: S311 - no secret
    wait_until(terminal.is_drawn, "the console draws nothing at its start")
    for _ in range(25):
        for _ in range(source.randint(0, 3)):
            terminal.child.send(source.choice(BYTES))
            if source.random() < 0.5:
                terminal.resize(*random_size(source))
        size = random_size(source)
        terminal.resize(*size)
        wait_until(terminal.is_drawn, f"nothing is drawn at {size[0]}x{size[1]}: {terminal.picture.lines}")
    terminal.resize(80, 24)
    wait_until(lambda: terminal.is_drawn() and "Databases" in terminal.picture.lines[0], "the page is not there again")
