"""``astrolabe search``: find documents by meaning, by words, by both, or by a vector."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

from astrolabe.dataapi.client.client import DatabaseClient
from astrolabe.dataapi.client.command_builders import PlannedCommand
from astrolabe.dataapi.client.rerank_response import read_page
from astrolabe.dataapi.client.search_form import (
    SearchDraft,
    SearchMode,
    check_limit,
    column_of,
    plan_search,
    plan_search_by,
    problems,
    read_filter,
    read_json,
    read_vector,
)
from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.dataapi.language.special_fields import SIMILARITY, VECTOR, VECTORIZE
from astrolabe.errors import RuleError, UsageError
from tui.cli.output import Format, say, write_rows
from tui.cli.session import client_of, existing_target, utf8
from tui.cli.verbs.search.arguments import SearchArguments

_SHOWN_DIGITS = 4
_SCORES = {SIMILARITY, "$rerank", "$rrf"}
_FIRST = ("$rerank", "$rrf", "$vectorRank", "$bm25Rank", SIMILARITY, "_id", VECTORIZE)
"""The columns that come first, in this order."""


async def search(args: SearchArguments) -> int:
    """Search a collection and print what was found, the most similar first."""
    if args.text is None and args.vector is None:
        raise UsageError("Nothing to search for.", hint="Give a TEXT, or a vector with --vector.")
    if args.text is not None and args.vector is not None:
        raise UsageError("A TEXT and --vector exclude each other.")
    draft = _draft(args)
    async with client_of(args) as client:
        info = await existing_target(client, args)
        if args.column is not None and not info.is_table:
            raise UsageError("--column is for tables: a collection has one vector.")
        planned = _planned(args, draft, info)
        if args.hybrid:
            rows = await _reranked(client, planned)
        else:
            rows = await found(client, planned)
    write_found(rows, Format(args.format))
    return 0


def write_found(rows: list[dict[str, Any]], form: Format) -> None:
    """Write what was found; a table is for reading, so it does without digits and texts that say nothing new."""
    if form is Format.TABLE:
        rows = [_for_reading(row) for row in rows]
    write_rows(rows, form, empty="Nothing was found.")


def _for_reading(row: dict[str, Any]) -> dict[str, Any]:
    """Return a result with a short similarity, and without the embedded text where a field has it already."""
    shown = dict(row)
    for name in _SCORES & row.keys():
        shown[name] = round(Decimal(row[name]), _SHOWN_DIGITS)
    if any(name != VECTORIZE and value == row.get(VECTORIZE) for name, value in row.items()):
        shown.pop(VECTORIZE, None)
    return shown


async def _reranked(client: DatabaseClient, planned: PlannedCommand) -> list[dict[str, Any]]:
    """Send a planned findAndRerank and return its documents with their ranks; say who has decided the order."""
    page = read_page(await client.run(planned))
    if page.fused:
        say("Fused by rank: no reranker is set up. Set ASTROLABE_RERANKERS__nvidia__URL to use one.")
    return [_sorted_members(row) for row in page.rows()]


async def found(client: DatabaseClient, planned: PlannedCommand) -> list[dict[str, Any]]:
    """Send a planned find and return its documents, with the members that matter most in front."""
    documents = ((await client.run(planned)).data or {}).get("documents", [])
    return [_sorted_members(document) for document in documents]


def _sorted_members(document: dict[str, Any]) -> dict[str, Any]:
    first = {name: document[name] for name in _FIRST if name in document}
    return first | {name: value for name, value in document.items() if name not in first}


def _draft(args: SearchArguments) -> SearchDraft:
    """Return what is asked for.

    Raises:
        UsageError: An option is wrong, whatever the collection is like.
    """
    mode = SearchMode.HYBRID if args.hybrid else SearchMode.WORDS if args.words else SearchMode.MEANING
    draft = SearchDraft(utf8(args.text or "", "The text"), utf8(args.filter or "", "The filter"), str(args.limit), mode)
    if args.column is not None:
        draft = replace(draft, column=utf8(args.column, "The column"))
    with _option("--limit"):
        check_limit(draft)
    with _option("--filter"):
        read_filter(draft.filter)
    if args.vector is not None:
        with _option("--vector"):
            read_json(args.vector, "query")
    return draft


@contextmanager
def _option(name: str) -> Iterator[None]:
    """Say which option a broken rule is about."""
    try:
        yield
    except RuleError as error:
        raise UsageError(f"{name}: {error.message}", hint=error.hint) from error


def _planned(args: SearchArguments, draft: SearchDraft, info: TargetInfo) -> PlannedCommand:
    if args.vector is None:
        if not draft.query.strip():
            raise RuleError("The text is empty.", field="query")
        if info.is_table:
            _check_column(draft, info)
        for message in problems(draft, info).values():
            raise RuleError(message)
        return plan_search(draft, info)
    if info.is_table:
        _check_column(draft, info)
        vector = info.vectors[column_of(draft, info)]
        sort = {vector.name: read_vector(args.vector, vector.dimension, f"The column '{vector.name}'")}
        return plan_search_by(sort, draft, info)
    if info.vector is None:
        raise RuleError(f"The collection {info.name} has no vector.", field="query")
    return plan_search_by({VECTOR: read_vector(args.vector, info.vector.dimension)}, draft, info)


def _check_column(draft: SearchDraft, info: TargetInfo) -> None:
    """Check that a table is searched by one of its columns, and that one is named where there are several."""
    try:
        column_of(draft, info)
    except RuleError as error:
        hint = f"{error.hint or ''} `--column NAME` does.".strip() if error.field == "column" else error.hint
        raise RuleError(error.message, field=error.field, hint=hint) from error
