"""The catalogue of codes against the contract's list."""

from __future__ import annotations

import re

import pytest

from astrolabe.dataapi.language.error_codes import CATALOGUE, LONGEST_MESSAGE, code_entry, data_api_error
from astrolabe.errors import Family, Owner

ESSENTIAL = [
    ("REQUEST_NOT_JSON", "REQUEST", "", "Request not valid JSON"),
    ("REQUEST_STRUCTURE_MISMATCH", "REQUEST", "", "Request structure not valid"),
    ("COMMAND_UNKNOWN", "REQUEST", "", "Command is not recognized by Data API"),
    ("COMMAND_FIELD_UNKNOWN", "REQUEST", "", "Command field unknown"),
    ("COMMAND_FIELD_VALUE_INVALID", "REQUEST", "", "Command field value invalid"),
    ("COMMAND_ACCEPTS_NO_OPTIONS", "REQUEST", "", "Command accepts no options"),
    ("INVALID_CREATE_COLLECTION_FIELD", "REQUEST", "", "Invalid field(s) for createCollection"),
    ("UNSUPPORTED_CONTENT_TYPE", "REQUEST", "", "Unsupported Content-Type"),
    ("UNSUPPORTED_TABLE_COMMAND", "REQUEST", "", "Command is not supported by tables"),
    ("UNSUPPORTED_COLLECTION_COMMAND", "REQUEST", "", "Command is not supported by collections"),
    ("MISSING_AUTHENTICATION_TOKEN", "REQUEST", "SECURITY", "Missing authorization token"),
    ("UNAUTHENTICATED_REQUEST", "REQUEST", "SECURITY", "Authentication failed"),
    ("UNAUTHORIZED_ACCESS", "REQUEST", "SECURITY", "Unauthorized access to the database"),
    ("UNKNOWN_KEYSPACE", "REQUEST", "SCHEMA", "Keyspace does not exist in the Database"),
    ("UNKNOWN_COLLECTION_OR_TABLE", "REQUEST", "SCHEMA", "Collection or Table does not exist in the Keyspace"),
    ("UNSUPPORTED_SCHEMA_NAME", "REQUEST", "SCHEMA", "The used schema name is not supported"),
    ("INVALID_CREATE_COLLECTION_OPTIONS", "REQUEST", "SCHEMA", "Invalid options for createCollection"),
    ("INVALID_INDEXING_DEFINITION", "REQUEST", "SCHEMA", "Invalid indexing definition"),
    (
        "EXISTING_COLLECTION_DIFFERENT_SETTINGS",
        "REQUEST",
        "SCHEMA",
        "Collection already exists with different settings",
    ),
    ("EXISTING_TABLE_NOT_DATA_API_COLLECTION", "REQUEST", "SCHEMA", "Existing table not a valid Data API collection"),
    ("TOO_MANY_COLLECTIONS", "REQUEST", "SCHEMA", "Too many collections"),
    (
        "TOO_MANY_INDEXES_FOR_COLLECTION",
        "REQUEST",
        "SCHEMA",
        "Cannot create collection due to number of existing indexes",
    ),
    ("VECTORIZE_CREDENTIAL_INVALID", "REQUEST", "SCHEMA", "Invalid credential name for vectorize"),
    ("VECTORIZE_FEATURE_NOT_AVAILABLE", "REQUEST", "SCHEMA", "Vectorize feature not available"),
    ("DEPRECATED_AI_MODEL", "REQUEST", "SCHEMA", "Cannot use deprecated model."),
    ("END_OF_LIFE_AI_MODEL", "REQUEST", "SCHEMA", "Cannot use end of life model."),
    ("EMBEDDING_SERVICE_NOT_CONFIGURED", "REQUEST", "SCHEMA", "Embedding service not configured for collection"),
    ("INVALID_USAGE_OF_VECTORIZE", "REQUEST", "SCHEMA", "Invalid use of '$vector' and '$vectorize'"),
    ("VECTOR_SEARCH_NOT_SUPPORTED", "REQUEST", "SCHEMA", "Vector search not enabled for collection"),
    ("VECTOR_SEARCH_TOO_BIG_VALUE", "REQUEST", "SCHEMA", "Vector embedding property too big"),
    ("DOCUMENT_ALREADY_EXISTS", "REQUEST", "DOCUMENT", "Document the given _id already exists"),
    ("DOCUMENT_REPLACE_DIFFERENT_DOCID", "REQUEST", "DOCUMENT", "Document the given _id already exists"),
    ("INVALID_VECTORIZE_VALUE_TYPE", "REQUEST", "DOCUMENT", "Invalid $vectorize value type"),
    ("INVALID_VECTOR_LENGTH", "REQUEST", "DOCUMENT", "Vector values in documents are not valid"),
    ("SHRED_BAD_DOCID_TYPE", "REQUEST", "DOCUMENT", "Bad type for '_id' field"),
    ("SHRED_BAD_DOCID_VALUE", "REQUEST", "DOCUMENT", "Bad value for '_id' field"),
    ("SHRED_BAD_DOCUMENT_TYPE", "REQUEST", "DOCUMENT", "Bad document type to shred"),
    ("SHRED_BAD_FIELD_NAME", "REQUEST", "DOCUMENT", "Document field name not valid"),
    ("SHRED_BAD_EJSON_VALUE", "REQUEST", "DOCUMENT", "Bad JSON Extension value to shred"),
    ("SHRED_DOC_LIMIT_VIOLATION", "REQUEST", "DOCUMENT", "Document size limitation violated"),
    ("FILTER_INVALID_EXPRESSION", "REQUEST", "FILTER", "Unsupported filter clause"),
    ("FILTER_UNSUPPORTED_OPERATOR", "REQUEST", "FILTER", "Unsupported filter operator"),
    ("FILTER_UNSUPPORTED_DATA_TYPE", "REQUEST", "FILTER", "Unsupported filter data type"),
    ("FILTER_FIELDS_LIMIT_VIOLATION", "REQUEST", "FILTER", "Filter fields size limitation violated"),
    ("FILTER_PATH_UNINDEXED", "REQUEST", "FILTER", "Collection path used in filter clause not indexed"),
    ("FILTER_MULTIPLE_ID_FILTER", "REQUEST", "FILTER", "Can only have one '_id' equals filter clause"),
    (
        "FILTER_ID_NOT_INDEXED",
        "REQUEST",
        "FILTER",
        "Collection field '_id' not indexed can only filter with '$eq' or '$in'",
    ),
    ("SORT_CLAUSE_INVALID", "REQUEST", "SORT", "Sort clause used by command not valid"),
    ("SORT_CLAUSE_VALUE_INVALID", "REQUEST", "SORT", "Value used for sort expression not valid"),
    ("SORT_CLAUSE_PATH_INVALID", "REQUEST", "SORT", "Path used in sort clause not valid"),
    ("SORT_CLAUSE_PATH_UNINDEXED", "REQUEST", "SORT", "Collection field used in sort clause not indexed"),
    ("OVERLOADED_SORT_ROW_LIMIT", "REQUEST", "SORT", "Sort aborted due to in-memory sort restriction"),
    ("UNSUPPORTED_UPDATE_OPERATION", "REQUEST", "UPDATE", "Unsupported update operation"),
    ("UNSUPPORTED_UPDATE_DATA_TYPE", "REQUEST", "UPDATE", "Unsupported update data type"),
    ("UNSUPPORTED_PROJECTION_DEFINITION", "REQUEST", "PROJECTION", "Unsupported projection definition"),
    ("UNSUPPORTED_PROJECTION_PARAM", "REQUEST", "PROJECTION", "Unsupported projection parameter"),
    ("INVALID_DATABASE_QUERY", "SERVER", "DATABASE", "Invalid database query"),
    ("INTERNAL_SERVER_ERROR", "SERVER", "", "Internal server error"),
    ("UNEXPECTED_SERVER_ERROR", "SERVER", "", "Unexpected server error"),
    (
        "EMBEDDING_PROVIDER_CLIENT_ERROR",
        "SERVER",
        "EMBEDDING_PROVIDER",
        "The Embedding Provider returned a HTTP client error",
    ),
]

ALSO_NEEDED = [
    "CANNOT_ADD_EXISTING_TABLE",
    "CANNOT_ADD_EXISTING_INDEX",
    "CANNOT_ADD_EXISTING_COLUMNS",
    "CANNOT_DROP_UNKNOWN_TABLE",
    "CANNOT_DROP_UNKNOWN_INDEX",
    "CANNOT_DROP_UNKNOWN_COLUMNS",
    "CANNOT_DROP_PRIMARY_KEY_COLUMNS",
    "CANNOT_DROP_INDEXED_COLUMNS",
    "CANNOT_VECTORIZE_UNKNOWN_COLUMNS",
    "CANNOT_VECTORIZE_NON_VECTOR_COLUMNS",
    "CANNOT_DROP_VECTORIZE_FROM_UNKNOWN_COLUMNS",
    "CANNOT_DROP_VECTORIZE_FROM_NON_VECTOR_COLUMNS",
    "MISSING_ALTER_TABLE_OPERATIONS",
    "MISSING_PARTITION_COLUMNS",
    "UNKNOWN_PARTITION_COLUMNS",
    "UNKNOWN_PARTITION_SORT_COLUMNS",
    "UNKNOWN_PRIMITIVE_DATA_TYPE",
    "UNKNOWN_DATA_TYPE",
    "MISSING_DIMENSION_IN_VECTOR_COLUMN",
    "UNSUPPORTED_VECTOR_DIMENSION",
    "UNKNOWN_INDEX_COLUMN",
    "UNSUPPORTED_VECTOR_INDEX_FOR_DATA_TYPES",
    "UNSUPPORTED_INDEXING_FOR_DATA_TYPES",
    "SHRED_BAD_DOCUMENT_VECTOR_TYPE",
    "SHRED_BAD_VECTOR_SIZE",
    "SHRED_BAD_VECTOR_VALUE",
    "SHRED_BAD_BINARY_VECTOR_VALUE",
    "MISSING_PRIMARY_KEY_COLUMNS",
    "INVALID_COLUMN_VALUES",
    "INVALID_FILTER_COLUMN_VALUES",
    "UNSUPPORTED_FILTERING_FOR_COLUMN_TYPES",
    "CANNOT_SORT_UNKNOWN_COLUMNS",
    "CANNOT_SORT_ON_SPECIAL_WITH_OTHERS",
    "CANNOT_VECTOR_SORT_NON_INDEXED_VECTOR_COLUMNS",
    "CANNOT_VECTOR_SORT_NON_VECTOR_COLUMNS",
    "CANNOT_VECTORIZE_SORT_WHEN_MISSING_VECTORIZE_DEFINITION",
    "CANNOT_VECTOR_SORT_ON_MISMATCHED_VECTOR_DIMENSIONS",
    "CANNOT_VECTOR_SORT_WITH_LIMIT_EXCEEDS_MAX",
    "CANNOT_VECTOR_SORT_WITH_SKIP_OPTION",
    "UNSUPPORTED_UPDATE_OPERATION_PARAM",
    "UNSUPPORTED_UPDATE_OPERATION_PATH",
    "UNSUPPORTED_UPDATE_OPERATION_TARGET",
    "UNSUPPORTED_UPDATE_OPERATION_MODIFIER",
    "UNSUPPORTED_UPDATE_OPERATOR_FOR_DOC_ID",
    "UNSUPPORTED_UPDATE_OPERATOR_FOR_VECTOR",
    "UNSUPPORTED_UPDATE_OPERATOR_FOR_VECTORIZE",
    "LEXICAL_FEATURE_NOT_ENABLED",
    "LEXICAL_NOT_ENABLED_FOR_COLLECTION",
    "LEXICAL_CONTENT_TOO_LONG",
    "SHRED_BAD_DOCUMENT_LEXICAL_TYPE",
    "UNSUPPORTED_UPDATE_OPERATOR_FOR_LEXICAL",
    "RERANKING_FEATURE_NOT_ENABLED",
    "UNSUPPORTED_RERANKING_COMMAND",
    "INVALID_RERANK_OVERRIDE",
    "MISSING_RERANK_QUERY_TEXT",
    "CANNOT_ADD_EXISTING_TYPE",
    "CANNOT_DROP_UNKNOWN_TYPE",
    "CANNOT_DROP_TYPE_USED_BY_TABLE",
    "MISSING_ALTER_TYPE_OPERATIONS",
    "MISSING_FIELDS_FOR_TYPE_CREATION",
    "UNSUPPORTED_TYPE_FIELDS",
    "UNKNOWN_USER_DEFINED_TYPE",
    "INVALID_MAP_SET_LIST_FILTER",
    "UNSUPPORTED_COMPARISON_FILTER_AGAINST_DURATION",
    "CANNOT_ADD_PREVIOUSLY_DROPPED_COLUMN",
    "EXISTING_INDEX_FOR_COLLECTION",
    "UNSUPPORTED_VECTORIZE_CONFIGURATIONS",
    "CANNOT_SORT_ON_MULTIPLE_VECTORS",
    "CANNOT_SORT_ON_MULTIPLE_VECTORIZE",
    "CANNOT_SORT_VECTOR_AND_NON_VECTOR_COLUMNS",
    "EMBEDDING_GATEWAY_UNABLE_RESOLVE_AUTHENTICATION_TYPE",
    "VECTOR_SEARCH_UNRECOGNIZED_SOURCE_MODEL_NAME",
    "DEPRECATED_COMMAND",
    "ZERO_FILTER_OPERATIONS",
    "MISSING_INDEX",
    "INCOMPLETE_PRIMARY_KEY_FILTER",
    "NOT_EQUALS_UNSUPPORTED_BY_INDEXING",
    "COMPARISON_FILTER_UNSUPPORTED_BY_INDEXING",
    "NOT_IN_FILTER_UNSUPPORTED_BY_INDEXING",
]


@pytest.mark.parametrize(("code", "family", "scope", "title"), ESSENTIAL)
def test_codes_have_the_documented_family_scope_and_title(code: str, family: str, scope: str, title: str) -> None:
    entry = code_entry(code, scope)
    assert (entry.family, entry.scope, entry.title) == (Family(family), scope, title)


@pytest.mark.parametrize("code", ALSO_NEEDED)
def test_the_other_documented_codes_exist(code: str) -> None:
    assert code in CATALOGUE


@pytest.mark.parametrize("scope", ["DOCUMENT", "FILTER", "UPDATE", "PROJECTION"])
def test_a_code_of_several_scopes_needs_its_scope(scope: str) -> None:
    assert data_api_error("UNKNOWN_TABLE_COLUMNS", "No.", scope=scope).scope == scope


def test_leaving_the_scope_open_where_there_are_several_is_a_fault_of_the_caller() -> None:
    with pytest.raises(LookupError, match="UNKNOWN_TABLE_COLUMNS"):
        data_api_error("UNKNOWN_TABLE_COLUMNS", "No.")


def test_an_undocumented_code_cannot_be_raised() -> None:
    with pytest.raises(LookupError, match="NO_SUCH_CODE"):
        data_api_error("NO_SUCH_CODE", "No.")


def test_every_entry_is_well_formed() -> None:
    for code, entries in CATALOGUE.items():
        assert re.fullmatch(r"[A-Z][A-Z0-9_]+", code)
        assert len({entry.scope for entry in entries}) == len(entries), "one entry per scope"
        assert all(entry.code == code and entry.title.strip() == entry.title for entry in entries)


def test_an_error_carries_what_the_wire_shows() -> None:
    error = data_api_error("DOCUMENT_ALREADY_EXISTS", "It exists.", document_ids=["a"], hint="Try another.")
    assert error.to_object() == {
        "id": error.id,
        "family": "REQUEST",
        "scope": "DOCUMENT",
        "errorCode": "DOCUMENT_ALREADY_EXISTS",
        "title": "Document the given _id already exists",
        "message": "It exists.",
        "documentIds": ["a"],
    }
    assert (error.hint, error.owner) == ("Try another.", Owner.REQUEST)


def test_a_message_can_be_sent_whatever_it_quotes() -> None:
    error = data_api_error("SORT_CLAUSE_PATH_INVALID", "The path '\ud800ä' is not valid.")
    assert error.message == "The path '\\ud800ä' is not valid."


@pytest.mark.parametrize(
    ("code", "owner"),
    [
        ("EMBEDDING_PROVIDER_TIMEOUT", Owner.PROVIDER),
        ("INTERNAL_SERVER_ERROR", Owner.ENGINE),
        ("SORT_CLAUSE_INVALID", Owner.REQUEST),
    ],
)
def test_the_owner_of_an_error_follows_its_scope(code: str, owner: Owner) -> None:
    assert data_api_error(code, "No.").owner is owner


def test_a_message_that_quotes_a_whole_request_is_cut_in_the_middle() -> None:
    error = data_api_error("SORT_CLAUSE_INVALID", f"It begins {'x' * 1_000_000} and ends.")
    assert error.message.startswith("It begins xxx")
    assert error.message.endswith("xxx and ends.")
    assert len(error.message) < LONGEST_MESSAGE + 10
