"""``astrolabe load``: a file into a collection or a table; a load that was stopped goes on where it was."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.errors import UsageError
from astrolabe.loading.load_plan import LoadPlan, LoadProgress, LoadSummary
from astrolabe.loading.loader import run_load
from astrolabe.text.load_report import progress_parts
from astrolabe.text.safe_text import display_text, fit
from tui.cli.given import LONGEST_GIVEN
from tui.cli.output import Format, say, write_rows
from tui.cli.process import FAILED, tell
from tui.cli.prompts import read_stdin
from tui.cli.session import connected, database_of, existing_target, utf8
from tui.cli.verbs.load.arguments import LoadArguments

_SHOWN_FAILURES = 10
_QUIET_INTERVAL = 5.0
"""Seconds between two lines of progress where there is no terminal to draw one over the other."""


async def load(args: LoadArguments) -> int:
    """Load a file and print the summary; an interruption lets the batches in flight end."""
    async with file_of(args.file) as file, connected(args) as workspace:
        database = await database_of(workspace, args.database)
        client = await workspace.connection.client(database)
        info = await existing_target(client, args)
        columns = _columns(args.map, info)
        plan = LoadPlan(
            file,
            database.id,
            info,
            args.vector_field,
            words=args.lexical,
            columns=columns,
            no_vectors=args.no_vectors,
            rows_at=args.path,
            elsewhere=workspace.connection.capabilities.requests_at_once > 1,
        )
        progress, cancel = ProgressLine(), asyncio.Event()
        collection = client.collection(args.keyspace, info.name)
        running = asyncio.ensure_future(
            run_load(plan, collection, workspace.ledger, on_progress=progress.show, cancel=cancel)
        )
        try:
            summary = await _let_end(running, cancel)
        finally:
            progress.end()
    _report(summary, Format(args.format))
    if summary.cancelled:
        raise asyncio.CancelledError  # goes on to the process boundary, which knows what interrupted
    return 0 if summary.complete else FAILED


@asynccontextmanager
async def file_of(given: Path) -> AsyncIterator[Path]:
    """Lend the file; ``-`` is what comes on stdin, kept in a file of its own as long as the load takes.

    A load of a pipe that was stopped goes on like any other: it is known by its content.
    """
    if str(given) != "-":
        yield given
        return
    text = await read_stdin(LONGEST_GIVEN, "a file to load")
    with tempfile.TemporaryDirectory(prefix="astrolabe-") as folder:
        path = Path(folder) / "stdin"
        await asyncio.to_thread(path.write_text, text, encoding="utf-8", newline="")
        yield path


def _columns(given: Sequence[str], info: TargetInfo) -> dict[str, str]:
    """Return the field of each column that is given one as COLUMN=FIELD; names may have equals signs in them.

    Raises:
        UsageError: It is written otherwise, there is no such column, or columns are given for a collection.
    """
    if given and not info.is_table:
        raise UsageError("--map is for tables: a collection takes the fields as they are.")
    columns: dict[str, str] = {}
    for text in given:
        parts = utf8(text, "--map").split("=")
        names = ["=".join(parts[:end]) for end in range(1, len(parts))]
        column = next((name for name in names if name in info.columns), None)
        if column is None:
            has = ", ".join(info.columns)
            said = f"names no column of {info.name}" if names else "has no field"
            raise UsageError(f"--map {text} {said}.", hint=f"Write it as COLUMN=FIELD. The columns are: {has}.")
        columns[column] = text[len(column) + 1 :]
    return columns


async def _let_end(running: asyncio.Task[LoadSummary], cancel: asyncio.Event) -> LoadSummary:
    """Wait for a load. The first interruption asks it to stop and waits for its summary, a second one ends it."""
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        say("Stopping; the batches in flight are finished first …")
        cancel.set()
        return await running


class ProgressLine:
    """One line on stderr that is drawn over and over; without a terminal, a line now and then."""

    def __init__(self) -> None:
        self._terminal = sys.stderr is not None and sys.stderr.isatty()
        self._drawn = False
        self._said = time.monotonic()

    def show(self, progress: LoadProgress) -> None:
        """Show how far the load is."""
        line = progress_words(progress)
        if self._terminal:
            sys.stderr.write("\r" + fit(line, shutil.get_terminal_size().columns - 1))
            sys.stderr.flush()
            self._drawn = True
        elif time.monotonic() - self._said >= _QUIET_INTERVAL:
            self._said = time.monotonic()
            say(line)

    def end(self) -> None:
        """Leave the line, so that what follows begins on a new one."""
        if self._drawn:
            sys.stderr.write("\n")
            self._drawn = False


def progress_words(progress: LoadProgress) -> str:
    """Return how far it is and what is waited for, on one line."""
    waiting = [display_text(progress.waiting, limit=80)] if progress.waiting else []
    return " · ".join([*progress_parts(progress), *waiting])


def _report(summary: LoadSummary, form: Format) -> None:
    write_rows([_row(summary)], form)
    for note in summary.notes:
        say(note)
    if summary.from_cache:
        say(f"{summary.from_cache:,} texts were in the cache of embeddings, and were not sent to the provider.")
    for failure in summary.failures[:_SHOWN_FAILURES]:
        say(f"{failure.place}: {failure.reason}")
    if summary.failed > _SHOWN_FAILURES:
        say(f"… and {summary.failed - _SHOWN_FAILURES} more rows.")
    if summary.failures_file is not None:
        say(f"All rows that failed, to be corrected and loaded: {summary.failures_file}")
    if summary.problem is not None:
        tell(summary.problem)
    if summary.not_attempted or summary.cancelled:
        say("Run the same command again to go on.")


def _row(summary: LoadSummary) -> dict[str, Any]:
    return {
        "file": str(summary.path),
        "rows": summary.total,
        "loaded": summary.loaded,
        "already_there": summary.already_there,
        "failed": summary.failed,
        "not_attempted": summary.not_attempted,
        "seconds": round(summary.seconds, 2),
    }
