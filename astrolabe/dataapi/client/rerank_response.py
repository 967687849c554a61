"""What findAndRerank answers: the documents, where each of them stood, and whether a model has decided the order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from astrolabe.dataapi.language.special_fields import VECTOR
from astrolabe.dataapi.protocol import Json, Response

VECTOR_RANK, WORD_RANK = "$vectorRank", "$bm25Rank"

NOT_CONFIGURED = "RERANKING_MODEL_NOT_CONFIGURED"
"""The warning that says that no model has read the documents."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Where a document stood in the searches.

    Attributes:
        vector_rank: Its place among the results by meaning, from 1; None when it is not among them.
        word_rank: Its place among the results by words, from 1; None when it is not among them.
        rerank: The reranking model's score; None without one.
        fused: The score of reciprocal-rank fusion.
        similarity: To the vector searched by; None when it was not found by it.
    """

    vector_rank: int | None = None
    word_rank: int | None = None
    rerank: float | None = None
    fused: float | None = None
    similarity: float | None = None


@dataclass(frozen=True, slots=True)
class RerankedDocument:
    """A document of the answer; ``scores`` is None unless they were asked for."""

    document: Json
    scores: Scores | None = None


@dataclass(frozen=True, slots=True)
class RerankedPage:
    """The documents in their order.

    Attributes:
        found: The best first.
        warnings: What the server remarked, as it was answered.
        sort_vector: The vector searched by; None unless asked for.
    """

    found: tuple[RerankedDocument, ...]
    warnings: tuple[Json, ...] = ()
    sort_vector: list[float] | None = None

    def rows(self) -> list[Json]:
        """Return the documents behind their scores, which have the API's names; a score that says nothing is left out.

        A document without scores stays as it is.
        """
        return [self._row(one) for one in self.found]

    def _row(self, one: RerankedDocument) -> Json:
        scores = one.scores
        if scores is None:
            return one.document
        decided = {"$rrf": scores.fused} if scores.rerank is None else {"$rerank": scores.rerank}
        return {**decided, VECTOR_RANK: scores.vector_rank, WORD_RANK: scores.word_rank} | one.document

    @property
    def fused(self) -> bool:
        """Whether the order is that of fusion, because no reranking model is set up."""
        return any(warning.get("errorCode") == NOT_CONFIGURED for warning in self.warnings)


def read_page(response: Response) -> RerankedPage:
    """Return the answer to a findAndRerank that has no error."""
    documents: Sequence[Json] = (response.data or {}).get("documents") or []
    responses: Sequence[Mapping[str, Any]] = response.status.get("documentResponses") or []
    found = [
        RerankedDocument(document, _scores((entry or {}).get("scores")))
        for document, entry in zip_longest(documents, responses[: len(documents)])
    ]
    warnings = tuple(one for one in response.status.get("warnings") or () if isinstance(one, dict))
    return RerankedPage(tuple(found), warnings, response.status.get("sortVector"))


def _scores(given: Mapping[str, Any] | None) -> Scores | None:
    if not isinstance(given, Mapping):
        return None
    return Scores(
        vector_rank=_rank(given.get(VECTOR_RANK)),
        word_rank=_rank(given.get(WORD_RANK)),
        rerank=_number(given.get("$rerank")),
        fused=_number(given.get("$rrf")),
        similarity=_number(given.get(VECTOR)),
    )


def _rank(value: Any) -> int | None:  # noqa: ANN401 - JSON is any value
    return None if value is None else int(value)


def _number(value: Any) -> float | None:  # noqa: ANN401 - JSON is any value
    return None if value is None else float(value)
