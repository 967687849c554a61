"""What createCollection accepts, and the definition that is stored for it.

The rules are checked in the order of the contract; the first one that is broken is the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from astrolabe.dataapi.engine.collection_definition import same_settings
from astrolabe.dataapi.engine.features import lexical_definition, rerank_definition, with_features
from astrolabe.dataapi.engine.vectorize.service_rules import CredentialCheck, ModelsOf, check_service, invalid_options
from astrolabe.dataapi.language.allowances import allowed, setting_of
from astrolabe.dataapi.language.commands.schema import (
    CreateCollection,
    CreateCollectionOptions,
    IndexingOptions,
    VectorOptions,
)
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.indexing import parse_indexing
from astrolabe.dataapi.language.name_lists import cut
from astrolabe.dataapi.language.service import service_json
from astrolabe.dataapi.protocol import Json
from astrolabe.portal.rules import collection_name_problems, keyspace_name_problems
from astrolabe.providers.catalogue.catalogue import Catalogue
from astrolabe.providers.rerank.catalogue import Rerankers
from storage.shapes import Container, ContainerKind, Metric


def checked_keyspace_name(name: str | None) -> str:
    """Return the name, if a new keyspace may have it.

    Raises:
        DataApiError: ``UNSUPPORTED_SCHEMA_NAME``.
    """
    return _checked_name("Keyspace", name, keyspace_name_problems)


def checked_collection_name(name: str | None) -> str:
    """Return the name, if a new collection may have it.

    Raises:
        DataApiError: ``UNSUPPORTED_SCHEMA_NAME``.
    """
    return _checked_name("Collection", name, collection_name_problems)


async def definition_of(
    command: CreateCollection,
    catalogue: Catalogue,
    rerankers: Rerankers,
    usable: CredentialCheck,
    models_of: ModelsOf | None = None,
    *,
    region: str,
) -> Json:
    """Check a createCollection and return the definition to store: its options with the defaults filled in.

    The members ``lexical`` and ``rerank`` are there only when the command has them. ``region`` is the database's.

    Raises:
        DataApiError: The first rule that is broken.
    """
    options = command.options or CreateCollectionOptions()
    if options.vector is not None:
        _check_dimension(options.vector)
    definition: Json = {}
    if options.default_id is not None and options.default_id.type is not None:
        definition["defaultId"] = {"type": options.default_id.type}
    indexing = _indexing(options.indexing) if options.indexing is not None else None
    features = {
        "lexical": lexical_definition(options.lexical),
        "rerank": rerank_definition(options.rerank, rerankers),
    }
    if options.vector is not None:
        definition["vector"] = await _vector(options.vector, catalogue, usable, models_of, region)
    if indexing is not None:
        definition["indexing"] = indexing
    return definition | {name: value for name, value in features.items() if value is not None}


def check_existing(existing: Container, definition: Json) -> None:
    """Refuse to create what exists as something else; the same settings are harmless.

    Raises:
        DataApiError: ``EXISTING_TABLE_NOT_DATA_API_COLLECTION`` or ``EXISTING_COLLECTION_DIFFERENT_SETTINGS``.
    """
    if existing.kind is ContainerKind.TABLE:
        raise data_api_error(
            "EXISTING_TABLE_NOT_DATA_API_COLLECTION",
            f"'{existing.keyspace}.{existing.name}' exists and is a table, not a collection.\n"
            "Choose another name, or drop the table first.",
        )
    if not same_settings(existing.definition, with_features(definition, existing.definition)):
        raise data_api_error(
            "EXISTING_COLLECTION_DIFFERENT_SETTINGS",
            f"The collection '{existing.keyspace}.{existing.name}' exists with other settings; it is unchanged.\n"
            "Choose another name, send the settings it has (findCollections with 'explain' shows them), "
            "or delete it first.",
        )


def _checked_name(kind: str, name: str | None, problems_of: Callable[[str], Sequence[str]]) -> str:
    problems = problems_of(name or "")
    if name is None or problems:
        longest = 50 if kind == "Collection" else 48
        raise data_api_error(
            "UNSUPPORTED_SCHEMA_NAME",
            f"{kind} name '{'(null)' if name is None else cut(name)}' is not supported. A {kind.lower()} name has 1 to "
            f"{longest} characters, each of them a letter (A-Z, a-z), a digit or an underscore. {' '.join(problems)}",
        )
    return name


def _check_dimension(vector: VectorOptions) -> None:
    if vector.service is not None:
        return
    if vector.dimension is None:
        raise invalid_options("'dimension' can not be null if 'service' is not provided")
    most = allowed().vector_dimension
    if vector.dimension > most:
        raise data_api_error(
            "VECTOR_SEARCH_TOO_BIG_VALUE",
            f"The dimension {vector.dimension} is too big: vectors have {most} numbers at most.\n"
            f"Choose a smaller dimension and send the command again, or allow more: {setting_of('vector_dimension')}.",
        )


async def _vector(
    options: VectorOptions, catalogue: Catalogue, usable: CredentialCheck, models_of: ModelsOf | None, region: str
) -> Json:
    source = options.source_model or "other"
    default = Metric.COSINE if source == "other" else Metric.DOT_PRODUCT
    metric = options.metric or default
    shared = {"metric": metric.value, "sourceModel": source}
    if options.service is None:
        _check_metric(metric, options.dimension)
        return {"dimension": options.dimension, **shared}
    service = options.service
    checked = await check_service(service, options.dimension, catalogue, usable, models_of, region=region)
    return {"dimension": checked.dimension, **shared, "service": service_json(checked.service)}


def _check_metric(metric: Metric, dimension: int | None) -> None:
    """Refuse what the database behind the API cannot index."""
    if metric is Metric.COSINE and dimension == 1:
        raise data_api_error(
            "INVALID_DATABASE_QUERY",
            "Cosine similarity is not supported for single-dimension vectors: all of them point the same way.\n\n"
            "Choose a larger dimension, or the metric dot_product or euclidean, and send the command again.",
        )


def _indexing(options: IndexingOptions) -> Json:
    """Return the one list that was given, checked."""
    given = options.model_dump(exclude_none=True)
    parse_indexing(given)
    return given
