"""Request and answer of a reranking model, as NVIDIA's NIM speaks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from astrolabe.providers.wire.adapters.answers import parse_json, positions
from astrolabe.providers.wire.adapters.protocol import AnswerError, Call
from astrolabe.providers.wire.adapters.table import USER_AGENT
from astrolabe.providers.wire.foreign_json import finite_number

_SCORES = ("logit", "score")
"""Members of an entry that hold its score; the first is the wire's, the second is what some servers call it."""


def ranking_call(url: str, model: str, query: str, passages: Sequence[str]) -> Call:
    """Return the request that asks how well passages answer a query; long ones are cut by the model."""
    headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": USER_AGENT}
    body = {
        "model": model,
        "query": {"text": query},
        "passages": [{"text": passage} for passage in passages],
        "truncate": "END",
    }
    return Call(url, headers, json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())


def parse_rankings(body: bytes, count: int) -> list[float]:
    """Read ``{"rankings": [{"index": n, "logit": x}, …]}``, whose entries come in any order; one score per passage.

    Raises:
        AnswerError: No rankings, the wrong number, a missing or doubled index, or a score that is no finite number.
    """
    answer = parse_json(body)
    entries = answer.get("rankings") if isinstance(answer, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise AnswerError("has no rankings in it", quote=True)
    if len(entries) != count:
        raise AnswerError(f"has {len(entries)} rankings for {count} passages")
    # Rankings may come in the order of their scores, so without an index only a single one is clear.
    places = positions([entry.get("index") for entry in entries], ordered=count == 1, nouns=("ranking", "passage"))
    return [_score(entries[place]) for place in places]


def _score(entry: dict[str, Any]) -> float:
    score = finite_number(next((entry[name] for name in _SCORES if name in entry), None))
    if score is None:
        raise AnswerError("has a score that is no finite number")
    return score
