"""The program in a real pseudo-terminal: prompts, the console's way in and out, and what it leaves behind."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pexpect
import pytest

from tests.cli.conftest import ROOT, Program
from tests.support.waiting import LONGEST_WAIT, wait_until

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

GRUVBOX_GROUND = "48;5;235m"
"""A background that only this theme has."""

Start = Callable[..., pexpect.spawn]


def in_a_terminal(words: list[str], environment: dict[str, str]) -> pexpect.spawn:
    """Start Python in a pseudo-terminal of 80x24."""
    return pexpect.spawn(
        sys.executable,
        words,
        env=environment,
        encoding="utf-8",
        codec_errors="replace",
        timeout=LONGEST_WAIT,
        dimensions=(24, 80),
    )


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a command in a pseudo-terminal of 80x24; it is ended with the test."""
    children: list[pexpect.spawn] = []

    def start_one(*argv: str, **variables: str) -> pexpect.spawn:
        environment = dict(os.environ) | {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT)} | variables
        words = ["-m", "tui.cli", *argv]
        child = in_a_terminal(words, environment)
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


@pytest.mark.parametrize(
    ("question", "argv"),
    [
        ("not shown", ("credentials", "add", "main", "--provider", "huggingface")),
        ("to confirm", ("databases", "delete", "library")),
        ("Ctrl+D ends it", ("connection-strings", "import", "-")),
        ("Ctrl+D ends it", ("credentials", "add", "main", "--provider", "huggingface", "--secret-stdin")),
    ],
    ids=["hidden", "a name", "standard input", "a secret on standard input"],
)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_question_is_left_at_once(
    question: str, argv: tuple[str, ...], number: int, start: Start, program: Program
) -> None:
    program.done("databases", "create", "library")
    child = start(*argv)
    child.expect_exact(question)
    child.kill(number)  # what Ctrl+C does, for SIGINT
    assert end(child) == 128 + number


def test_ctrl_c_at_a_hidden_question_shows_again_what_is_typed(start: Start) -> None:
    child = start("credentials", "add", "main", "--provider", "huggingface")
    child.expect_exact("not shown")
    child.waitnoecho()
    child.sendintr()
    child.expect_exact("Interrupted.")
    assert child.getecho()
    assert end(child) == 130


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


def test_ctrl_z_goes_to_the_shell_and_fg_comes_back() -> None:
    # What stands between, as make does, is stopped and woken with the console.
    shell = """set -m; sh -c '"$0" -m tui.cli; exit $?' "$0"; echo in the shell; fg; echo the end with $?"""
    environment = dict(os.environ) | {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT)}
    child = pexpect.spawn(
        "/bin/sh",
        ["-c", shell, sys.executable],
        env=environment,
        encoding="utf-8",
        timeout=LONGEST_WAIT,
        dimensions=(24, 80),
    )
    child.expect_exact("There is no database yet.")
    child.send("\x1a")  # ctrl+z
    child.expect_exact(LEAVE_SCREEN)
    child.expect_exact("in the shell")
    child.expect_exact(ENTER_SCREEN)
    child.expect_exact("There is no database yet.")
    child.send("\x11")
    child.expect_exact("the end with 0")
    child.close()


def test_ctrl_z_without_a_shell_to_go_back_to_stays(start: Start) -> None:
    child = start()
    child.expect_exact("There is no database yet.")
    child.send("\x1a")
    child.expect_exact("no shell to go back to")
    child.send("\x11")
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
    terminal = pexpect.spawn(
        sys.executable, words, env=environment, encoding="utf-8", timeout=LONGEST_WAIT, dimensions=(24, 80)
    )
    terminal.expect_exact("python_library")
    terminal.send("s")
    terminal.expect_exact("Search for")
    terminal.ptyproc.fileobj.close()  # no signal reaches the console: it is not in the terminal's session
    try:
        wait_until(lambda: not terminal.ptyproc.isalive(), "the console goes on without a terminal")
    finally:
        with suppress(ProcessLookupError):
            os.kill(int(number.read_text()), signal.SIGKILL)
    assert terminal.ptyproc.exitstatus == 129


BYTES = {
    "a byte that is no UTF-8": b"\xff",
    "Latin-1": "Zürich".encode("latin-1"),
    "a paste of Latin-1": b"\x1b[200~Z\xfcrich\x1b[201~",
    "an X10 mouse report": b"\x1b[M \xe8\xff",
    "a key beyond Unicode": b"\x1b[99999999999999u",
    "half a character": b"\x1b[55296u",
    "many bytes": bytes(range(0x80, 0x100)) * 40,
}


def test_no_byte_that_a_terminal_sends_ends_the_console(start: Start) -> None:
    child = start()
    child.expect_exact("There is no database yet.")
    for name, sent in BYTES.items():
        os.write(child.child_fd, sent)
        child.send("2")
        assert child.expect_exact(["Hugging Face", pexpect.EOF]) == 0, name
        child.send("1")
        child.expect_exact("There is no database yet.")
    child.send("\x11")
    assert end(child) == 0


@pytest.mark.parametrize(
    "size",
    [
        pytest.param(b"\x1b[48;0;0;0;0t\x1b[<0;3;3M", id="a terminal without columns"),
        pytest.param(b"\x1b[48;9999999;9999999;0;0t", id="a terminal of ten million columns"),
    ],
)
def test_no_size_that_a_terminal_tells_ends_the_console(size: bytes, start: Start) -> None:
    child = start()
    child.expect_exact("There is no database yet.")
    os.write(child.child_fd, size)
    child.send("2")
    child.expect_exact("Hugging Face")
    child.send("\x11")
    assert end(child) == 0


def test_a_byte_that_is_no_utf_8_is_shown_as_such_in_a_field(start: Start) -> None:
    child = start()
    child.expect_exact("There is no database yet.")
    child.send("n")
    child.expect_exact("Region")
    os.write(child.child_fd, "Zürich".encode("latin-1"))
    child.expect_exact("Z\ufffdrich")
    child.send("\x11")
    assert end(child) == 0


CRASHES = {
    "in a handler": """
        AstrolabeApp.action_app_keys = lambda app: crash()
    """,
    "in a worker of the framework": """
        AstrolabeApp.action_app_keys = lambda app: app.run_worker(later(), exit_on_error=True)
    """,
    "in the thread that reads the terminal": """
        HangupSafeDriver.run_input_thread = lambda driver: crash()
    """,
    "in the thread that writes to the terminal": """
        sys.__stderr__ = BrokenTerminal()
    """,
}

CRASHING = """
import sys, textwrap
from tui.cli import main
from tui.app import AstrolabeApp
from tui.driver import HangupSafeDriver

def crash():
    secret = sys.argv[2]
    raise ValueError("words with " + secret)

async def later():
    crash()

class BrokenTerminal:
    def write(self, text):
        sys.stdout.write(text)

    def flush(self):
        sys.stdout.flush()
        crash()

exec(textwrap.dedent(sys.argv[1]))
sys.exit(main([]))
"""


@pytest.mark.parametrize("change", CRASHES.values(), ids=CRASHES)
def test_a_crash_is_told_and_logged_without_values(change: str, empty_home: Path) -> None:
    environment = dict(os.environ) | {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT)}
    words = ["-c", CRASHING, change, SECRET]
    child = pexpect.spawn(
        sys.executable, words, env=environment, encoding="utf-8", timeout=LONGEST_WAIT, dimensions=(24, 80)
    )
    child.send("?")
    assert end(child) == 1
    log = (empty_home / ".local/state/astrolabe/astrolabe.log").read_text()
    assert "An unexpected ValueError at" in child.before
    assert SECRET not in child.before + log
    assert "ValueError from:" in log
    assert ", in crash" in log


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
    child.expect_exact(GRUVBOX_GROUND)
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
