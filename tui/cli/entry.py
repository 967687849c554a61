"""The entry point. It imports no terminal framework, and nothing heavy at all, until a verb needs it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Coroutine, Sequence
from importlib.metadata import version
from typing import Any, TextIO

from tui.cli.arguments import Arguments
from tui.cli.output import emit
from tui.cli.parser import parse
from tui.cli.process import guarded, run

Verb = Callable[[Arguments], Coroutine[Any, Any, int]]
"""What does a verb: takes what it was given, an instance of the class it declares, and returns the exit code."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code; see :mod:`tui.cli.process` for the codes."""
    for stream in (sys.stdout, sys.stderr):
        _survive_odd_encodings(stream)
    return guarded(lambda: _command(sys.argv[1:] if argv is None else argv))


def _command(argv: Sequence[str]) -> int:
    try:
        args = parse(argv)
    except SystemExit as printed:  # --help
        return int(printed.code or 0)
    if args.version:
        emit([f"astrolabe {version('astrolabe-tui')}"])
        return 0
    return run(verb(args.run)(args.arguments(**vars(args))), until_stopped=getattr(args, "serving", False))


def verb(name: str) -> Verb:
    """Import and return the coroutine function of a verb, named ``module:function`` below ``tui.cli.verbs``."""
    module, function = name.split(":")
    found: Verb = getattr(importlib.import_module(f"tui.cli.verbs.{module}"), function)
    return found


def _survive_odd_encodings(stream: TextIO) -> None:
    """Write what the locale's encoding lacks as an escape, in place of failing half-way through a table."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
