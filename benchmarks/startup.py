"""How soon the console is there, and what a key costs: first paint, ready, bytes and milliseconds of an answer.

The program runs in a real pseudo-terminal of 80x24 with 256 colours, as over SSH. A peer, the smallest program that
the same framework can show, runs in between, so that the ratios hold when the machine is busy.

    python -m benchmarks.startup            five rounds
    python -m benchmarks.startup --rounds 9
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pexpect

from benchmarks.machine import machine_line

LIMIT = 30
"""Seconds after which a start that shows nothing is a failure."""

QUIET = 0.25
"""Seconds without output after which an answer is complete."""

PEER = """
from textual.app import App
from textual.widgets import Static
class Peer(App):
    BINDINGS = [("j", "change", "Change")]
    def compose(self):
        yield Static("READY")
    def action_change(self):
        self.query_one(Static).update("CHANGED")
Peer().run()
"""


@dataclass(frozen=True, slots=True)
class Program:
    """A program to be started.

    Attributes:
        name: For the table.
        command: What is run.
        painted: Text on the screen at the first paint.
        ready: Text on the screen when it can be used.
        keys: Keys whose answer is measured, by what they do.
    """

    name: str
    command: Sequence[str]
    painted: str
    ready: str
    keys: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Start:
    """One start: seconds to the first paint and to ready, and for each key its bytes and milliseconds."""

    painted: float
    ready: float
    answers: dict[str, tuple[int, float]]


def start(program: Program, folder: Path) -> Start:
    """Start a program, press its keys, and stop it."""
    unwanted = ("TEXTUAL", "COLORTERM", "PYTHONDONTWRITEBYTECODE")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    environment = clean | {"TERM": "xterm-256color", "HOME": str(folder), "SSH_CONNECTION": "bench"}
    begun = time.perf_counter()
    child: pexpect.spawn[bytes] = pexpect.spawn(
        program.command[0], list(program.command[1:]), dimensions=(24, 80), env=environment, timeout=LIMIT
    )
    child.delaybeforesend = None  # a key is to be measured, not the library's courtesy to slow programs
    try:
        child.expect_exact(program.painted.encode())
        painted = time.perf_counter() - begun
        if program.ready != program.painted:
            child.expect_exact(program.ready.encode())
        ready = time.perf_counter() - begun
        drain(child)
        answers = {name: answer(child, key) for name, key in program.keys}
    finally:
        child.close(force=True)
    return Start(painted, ready, answers)


def drain(child: pexpect.spawn[bytes]) -> bytes:
    """Read until nothing has come for a while."""
    read = b""
    while True:
        try:
            read += child.read_nonblocking(65536, timeout=QUIET)
        except pexpect.TIMEOUT:
            return read


def answer(child: pexpect.spawn[bytes], key: str) -> tuple[int, float]:
    """Press a key; return the bytes of the answer and the milliseconds to its first byte."""
    begun = time.perf_counter()
    child.send(key)
    first = child.read_nonblocking(65536, timeout=LIMIT)
    milliseconds = (time.perf_counter() - begun) * 1000
    return len(first) + len(drain(child)), milliseconds


def medians(starts: Sequence[Start], pick: Callable[[Start], float]) -> float:
    """Return the median of one figure over all starts."""
    return statistics.median(map(pick, starts))


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds: int = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        programs = (
            Program("smallest Textual program", [sys.executable, "-c", PEER], "READY", "READY", (("a line", "j"),)),
            Program(
                "astrolabe",
                [sys.executable, "-m", "tui.cli", "--data-dir", f"{folder}/data"],
                "Databases",
                "There is no database",
                (("another place", "2"), ("a tile further", "\x1b[C"), ("a dialog", "?")),
            ),
        )
        for program in programs:
            start(program, Path(folder))  # the first start compiles modules and creates the data folder
        starts: dict[str, list[Start]] = {program.name: [] for program in programs}
        for _ in range(rounds):
            for program in programs:
                starts[program.name].append(start(program, Path(folder)))
    report(starts)
    return 0


def report(starts: dict[str, list[Start]]) -> None:
    """Print the table: medians, and ratios to the peer."""
    print(machine_line())
    base_paint, base_ready = (
        medians(next(iter(starts.values())), pick) for pick in (lambda one: one.painted, lambda one: one.ready)
    )
    print(f"{'program':28} {'first paint':>12} {'ratio':>6} {'ready':>9} {'ratio':>6}")
    for name, measured in starts.items():
        painted, ready = medians(measured, lambda one: one.painted), medians(measured, lambda one: one.ready)
        print(f"{name:28} {painted:10.3f} s {painted / base_paint:6.2f} {ready:7.3f} s {ready / base_ready:6.2f}")
    print()
    print(f"{'key':28} {'bytes':>8} {'first byte':>12}")
    for name, measured in starts.items():
        for key in measured[0].answers:
            size = medians(measured, lambda one, key=key: one.answers[key][0])  # type: ignore[misc]
            wait = medians(measured, lambda one, key=key: one.answers[key][1])  # type: ignore[misc]
            print(f"{name + ': ' + key:40.40} {size:6.0f} {wait:9.1f} ms")


if __name__ == "__main__":
    raise SystemExit(main())
