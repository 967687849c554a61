"""findAndRerank and findRerankingProviders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from astrolabe.dataapi.engine.finding import nearest, relevant, render, vectors_for
from astrolabe.dataapi.engine.rerank.fusion import Standing, in_order, merged
from astrolabe.dataapi.engine.rerank.plan import HybridPlan, plan_hybrid
from astrolabe.dataapi.engine.target import Engine, GeneralHandler, Target, TargetHandler
from astrolabe.dataapi.engine.vectorize.provider_listing import list_rerankers, wanted_statuses
from astrolabe.dataapi.language.commands.base import Command
from astrolabe.dataapi.language.commands.collection_commands import FindAndRerank
from astrolabe.dataapi.language.commands.general import FindRerankingProviders
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.provider_errors import reranking_error
from astrolabe.dataapi.protocol import Json, Response
from astrolabe.errors import DataApiError, ProviderError
from storage.documents.scanning import parse_body
from storage.gil_yield import in_thread
from storage.shapes import Item


async def find_and_rerank(target: Target, command: FindAndRerank) -> Response:
    """Find by vector and by words, and return the documents in the order of a reranking model, or of fusion."""
    options = command.options
    plan = await plan_hybrid(target, command)
    standings = await _found(plan)
    items = await target.store.read_rows(target.container, list(standings), vectors=vectors_for(plan.projection))
    passages = await in_thread(_passages, plan, items)
    reranked = target.engine.reranker.reaches(plan.choice.provider)
    if reranked:
        await _rerank(target, plan, standings, passages)
    kept = in_order(standings[seq] for seq in passages)[: plan.limit]
    by_seq = {item.seq: item for item in items}
    documents = await render([by_seq[standing.seq] for standing in kept], plan.projection)
    status: Json = {}
    if options.include_sort_vector:
        status["sortVector"] = plan.selection.sort_vector()
    if options.include_scores:
        status["documentResponses"] = [{"scores": standing.scores()} for standing in kept]
    if not reranked:
        status["warnings"] = [_fused(plan).to_object()]
    return Response(data={"documents": documents, "nextPageState": None}, status=status)


async def _found(plan: HybridPlan) -> dict[int, Standing]:
    selection = plan.selection
    by_words = await relevant(selection, plan.words, plan.limits.words) if plan.words is not None else []
    by_vector = await nearest(selection, plan.limits.vector) if selection.by_vector else []
    return merged(by_words, by_vector)


def _passages(plan: HybridPlan, items: Sequence[Item]) -> dict[int, str]:
    """Return the text of each document that has one, by row; in a thread, because the documents are read for it."""
    texts = {item.seq: plan.passage_of(parse_body(item)) for item in items}
    return {seq: text for seq, text in texts.items() if text is not None}


async def _rerank(
    target: Target, plan: HybridPlan, standings: Mapping[int, Standing], passages: Mapping[int, str]
) -> None:
    choice = plan.choice
    try:
        scores = await target.engine.reranker.score(
            choice.provider, choice.model, plan.query, list(passages.values()), target.rerank_keys
        )
    except ProviderError as error:
        raise reranking_error(error) from error
    for seq, score in zip(passages, scores, strict=True):
        standings[seq].rerank = score


def _fused(plan: HybridPlan) -> DataApiError:
    name = plan.choice.provider
    return data_api_error(
        "RERANKING_MODEL_NOT_CONFIGURED",
        f"No address is set for the reranking provider '{name}', so no model has read the documents: they are in the "
        "order of reciprocal-rank fusion of the two searches, and '$rerank' is null.\n\n"
        f"Set ASTROLABE_RERANKERS__{name}__URL where the server runs to have them reranked.",
    )


async def find_reranking_providers(engine: Engine, command: FindRerankingProviders) -> Response:
    """List the reranking providers with the models of the wanted life cycle."""
    statuses = wanted_statuses(command.options)
    return Response(status={"rerankingProviders": list_rerankers(engine.reranker.rerankers, statuses)})


GENERAL: Mapping[type[Command], GeneralHandler] = {FindRerankingProviders: find_reranking_providers}
HANDLERS: Mapping[type[Command], TargetHandler] = {FindAndRerank: find_and_rerank}
