"""Google's two embedding services: a request has an object for each text, and an answer one for each vector."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from astrolabe.providers.catalogue.provider_info import Direction, EmbeddingSpec
from astrolabe.providers.catalogue.wire_format import WireFormat
from astrolabe.providers.wire.adapters.answers import parse_bare
from astrolabe.providers.wire.adapters.protocol import AnswerError, Parsed, Usage
from astrolabe.providers.wire.foreign_json import counted


def google_body(wire: WireFormat, spec: EmbeddingSpec, texts: Sequence[str], direction: Direction) -> dict[str, Any]:
    """Return the body of ``models.batchEmbedContents`` of the Gemini API."""
    shared: dict[str, Any] = {"model": f"models/{spec.model.removeprefix('models/')}"}
    ending: dict[str, Any] = {wire.direction_field: _task(wire, direction)}
    if wire.dimension_field:
        ending[wire.dimension_field] = spec.dimension
    return {"requests": [shared | {"content": {"parts": [{"text": text}]}} | ending for text in texts]}


def vertex_body(wire: WireFormat, texts: Sequence[str], direction: Direction) -> dict[str, Any]:
    """Return the body of ``:predict`` of a text embedding model of Vertex AI."""
    task = _task(wire, direction)
    return {"instances": [{"content": text, wire.direction_field: task} for text in texts], **wire.fixed}


def parse_google(answer: object, count: int) -> Parsed:
    """Read ``{"embeddings": [{"values": [...]}, …]}``, in the order of the texts.

    Raises:
        AnswerError: Not such an object, the wrong number of vectors, or something else than numbers.
    """
    entries = _entries(answer, "embeddings")
    return parse_bare([_values(entry) for entry in entries], count)


def parse_vertex(answer: object, count: int) -> Parsed:
    """Read ``{"predictions": [{"embeddings": {"values": [...], "statistics": {"token_count": n}}}, …]}``.

    Raises:
        AnswerError: Not such an object, the wrong number of vectors, or something else than numbers.
    """
    embeddings = [_member(entry, "embeddings") for entry in _entries(answer, "predictions")]
    counts = [counted(_member(_member(one, "statistics"), "token_count")) for one in embeddings]
    tokens = sum(one for one in counts if one is not None) if any(counts) else None
    vectors = parse_bare([_values(one) for one in embeddings], count).vectors
    return Parsed(vectors, Usage(tokens, tokens))


def _task(wire: WireFormat, direction: Direction) -> str:
    return wire.store_value if direction is Direction.STORE else wire.query_value


def _entries(answer: object, name: str) -> list[Any]:
    entries = _member(answer, name)
    if not isinstance(entries, list) or not entries:
        raise AnswerError("has no embeddings in it", quote=True)
    return entries


def _values(entry: object) -> object:
    values = _member(entry, "values")
    if not isinstance(values, list):
        raise AnswerError("lists something else than embeddings")
    return values


def _member(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, dict) else None
