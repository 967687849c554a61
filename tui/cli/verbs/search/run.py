"""``astrolabe search``: find documents by meaning, by words, by both, or by a vector."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from astrolabe.dataapi.client.client import DatabaseClient
from astrolabe.dataapi.client.command_builders import CollectionTarget, PlannedCommand, plan_find
from astrolabe.dataapi.client.rerank_response import read_page
from astrolabe.dataapi.client.search_form import (
    SEARCH_PROJECTION,
    SearchDraft,
    SearchMode,
    check_limit,
    plan_search,
    problems,
    read_filter,
    read_json,
    read_vector,
)
from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.dataapi.language.special_fields import SIMILARITY, VECTOR, VECTORIZE
from astrolabe.errors import RuleError, UsageError
from tui.cli.output import Format, say, write_rows
from tui.cli.session import client_of, existing_collection, utf8
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
        info = await existing_collection(client, args.keyspace, args.collection)
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
        for message in problems(draft, info).values():
            raise RuleError(message)
        return plan_search(draft, info)
    if info.vector is None:
        raise RuleError(f"The collection {info.name} has no vector.", field="query")
    return plan_find(
        CollectionTarget(info.keyspace, info.name),
        filter=read_filter(draft.filter) or None,
        projection=SEARCH_PROJECTION if info.service is not None else None,
        sort={VECTOR: read_vector(args.vector, info.vector.dimension)},
        limit=args.limit,
        include_similarity=True,
    )
