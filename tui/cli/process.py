"""The process boundary: every way a command can end becomes an exit code and, if need be, a few lines on stderr.

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted, 128 + n ended by signal n.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import os
import signal
import sys
import traceback
from collections.abc import Callable, Coroutine
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, TextIO

from storage.descriptors import raise_descriptor_limit
from storage.errors import AstrolabeError
from tui.cli.output import say
from tui.settings import paths

FAILED = 1
INTERRUPTED = 130
SIGNALLED = 128
"""Added to the number of the signal that ended the command."""

_LOG_SIZE = 1_000_000
_LOGS_KEPT = 3
_OUR_LOGGERS = ("tui", "screens", "astrolabe", "storage", "asyncio")

log = logging.getLogger(__name__)


def guarded(work: Callable[[], int]) -> int:
    """Run a command to its end and return its exit code; whatever it raises is told to the user.

    What is printed is out when it returns: the interpreter, at its end, would give 120 for what it cannot write.
    """
    code = _ended(work)
    if (problem := _flushed(sys.stdout)) and code == 0:  # what was asked for is done, and nobody has seen it
        say(f"What was printed could not be written: {problem}.")
        code = FAILED
    _flushed(sys.stderr)
    return code


def _flushed(stream: TextIO | None) -> str:
    """Write out what a stream holds back; return why that cannot be. A stream may have been closed from the start."""
    if stream is None:
        return ""
    try:
        stream.flush()
    except OSError as error:
        _abandon(stream)
        return error.strerror or str(error)
    return ""


def _ended(work: Callable[[], int]) -> int:
    try:
        return work()
    except KeyboardInterrupt as error:
        say(" ".join(["Interrupted.", *_notes(error)]))
        return INTERRUPTED
    except BrokenPipeError:
        _abandon(sys.stdout)
        return SIGNALLED + signal.SIGPIPE
    except AstrolabeError as error:
        tell(error)
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the process boundary: nothing may end in a traceback
        tell(_unexpected(error))
        return FAILED


def _notes(error: BaseException) -> list[str]:
    """Return what was noted, on its way out, about work that an interruption has cut short; each note once."""
    notes: list[str] = []
    one: BaseException | None = error
    while one is not None:
        notes += getattr(one, "__notes__", ())
        one = one.__cause__ or one.__context__
    return list(dict.fromkeys(notes))


def tell(error: AstrolabeError) -> None:
    """Write an error on stderr: title, what failed and why, and the next step."""
    say(f"{error.title}: {error.message}")
    if error.hint:
        say(f"{error.hint}")


def run(work: Coroutine[Any, Any, int], *, until_stopped: bool = False) -> int:
    """Run a command's coroutine; SIGINT, SIGTERM and SIGHUP cancel it, so that its cleaning up is done.

    Args:
        work: The coroutine.
        until_stopped: Whether it runs until somebody ends it, so that SIGTERM is no failure.
    """
    raise_descriptor_limit()
    return asyncio.run(_supervised(work, until_stopped=until_stopped))


async def _supervised(work: Coroutine[Any, Any, int], *, until_stopped: bool) -> int:
    received: list[int] = []
    asyncio.get_running_loop().set_exception_handler(_log_failure)
    task = asyncio.ensure_future(work)

    def stop(number: int) -> None:
        received.append(number)
        task.cancel()

    loop = asyncio.get_running_loop()
    with contextlib.suppress(RuntimeError, ValueError):  # not the main thread: a test
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup asks
                loop.add_signal_handler(number, stop, number)
    try:
        return await task
    except asyncio.CancelledError as error:
        if not received:
            raise
        if until_stopped and received[0] == signal.SIGTERM:
            return 0
        say(" ".join([f"Stopped by {signal.Signals(received[0]).name}.", *_notes(error)]))
        return SIGNALLED + received[0]


def _log_failure(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Write down what failed in a callback or a task nobody waits for; the loop's own words quote values."""
    error = context.get("exception")
    log.error("event loop: %s", context.get("message") if error is None else "unexpected error", exc_info=error)


def start_log(level: str) -> None:
    """Write our own log to the state folder, with rotation; nothing is logged where that folder cannot be written.

    Only this program's loggers: a library's may hold what was sent.
    """
    handler: logging.Handler
    file = paths.log_file()
    try:
        paths.state_dir().mkdir(parents=True, exist_ok=True, mode=0o700)
        handler = RotatingFileHandler(file, maxBytes=_LOG_SIZE, backupCount=_LOGS_KEPT, encoding="utf-8")
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(_WordlessFormatter("%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s"))
    for name in _OUR_LOGGERS:
        logger = logging.getLogger(name)
        logger.setLevel(level.upper() if name != "asyncio" else logging.ERROR)
        logger.propagate = False
        for old in list(logger.handlers):
            logger.removeHandler(old)
            old.close()
        logger.addHandler(handler)


class _WordlessFormatter(logging.Formatter):
    """Writes where exceptions came from and of what type they are, but not their words: those may hold a secret."""

    def formatException(self, ei: Any) -> str:  # noqa: ANN401, N802 - the signature is the library's
        """Return the frames and types of an exception and of what led to it, the innermost last."""
        parts: list[str] = []
        error: BaseException | None = ei[1]
        while error is not None:
            parts.append(f"{type(error).__qualname__} from:\n{''.join(traceback.format_tb(error.__traceback__))}")
            error = error.__cause__ or error.__context__
        return "\n".join(parts).rstrip()


def _unexpected(error: Exception) -> AstrolabeError:
    """Return what is told of a fault of the program; its own words may hold a secret, so they go nowhere."""
    if not logging.getLogger(_OUR_LOGGERS[0]).handlers:  # it failed before the settings were read
        start_log("info")
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "an unknown place"
    log.error("unexpected error", exc_info=error)
    return AstrolabeError(
        f"An unexpected {type(error).__name__} at {where}.",
        hint=f"This is a fault of the program; please report it. Where it happened is written in {paths.log_file()}.",
    )


def _abandon(stream: TextIO) -> None:
    """Stop the interpreter from complaining, at its end, about a reader or terminal that has gone."""
    with contextlib.suppress(io.UnsupportedOperation, OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
