from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Program
from tests.support.waiting import LONGEST_WAIT, wait_until
from tui.cli.process import guarded, run

SECRET = "hf_SENTINELsecret0123456789"
PLACE = ("--database", "library", "--collection", "tools")


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """SIGINT as at a terminal; a shell that starts the tests in the background has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def start(*argv: str) -> subprocess.Popen[str]:
    """Start a command in a process of its own."""
    return subprocess.Popen(  # noqa: S603 - our own program with a test's words
        [sys.executable, "-m", "tui.cli", *argv],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def write_big_file(folder: Path, rows: int) -> str:
    file = folder / "big.jsonl"
    with file.open("w", encoding="utf-8") as out:
        out.writelines(
            f'{{"_id": {row}, "text": "row number {row} of many, with some words"}}\n' for row in range(rows)
        )
    return str(file)


def has_settled_rows(ledger: Path) -> bool:
    address = f"{ledger.as_uri()}?mode=ro"  # a look must not create the file: an empty one would be refused
    with (
        contextlib.suppress(sqlite3.OperationalError),
        contextlib.closing(sqlite3.connect(address, uri=True)) as connection,
    ):
        return connection.execute("SELECT 1 FROM loads WHERE next_row > 0").fetchone() is not None
    return False


async def wait_for(number: int) -> int:
    """Send this process a signal, which ends the waiting that follows."""
    os.kill(os.getpid(), number)
    await asyncio.Event().wait()
    return 0


@pytest.mark.parametrize(
    ("number", "code", "words"),
    [(signal.SIGINT, 130, "Interrupted."), (signal.SIGTERM, 143, "SIGTERM"), (signal.SIGHUP, 129, "SIGHUP")],
)
def test_a_signal_ends_a_command_with_its_code(
    number: int, code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert guarded(lambda: run(wait_for(number))) == code
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_command_tells_what_was_noted_on_the_way_out(
    number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    async def work() -> int:
        try:
            return await wait_for(number)
        except asyncio.CancelledError as error:
            error.add_note("A change was under way.")
            raise

    guarded(lambda: run(work()))
    assert capsys.readouterr().err.endswith(". A change was under way.\n")


def test_a_hangup_that_whoever_started_the_command_ignores_does_not_end_it() -> None:
    """What ``nohup`` asks for."""

    async def work() -> int:
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.sleep(0)
        return 0

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert guarded(lambda: run(work())) == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def test_what_a_command_has_open_is_closed_when_a_signal_ends_it() -> None:
    closed = []

    async def work() -> int:
        try:
            return await wait_for(signal.SIGTERM)
        finally:
            closed.append(True)

    assert guarded(lambda: run(work())) == 143
    assert closed == [True]


def test_a_fault_of_the_program_shows_neither_a_traceback_nor_its_words(
    program: Program, capsys: pytest.CaptureFixture[str]
) -> None:
    def work() -> int:
        try:
            return {"": 0}[SECRET]
        except KeyError as error:
            raise ValueError(f"Illegal header value {SECRET}") from error

    assert guarded(work) == 1
    err = capsys.readouterr().err
    log = (program.home / ".local/state/astrolabe/astrolabe.log").read_text()
    assert "ValueError at test_process.py:" in err
    assert "astrolabe.log" in err
    assert "Traceback" not in err
    assert "ValueError from:" in log
    assert "KeyError from:" in log
    assert "in work" in log
    assert SECRET not in err + log


def test_a_reader_that_goes_away_is_no_error() -> None:
    process = start("integrations", "list", "--format", "jsonl")
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate(timeout=LONGEST_WAIT)
    assert process.returncode == 141
    assert err == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_what_cannot_be_printed_is_no_success(program: Program) -> None:
    program.done("databases", "create", "library")
    with Path("/dev/full").open("w") as full:
        argv = [sys.executable, "-m", "tui.cli", "databases", "list"]
        ended = subprocess.run(argv, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False)  # noqa: S603
    assert ended.returncode == 1
    assert "No space left" in ended.stderr


@pytest.mark.parametrize("code", [0, 129])
def test_a_terminal_that_is_gone_leaves_the_exit_code_to_the_command(code: int) -> None:
    script = f"""
import os, pty, sys
from tui.cli.process import guarded
parent, child = pty.openpty()
os.dup2(child, 1)
os.close(child)
sys.stdout = open(1, "w", closefd=False)
def work():
    print("seen by nobody", end="")
    os.close(parent)
    return {code}
sys.exit(guarded(work))
"""
    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    assert ended.returncode == (code or 1)


def test_a_program_without_a_standard_output_ends_without_a_traceback() -> None:
    argv = ["/bin/sh", "-c", '"$0" -m tui.cli --version >&-', sys.executable]
    ended = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert "stdout is closed" in ended.stderr


def test_the_console_needs_a_terminal(program: Program) -> None:
    outcome = program()
    assert outcome.code == 2
    assert "needs a terminal" in outcome.err
    assert "--help" in outcome.err


def test_an_odd_locale_prints_escapes_in_place_of_failing(program: Program) -> None:
    program.done("databases", "create", "bücher")
    outcome = program.spawn("databases", "list", PYTHONIOENCODING="ascii")
    assert outcome.code == 0, outcome.err
    assert "b\\xfccher" in outcome.out


def test_two_processes_create_different_databases_at_once(program: Program) -> None:
    with ThreadPoolExecutor() as pool:
        ended = list(pool.map(lambda name: program.spawn("databases", "create", name), ["first", "second", "third"]))
    assert [outcome.code for outcome in ended] == [0, 0, 0], [outcome.err for outcome in ended]
    assert len(program.done("databases", "list", "--format", "json").rows) == 3


def test_of_two_processes_that_take_one_name_only_one_gets_it(program: Program) -> None:
    with ThreadPoolExecutor() as pool:
        ended = list(pool.map(lambda name: program.spawn("databases", "create", name), ["library", "library"]))
    assert sorted(outcome.code for outcome in ended) == [0, 1]
    assert any("already a database called 'library'" in outcome.err for outcome in ended)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_load_that_is_interrupted_goes_on_where_it_stopped(
    number: int, code: int, program: Program, tmp_path: Path
) -> None:
    program.done("databases", "create", "library")
    program.done("collections", "create", "tools", "--database", "library", "--provider", "embedded")
    argv = ("load", write_big_file(tmp_path, 4000), *PLACE, "--vector-field", "text", "--format", "json")
    process = start(*argv)
    ledger = program.home / ".local/share/astrolabe/loads.db"
    wait_until(lambda: has_settled_rows(ledger), "the load did not begin")
    process.send_signal(number)
    out, err = process.communicate(timeout=LONGEST_WAIT)
    assert process.returncode == code, err
    assert "Run the same command again to go on." in err
    assert '"not_attempted"' in out
    (row,) = program.done(*argv).rows
    assert (row["rows"], row["failed"], row["not_attempted"]) == (4000, 0, 0)
    assert row["loaded"] + row["already_there"] == 4000
