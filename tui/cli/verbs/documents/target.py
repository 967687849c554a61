"""The collection or table that the ``documents`` verbs work on, and what is given to them as JSON."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import simplejson

from astrolabe.dataapi.client.client import Collection
from astrolabe.dataapi.protocol import JsonValue
from astrolabe.errors import UsageError
from storage import jsontext
from tui.cli.session import client_of, utf8
from tui.cli.verbs.documents.arguments import TargetArguments


@asynccontextmanager
async def target_of(args: TargetArguments) -> AsyncIterator[Collection]:
    """Lend a handle to the collection or table that is named.

    Raises:
        NotFoundError: There is no such database.
    """
    async with client_of(args) as client:
        yield client.collection(args.keyspace, args.collection or args.table or "")


def read_object(text: str | None, option: str) -> dict[str, Any] | None:
    """Return a JSON object that was given to an option; None where none was given.

    Raises:
        UsageError: It is none; says where the mistake is.
    """
    if text is None:
        return None
    value = read_json(text, option)
    if not isinstance(value, dict):
        raise UsageError(f"{option} takes a JSON object.", hint="Put it into single quotes: '{\"a\": 1}'.")
    return value


def read_json(text: str, what: str) -> JsonValue:
    """Return what a text spells as JSON; numbers keep their digits.

    Raises:
        UsageError: It spells nothing; says where the mistake is.
    """
    try:
        return jsontext.loads(utf8(text, what))
    except simplejson.JSONDecodeError as problem:
        raise UsageError(
            f"{what} is not JSON at line {problem.lineno}, column {problem.colno}: {problem.msg}."
        ) from None
    except (ValueError, RecursionError):
        raise UsageError(f"{what} is not JSON: a number is too long, or it is nested too deeply.") from None


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


def key_of(document: Mapping[str, Any]) -> JsonValue:
    """Return what a document is told apart by in messages."""
    return document.get("_id", dict(document))
