"""The collection or table that the ``documents`` verbs work on, and what is given to them as JSON."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from astrolabe.dataapi.client.client import Collection
from astrolabe.dataapi.protocol import JsonValue
from storage import jsontext
from tui.cli.arguments import TargetArguments
from tui.cli.given import read_object
from tui.cli.session import client_of, utf8


@asynccontextmanager
async def target_of(args: TargetArguments) -> AsyncIterator[Collection]:
    """Lend a handle to the collection or table that is named.

    Raises:
        NotFoundError: There is no such database.
    """
    async with client_of(args) as client:
        yield client.collection(args.keyspace, args.collection or args.table or "")


def filter_of_id(given: str, args: TargetArguments) -> dict[str, Any]:
    """Return the filter that one document or row satisfies.

    Args:
        given: The id as it was typed: a text, or JSON for an id that is none; the key of a row as an object.
        args: Says whether it is a row.

    Raises:
        UsageError: The key of a row is no object.
    """
    if args.table is not None:
        key = read_object(given, "The key of a row")
        return dict(key or {})
    return {"_id": read_id(given)}


def read_id(given: str) -> JsonValue:
    """Return an id as it was typed: JSON that is no text and no list is that value, everything else a text."""
    try:
        value = jsontext.loads(utf8(given, "The id"))
    except (ValueError, RecursionError):
        return given
    return given if isinstance(value, list) else value
