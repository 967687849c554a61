"""The program in a real pseudo-terminal: prompts, the console's way in and out, and what it leaves behind."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pexpect
import pytest

from tests.cli.conftest import ROOT, Program

pytestmark = [
    pytest.mark.terminal,
    # pexpect forks; the child does nothing but start our program.
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning"),
]

SECRET = "hf_SENTINELsecret0123456789"
ENTER_SCREEN = "\x1b[?1049h"
LEAVE_SCREEN = "\x1b[?1049l"
MOUSE_ON = "\x1b[?1000h"
MOUSE_OFF = "\x1b[?1000l"

Start = Callable[..., pexpect.spawn]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a command in a pseudo-terminal of 80x24; it is ended with the test."""
    children: list[pexpect.spawn] = []

    def start_one(*argv: str, **variables: str) -> pexpect.spawn:
        environment = dict(os.environ) | {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT)} | variables
        words = ["-m", "tui.cli", *argv]
        child = pexpect.spawn(
            sys.executable,
            words,
            env=environment,
            encoding="utf-8",
            codec_errors="replace",
            timeout=20,
            dimensions=(24, 80),
        )
        children.append(child)
        return child

    yield start_one
    for child in children:
        child.close(force=True)


def end(child: pexpect.spawn) -> int:
    """Wait for the end and return the exit code."""
    child.expect(pexpect.EOF)
    child.close()
    return int(child.exitstatus if child.exitstatus is not None else -1)


def test_a_secret_is_asked_for_and_not_shown(start: Start, program: Program) -> None:
    child = start("credentials", "add", "main", "--provider", "huggingface")
    child.expect_exact("user access token (not shown): ")
    child.sendline(SECRET)
    child.expect_exact("was added")
    printed = child.before
    assert end(child) == 0
    assert SECRET not in printed + child.before
    assert program.done("credentials", "list", "--format", "json").rows[0]["name"] == "main"


@pytest.mark.parametrize(("typed", "code", "left"), [("tools", 0, 0), ("tool", 1, 1), ("", 1, 1)])
def test_a_collection_is_deleted_when_its_name_is_typed(
    typed: str, code: int, left: int, start: Start, program: Program
) -> None:
    program.done("databases", "create", "library")
    program.done("collections", "create", "tools", "--database", "library")
    child = start("collections", "delete", "tools", "--database", "library")
    child.expect_exact("Type the collection's name to confirm: ")
    child.sendline(typed)
    assert end(child) == code
    assert len(program.done("collections", "list", "--database", "library", "--format", "json").rows) == left


def test_the_console_opens_and_leaves_the_terminal_as_it_was(start: Start) -> None:
    child = start()
    child.expect_exact(ENTER_SCREEN)
    child.expect_exact("There is no database yet.")
    child.send("\x11")  # ctrl+q
    child.expect_exact(LEAVE_SCREEN)
    assert end(child) == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
def test_a_signal_leaves_the_terminal_as_it_was(number: int, code: int, start: Start) -> None:
    child = start()
    child.expect_exact(MOUSE_ON)
    child.expect_exact("There is no database yet.")
    child.kill(number)
    child.expect_exact(MOUSE_OFF)
    child.expect_exact(LEAVE_SCREEN)
    assert end(child) == code


IN_A_SESSION_OF_ITS_OWN = """
import signal, subprocess, sys
signal.signal(signal.SIGHUP, signal.SIG_IGN)
with subprocess.Popen([sys.executable, "-m", "tui.cli", "demo"], start_new_session=True) as console:
    with open(sys.argv[1], "w") as file:
        file.write(str(console.pid))
    sys.exit(console.wait())
"""


def test_the_console_ends_when_its_terminal_goes_away_without_a_word(tmp_path: Path) -> None:
    environment = dict(os.environ) | {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT)}
    number = tmp_path / "pid"
    words = ["-c", IN_A_SESSION_OF_ITS_OWN, str(number)]
    terminal = pexpect.spawn(sys.executable, words, env=environment, encoding="utf-8", timeout=30, dimensions=(24, 80))
    terminal.expect_exact("python_library")
    terminal.send("s")
    terminal.expect_exact("Search for")
    terminal.ptyproc.fileobj.close()  # no signal reaches the console: it is not in the terminal's session
    try:
        deadline = time.monotonic() + 30
        while terminal.ptyproc.isalive():
            assert time.monotonic() < deadline, "the console goes on without a terminal"
            time.sleep(0.05)
    finally:
        with suppress(ProcessLookupError):
            os.kill(int(number.read_text()), signal.SIGKILL)
    assert terminal.ptyproc.exitstatus == 129


def test_the_mouse_is_left_alone_when_asked(start: Start) -> None:
    child = start("--no-mouse")
    child.expect_exact("There is no database yet.")
    drawn = child.before
    child.send("\x11")
    assert end(child) == 0
    assert MOUSE_ON not in drawn + child.before


def test_the_chosen_theme_is_remembered(start: Start, empty_home: Path) -> None:
    child = start()
    child.expect_exact("There is no database yet.")
    child.send("\x1b[19~")  # F8
    child.expect_exact("gruvbox")
    child.send("gruvbox")
    child.expect_exact("gruvbox")
    child.send("\r")
    child.send("\x11")
    assert end(child) == 0
    connection = sqlite3.connect(empty_home / ".local/share/astrolabe/catalog.db")
    try:
        assert connection.execute("SELECT value FROM setting WHERE key = 'theme'").fetchall() == [("gruvbox",)]
    finally:
        connection.close()


def test_the_demo_opens_on_its_sample_and_throws_it_away(start: Start, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    child = start("demo", TMPDIR=str(scratch))
    child.expect_exact("python_library")
    assert len(list(scratch.iterdir())) == 1
    child.send("\x11")
    assert end(child) == 0
    assert list(scratch.iterdir()) == []


def test_a_read_only_console_says_so_and_keeps_nothing(start: Start, program: Program) -> None:
    program.done("databases", "create", "library")
    child = start("--read-only")
    child.expect_exact("read-only")
    child.send("\x1b[19~")  # F8
    child.expect_exact("gruvbox")
    child.send("gruvbox\r")
    child.send("\x11")
    assert end(child) == 0


def test_a_terminal_that_cannot_show_screens_is_refused(start: Start) -> None:
    child = start(TERM="dumb")
    child.expect_exact("cannot show screens")
    assert end(child) == 2
    assert ENTER_SCREEN not in child.before
