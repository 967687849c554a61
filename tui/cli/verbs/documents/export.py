"""``astrolabe documents export``: documents to a file that loads again."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

from astrolabe.loading.export import EVERYTHING, ExportForm, Selected, export_lines, form_of, to_file
from tui.cli.given import read_object
from tui.cli.output import emit, say
from tui.cli.verbs.documents.arguments import ExportArguments
from tui.cli.verbs.documents.target import target_of

_SAID_EVERY = 10_000


async def export(args: ExportArguments) -> int:
    """Write what matches; a file appears under its name when it is complete, in place of one that is there."""
    form = ExportForm(args.format) if args.format else form_of(args.output)
    where = read_object(args.filter, "--filter")
    async with target_of(args) as target:
        projection = EVERYTHING if args.vectors and args.table is None else None
        lines = export_lines(Selected(target, where, projection=projection).pages, form)
        count = await _to_stdout(lines) if args.output == "-" else await to_file(lines, Path(args.output), _written)
        say(f"{count:,} {'rows' if args.table else 'documents'} of {target.keyspace}.{target.name} were written.")
    return 0


def _written(count: int) -> None:
    if count % _SAID_EVERY == 0:
        say(f"{count:,} written …")


async def _to_stdout(lines: AsyncIterator[tuple[int, str]]) -> int:
    count = 0
    async for number, text in lines:
        count += number
        emit([text.removesuffix("\n")]) if text.endswith("\n") else _put(text)
    return count


def _put(text: str) -> None:
    sys.stdout.write(text)
