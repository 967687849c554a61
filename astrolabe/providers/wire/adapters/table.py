"""The adapter of every provider that is spoken to over HTTP: it follows the provider's row of the catalogue."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from astrolabe.providers.catalogue.provider_info import Direction, EmbeddingSpec, ProviderInfo
from astrolabe.providers.catalogue.wire_format import Envelope, TextsForm, WireFormat
from astrolabe.providers.wire.adapters.answers import parse_bare, parse_json, parse_openai
from astrolabe.providers.wire.adapters.error_text import find_words
from astrolabe.providers.wire.adapters.google import google_body, parse_google, parse_vertex, vertex_body
from astrolabe.providers.wire.adapters.ollama import parse_ollama
from astrolabe.providers.wire.adapters.protocol import Call, Parsed

_PARSERS: Mapping[Envelope, Callable[[object, int], Parsed]] = {
    Envelope.OPENAI: parse_openai,
    Envelope.BARE: parse_bare,
    Envelope.OLLAMA: parse_ollama,
    Envelope.GOOGLE: parse_google,
    Envelope.VERTEX: parse_vertex,
}

USER_AGENT = "astrolabe"
"""How this program introduces itself to providers."""


class WireAdapter:
    """Builds requests and reads answers as a :class:`WireFormat` says."""

    def __init__(self, provider: ProviderInfo, wire: WireFormat) -> None:
        self._provider = provider
        self._wire = wire

    @property
    def envelope(self) -> Envelope:
        """The shape of a successful answer."""
        return self._wire.envelope

    def call(self, url: str, spec: EmbeddingSpec, texts: Sequence[str], direction: Direction) -> Call:
        """Return the request that embeds ``texts`` at ``url``.

        Raises:
            ValueError: More than one text for a provider that takes them one by one.
        """
        headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": USER_AGENT}
        for parameter, header in self._wire.header_parameters.items():
            if spec.parameters.get(parameter) not in (None, ""):
                headers[header] = str(spec.parameters[parameter])
        body = self._body(spec, texts, direction)
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        return Call(url, headers, content, self._provider.auth_header, self._wire.auth_scheme)

    def _body(self, spec: EmbeddingSpec, texts: Sequence[str], direction: Direction) -> dict[str, Any]:
        wire = self._wire
        if wire.envelope is Envelope.GOOGLE:
            return google_body(wire, spec, texts, direction)
        if wire.envelope is Envelope.VERTEX:
            return vertex_body(wire, texts, direction)
        storing = direction is Direction.STORE
        body: dict[str, Any] = {wire.text_field: self._texts(texts), **wire.fixed}
        if wire.model_field:
            body[wire.model_field] = spec.model + (wire.store_suffix if storing else wire.query_suffix)
        model = self._provider.known_model(spec.model)
        if wire.dimension_field and model is not None and model.dimension_range and not model.server_decides:
            body[wire.dimension_field] = spec.dimension
        if wire.direction_field:
            body[wire.direction_field] = wire.store_value if storing else wire.query_value
        for parameter, member in wire.body_parameters.items():
            if spec.parameters.get(parameter) is not None:
                body[member] = spec.parameters[parameter]
        for member in () if storing else wire.passage_members:
            if isinstance(body.get(member), str):
                body[member] = _for_searches(body[member])
        return body

    def _texts(self, texts: Sequence[str]) -> list[str] | str:
        if self._wire.texts is TextsForm.LIST:
            return list(texts)
        if len(texts) != 1:
            raise ValueError(f"{self._provider.label} takes one text per request, got {len(texts)}.")
        return texts[0]

    def parse(self, body: bytes, count: int) -> Parsed:
        """Read a successful answer for ``count`` texts.

        Raises:
            AnswerError: The body is not what the provider's contract says.
        """
        return _PARSERS[self._wire.envelope](parse_json(body), count)

    def words(self, status: int, content_type: str, body: bytes) -> str:
        """Return the provider's own words in an error answer; the whole body where there are none."""
        if status == 401 and self._wire.unauthorized_words:  # noqa: PLR2004 - HTTP's own number
            return self._wire.unauthorized_words
        return find_words(self._wire.words, content_type, body)


def _for_searches(task: str) -> str:
    """Return the task of a search in a collection whose texts were stored with ``task``."""
    kind, dot, role = task.rpartition(".")
    return f"{kind}.query" if dot and role == "passage" else task
