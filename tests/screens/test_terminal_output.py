"""The console in a real pseudo-terminal on hostile data: what arrives there, byte for byte."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from tests.support.console import Templates
from tests.support.hostile import beyond_the_rules, rename_everything
from tests.support.waiting import LONGEST_WAIT

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [
    pytest.mark.terminal,
    # pexpect forks; the child does nothing but start our program.
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning"),
]

FORBIDDEN = ["\x1b]52", "\x1b]0;", "\x1b[31mred", "\x9b", "\x9d", "\u202e", "\u2066", "\u2028", "\ud800", "\x07"]
"""What the data would like to send."""

POINTER = "\x1b]22;default\x07"
"""The framework sets the shape of the mouse pointer."""

ENTER, LEAVE = "\r", "\x11"


class Terminal:
    """A console in a terminal of 80x24 that keeps everything it was sent."""

    def __init__(self, folder: Path, home: Path) -> None:
        self._received = io.BytesIO()
        environment = {"PATH": os.environ["PATH"], "HOME": str(home), "TERM": "xterm-256color", "LANG": "C.UTF-8"}
        self.child = pexpect.spawn(
            sys.executable,
            ["-m", "tui.cli", "--data-dir", str(folder)],
            env=environment | {"PYTHONPATH": str(ROOT)},
            dimensions=(24, 80),
            timeout=LONGEST_WAIT,
        )
        self.child.logfile_read = self._received

    @property
    def received(self) -> str:
        """Everything that has arrived, as the terminal reads it."""
        return self._received.getvalue().decode("utf-8", "surrogateescape").replace(POINTER, "")

    def press(self, keys: str, until: str) -> None:
        """Press keys and wait for a text."""
        self.child.send(keys)
        self.child.expect_exact(until)


@pytest.fixture
def terminal(tmp_path: Path, templates: Templates) -> Iterator[Terminal]:
    """A terminal with the console on hostile data, which the test leaves again."""
    folder = tmp_path / "data"
    templates.copy(beyond_the_rules, folder)
    rename_everything(folder)
    one = Terminal(folder, tmp_path)
    yield one
    one.child.close(force=True)


def test_no_escape_of_the_data_reaches_the_terminal(terminal: Terminal) -> None:
    terminal.child.expect_exact("Provider")
    terminal.press("j" + ENTER, "Keyspace")
    terminal.press(ENTER + "v", '"_id"')
    terminal.press("d", "to confirm")
    terminal.press("\x1b", "Keyspace")
    terminal.press("2", "Hugging Face")
    terminal.press("l" + ENTER, "API keys")
    terminal.press("5a", "Audit trail")
    terminal.child.send(LEAVE)
    terminal.child.expect(pexpect.EOF)
    assert [text for text in FORBIDDEN if text in terminal.received] == []
    assert "\u241b]52;c" in terminal.received, "the data was shown, with stand-ins"
