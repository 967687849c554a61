"""``astrolabe documents insert``, ``update`` and ``delete``: changing."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any

from astrolabe.dataapi.client.client import Collection
from astrolabe.dataapi.client.results import InsertState
from astrolabe.dataapi.protocol import Json, JsonValue
from astrolabe.errors import NotFoundError, RuleError, UsageError
from tui.cli.given import read_json, read_object, text_of
from tui.cli.output import emit, say, to_json
from tui.cli.process import FAILED
from tui.cli.prompts import ask_line
from tui.cli.verbs.documents.arguments import DeleteArguments, InsertArguments, UpdateArguments
from tui.cli.verbs.documents.target import filter_of_id, target_of

AT_ONCE = 100
"""Documents of one insertMany, at most."""

TYPED_ABOVE = 20
"""Documents above which their number has to be typed before they are deleted."""


async def insert(args: InsertArguments) -> int:
    """Insert documents; each that is refused is told with its number, and the others are inserted."""
    documents = await _documents(args.source)
    refused = 0
    async with target_of(args) as target:
        for start in range(0, len(documents), AT_ONCE):
            result = await target.insert_many(documents[start : start + AT_ONCE])
            emit(to_json(one.id) for one in result.outcomes if one.state is InsertState.OK)
            for place, error in result.errors.items():
                say(f"Document {start + place + 1}: {error.message}")
            refused += sum(one.state is not InsertState.OK for one in result.outcomes)
    if refused:
        say(f"{refused} of {len(documents)} were refused.")
    return FAILED if refused else 0


async def _documents(source: str) -> list[Json]:
    """Read what is to be inserted: JSON itself, a file, or stdin."""
    where = {"-": "What came on stdin"}.get(source, "The document" if source.lstrip()[:1] in {"{", "["} else source)
    text = await text_of(source)
    documents = list(_objects(text, where))
    if not documents:
        raise UsageError("There is no document to insert.")
    return documents


def _objects(text: str, where: str) -> Iterator[Json]:
    """Yield the objects of one value, a list, or one value a line."""
    try:
        value = read_json(text, where)
    except UsageError:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2:  # noqa: PLR2004 - one line has no other reading
            raise
        value = [read_json(line, f"Line {number} of {where}") for number, line in enumerate(lines, start=1)]
    for number, one in enumerate(value if isinstance(value, list) else [value], start=1):
        if not isinstance(one, dict):
            raise UsageError(f"Value {number} of {where} is no object.")
        yield one


async def update(args: UpdateArguments) -> int:
    """Change one document or all that match, and print how many matched and changed."""
    where = _chosen(args.id, args.filter, args)
    change = read_object(args.update, "The update") or {}
    if args.many and args.id is not None:
        raise UsageError("--many and --id exclude each other.")
    async with target_of(args) as target:
        if args.many:
            result = await target.update_many(where, change, upsert=args.upsert)
        else:
            result = await target.update_one(where, change, upsert=args.upsert)
    if result.matched == 0 and result.upserted_id is None and not args.many:
        raise NotFoundError("No document matches; nothing was changed.")
    answer: Json = {"matched": result.matched, "modified": result.modified}
    if result.upserted_id is not None:
        answer["upsertedId"] = result.upserted_id
    emit([to_json(answer)])
    return 0


async def delete(args: DeleteArguments) -> int:
    """Delete documents by id, or those that match, after asking."""
    if sum([bool(args.id), args.filter is not None, args.all]) != 1:
        raise UsageError("Say what to delete: ids, --filter, or --all.")
    async with target_of(args) as target:
        if args.id:
            await _confirm(len(args.id), yes=args.yes)
            deleted = await _delete_each(target, [filter_of_id(one, args) for one in args.id], args)
        else:
            where = read_object(args.filter, "--filter") or {}
            if args.filter is not None and not where:
                raise UsageError("An empty filter matches every document.", hint="To delete all of them, use --all.")
            found = await target.count_exactly(where or None)
            await _confirm(found, yes=args.yes)
            deleted = await target.delete_many(where)
            deleted = found if deleted < 0 else deleted
    emit([str(deleted)])
    return 0


async def _delete_each(target: Collection, filters: Sequence[dict[str, Any]], args: DeleteArguments) -> int:
    deleted = 0
    for where in filters:
        done = await target.delete_one(where)
        if done == 0:
            say(f"There is no document {to_json(where.get('_id', where))}.")
        deleted += 1 if done < 0 or args.table is not None else done
    return deleted


def _chosen(given_id: str | None, given_filter: str | None, args: UpdateArguments) -> dict[str, JsonValue]:
    if (given_id is None) == (given_filter is None):
        raise UsageError("Say which document: with --id or with --filter.")
    if given_id is not None:
        return filter_of_id(given_id, args)
    return read_object(given_filter, "--filter") or {}


async def _confirm(count: int, *, yes: bool) -> None:
    """Say how many are deleted and ask; many of them want their number typed.

    Raises:
        UsageError: There is no terminal to ask on.
        RuleError: Something else was answered.
    """
    if yes or count == 0:
        return
    if not sys.stdin.isatty():
        raise UsageError("Deleting documents asks first.", hint="Without a terminal, add --yes.")
    wanted = str(count) if count > TYPED_ABOVE else "y"
    typed = await ask_line(f"{count:,} document{'' if count == 1 else 's'} will be deleted. Type {wanted} to go on: ")
    if typed.strip().lower() != wanted:
        raise RuleError("Nothing was deleted.")
