"""Reading the two shapes of a successful answer, trusting nothing."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

import numpy as np

from astrolabe.providers.wire.adapters.error_text import is_json
from astrolabe.providers.wire.adapters.protocol import AnswerError, Parsed, Reply, Usage
from storage.shapes import Matrix

_MATRIX_DEPTH = 2
_TOKEN_VECTORS_DEPTH = 3


def check_json(reply: Reply) -> None:
    """Refuse an answer that says it is something else than JSON.

    Raises:
        AnswerError: It does.
    """
    if reply.content_type and not is_json(reply.content_type):
        raise AnswerError(f"is not JSON but {reply.content_type[:60]}", quote=True)


def parse_json(body: bytes) -> object:
    """Return the parsed body.

    Raises:
        AnswerError: It is empty or not JSON.
    """
    if not body.strip():
        raise AnswerError("has no body")
    try:
        parsed: object = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise AnswerError("is not valid JSON", quote=True) from error
    return parsed


def parse_openai(answer: object, count: int) -> Parsed:
    """Read ``{"data": [{"index": n, "embedding": [...]}, …], "usage": {...}}``, whose entries come in any order.

    Raises:
        AnswerError: No entries, the wrong number of them, a missing or doubled index, or something else than numbers.
    """
    document = answer if isinstance(answer, dict) else {}
    entries = document.get("data")
    if "choices" in document:
        raise AnswerError(
            "is that of a chat model",
            quote=True,
            meaning="What listens at that address answers questions; it is no embedding model.",
            hint="Use the address and the name of an embedding model.",
        )
    if not isinstance(entries, list) or not entries:
        raise AnswerError("has no embeddings in it", quote=True)
    if not all(isinstance(entry, dict) for entry in entries):
        raise AnswerError("lists something else than embeddings")
    _check_count(len(entries), count)
    vectors = [_decoded(entry.get("embedding")) for entry in _in_order(entries)]
    return Parsed(_matrix(vectors), _usage(document.get("usage")))


def parse_bare(answer: object, count: int) -> Parsed:
    """Read ``[[...], [...]]``, one list of numbers per text, in their order.

    Raises:
        AnswerError: Not such a list, the wrong number of vectors, or something else than numbers.
    """
    if not isinstance(answer, list):
        raise AnswerError("is not a list of embeddings", quote=True)
    _check_count(len(answer), count)
    return Parsed(_matrix(answer))


def check_vectors(vectors: Matrix, dimension: int) -> None:
    """Refuse vectors that could not be stored or compared.

    Args:
        vectors: Shape ``(texts, any)``.
        dimension: What the collection needs.

    Raises:
        AnswerError: Another dimension, a number that is not finite, or a vector of zeros only.
    """
    found = vectors.shape[1]
    if found != dimension:
        raise AnswerError(
            f"has vectors of {found} dimensions where {dimension} are expected",
            meaning=f"The model gives {found} dimensions; the collection was created with {dimension}.",
            hint=f"Create a collection with {found} dimensions, or use another model.",
        )
    usable = np.isfinite(vectors).all(axis=1)
    if not usable.all():
        raise AnswerError(f"has a number that is not finite in vector {int(np.argmin(usable)) + 1}")
    filled = vectors.any(axis=1)
    if not filled.all():
        raise AnswerError(f"has only zeros in vector {int(np.argmin(filled)) + 1}")


def _check_count(found: int, count: int) -> None:
    if found != count:
        raise AnswerError(f"has {found} embeddings for {count} texts")


def _in_order(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if len(entries) == 1:
        return entries
    indexes = [entry.get("index") for entry in entries]
    if any(type(index) is not int for index in indexes):
        raise AnswerError("does not say which embedding belongs to which text: an 'index' is missing")
    by_index = dict(zip(indexes, entries, strict=True))
    if by_index.keys() != set(range(len(entries))):
        raise AnswerError("does not say which embedding belongs to which text: an 'index' is doubled or out of range")
    return [by_index[position] for position in range(len(entries))]


def _decoded(embedding: object) -> object:
    """Some servers answer in base64 (little-endian float32) although it was not asked for."""
    if not isinstance(embedding, str):
        return embedding
    try:
        return np.frombuffer(base64.b64decode(embedding, validate=True), dtype="<f4")
    except (binascii.Error, ValueError) as error:
        raise AnswerError("has a text where an embedding belongs") from error


def _matrix(vectors: list[object]) -> Matrix:
    try:
        numbers = np.asarray(vectors)
    except (ValueError, TypeError, OverflowError) as error:
        raise AnswerError("has embeddings of different lengths, or something else than numbers in them") from error
    if numbers.ndim == _TOKEN_VECTORS_DEPTH:
        raise AnswerError(
            "has one vector per token instead of one per text: the model is served without its pooling step"
        )
    if numbers.ndim != _MATRIX_DEPTH or numbers.dtype.kind not in "fiu":
        raise AnswerError("has something else than lists of numbers where embeddings belong")
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused as that
        return np.ascontiguousarray(numbers, dtype=np.float32)


def _usage(usage: object) -> Usage:
    if not isinstance(usage, dict):
        return Usage()
    prompt, total = usage.get("prompt_tokens"), usage.get("total_tokens")
    return Usage(prompt if isinstance(prompt, int) else None, total if isinstance(total, int) else None)
