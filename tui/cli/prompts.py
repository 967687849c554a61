"""Reading from stdin without a thread: Ctrl+C and SIGTERM end a question at once, and put the terminal right."""

from __future__ import annotations

import asyncio
import io
import os
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from astrolabe.errors import UsageError

_CHUNK = 65_536

_LONGEST_CHARACTER = 4
"""Bytes."""


async def ask_line(question: str) -> str:
    """Ask on the terminal and return the line that is typed, without its end.

    Raises:
        UsageError: What was typed is no text.
    """
    _write(question)
    return (await _read(lambda data: b"\n" in data)).partition("\n")[0]


async def ask_hidden(question: str) -> str:
    """Ask on the terminal for what is not shown while it is typed."""
    with _without_echo(sys.stdin.fileno()):
        try:
            return await ask_line(question)
        finally:
            _write("\n")


async def read_stdin(most: int, what: str) -> str:
    """Return everything that comes from stdin.

    Args:
        most: Characters that are taken at most.
        what: What it is meant to be, for the error.

    Raises:
        UsageError: More came, or bytes that are no text.
    """
    if sys.stdin.isatty():
        _write(f"Reading the {what} from the terminal; Ctrl+D ends it.\n")
    text = await _read(lambda data: len(data) > most * _LONGEST_CHARACTER)
    if len(text) > most:
        raise UsageError(f"More than {most} characters came from stdin; that is no {what}.")
    return text


def _write(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


async def _read(enough: Callable[[bytearray], bool]) -> str:
    """Read until there is enough or no more."""
    try:
        number = sys.stdin.fileno()
    except io.UnsupportedOperation:  # no file: a test
        return sys.stdin.read()
    data = bytearray()
    while not enough(data):
        await _readable(number)
        chunk = os.read(number, _CHUNK)
        if not chunk:
            break
        data += chunk
    try:
        return data.decode(sys.stdin.encoding).replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise UsageError(f"What came from stdin is no {sys.stdin.encoding} text.") from error


async def _readable(number: int) -> None:
    """Wait until a file has something to read, or has ended."""
    loop = asyncio.get_running_loop()
    came = asyncio.Event()
    try:
        loop.add_reader(number, came.set)
    except OSError:  # a file on a disk, which always has
        return
    try:
        await came.wait()
    finally:
        loop.remove_reader(number)


@contextmanager
def _without_echo(number: int) -> Iterator[None]:
    """Keep a terminal from showing what is typed."""
    before = termios.tcgetattr(number)
    silent = list(before)
    silent[3] &= ~termios.ECHO
    termios.tcsetattr(number, termios.TCSAFLUSH, silent)
    try:
        yield
    finally:
        termios.tcsetattr(number, termios.TCSAFLUSH, before)
