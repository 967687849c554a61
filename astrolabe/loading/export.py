"""Documents or rows to a file that loads again: JSON Lines, one JSON list, or CSV."""

from __future__ import annotations

import csv
import io
import os
import re
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TextIO

import simplejson

from astrolabe.dataapi.client.client import Collection
from astrolabe.dataapi.client.page_walk import PageWalk
from astrolabe.dataapi.protocol import Json
from astrolabe.errors import AstrolabeError, Owner, UsageError

Pages = AsyncIterator[list[Json]]

EVERYTHING: Mapping[str, Any] = {"*": True}
"""The projection that leaves nothing out, vectors included."""

SAID_EVERY = 1_000
"""Documents between two words about how many were written."""

_NOT_FOR_TERMINALS = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class ExportForm(StrEnum):
    """How documents are written."""

    LINES = "jsonl"
    LIST = "json"
    COLUMNS = "csv"


_ENDINGS = {
    ".json": ExportForm.LIST,
    ".jsonl": ExportForm.LINES,
    ".ndjson": ExportForm.LINES,
    ".csv": ExportForm.COLUMNS,
}


def form_of(path: str) -> ExportForm:
    """Return the form that a file's ending asks for; JSON Lines when it says nothing."""
    return _ENDINGS.get(Path(path).suffix.lower(), ExportForm.LINES)


@dataclass(frozen=True, slots=True)
class Selected:
    """What is exported.

    Attributes:
        collection: The collection or table.
        filter: Only what matches; None takes everything.
        sort: The order; None takes the one in which the API answers. It has one page, which is all that the API gives.
        projection: The fields; None takes what the API answers with.
    """

    collection: Collection
    filter: Mapping[str, Any] | None = None
    sort: Mapping[str, Any] | None = None
    projection: Mapping[str, Any] | None = None

    async def pages(self, limit: int | None = None) -> Pages:
        """Yield what matches, page after page, up to a limit."""
        walk = PageWalk()
        left = limit
        while True:
            # A limit ends the pages with the first one, so only what needs it is sent one.
            page = await self.collection.find(
                filter=self.filter,
                sort=self.sort,
                projection=self.projection,
                limit=limit if self.sort else None,
                page_state=walk.state,
            )
            yield page.documents if left is None else page.documents[:left]
            left = None if left is None else left - len(page.documents)
            if (left is not None and left <= 0) or not walk.leads_on(page.next_page_state):
                return


async def export_lines(pages: Callable[[], Pages], form: ExportForm) -> AsyncIterator[tuple[int, str]]:
    """Yield the text of the file in pieces, each with how many documents it holds.

    Args:
        pages: Begins to read; columns are read for twice, since what the last document has stands in the first line.
        form: How they are written.
    """
    columns = await _columns(pages()) if form is ExportForm.COLUMNS else []
    if form is ExportForm.COLUMNS:
        yield 0, _csv([columns])
    elif form is ExportForm.LIST:
        yield 0, "["
    first = True
    async for page in pages():
        for document in page:
            if form is ExportForm.COLUMNS:
                yield 1, _csv([[_cell(document, name) for name in columns]])
            elif form is ExportForm.LIST:
                yield 1, ("\n" if first else ",\n") + one_line(document)
            else:
                yield 1, one_line(document) + "\n"
            first = False
    if form is ExportForm.LIST:
        yield 0, "\n]\n"


async def to_file(
    lines: AsyncIterator[tuple[int, str]], path: Path, said: Callable[[int], object] = lambda _count: None
) -> int:
    """Write the pieces to a file, which appears when it is complete, in place of one that is there.

    Args:
        lines: The pieces.
        path: The file.
        said: Told now and then how many documents have been written.

    Returns:
        How many documents were written.

    Raises:
        UsageError: The path is a folder's.
        AstrolabeError: It cannot be written.
    """
    count = told = 0
    with _appearing(path) as file:
        async for number, text in lines:
            file.write(text)
            count += number
            if count - told >= SAID_EVERY:
                told = count
                said(count)
    return count


def one_line(value: object) -> str:
    """Return a value as JSON in one line: numbers keep their digits, and nothing in it can move a terminal's cursor."""
    text = str(simplejson.dumps(value, use_decimal=True, ensure_ascii=False, default=str))
    return _NOT_FOR_TERMINALS.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


async def _columns(pages: Pages) -> list[str]:
    """Return the names of the fields of all documents, in the order in which they appear."""
    found: dict[str, None] = {}
    async for page in pages:
        for document in page:
            found.update(dict.fromkeys(document))
    return list(found)


def _csv(rows: Iterable[Iterable[str]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()


def _cell(document: Json, name: str) -> str:
    value: Any = document.get(name)
    if value is None:
        return ""
    return value if isinstance(value, str) else one_line(value)


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


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
