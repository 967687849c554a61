"""The rules of the search form: a text or a vector, what to search by, a filter, a limit.

Pure functions, so that the form can be tested without a terminal; the command line uses them too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

import simplejson

from astrolabe.dataapi.client.command_builders import CollectionTarget, PlannedCommand, plan_find, plan_find_and_rerank
from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.dataapi.language.hybrid import DEFAULT_READ, MOST_READ
from astrolabe.dataapi.language.name_lists import cut, listed
from astrolabe.dataapi.language.special_fields import HYBRID, LEXICAL, VECTOR, VECTORIZE
from astrolabe.dataapi.protocol import JsonValue
from astrolabe.errors import RuleError
from storage import jsontext

DEFAULT_LIMIT = 10
"""Results asked for when nothing else is said."""

LARGEST_LIMIT = 1000
"""Most results of a vector search."""

MOST_HYBRID = 2 * MOST_READ
"""Most results of a hybrid search: each of its two searches contributes half of them at most."""

SEARCH_PROJECTION: Mapping[str, Any] = {VECTORIZE: 1}
"""What results show besides the regular fields: the text that was embedded."""


_ONE = "A search goes by one of them: name it."


class SearchMode(StrEnum):
    """What a search goes by."""

    MEANING = "by meaning"
    HYBRID = "hybrid"
    WORDS = "by words"


def modes(info: TargetInfo) -> tuple[SearchMode, ...]:
    """Return what a collection can be searched by; the first is the usual one.

    A collection without vectors and words has the filter alone, which the first mode has as well.
    """
    able = {
        SearchMode.MEANING: info.vector is not None or not info.lexical,
        SearchMode.HYBRID: info.service is not None and info.lexical and info.rerank,
        SearchMode.WORDS: info.lexical,
    }
    return tuple(mode for mode in SearchMode if able[mode])


def columns(mode: SearchMode, info: TargetInfo) -> tuple[str, ...]:
    """Return the columns of a table that it can be searched by; a search goes by one of them."""
    return info.texts if mode is SearchMode.WORDS else tuple(info.vectors)


@dataclass(frozen=True, slots=True)
class SearchDraft:
    """What the search form holds, as typed.

    Attributes:
        query: A text, or a JSON array of numbers; empty only filters.
        filter: A JSON object; empty matches everything.
        limit: How many results; empty takes 10.
        mode: What to search by; one of :func:`modes`.
        column: Of a table, the column to search by; one of :func:`columns`. None takes the only one.
    """

    query: str = ""
    filter: str = ""
    limit: str = ""
    mode: SearchMode = SearchMode.MEANING
    column: str | None = None

    @property
    def most(self) -> int:
        """The largest limit."""
        return MOST_HYBRID if self.mode is SearchMode.HYBRID else LARGEST_LIMIT


def problems(draft: SearchDraft, info: TargetInfo) -> dict[str, str]:
    """Return what is wrong, by field: query, column, filter or limit."""
    checks: dict[str, Callable[[], object]] = {
        "query": lambda: read_sort(draft, info),
        "filter": lambda: read_filter(draft.filter),
        "limit": lambda: check_limit(draft),
    }
    found: dict[str, str] = {}
    for field, check in checks.items():
        try:
            check()
        except RuleError as error:
            found["column" if error.field == "column" else field] = error.message
    return found


def check_limit(draft: SearchDraft) -> None:
    """Check how many results are asked for.

    Raises:
        RuleError: Not a number, or not one that can be had.
    """
    text = draft.limit.strip()
    if text and not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= draft.most):
        raise RuleError(f"A whole number from 1 to {draft.most}.", field="limit")


def plan_search(draft: SearchDraft, info: TargetInfo) -> PlannedCommand:
    """Return the find, or findAndRerank, that a draft without problems asks for."""
    sort = read_sort(draft, info)
    target = CollectionTarget(info.keyspace, info.name, info.is_table)
    where = read_filter(draft.filter) or None
    projection = SEARCH_PROJECTION if info.service is not None and not info.is_table else None
    limit = int(draft.limit.strip() or DEFAULT_LIMIT)
    if sort is not None and draft.mode is SearchMode.HYBRID:
        # Each search has to contribute as many as are asked for, or a limit above 50 would be one in name only.
        read = min(limit, MOST_READ) if limit > DEFAULT_READ else None
        return plan_find_and_rerank(
            target,
            draft.query,
            filter=where,
            projection=projection,
            limit=limit,
            hybrid_limits=read,
            include_scores=True,
        )
    return plan_search_by(sort, draft, info)


def plan_search_by(sort: Mapping[str, Any] | None, draft: SearchDraft, info: TargetInfo) -> PlannedCommand:
    """Return the find that a draft asks for, by a sort of its own: by a vector in place of a text, say."""
    return plan_find(
        CollectionTarget(info.keyspace, info.name, info.is_table),
        filter=read_filter(draft.filter) or None,
        projection=SEARCH_PROJECTION if info.service is not None and not info.is_table else None,
        sort=sort,
        limit=int(draft.limit.strip() or DEFAULT_LIMIT),
        include_similarity=sort is not None and draft.mode is SearchMode.MEANING,
    )


def read_filter(text: str) -> dict[str, Any]:
    """Return the filter that a text spells; empty text is an empty filter.

    Raises:
        RuleError: Not a JSON object; the message says where.
    """
    if not text.strip():
        return {}
    value = read_json(text, "filter")
    if not isinstance(value, dict):
        raise RuleError('A filter is a JSON object, such as {"price": {"$lt": 20}}.', field="filter")
    return value


def read_sort(draft: SearchDraft, info: TargetInfo) -> dict[str, Any] | None:
    """Return the sort of a draft, by ``$vectorize``, ``$vector``, ``$lexical`` or ``$hybrid``, or by a table's column.

    Returns:
        The sort; None for an empty query.

    Raises:
        RuleError: The collection or table cannot be searched that way, it has several columns to search by and none is
            named, or the vector does not fit.
    """
    text = draft.query.strip()
    if not text:
        return None
    if draft.mode not in modes(info):
        raise RuleError(_why_not(draft.mode, info), field="query")
    if info.is_table:
        return _column_sort(draft, info)
    if draft.mode is not SearchMode.MEANING:
        return {LEXICAL if draft.mode is SearchMode.WORDS else HYBRID: draft.query}
    if info.service is not None:
        return {VECTORIZE: draft.query}
    if info.vector is None:
        raise RuleError("This collection has no vector; use the filter instead.", field="query")
    return {VECTOR: read_vector(text, info.vector.dimension)}


def column_of(draft: SearchDraft, info: TargetInfo) -> str:
    """Return the column of a table that a search goes by: the one that is named, or the only one.

    Raises:
        RuleError: There is none, there are several and none is named, or the one that is named is none of them.
    """
    what = "text index" if draft.mode is SearchMode.WORDS else "vector column"
    able = columns(draft.mode, info)
    if draft.mode not in modes(info):
        raise RuleError(_why_not(draft.mode, info), field="query")
    if not able:
        raise RuleError(f"This table has no {what}; use the filter instead.", field="query")
    has = f"It has: {listed(able)}."
    if draft.column is None and len(able) > 1:
        raise RuleError(f"This table can be searched by several columns: {listed(able)}.", field="column", hint=_ONE)
    if draft.column is not None and draft.column not in able:
        place = f"no {what} on" if draft.mode is SearchMode.WORDS else f"no {what}"
        raise RuleError(f"This table has {place} '{cut(draft.column)}'.", field="column", hint=has)
    return draft.column or able[0]


def _column_sort(draft: SearchDraft, info: TargetInfo) -> dict[str, Any]:
    column = column_of(draft, info)
    if draft.mode is SearchMode.WORDS or info.vectors[column].service is not None:
        return {column: draft.query}
    text, whose = draft.query.strip(), f"The column '{cut(column)}'"
    if not text.startswith("["):
        raise RuleError(f"{whose} does not vectorize: search it with a vector, a JSON array of numbers.", field="query")
    return {column: read_vector(text, info.vectors[column].dimension, whose)}


def _why_not(mode: SearchMode, info: TargetInfo) -> str:
    """Return why a collection or a table cannot be searched that way."""
    if info.is_table:
        lacks = {
            SearchMode.MEANING: "no vector column; use the filter instead",
            SearchMode.HYBRID: "one search at a time: by a vector column, or by words",
            SearchMode.WORDS: "no text index, so it cannot be searched by words",
        }
        return f"This table has {lacks[mode]}."
    if mode is SearchMode.MEANING:
        return "This collection has no vector; use the filter instead."
    if not info.lexical:
        return "This collection has no lexical search, so it cannot be searched by words."
    if info.service is None:
        return "A hybrid search turns its text into a vector, and this collection does not vectorize."
    return "This collection was created without reranking, which a hybrid search needs."


def read_vector(text: str, dimension: int, whose: str = "This collection") -> list[Any]:
    """Return the numbers of a JSON array of the right length.

    Raises:
        RuleError: Not an array of numbers, or of another length.
    """
    value = read_json(text, "query")
    numbers = isinstance(value, list) and all(
        isinstance(part, int | Decimal) and not isinstance(part, bool) for part in value
    )
    if not numbers:
        raise RuleError(f"{whose} does not vectorize: search it with a vector, a JSON array of numbers.", field="query")
    if len(value) != dimension:
        raise RuleError(
            f"The vector has {len(value)} numbers; {whose[0].lower()}{whose[1:]} has {dimension}.", field="query"
        )
    return list(value)


def read_json(text: str, field: str) -> JsonValue:
    """Return what a text spells.

    Raises:
        RuleError: Not JSON; the message says where.
    """
    try:
        return jsontext.loads(text)
    except simplejson.JSONDecodeError as problem:
        where = f"line {problem.lineno}, column {problem.colno}"
        raise RuleError(f"Not JSON at {where}: {problem.msg}.", field=field) from None
    except (ValueError, RecursionError):
        raise RuleError("Not JSON that can be read: too deep, or a number too long.", field=field) from None
