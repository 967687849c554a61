"""Commands on a keyspace."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AliasChoices, BeforeValidator, Field

from astrolabe.dataapi.language.commands.base import (
    AS_WHOLE,
    FEW_MEMBERS,
    FIRST_PROBLEM,
    Command,
    CommandPart,
    Flag,
    NewName,
    NoOptions,
    OldName,
    Text,
)
from astrolabe.dataapi.protocol import Json, JsonValue
from storage.shapes import Metric

OTHER_SPELLINGS = {"COSINE": Metric.COSINE, "DOT_PRODUCT": Metric.DOT_PRODUCT, "EUCLIDIAN": Metric.EUCLIDEAN}
"""Metric names of the product's samples, one of them misspelt; Astra DB refuses them on the wire."""


def _metric(value: JsonValue) -> JsonValue:
    if not isinstance(value, str):
        return value
    if value in OTHER_SPELLINGS:
        return OTHER_SPELLINGS[value]
    try:
        return Metric(value)
    except ValueError:
        message = f"must be one of {', '.join(Metric)}"
        raise ValueError(message) from None


SourceModel = Literal["ada002", "bert", "cohere-v3", "gecko", "nv-qa-4", "openai-v3-large", "openai-v3-small", "other"]
"""Where vectors come from that are computed elsewhere."""

IdType = Literal["objectId", "uuid", "uuidv6", "uuidv7"]
"""What ids are generated as; absent means UUID version 4 as plain text."""


class DefaultIdOptions(CommandPart):
    """How ids are made for documents that come without one."""

    type: IdType | None = None


class Service(CommandPart):
    """``vector.service``; everything is optional here because the checks have an order of their own."""

    provider: Text | None = None
    model_name: Text | None = None
    authentication: Annotated[dict[str, Text], FEW_MEMBERS] | None = None
    parameters: Json | None = None


class VectorOptions(CommandPart):
    """``options.vector``; the metric's and dimension's older names are understood."""

    dimension: Annotated[Annotated[int, Field(gt=0)] | None, AS_WHOLE] = Field(
        default=None, validation_alias=AliasChoices("dimension", "size")
    )
    metric: Annotated[Metric | None, BeforeValidator(_metric)] = Field(
        default=None, validation_alias=AliasChoices("metric", "function")
    )
    source_model: SourceModel | None = None
    service: Service | None = None


class IndexingOptions(CommandPart):
    """``options.indexing``: exactly one of the two."""

    allow: Annotated[list[Text], FIRST_PROBLEM] | None = None
    deny: Annotated[list[Text], FIRST_PROBLEM] | None = None


class CreateCollectionOptions(CommandPart):
    """``options`` of createCollection; ``lexical`` and ``rerank`` are checked by hand for their own codes."""

    default_id: DefaultIdOptions | None = None
    vector: VectorOptions | None = None
    indexing: IndexingOptions | None = None
    lexical: JsonValue = None
    rerank: JsonValue = None


class CreateCollection(Command):
    """Create a collection unless it exists with the same settings."""

    name: NewName
    options: CreateCollectionOptions | None = None


class ExplainOptions(CommandPart):
    """Whether names alone or names with their settings are wanted."""

    explain: Flag = None


class FindCollections(Command):
    """List the collections."""

    options: ExplainOptions | None = None


class DeleteCollection(Command):
    """Delete a collection and its documents."""

    name: OldName
    options: NoOptions = None


class ListTables(Command):
    """List the tables."""

    options: ExplainOptions | None = None
