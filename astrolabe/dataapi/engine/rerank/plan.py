"""findAndRerank before anything is read: what is searched, what is reranked, and every reason to refuse it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from astrolabe.dataapi.engine.finding import DocumentSelection, resolve, select
from astrolabe.dataapi.engine.rerank.rules import RerankChoice, check_alive, check_choice, invalid_override
from astrolabe.dataapi.engine.target import Target
from astrolabe.dataapi.engine.unhurried import unhurried
from astrolabe.dataapi.language.commands.collection_commands import FindAndRerank, FindAndRerankOptions
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.hybrid import (
    HybridSort,
    ReadLimits,
    check_hybrid_sort,
    parse_hybrid_sort,
    parse_read_limits,
)
from astrolabe.dataapi.language.name_lists import cut
from astrolabe.dataapi.language.paths import Path, PathSyntaxError, split_path
from astrolabe.dataapi.language.projection import Projection, parse_projection
from astrolabe.dataapi.language.sorting import SortKind, SortPlan
from astrolabe.dataapi.language.special_fields import LEXICAL, VECTORIZE
from astrolabe.errors import DataApiError
from storage.filters.matching import value_at
from storage.lexical.analyzers import TermQuery
from storage.shapes import VectorValue

DEFAULT_LIMIT = 10
"""Documents that are returned."""


@dataclass(frozen=True, slots=True)
class HybridPlan:
    """What a findAndRerank does.

    Attributes:
        selection: The documents of the filter, by the vector that is searched by, if any.
        words: What is looked for in ``$lexical``; None for nothing.
        limits: How much each search contributes.
        choice: The reranking model.
        query: What it compares the documents with.
        passage: Where a document has the text that is compared.
        projection: What is returned of a document.
        limit: How many documents are.
    """

    selection: DocumentSelection
    words: TermQuery | None
    limits: ReadLimits
    choice: RerankChoice
    query: str
    passage: Path
    projection: Projection
    limit: int

    def passage_of(self, body: Mapping[str, Any]) -> str | None:
        """Return the text of a document that is compared with the query; None when it has none that is not blank."""
        value = value_at(body, self.passage)
        if isinstance(value, bool):
            return "true" if value else "false"
        if not isinstance(value, str):
            return str(value) if isinstance(value, int | Decimal) else None
        return value if value.strip() else None


async def plan_hybrid(target: Target, command: FindAndRerank) -> HybridPlan:
    """Check a command in the order of the contract; the first rule that is broken is the answer.

    Raises:
        DataApiError: One of the codes of findAndRerank, of projections and of filters; embedding failed.
    """
    options = command.options
    sort = parse_hybrid_sort(command.sort)
    limits = parse_read_limits(options.hybrid_limits)
    vector = check_hybrid_sort(sort, target.rules)
    choice = _choice(target, options)
    query = _query(options, sort)
    passage = _passage(options, sort)
    _check_has_something(sort)
    projection = await unhurried(parse_projection, command.projection)
    selection = await resolve(await _selection(target, command, sort, vector))
    analyzer = target.rules.analyzer() if LEXICAL in target.rules.analyzers else None
    return HybridPlan(
        selection=selection,
        words=analyzer.query(sort.words) if analyzer is not None and sort.words is not None else None,
        limits=limits,
        choice=choice,
        query=query,
        passage=passage,
        projection=projection,
        limit=options.limit or DEFAULT_LIMIT,
    )


async def _selection(
    target: Target, command: FindAndRerank, sort: HybridSort, vector: VectorValue | None
) -> DocumentSelection:
    plan = SortPlan()
    if sort.text is not None:
        plan = SortPlan(SortKind.VECTORIZE, text=sort.text)
    elif vector is not None:
        plan = SortPlan(SortKind.VECTOR, vector=vector)
    return replace(await select(target, command.where), sort=plan)


def _choice(target: Target, options: FindAndRerankOptions) -> RerankChoice:
    rerankers = target.engine.reranker.rerankers
    if options.rerank is not None:
        return check_choice(options.rerank, rerankers, invalid_override)
    choice = target.collection.rerank
    if choice is None:
        raise data_api_error(
            "UNSUPPORTED_RERANKING_COMMAND",
            f"Reranking is not enabled for the collection {target.rules.name}, and a reranking service override was "
            "not provided with the command.\n\nResend the command with the option 'rerank', or use a collection that "
            "was created with 'rerank' enabled.",
        )
    check_alive(choice, rerankers)
    return choice


def _query(options: FindAndRerankOptions, sort: HybridSort) -> str:
    if options.rerank_query is not None and options.rerank_query.strip():
        return options.rerank_query
    if sort.text is not None:
        return sort.text
    raise data_api_error(
        "MISSING_RERANK_QUERY_TEXT",
        "The findAndRerank command is missing the text to use as the query with the reranking model.\n\n"
        "Give it as '$hybrid' or '$hybrid.$vectorize' in the sort, or as the option 'rerankQuery', and resend it.",
    )


def _passage(options: FindAndRerankOptions, sort: HybridSort) -> Path:
    name = options.rerank_on
    if name is None or not name.strip():
        if sort.text is not None:
            return (VECTORIZE,)
        raise data_api_error(
            "MISSING_RERANK_ON",
            "The findAndRerank command does not specify which document field to rerank on.\n\n"
            "Name it with the option 'rerankOn'; only a search by '$vectorize' has a default, the text itself.",
        )
    try:
        return split_path(name)
    except PathSyntaxError as problem:
        raise data_api_error(
            "UNSUPPORTED_UPDATE_OPERATION_PATH",
            f"The option 'rerankOn' is not valid: the path ('{cut(name)}') is not valid: {problem}.\n\n"
            "Correct it and resend the command.",
        ) from problem


def _check_has_something(sort: HybridSort) -> None:
    if not sort.is_hybrid:
        raise _nothing("UNSUPPORTED_FIND_AND_RERANK_SORT", "findAndRerank needs a sort by '$hybrid'")
    if sort.empty:
        raise _nothing("MISSING_HYBRID_SORT_VALUE", "'$hybrid' has no value that is not blank to search for")


def _nothing(code: str, problem: str) -> DataApiError:
    return data_api_error(
        code,
        f"{problem}.\n\nResend the command with a text in '$hybrid', or with '$vectorize', '$vector' or '$lexical'.",
    )
