"""How a provider's request and answer look, as data.

Seven of the nine providers over HTTP speak the OpenAI envelope with small differences; the other two differ in the
envelope. What differs is a value here, read from ``catalogue.toml``; the one adapter for all is in ``adapters``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Envelope(StrEnum):
    """The shape of a successful answer."""

    OPENAI = "openai"
    """An object whose ``data`` lists ``{"index": n, "embedding": [...]}`` in any order, with ``usage``."""

    BARE = "bare"
    """An array of arrays of numbers in the order of the texts."""

    OLLAMA = "ollama"
    """An object whose ``embeddings`` is such an array."""

    GOOGLE = "google"
    """``embeddings`` lists ``{"values": [...]}``; the request has an object for each text under ``requests``."""

    VERTEX = "vertex"
    """``predictions`` lists ``{"embeddings": {"values": [...]}}``; each text is an object under ``instances``."""


class TextsForm(StrEnum):
    """Whether a request carries a list of texts or exactly one string."""

    LIST = "list"
    STRING = "string"


@dataclass(frozen=True, slots=True)
class WireFormat:
    """One provider's request and answer.

    Attributes:
        text_field: Body member with the texts.
        texts: A list, or one bare string.
        model_field: Body member with the model's name; empty when the address decides the model.
        envelope: Shape of the answer.
        dimension_field: Body member with the dimension, sent only for models that offer a range; empty for never.
        auth_scheme: Word before the key in the header; empty when the key stands alone.
        direction_field: Body member that tells stored texts from searches; empty when there is none.
        store_value: Its value for stored texts.
        query_value: Its value for searches.
        store_suffix: Appended to the model's name for stored texts.
        query_suffix: Appended to the model's name for searches.
        fixed: Body members that are sent unless a parameter of the collection sets them.
        body_parameters: Collection parameter -> body member, sent only when set on the collection.
        passage_members: Body members whose value for stored texts ends in ``.passage``, and for searches in ``.query``.
        joining_parameter: Collection parameter with which the texts of a request become parts of one document, so that
            each of ours has to go alone; empty when there is none.
        header_parameters: Collection parameter -> request header, sent only when set.
        model_urls: Models that live at an address of their own.
        request_tokens: Most tokens in one request, all texts together; None when unknown or unlimited.
        request_bytes: Most bytes of one request's body; None when unknown.
        words: JSON pointers to the provider's own words in an error, the first that exists counts.
        unauthorized_words: What a 401 is reported as, whatever its body says; empty when the body is read.
    """

    text_field: str = "input"
    texts: TextsForm = TextsForm.LIST
    model_field: str = "model"
    envelope: Envelope = Envelope.OPENAI
    dimension_field: str = ""
    auth_scheme: str = "Bearer"
    direction_field: str = ""
    store_value: str = ""
    query_value: str = ""
    store_suffix: str = ""
    query_suffix: str = ""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    body_parameters: Mapping[str, str] = field(default_factory=dict)
    passage_members: tuple[str, ...] = ()
    joining_parameter: str = ""
    header_parameters: Mapping[str, str] = field(default_factory=dict)
    model_urls: Mapping[str, str] = field(default_factory=dict)
    request_tokens: int | None = None
    request_bytes: int | None = None
    words: tuple[str, ...] = ()
    unauthorized_words: str = ""
