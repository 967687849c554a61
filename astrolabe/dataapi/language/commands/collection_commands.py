"""Commands on a collection."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from astrolabe.dataapi.language.allowances import allowed, setting_of
from astrolabe.dataapi.language.commands.base import (
    AS_WHOLE,
    FEW_MEMBERS,
    NULL_AND_EMPTY,
    Command,
    CommandPart,
    Flag,
    NoOptions,
    OrEmpty,
    Text,
)
from astrolabe.dataapi.protocol import Json, JsonValue


def _present(value: JsonValue) -> JsonValue:
    if value is None:
        message = "must not be null"
        raise ValueError(message)
    return value


def _is_object(value: JsonValue) -> JsonValue:
    if value is not None and not isinstance(value, dict):
        raise PydanticCustomError("dict_type", "must be an object")
    return _present(value)


def _given(documents: JsonValue) -> JsonValue:
    if documents is None:
        raise PydanticCustomError(NULL_AND_EMPTY, "must not be null")
    return documents


def _within_limit(documents: list[JsonValue]) -> list[JsonValue]:
    if not documents:
        message = "must not be empty: one document at least"
        raise ValueError(message)
    most = allowed().insert_documents
    if len(documents) > most:
        message = (
            f"amount of documents to insert is over the max limit ({len(documents)} vs {most}); more with "
            f"{setting_of('insert_documents')}"
        )
        raise ValueError(message)
    return documents


Required = Annotated[JsonValue, AfterValidator(_present)]
"""Anything but null; what it has to be is for the language package to say."""

Where = Annotated[JsonValue, Field(alias="filter")]
"""A filter clause as it came."""


class InsertOne(Command):
    """Insert one document; null is refused as a document."""

    document: JsonValue
    options: NoOptions = None


class InsertManyOptions(CommandPart):
    """Whether to stop at the first failure, and whether to answer document by document."""

    ordered: Flag = None
    return_document_responses: Flag = None


Documents = Annotated[
    list[JsonValue],
    BeforeValidator(_given),
    AfterValidator(_within_limit),
    Field(default=None, validate_default=True),
]
"""What insertMany inserts; it must be there and not empty."""


class InsertMany(Command):
    """Insert several documents, as many as the limits allow."""

    documents: Documents
    options: OrEmpty[InsertManyOptions] = InsertManyOptions()


class FindOneOptions(CommandPart):
    """What to add to the answer of a vector sort."""

    include_similarity: Flag = None
    include_sort_vector: Flag = None


_MOST = 2**31 - 1
"""Upstream reads these numbers into 32 bits."""

Limit = Annotated[Annotated[int, Field(gt=0, le=_MOST)] | None, AS_WHOLE]
PageStateText = Annotated[Text | None, Field(validation_alias=AliasChoices("pageState", "pagingState"))]


class FindOptions(FindOneOptions):
    """How much to read, and from where."""

    limit: Limit = None
    skip: Annotated[Annotated[int, Field(ge=0, le=_MOST)] | None, AS_WHOLE] = None
    page_state: PageStateText = None


class Query(Command):
    """What all commands that look for documents have."""

    where: Where = None
    sort: JsonValue = None


class Find(Query):
    """Read a page of documents."""

    projection: JsonValue = None
    options: OrEmpty[FindOptions] = FindOptions()


class FindOne(Query):
    """Read one document."""

    projection: JsonValue = None
    options: OrEmpty[FindOneOptions] = FindOneOptions()


class UpsertOptions(CommandPart):
    """Whether to insert when nothing matches."""

    upsert: Flag = None


class UpdateOne(Query):
    """Change one document."""

    update: Required
    options: OrEmpty[UpsertOptions] = UpsertOptions()


class UpdateManyOptions(UpsertOptions):
    """Whether to insert when nothing matches, and where to go on."""

    page_state: PageStateText = None


class UpdateMany(Command):
    """Change the matching documents, a page of them."""

    where: Where = None
    update: Required
    options: OrEmpty[UpdateManyOptions] = UpdateManyOptions()


class RerankService(CommandPart):
    """A reranking model; everything is optional here because the checks have an order of their own."""

    provider: Text | None = None
    model_name: Text | None = None
    authentication: Annotated[dict[str, Text], FEW_MEMBERS] | None = None
    parameters: Json | None = None


class FindAndRerankOptions(CommandPart):
    """How much to read, what to rerank on, and what to add to the answer."""

    limit: Limit = None
    hybrid_limits: JsonValue = None
    rerank_query: Text | None = None
    rerank_on: Text | None = None
    include_scores: Flag = None
    include_sort_vector: Flag = None
    rerank: RerankService | None = None


class FindAndRerank(Query):
    """Find by vector and by words, and have a model put both results in order."""

    projection: JsonValue = None
    options: OrEmpty[FindAndRerankOptions] = FindAndRerankOptions()


class FindAndChangeOptions(UpsertOptions):
    """Which image of the document to answer with."""

    return_document: Literal["before", "after"] | None = None


class FindOneAndUpdate(UpdateOne):
    """Change one document and answer with it."""

    projection: JsonValue = None
    options: OrEmpty[FindAndChangeOptions] = FindAndChangeOptions()


class FindOneAndReplace(Query):
    """Replace one document and answer with it."""

    replacement: Annotated[JsonValue, AfterValidator(_is_object)]
    projection: JsonValue = None
    options: OrEmpty[FindAndChangeOptions] = FindAndChangeOptions()


class FindOneAndDelete(Query):
    """Delete one document and answer with it; it knows no options at all."""

    projection: JsonValue = None


class DeleteOne(Command):
    """Delete one document."""

    where: Annotated[JsonValue, AfterValidator(_present), Field(alias="filter")]
    sort: JsonValue = None
    options: NoOptions = None


class DeleteMany(Command):
    """Delete every matching document; without a filter, empty the collection."""

    where: Where = None
    options: NoOptions = None


class CountDocuments(Command):
    """Count the matching documents, up to a ceiling."""

    where: Where = None
    options: NoOptions = None


class EstimatedDocumentCount(Command):
    """Count all documents."""

    options: NoOptions = None
