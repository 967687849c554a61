"""``astrolabe documents export``: documents to a file that loads again."""

from __future__ import annotations

import csv
import io
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from astrolabe.dataapi.protocol import Json
from astrolabe.errors import AstrolabeError, Owner, UsageError
from tui.cli.given import read_object
from tui.cli.output import emit, say, to_json
from tui.cli.verbs.documents.arguments import ExportArguments
from tui.cli.verbs.documents.run import EVERYTHING, pages_of
from tui.cli.verbs.documents.target import target_of

_ENDINGS = {".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv"}
_SAID_EVERY = 10_000

Pages = AsyncIterator[list[Json]]


async def export(args: ExportArguments) -> int:
    """Write what matches; a file appears under its name when it is complete, in place of one that is there."""
    form = args.format or _ENDINGS.get(Path(args.output).suffix.lower(), "jsonl")
    where = read_object(args.filter, "--filter")
    async with target_of(args) as target:

        def pages() -> Pages:
            projection = EVERYTHING if args.vectors and args.table is None else None
            return pages_of(target, filter=where, projection=projection)

        columns = await _columns(pages()) if form == "csv" else []
        lines = _lines(pages(), form, columns)
        count = await _to_stdout(lines) if args.output == "-" else await _to_file(lines, Path(args.output))
        say(f"{count:,} {'rows' if args.table else 'documents'} of {target.keyspace}.{target.name} were written.")
    return 0


async def _columns(pages: Pages) -> list[str]:
    """Return the names of the fields of all documents, in the order in which they appear."""
    found: dict[str, None] = {}
    async for page in pages:
        for document in page:
            found.update(dict.fromkeys(document))
    return list(found)


async def _lines(pages: Pages, form: str, columns: list[str]) -> AsyncIterator[tuple[int, str]]:
    """Yield the text of the file in pieces, each with how many documents it holds."""
    if form == "csv":
        yield 0, _csv([columns])
    elif form == "json":
        yield 0, "["
    first = True
    async for page in pages:
        for document in page:
            if form == "csv":
                yield 1, _csv([[_cell(document, name) for name in columns]])
            elif form == "json":
                yield 1, ("\n" if first else ",\n") + to_json(document)
            else:
                yield 1, to_json(document) + "\n"
            first = False
    if form == "json":
        yield 0, "\n]\n"


def _csv(rows: Iterable[Iterable[str]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()


def _cell(document: Json, name: str) -> str:
    value: Any = document.get(name)
    if value is None:
        return ""
    return value if isinstance(value, str) else to_json(value)


async def _to_stdout(lines: AsyncIterator[tuple[int, str]]) -> int:
    count = 0
    async for number, text in lines:
        count += number
        emit([text.removesuffix("\n")]) if text.endswith("\n") else _put(text)
    return count


def _put(text: str) -> None:
    sys.stdout.write(text)


async def _to_file(lines: AsyncIterator[tuple[int, str]], path: Path) -> int:
    with _appearing(path) as file:
        return await _write(lines, file.write)


@contextmanager
def _appearing(path: Path) -> Iterator[TextIO]:
    """Lend a file beside the wanted one, which takes its place at the end; an export that stops leaves nothing.

    Raises:
        UsageError: The path is a folder's.
        AstrolabeError: It cannot be written.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder.")
    temporary: Path | None = None
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        temporary = Path(name)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        raise AstrolabeError(f"{path} cannot be written: {error.strerror}.", owner=Owner.MACHINE) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


async def _write(lines: AsyncIterator[tuple[int, str]], write: Callable[[str], object]) -> int:
    count = said = 0
    async for number, text in lines:
        write(text)
        count += number
        if count - said >= _SAID_EVERY:
            said = count
            say(f"{count:,} written …")
    return count


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
