"""findAndRerank and findRerankingProviders: understood, and answered as a database without a reranker does."""

from __future__ import annotations

from collections.abc import Mapping

from astrolabe.dataapi.commands.base import Command
from astrolabe.dataapi.commands.documents import FindAndRerank
from astrolabe.dataapi.commands.general import FindRerankingProviders
from astrolabe.dataapi.context import CollectionHandler, Engine, GeneralHandler, OpenCollection
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.protocol import Response
from astrolabe.errors import DataApiError


async def find_and_rerank(_target: OpenCollection, _command: FindAndRerank) -> Response:
    """Refuse: there is no reranker."""
    raise _not_enabled("findAndRerank", "Use 'find' with a sort by '$vector' or '$vectorize'.")


async def find_reranking_providers(_engine: Engine, _command: FindRerankingProviders) -> Response:
    """Refuse: there are none."""
    raise _not_enabled("findRerankingProviders", "There are no reranking providers to list.")


def _not_enabled(verb: str, advice: str) -> DataApiError:
    message = f"This database does not offer reranking, so '{verb}' cannot be answered.\n{advice}"
    return data_api_error("RERANKING_FEATURE_NOT_ENABLED", message)


GENERAL: Mapping[type[Command], GeneralHandler] = {FindRerankingProviders: find_reranking_providers}
HANDLERS: Mapping[type[Command], CollectionHandler] = {FindAndRerank: find_and_rerank}
