"""The rules of the search form: text where the collection vectorizes, a vector where it does not, a filter, a limit.

Pure functions, so that the form can be tested without a terminal; the command line uses them too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import simplejson

from astrolabe.dataapi.client import CollectionInfo
from astrolabe.dataapi.planned import CollectionTarget, PlannedCommand, plan_find
from astrolabe.dataapi.protocol import JsonValue
from astrolabe.errors import RuleError
from storage import jsontext

DEFAULT_LIMIT = 10
"""Results asked for when nothing else is said."""

LARGEST_LIMIT = 1000
"""Most results of a vector search."""

SEARCH_PROJECTION: Mapping[str, Any] = {"$vectorize": 1}
"""What results show besides the regular fields: the text that was embedded."""


@dataclass(frozen=True, slots=True)
class SearchDraft:
    """What the search form holds, as typed.

    Attributes:
        query: A text, or a JSON array of numbers; empty only filters.
        filter: A JSON object; empty matches everything.
        limit: How many results; empty takes 10.
    """

    query: str = ""
    filter: str = ""
    limit: str = ""


def problems(draft: SearchDraft, info: CollectionInfo) -> dict[str, str]:
    """Return what is wrong, by field: query, filter or limit."""
    checks: dict[str, Callable[[], object]] = {
        "query": lambda: read_sort(draft, info),
        "filter": lambda: read_filter(draft.filter),
    }
    found: dict[str, str] = {}
    for field, check in checks.items():
        try:
            check()
        except RuleError as error:
            found[field] = error.message
    if not _limit_is_right(draft.limit.strip()):
        found["limit"] = f"A whole number from 1 to {LARGEST_LIMIT}."
    return found


def _limit_is_right(text: str) -> bool:
    return not text or (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= LARGEST_LIMIT)


def plan_search(draft: SearchDraft, info: CollectionInfo) -> PlannedCommand:
    """Return the find that a draft without problems asks for."""
    sort = read_sort(draft, info)
    return plan_find(
        CollectionTarget(info.keyspace, info.name),
        filter=read_filter(draft.filter) or None,
        projection=SEARCH_PROJECTION if info.service is not None else None,
        sort=sort,
        limit=int(draft.limit.strip() or DEFAULT_LIMIT),
        include_similarity=sort is not None,
    )


def read_filter(text: str) -> dict[str, Any]:
    """Return the filter that a text spells; empty text is an empty filter.

    Raises:
        RuleError: Not a JSON object; the message says where.
    """
    if not text.strip():
        return {}
    value = _read_json(text, "filter")
    if not isinstance(value, dict):
        raise RuleError('A filter is a JSON object, such as {"price": {"$lt": 20}}.', field="filter")
    return value


def read_sort(draft: SearchDraft, info: CollectionInfo) -> dict[str, Any] | None:
    """Return the vector sort of a draft: ``$vectorize`` or ``$vector``; None when the query is empty.

    Raises:
        RuleError: The collection cannot be searched that way, or the vector does not fit.
    """
    text = draft.query.strip()
    if not text:
        return None
    if info.service is not None:
        return {"$vectorize": draft.query}
    if info.dimension is None:
        raise RuleError("This collection has no vector; use the filter instead.", field="query")
    return {"$vector": read_vector(text, info.dimension)}


def read_vector(text: str, dimension: int) -> list[Any]:
    """Return the numbers of a JSON array of the right length.

    Raises:
        RuleError: Not an array of numbers, or of another length.
    """
    value = _read_json(text, "query")
    numbers = isinstance(value, list) and all(
        isinstance(part, int | Decimal) and not isinstance(part, bool) for part in value
    )
    if not numbers:
        raise RuleError(
            "This collection does not vectorize: search it with a vector, a JSON array of numbers.", field="query"
        )
    if len(value) != dimension:
        raise RuleError(f"The vector has {len(value)} numbers; this collection has {dimension}.", field="query")
    return list(value)


def _read_json(text: str, field: str) -> JsonValue:
    try:
        return jsontext.loads(text)
    except simplejson.JSONDecodeError as problem:
        where = f"line {problem.lineno}, column {problem.colno}"
        raise RuleError(f"Not JSON at {where}: {problem.msg}.", field=field) from None
    except (ValueError, RecursionError):
        raise RuleError("Not JSON that can be read: too deep, or a number too long.", field=field) from None
