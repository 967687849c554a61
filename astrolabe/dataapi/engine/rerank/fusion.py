"""Two lists of results as one: where each document stood, and in which order they are returned."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from astrolabe.dataapi.language.special_fields import VECTOR
from astrolabe.dataapi.language.vectors import single
from astrolabe.dataapi.protocol import Json
from storage.shapes import Hit

_K = 60
"""How much the first places count against the later ones, in reciprocal-rank fusion."""


@dataclass(slots=True)
class Standing:
    """Where a document stood in the lists.

    Attributes:
        seq: Its row.
        similarity: To the vector searched by; None when it was not found by it.
        vector_rank: From 1; None when it was not found by the vector.
        word_rank: From 1; None when it was not found by the words.
        rerank: The reranking model's score; None without one.
    """

    seq: int
    similarity: float | None = None
    vector_rank: int | None = None
    word_rank: int | None = None
    rerank: float | None = None

    @property
    def fused(self) -> float:
        """The score of reciprocal-rank fusion."""
        return sum(1 / (_K + rank) for rank in (self.vector_rank, self.word_rank) if rank is not None)

    def scores(self) -> Json:
        """Return the scores as ``documentResponses`` has them, as 32-bit floats print."""
        return {
            "$rerank": None if self.rerank is None else single(self.rerank),
            VECTOR: None if self.similarity is None else single(self.similarity),
            "$vectorRank": self.vector_rank,
            "$bm25Rank": self.word_rank,
            "$rrf": single(self.fused),
        }


def merged(by_words: Sequence[int], by_vector: Sequence[Hit]) -> dict[int, Standing]:
    """Return where each document stood, by row."""
    standings: dict[int, Standing] = {}
    for rank, seq in enumerate(by_words, start=1):
        standings[seq] = Standing(seq, word_rank=rank)
    for rank, hit in enumerate(by_vector, start=1):
        standing = standings.setdefault(hit.seq, Standing(hit.seq))
        standing.vector_rank, standing.similarity = rank, hit.similarity
    return standings


def in_order(standings: Iterable[Standing]) -> list[Standing]:
    """Return the best first: by the model's score where there is one, then by fusion, then the older first."""
    return sorted(standings, key=lambda standing: (-(standing.rerank or 0.0), -standing.fused, standing.seq))
