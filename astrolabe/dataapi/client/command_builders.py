"""Commands before they are sent: what to send, and where.

The typed client sends what these builders return, and a dialog shows the same object before it is sent; so what is
shown and what happens cannot differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from astrolabe.dataapi.language.service import service_json
from astrolabe.dataapi.language.special_fields import HYBRID
from astrolabe.dataapi.protocol import Json
from astrolabe.portal.organization import ServiceConfig
from storage.shapes import Metric

ID_ALONE = {"_id": 1, "-": 1}
"""The projection of documents whose ids are all that is wanted: one of ``_id`` alone leaves the other fields in."""


@dataclass(frozen=True, slots=True)
class PlannedCommand:
    """A command and its target.

    Attributes:
        command: An object with exactly one key, the command's name.
        keyspace: None for commands on the database.
        name: Collection or table; None for commands on the database or a keyspace.
        is_table: Whether ``name`` is known to be a table's; snippets speak of rows then.
    """

    command: Json
    keyspace: str | None = None
    name: str | None = None
    is_table: bool = False

    @property
    def verb(self) -> str:
        """The command's name, such as ``createCollection``."""
        return next(iter(self.command), "")


@dataclass(frozen=True, slots=True)
class CollectionTarget:
    """The collection, or the table, that a command is sent to."""

    keyspace: str
    name: str
    is_table: bool = False


def collection_options(
    *,
    dimension: int | None = None,
    metric: Metric | None = None,
    service: ServiceConfig | None = None,
    default_id: str | None = None,
    indexing: Mapping[str, Sequence[str]] | None = None,
    lexical: bool | None = None,
    analyzer: str | None = None,
    rerank: bool | None = None,
) -> Json:
    """Build createCollection's ``options``; what is None is left out, and ``vector`` with it when nothing is in it.

    Args:
        dimension: Length of the vectors; None takes the model's.
        metric: Similarity metric; None takes the API's default, cosine.
        service: The embedding provider's settings, for a collection that vectorizes.
        default_id: One of ``uuid``, ``uuidv6``, ``uuidv7``, ``objectId``.
        indexing: ``{"allow": [...]}`` or ``{"deny": [...]}``.
        lexical: Whether documents can be found by words; None leaves it to the API, as does an analyzer of None.
        analyzer: Name of the analyzer that decides what a word is; switches lexical search on.
        rerank: Whether results can be reranked; None leaves it to the API.
    """
    vector: Json = {}
    if dimension is not None:
        vector["dimension"] = dimension
    if metric is not None:
        vector["metric"] = metric.value
    if service is not None:
        vector["service"] = service_json(service)
    options: Json = {}
    if default_id is not None:
        options["defaultId"] = {"type": default_id}
    if vector:
        options["vector"] = vector
    if indexing is not None:
        options["indexing"] = {kind: list(paths) for kind, paths in indexing.items()}
    if analyzer is not None:
        options["lexical"] = {"enabled": True, "analyzer": analyzer}
    elif lexical is not None:
        options["lexical"] = {"enabled": lexical}
    if rerank is not None:
        options["rerank"] = {"enabled": rerank}
    return options


def plan_find_keyspaces() -> PlannedCommand:
    """List the keyspaces."""
    return PlannedCommand({"findKeyspaces": {}})


def plan_create_keyspace(name: str) -> PlannedCommand:
    """Create a keyspace."""
    return PlannedCommand({"createKeyspace": {"name": name}})


def plan_drop_keyspace(name: str) -> PlannedCommand:
    """Drop a keyspace and everything in it."""
    return PlannedCommand({"dropKeyspace": {"name": name}})


def plan_list_tables(keyspace: str) -> PlannedCommand:
    """List the tables with their definitions."""
    return PlannedCommand({"listTables": {"options": {"explain": True}}}, keyspace)


def plan_list_types(keyspace: str) -> PlannedCommand:
    """List the user-defined types with their fields."""
    return PlannedCommand({"listTypes": {"options": {"explain": True}}}, keyspace)


def plan_list_indexes(keyspace: str, table: str) -> PlannedCommand:
    """List a table's indexes with what they are on."""
    return PlannedCommand({"listIndexes": {"options": {"explain": True}}}, keyspace, table)


def plan_find_embedding_providers() -> PlannedCommand:
    """List the embedding providers with their supported models."""
    return PlannedCommand({"findEmbeddingProviders": {}})


def plan_create_collection(keyspace: str, name: str, options: Mapping[str, Any] | None = None) -> PlannedCommand:
    """Create a collection; ``options`` as :func:`collection_options` builds them."""
    body: Json = {"name": name}
    if options:
        body["options"] = dict(options)
    return PlannedCommand({"createCollection": body}, keyspace)


def plan_find_collections(keyspace: str, *, explain: bool = True) -> PlannedCommand:
    """List the collections of a keyspace, with their options when ``explain`` is set."""
    return PlannedCommand({"findCollections": {"options": {"explain": explain}}}, keyspace)


def plan_delete_collection(keyspace: str, name: str) -> PlannedCommand:
    """Delete a collection and its documents."""
    return PlannedCommand({"deleteCollection": {"name": name}}, keyspace)


def plan_insert_one(target: CollectionTarget, document: Mapping[str, Any]) -> PlannedCommand:
    """Insert one document."""
    return _on(target, "insertOne", {"document": dict(document)})


def plan_insert_many(
    target: CollectionTarget, documents: Sequence[Mapping[str, Any]], *, ordered: bool = False
) -> PlannedCommand:
    """Insert up to 100 documents; asks for one response per document."""
    options = {"ordered": ordered, "returnDocumentResponses": True}
    return _on(target, "insertMany", {"documents": [dict(document) for document in documents], "options": options})


def plan_find(
    target: CollectionTarget,
    *,
    filter: Mapping[str, Any] | None = None,  # noqa: A002 - the command's own word
    projection: Mapping[str, Any] | None = None,
    sort: Mapping[str, Any] | None = None,
    limit: int | None = None,
    skip: int | None = None,
    page_state: str | None = None,
    include_similarity: bool = False,
    include_sort_vector: bool = False,
) -> PlannedCommand:
    """Read one page of documents; ``skip`` needs a sort, ``page_state`` excludes one."""
    options: Json = {}
    if limit is not None:
        options["limit"] = limit
    if skip is not None:
        options["skip"] = skip
    if page_state is not None:
        options["pageState"] = page_state
    options |= _flags(include_similarity=include_similarity, include_sort_vector=include_sort_vector)
    return _on(target, "find", _query(filter, projection, sort, options))


def plan_find_one(
    target: CollectionTarget,
    *,
    filter: Mapping[str, Any] | None = None,  # noqa: A002 - the command's own word
    projection: Mapping[str, Any] | None = None,
    sort: Mapping[str, Any] | None = None,
    include_similarity: bool = False,
    include_sort_vector: bool = False,
) -> PlannedCommand:
    """Read one document."""
    options = _flags(include_similarity=include_similarity, include_sort_vector=include_sort_vector)
    return _on(target, "findOne", _query(filter, projection, sort, options))


def plan_find_and_rerank(
    target: CollectionTarget,
    hybrid: str | Mapping[str, Any],
    *,
    filter: Mapping[str, Any] | None = None,  # noqa: A002 - the command's own word
    projection: Mapping[str, Any] | None = None,
    limit: int | None = None,
    hybrid_limits: int | Mapping[str, int] | None = None,
    rerank_query: str | None = None,
    rerank_on: str | None = None,
    include_scores: bool = False,
    include_sort_vector: bool = False,
) -> PlannedCommand:
    """Find by vector and by words, and put the results into one order.

    Args:
        target: The collection.
        hybrid: One text for both searches, or an object of ``$vectorize`` or ``$vector``, and ``$lexical``.
        filter: Only documents that match.
        projection: What is returned of a document.
        limit: Documents that are returned.
        hybrid_limits: Documents that each search contributes: a number, or one for ``$vector`` and ``$lexical`` each.
        rerank_query: What the reranking model compares with; None takes the text of the search.
        rerank_on: The field that it reads; None takes ``$vectorize``.
        include_scores: Whether to say where each document stood.
        include_sort_vector: Whether to return the vector searched by.
    """
    given = {"limit": limit, "hybridLimits": hybrid_limits, "rerankOn": rerank_on, "rerankQuery": rerank_query}
    options: Json = {member: value for member, value in given.items() if value is not None}
    wanted = {"includeScores": include_scores, "includeSortVector": include_sort_vector}
    options |= {member: True for member, flag in wanted.items() if flag}
    sort = {HYBRID: hybrid if isinstance(hybrid, str) else dict(hybrid)}
    return _on(target, "findAndRerank", _query(filter, projection, sort, options))


def plan_update_one(
    target: CollectionTarget,
    filter: Mapping[str, Any],  # noqa: A002 - the command's own word
    update: Mapping[str, Any],
    *,
    sort: Mapping[str, Any] | None = None,
    upsert: bool = False,
) -> PlannedCommand:
    """Change one document."""
    body: Json = {"filter": dict(filter), "update": dict(update)}
    if sort:
        body["sort"] = dict(sort)
    if upsert:
        body["options"] = {"upsert": True}
    return _on(target, "updateOne", body)


def plan_update_many(
    target: CollectionTarget,
    filter: Mapping[str, Any],  # noqa: A002 - the command's own word
    update: Mapping[str, Any],
    *,
    upsert: bool = False,
    page_state: str | None = None,
) -> PlannedCommand:
    """Change every matching document of one page of them; ``page_state`` is where the last command stopped."""
    options: Json = {"upsert": True} if upsert else {}
    if page_state is not None:
        options["pageState"] = page_state
    body: Json = {"filter": dict(filter), "update": dict(update)}
    return _on(target, "updateMany", body | ({"options": options} if options else {}))


def plan_delete_one(
    target: CollectionTarget,
    filter: Mapping[str, Any],  # noqa: A002 - the command's own word
    *,
    sort: Mapping[str, Any] | None = None,
) -> PlannedCommand:
    """Delete one document."""
    body: Json = {"filter": dict(filter)}
    if sort:
        body["sort"] = dict(sort)
    return _on(target, "deleteOne", body)


def plan_delete_many(
    target: CollectionTarget,
    filter: Mapping[str, Any],  # noqa: A002 - the command's own word
) -> PlannedCommand:
    """Delete every matching document; an empty filter empties the collection."""
    return _on(target, "deleteMany", {"filter": dict(filter)})


def plan_count_documents(
    target: CollectionTarget,
    filter: Mapping[str, Any] | None = None,  # noqa: A002 - the command's own word
) -> PlannedCommand:
    """Count the matching documents, up to the API's ceiling of 1000."""
    return _on(target, "countDocuments", {"filter": dict(filter)} if filter else {})


def plan_estimated_count(target: CollectionTarget) -> PlannedCommand:
    """Count all documents, without a ceiling."""
    return _on(target, "estimatedDocumentCount", {})


def _on(target: CollectionTarget, verb: str, body: Json) -> PlannedCommand:
    return PlannedCommand({verb: body}, target.keyspace, target.name, target.is_table)


def _query(
    where: Mapping[str, Any] | None,
    projection: Mapping[str, Any] | None,
    sort: Mapping[str, Any] | None,
    options: Json,
) -> Json:
    parts = {"filter": where, "projection": projection, "sort": sort, "options": options}
    return {member: dict(value) for member, value in parts.items() if value}


def _flags(*, include_similarity: bool, include_sort_vector: bool) -> Json:
    flags = {"includeSimilarity": include_similarity, "includeSortVector": include_sort_vector}
    return {member: True for member, wanted in flags.items() if wanted}
