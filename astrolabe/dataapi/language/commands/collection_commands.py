"""Commands on a collection."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, AliasChoices, Field

from astrolabe.dataapi.language.commands.base import Command, CommandPart, NoOptions, OrEmpty
from astrolabe.dataapi.protocol import Json, JsonValue

MOST_DOCUMENTS = 100
"""How many documents one insertMany takes."""


def _present(value: JsonValue) -> JsonValue:
    if value is None:
        message = "must not be null"
        raise ValueError(message)
    return value


def _within_limit(documents: list[JsonValue]) -> list[JsonValue]:
    if not documents:
        message = "must not be empty: one document at least"
        raise ValueError(message)
    if len(documents) > MOST_DOCUMENTS:
        message = f"amount of documents to insert is over the max limit ({len(documents)} vs {MOST_DOCUMENTS})"
        raise ValueError(message)
    return documents


Required = Annotated[JsonValue, AfterValidator(_present)]
"""Anything but null; what it has to be is for the language package to say."""

Where = Annotated[JsonValue, Field(alias="filter")]
"""A filter clause as it came."""


class InsertOne(Command):
    """Insert one document."""

    document: Required
    options: NoOptions = None


class InsertManyOptions(CommandPart):
    """Whether to stop at the first failure, and whether to answer document by document."""

    ordered: bool | None = None
    return_document_responses: bool | None = None


class InsertMany(Command):
    """Insert up to :data:`MOST_DOCUMENTS` documents."""

    documents: Annotated[list[JsonValue], AfterValidator(_within_limit)]
    options: OrEmpty[InsertManyOptions] = InsertManyOptions()


class FindOneOptions(CommandPart):
    """What to add to the answer of a vector sort."""

    include_similarity: bool | None = None
    include_sort_vector: bool | None = None


_MOST = 2**31 - 1
"""Upstream reads these numbers into 32 bits."""


class FindOptions(FindOneOptions):
    """How much to read, and from where."""

    limit: Annotated[int, Field(gt=0, le=_MOST)] | None = None
    skip: Annotated[int, Field(ge=0, le=_MOST)] | None = None
    page_state: str | None = Field(default=None, validation_alias=AliasChoices("pageState", "pagingState"))


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

    upsert: bool | None = None


class UpdateOne(Query):
    """Change one document."""

    update: Required
    options: OrEmpty[UpsertOptions] = UpsertOptions()


class UpdateManyOptions(UpsertOptions):
    """The page state is understood; everything is done in one call, so none is ever answered."""

    page_state: str | None = Field(default=None, validation_alias=AliasChoices("pageState", "pagingState"))


class UpdateMany(Command):
    """Change every matching document."""

    where: Where = None
    update: Required
    options: OrEmpty[UpdateManyOptions] = UpdateManyOptions()


class RerankService(CommandPart):
    """A reranking model; everything is optional here because the checks have an order of their own."""

    provider: str | None = None
    model_name: str | None = None
    authentication: dict[str, str] | None = None
    parameters: Json | None = None


class FindAndRerankOptions(CommandPart):
    """How much to read, what to rerank on, and what to add to the answer."""

    limit: Annotated[int, Field(gt=0, le=_MOST)] | None = None
    hybrid_limits: JsonValue = None
    rerank_query: str | None = None
    rerank_on: str | None = None
    include_scores: bool | None = None
    include_sort_vector: bool | None = None
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

    replacement: Required
    projection: JsonValue = None
    options: OrEmpty[FindAndChangeOptions] = FindAndChangeOptions()


class FindOneAndDelete(Query):
    """Delete one document and answer with it."""

    projection: JsonValue = None
    options: NoOptions = None


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
