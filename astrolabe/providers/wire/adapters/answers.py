"""Reading the two shapes of a successful answer, trusting nothing."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence

import numpy as np

from astrolabe.providers.wire.adapters.error_text import is_json
from astrolabe.providers.wire.adapters.protocol import AnswerError, Parsed, Reply, Usage
from astrolabe.providers.wire.foreign_json import counted, read_json
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
        return read_json(body)
    except json.JSONDecodeError as error:
        raise AnswerError("is not valid JSON", quote=True) from error
    except ValueError as error:
        raise AnswerError(f"is no JSON that is read: {error}", quote=True) from error


def parse_openai(answer: object, count: int) -> Parsed:
    """Read ``{"data": [{"index": n, "embedding": [...]}, …], "usage": {...}}``, whose entries come in any order.

    An answer whose entries have no ``index`` at all is in the order of the texts. Some servers leave out an index of 0.

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
    places = positions([entry.get("index") for entry in entries], ordered=True)
    vectors = [_decoded(entries[place].get("embedding")) for place in places]
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


def positions(indexes: Sequence[object], *, ordered: bool, nouns: tuple[str, str] = ("embedding", "text")) -> list[int]:
    """Return where the entry of each text stands in an answer whose entries come in any order.

    One index that is left out or null is that of the first text: 0 is nothing to some servers.

    Args:
        indexes: What each entry has as its index; None where it has none.
        ordered: Whether entries of which none has an index are in the order of the texts.
        nouns: What an entry and a text are called.

    Raises:
        AnswerError: It cannot be told.
    """
    if ordered and all(index is None for index in indexes):
        return list(range(len(indexes)))
    unclear = f"does not say which {nouns[0]} belongs to which {nouns[1]}: an 'index'"
    if indexes.count(None) == 1 and 0 not in indexes:
        indexes = [0 if index is None else index for index in indexes]
    if any(type(index) is not int for index in indexes):  # true is an int, too
        raise AnswerError(f"{unclear} is missing, or no number")
    places = {index: place for place, index in enumerate(indexes)}
    if places.keys() != set(range(len(indexes))):
        raise AnswerError(f"{unclear} is doubled or out of range")
    return [places[position] for position in range(len(indexes))]


def _decoded(embedding: object) -> object:
    """Some servers answer in base64 (little-endian float32) although it was not asked for."""
    if not isinstance(embedding, str):
        return embedding
    try:
        return np.frombuffer(base64.b64decode(embedding, validate=True), dtype="<f4")
    except (binascii.Error, ValueError) as error:
        raise AnswerError("has a text where an embedding belongs") from error


def _matrix(vectors: list[object]) -> Matrix:
    if any(bool in set(map(type, vector)) for vector in vectors if isinstance(vector, list)):
        raise AnswerError("has true or false where a number belongs")  # which numpy would take for 1 and 0
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
    return Usage(counted(usage.get("prompt_tokens")), counted(usage.get("total_tokens")))
