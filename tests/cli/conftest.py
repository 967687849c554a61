"""The command line, in this process and in its own: on an empty home folder, with nothing of the real one."""

from __future__ import annotations

import io
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import simplejson

from tests.support.waiting import LONGEST_WAIT
from tui.cli import main

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """What was printed with ``--format json``."""
        parsed: list[dict[str, Any]] = simplejson.loads(self.out, use_decimal=True)
        return parsed


class Program:
    """Runs the command line in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], home: Path) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self.home = home

    def __call__(self, *argv: str, stdin: str = "") -> Outcome:
        """Run a command that may end in any way."""
        self._monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        code = main(argv)
        printed = self._capsys.readouterr()
        return Outcome(code, printed.out, printed.err)

    def done(self, *argv: str, stdin: str = "") -> Outcome:
        """Run a command that must succeed."""
        outcome = self(*argv, stdin=stdin)
        assert outcome.code == 0, outcome.err
        return outcome

    def spawn(self, *argv: str, stdin: str = "", **variables: str) -> Outcome:
        """Run a command in a process of its own."""
        return self._start(["-m", "tui.cli", *argv], stdin, variables)

    def python(self, code: str) -> Outcome:
        """Run some Python in a process of its own."""
        return self._start(["-c", code], "", {})

    @staticmethod
    def _start(words: list[str], stdin: str, variables: dict[str, str]) -> Outcome:
        ended = subprocess.run(  # noqa: S603 - our own program with a test's words
            [sys.executable, *words],
            cwd=ROOT,
            env=dict(os.environ) | variables,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=LONGEST_WAIT,
            check=False,
        )
        return Outcome(ended.returncode, ended.stdout, ended.stderr)


@pytest.fixture(autouse=True)
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point every path of the program into a fresh folder, and forget the settings of whoever runs the tests."""
    home = tmp_path / "home"
    home.mkdir()
    for name in list(os.environ):
        if name.upper().startswith(("ASTROLABE_", "XDG_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("COLUMNS", "100")
    return home


@pytest.fixture(autouse=True)
def closed_logs() -> Iterator[None]:
    """Close the log files that commands opened in this process."""
    yield
    for name in ("tui", "screens", "astrolabe", "storage", "asyncio"):
        logger = logging.getLogger(name)
        for handler in list(logger.handlers):
            logger.removeHandler(handler)
            handler.close()
        logger.propagate = True
        logger.setLevel(logging.NOTSET)


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], empty_home: Path) -> Program:
    """The command line on an empty home folder."""
    return Program(monkeypatch, capsys, empty_home)
