"""``astrolabe search``: find documents by meaning, or by a vector."""

from __future__ import annotations

from argparse import Namespace
from decimal import Decimal
from typing import Any

from astrolabe.dataapi.client import CollectionInfo, DatabaseClient
from astrolabe.dataapi.planned import CollectionTarget, PlannedCommand, plan_find
from astrolabe.dataapi.search_form import (
    SEARCH_PROJECTION,
    SearchDraft,
    plan_search,
    problems,
    read_filter,
    read_vector,
)
from astrolabe.errors import RuleError, UsageError
from tui.output import Format, write_rows
from tui.session import client_of, existing_collection, utf8

_SHOWN_DIGITS = 4
_FIRST = ("$similarity", "_id", "$vectorize")
"""The columns that come first, in this order."""


async def search(args: Namespace) -> int:
    """Search a collection and print what was found, the most similar first."""
    if args.text is None and args.vector is None:
        raise UsageError("Nothing to search for.", hint="Give a TEXT, or a vector with --vector.")
    if args.text is not None and args.vector is not None:
        raise UsageError("A TEXT and --vector exclude each other.")
    async with client_of(args) as client:
        info = await existing_collection(client, args.keyspace, args.collection)
        rows = await found(client, _planned(args, info))
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
    if "$similarity" in row:
        shown["$similarity"] = round(Decimal(row["$similarity"]), _SHOWN_DIGITS)
    if any(name != "$vectorize" and value == row.get("$vectorize") for name, value in row.items()):
        shown.pop("$vectorize", None)
    return shown


async def found(client: DatabaseClient, planned: PlannedCommand) -> list[dict[str, Any]]:
    """Send a planned find and return its documents, with the members that matter most in front."""
    documents = ((await client.run(planned)).data or {}).get("documents", [])
    return [
        {name: document[name] for name in _FIRST if name in document}
        | {name: value for name, value in document.items() if name not in _FIRST}
        for document in documents
    ]


def _planned(args: Namespace, info: CollectionInfo) -> PlannedCommand:
    draft = SearchDraft(utf8(args.text or "", "The text"), utf8(args.filter or "", "The filter"), str(args.limit))
    if args.vector is None:
        if not draft.query.strip():
            raise RuleError("The text is empty.", field="query")
        for message in problems(draft, info).values():
            raise RuleError(message)
        return plan_search(draft, info)
    if info.dimension is None:
        raise RuleError(f"The collection {info.name} has no vector.", field="query")
    return plan_find(
        CollectionTarget(info.keyspace, info.name),
        filter=read_filter(draft.filter) or None,
        projection=SEARCH_PROJECTION if info.service is not None else None,
        sort={"$vector": read_vector(args.vector, info.dimension)},
        limit=args.limit,
        include_similarity=True,
    )
