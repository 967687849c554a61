"""The rows that a load refused, as a file that can be corrected and loaded: JSON Lines next to the ledger."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from storage.loads.ledger import LoadLedger, LoadRecord
from storage.sqlite.errors import os_translated

_FOLDER = "failures"
_LONGEST_STEM = 60
_LINES_AT_ONCE = 500


async def write_failures(ledger: LoadLedger, record: LoadRecord) -> Path | None:
    """Write a load's failed rows, one JSON value per line, as they were read; replaces the file of an earlier run.

    A row that is no JSON value is written as a JSON string of its text, so that it can be read and corrected but is
    never loaded by mistake.

    Returns:
        The file, or None when no row has failed.

    Raises:
        StorageError: The folder cannot be written, or the disk is full.
    """
    path = ledger.folder / _FOLDER / f"{record.path.stem[:_LONGEST_STEM]}-{record.id}.jsonl"
    unfinished = path.with_suffix(".tmp")
    with os_translated(path):
        try:
            unfinished.unlink(missing_ok=True)
            count = await _write(unfinished, ledger, record.id)
            if count:
                unfinished.replace(path)
                return path
            path.unlink(missing_ok=True)
        finally:
            unfinished.unlink(missing_ok=True)
    return None


async def _write(path: Path, ledger: LoadLedger, load_id: int) -> int:
    """Write the rows to a file that only its owner can read; return how many there are."""
    count = 0
    lines: list[str] = []
    async for failure in ledger.failures(load_id):
        lines.append(failure.content + "\n")
        count += 1
        if len(lines) == _LINES_AT_ONCE:
            await asyncio.to_thread(_append, path, lines)
            lines = []
    if lines:
        await asyncio.to_thread(_append, path, lines)
    return count


def _append(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.writelines(lines)
