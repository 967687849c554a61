"""The title of every error and warning code of the Data API, by family and scope, in the documents' words."""

from __future__ import annotations

from collections.abc import Mapping

from astrolabe.errors import Family

_REQUEST = {
    "REQUEST_NOT_JSON": "Request not valid JSON",
    "REQUEST_STRUCTURE_MISMATCH": "Request structure not valid",
    "COMMAND_UNKNOWN": "Command is not recognized by Data API",
    "COMMAND_FIELD_UNKNOWN": "Command field unknown",
    "COMMAND_FIELD_VALUE_INVALID": "Command field value invalid",
    "COMMAND_ACCEPTS_NO_OPTIONS": "Command accepts no options",
    "INVALID_CREATE_COLLECTION_FIELD": "Invalid field(s) for createCollection",
    "UNSUPPORTED_CONTENT_TYPE": "Unsupported Content-Type",
    "UNSUPPORTED_TABLE_COMMAND": "Command is not supported by tables",
    "UNSUPPORTED_COLLECTION_COMMAND": "Command is not supported by collections",
    "UNSUPPORTED_RERANKING_COMMAND": "Reranking not enabled for collection",
    "INVALID_RERANK_OVERRIDE": "Invalid rerank override",
    "MISSING_RERANK_QUERY_TEXT": "Rerank query text is missing",
    "MISSING_RERANK_ON": "Rerank field is missing",
    "HYBRID_FIELD_CONFLICT": "Conflict with $hybrid field",
    "HYBRID_FIELD_UNKNOWN_SUBFIELDS": "Unknown sub-field(s) for $hybrid field",
    "HYBRID_FIELD_UNSUPPORTED_VALUE_TYPE": "Unsupported JSON value type for $hybrid field",
    "HYBRID_FIELD_UNSUPPORTED_SUBFIELD_VALUE_TYPE": "Unsupported JSON value type for $hybrid sub-field",
    "MISSING_HYBRID_SORT_VALUE": "Value to search for is missing in '$hybrid' sort",
    "UNSUPPORTED_FIND_AND_RERANK_SORT": "Sort clause not supported by findAndRerank",
}

_HTTP = {
    "UNKNOWN_DATABASE": "Database does not exist",
    "UNKNOWN_PATH": "Path does not exist",
    "UNSUPPORTED_METHOD": "Method not supported",
    "REQUEST_TOO_LARGE": "Request too large",
    "REQUEST_NOT_COMPLETE": "Request not complete",
    "REQUEST_NOT_HTTP": "Request not valid HTTP",
    "TOO_MANY_CONNECTIONS": "Too many connections",
    "TOO_MANY_REQUESTS": "Too many requests",
    "TOO_MANY_LARGE_REQUESTS": "Too many large requests",
}
"""Ours: upstream answers these with a status of HTTP and no body."""

_SECURITY = {
    "MISSING_AUTHENTICATION_TOKEN": "Missing authorization token",
    "UNAUTHENTICATED_REQUEST": "Authentication failed",
    "UNAUTHORIZED_ACCESS": "Unauthorized access to the database",
}

_SCHEMA_COLLECTIONS = {
    "UNKNOWN_KEYSPACE": "Keyspace does not exist in the Database",
    "UNKNOWN_COLLECTION_OR_TABLE": "Collection or Table does not exist in the Keyspace",
    "UNSUPPORTED_SCHEMA_NAME": "The used schema name is not supported",
    "INVALID_CREATE_COLLECTION_OPTIONS": "Invalid options for createCollection",
    "INVALID_INDEXING_DEFINITION": "Invalid indexing definition",
    "EXISTING_COLLECTION_DIFFERENT_SETTINGS": "Collection already exists with different settings",
    "EXISTING_TABLE_NOT_DATA_API_COLLECTION": "Existing table not a valid Data API collection",
    "EXISTING_INDEX_FOR_COLLECTION": "Index for the collection already exists",
    "TOO_MANY_COLLECTIONS": "Too many collections",
    "TOO_MANY_INDEXES_FOR_COLLECTION": "Cannot create collection due to number of existing indexes",
    "VECTORIZE_CREDENTIAL_INVALID": "Invalid credential name for vectorize",
    "VECTORIZE_FEATURE_NOT_AVAILABLE": "Vectorize feature not available",
    "DEPRECATED_AI_MODEL": "Cannot use deprecated model.",
    "END_OF_LIFE_AI_MODEL": "Cannot use end of life model.",
    "EMBEDDING_SERVICE_NOT_CONFIGURED": "Embedding service not configured for collection",
    "INVALID_USAGE_OF_VECTORIZE": "Invalid use of '$vector' and '$vectorize'",
    "VECTOR_SEARCH_NOT_SUPPORTED": "Vector search not enabled for collection",
    "VECTOR_SEARCH_TOO_BIG_VALUE": "Vector embedding property too big",
    "VECTOR_SEARCH_UNRECOGNIZED_SOURCE_MODEL_NAME": "Vector search source model name not recognized",
    "LEXICAL_FEATURE_NOT_ENABLED": "Lexical feature not enabled",
    "LEXICAL_NOT_ENABLED_FOR_COLLECTION": "Lexical search is not enabled for the collection",
    "RERANKING_FEATURE_NOT_ENABLED": "Reranking feature not enabled",
}

_SCHEMA_TABLES = {
    "CANNOT_ADD_EXISTING_TABLE": "Table with the same name exists in the keyspace schema",
    "CANNOT_ADD_EXISTING_INDEX": "Index with the same name exists in the keyspace schema",
    "CANNOT_ADD_EXISTING_COLUMNS": "Columns with the same name are defined in the table schema",
    "CANNOT_ADD_EXISTING_TYPE": "Type with the same name exists in the keyspace schema",
    "CANNOT_ADD_EXISTING_FIELD": "Field with the same name are defined in the type definition",
    "CANNOT_ADD_PREVIOUSLY_DROPPED_COLUMN": "Column cannot be added back with another data type",
    "CANNOT_ADD_UNSUPPORTED_DATA_TYPE_COLUMNS": "Alter table trying to add columns with unsupported data type",
    "CANNOT_ANALYZE_ENTRIES_ON_MAP_COLUMNS": (
        "Can not create index on map column with index function entries and specify analyze options"
    ),
    "CANNOT_DROP_UNKNOWN_TABLE": "Dropped table is not defined in the keyspace schema",
    "CANNOT_DROP_UNKNOWN_INDEX": "Dropped index is not defined in the keyspace schema",
    "CANNOT_DROP_UNKNOWN_COLUMNS": "Columns cannot be dropped if they are not defined in the table schema",
    "CANNOT_DROP_UNKNOWN_TYPE": "Dropped type is not defined in the keyspace schema",
    "CANNOT_DROP_TYPE_USED_BY_TABLE": "Type cannot be dropped if used by tables",
    "CANNOT_DROP_PRIMARY_KEY_COLUMNS": "Primary key columns cannot be dropped from the table schema",
    "CANNOT_DROP_INDEXED_COLUMNS": "Columns used in the indexes cannot be dropped",
    "CANNOT_RENAME_UNKNOWN_TYPE_FIELD": "Field cannot be renamed if it is not defined in the type",
    "CANNOT_VECTORIZE_UNKNOWN_COLUMNS": "Columns cannot be vectorized if they are not defined in the table schema",
    "CANNOT_VECTORIZE_NON_VECTOR_COLUMNS": "Columns cannot be vectorized if they are not `vector` type",
    "CANNOT_DROP_VECTORIZE_FROM_UNKNOWN_COLUMNS": (
        "Vectorize configuration cannot be dropped from columns if they are not defined in the table schema"
    ),
    "CANNOT_DROP_VECTORIZE_FROM_NON_VECTOR_COLUMNS": (
        "Vectorize configuration cannot be dropped from columns if they are not `vector` type"
    ),
    "MISSING_ALTER_TABLE_OPERATIONS": "Alter table command must include operations",
    "MISSING_ALTER_TYPE_OPERATIONS": "Alter type command must include operations",
    "MISSING_FIELDS_FOR_TYPE_CREATION": "At least one field is required for type creation",
    "MISSING_PARTITION_COLUMNS": "Partitioning keys are required for tables",
    "UNKNOWN_PARTITION_COLUMNS": "Partition columns are not defined in the table schema",
    "UNKNOWN_PARTITION_SORT_COLUMNS": "Partition sort columns are not defined in the table schema",
    "UNKNOWN_PRIMITIVE_DATA_TYPE": "Primitive data type is unknown",
    "UNKNOWN_DATA_TYPE": "Data type is unknown",
    "UNKNOWN_USER_DEFINED_TYPE": "User defined type is unknown",
    "INVALID_USER_DEFINED_TYPE_NAME": "User defined type name is not valid.",
    "UNSUPPORTED_DATA_TYPE_TABLE_CREATION": "Table creation with unsupported data types",
    "UNSUPPORTED_LIST_DEFINITION": "List definition contains unsupported data types",
    "UNSUPPORTED_SET_DEFINITION": "Set definition contains unsupported data types",
    "UNSUPPORTED_MAP_DEFINITION": "Map definition contains unsupported data types",
    "UNSUPPORTED_TYPE_FIELDS": "Type definition contains unsupported fields.",
    "MISSING_DIMENSION_IN_VECTOR_COLUMN": (
        "Dimension is required for vector column if embedding service is not specified"
    ),
    "UNSUPPORTED_VECTOR_DIMENSION": "Vector definition contains unsupported dimension",
    "INVALID_FORMAT_FOR_INDEX_CREATION_COLUMN": (
        "Unable to create index, format for index creation column is invalid."
    ),
    "UNKNOWN_INDEX_COLUMN": "Index column is not defined in the table schema",
    "UNKNOWN_INDEX_TYPE": "Index type is unknown",
    "UNSUPPORTED_INDEX_TYPE": "Index type is not supported",
    "UNSUPPORTED_INDEXING_FOR_DATA_TYPES": "Indexing not supported by data types",
    "UNSUPPORTED_VECTOR_INDEX_FOR_DATA_TYPES": "Vector index not supported by data types",
    "UNSUPPORTED_TEXT_INDEX_FOR_DATA_TYPES": "Text index not supported by data types",
    "UNSUPPORTED_TEXT_ANALYSIS_FOR_DATA_TYPES": "Analysed text index not supported by data types",
    "UNSUPPORTED_JSON_TYPE_FOR_TEXT_INDEX": "JSON value type is not supported for creating text index",
    "UNKNOWN_VECTOR_METRIC": "Vector metric is unknown",
    "UNKNOWN_VECTOR_SOURCE_MODEL": "Vector source model is unknown",
}

_DOCUMENT = {
    "DOCUMENT_ALREADY_EXISTS": "Document the given _id already exists",
    "DOCUMENT_REPLACE_DIFFERENT_DOCID": "Document the given _id already exists",
    "INVALID_VECTORIZE_VALUE_TYPE": "Invalid $vectorize value type",
    "INVALID_VECTOR_LENGTH": "Vector values in documents are not valid",
    "SHRED_BAD_DOCID_TYPE": "Bad type for '_id' field",
    "SHRED_BAD_DOCID_VALUE": "Bad value for '_id' field",
    "SHRED_BAD_DOCUMENT_TYPE": "Bad document type to shred",
    "SHRED_BAD_FIELD_NAME": "Document field name not valid",
    "SHRED_BAD_EJSON_VALUE": "Bad JSON Extension value to shred",
    "SHRED_DOC_LIMIT_VIOLATION": "Document size limitation violated",
    "SHRED_BAD_DOCUMENT_VECTOR_TYPE": "Bad $vector value to shred",
    "SHRED_BAD_VECTOR_SIZE": "Bad $vector value",
    "SHRED_BAD_VECTOR_VALUE": "Bad $vector value",
    "SHRED_BAD_BINARY_VECTOR_VALUE": "Bad binary vector value to shred",
    "SHRED_BAD_DOCUMENT_LEXICAL_TYPE": "Bad $lexical value to shred",
    "LEXICAL_CONTENT_TOO_LONG": "Lexical content too long",
    "MISSING_PRIMARY_KEY_COLUMNS": "Primary key columns missing",
    "UNKNOWN_TABLE_COLUMNS": "Columns in documents are not defined in the table schema",
    "INVALID_COLUMN_VALUES": "Column values in documents are not valid",
    "UNSUPPORTED_COLUMN_TYPES": "Column types in documents are not supported",
    "UNSUPPORTED_VECTORIZE_CONFIGURATIONS": "Unsupported combination of vectorize configurations",
    "UNSUPPORTED_VECTORIZE_WHEN_MISSING_VECTORIZE_DEFINITION": (
        "Vectorize not supported on column with missing vectorize configuration"
    ),
}

_FILTER = {
    "FILTER_INVALID_EXPRESSION": "Unsupported filter clause",
    "FILTER_UNSUPPORTED_OPERATOR": "Unsupported filter operator",
    "FILTER_UNSUPPORTED_DATA_TYPE": "Unsupported filter data type",
    "FILTER_FIELDS_LIMIT_VIOLATION": "Filter fields size limitation violated",
    "FILTER_PATH_UNINDEXED": "Collection path used in filter clause not indexed",
    "FILTER_MULTIPLE_ID_FILTER": "Can only have one '_id' equals filter clause",
    "FILTER_ID_NOT_INDEXED": "Collection field '_id' not indexed can only filter with '$eq' or '$in'",
    "UNKNOWN_TABLE_COLUMNS": "Columns in the filter are not defined in the table schema",
    "INVALID_FILTER_COLUMN_VALUES": "Column value in filter is not valid",
    "INVALID_MAP_SET_LIST_FILTER": "Command has invalid filter against a map, set, or list column",
    "UNSUPPORTED_COLUMN_TYPES": "Column types in the filter are not supported",
    "UNSUPPORTED_FILTERING_FOR_COLUMN_TYPES": "Column types in the filter do not support the filter operations",
    "UNSUPPORTED_COMPARISON_FILTER_AGAINST_DURATION": "Duration data type does not support comparison filters",
    "CANNOT_LEXICAL_FILTER_NON_INDEXED_COLUMNS": "Lexical filter cannot be used for non-indexed columns",
    "MISSING_FILTER_FOR_UPDATE_DELETE": "Update and delete commands require a filter",
    "UNSUPPORTED_FILTER_FOR_UPDATE_ONE_DELETE_ONE": (
        "updateOne and deleteOne commands only support filtering using $eq"
    ),
    "UNSUPPORTED_NON_PRIMARY_KEY_FILTER_FOR_UPDATE_DELETE": (
        "Update and delete commands only support filtering on the primary key"
    ),
    "MISSING_FULL_PRIMARY_KEY_FOR_UPDATE_DELETE": (
        "updateOne and deleteOne commands require filtering on the full primary key"
    ),
    "INVALID_PRIMARY_KEY_FILTER": "Primary key filtering must specify columns in schema order",
}

_SORT = {
    "SORT_CLAUSE_INVALID": "Sort clause used by command not valid",
    "SORT_CLAUSE_VALUE_INVALID": "Value used for sort expression not valid",
    "SORT_CLAUSE_PATH_INVALID": "Path used in sort clause not valid",
    "SORT_CLAUSE_PATH_UNINDEXED": "Collection field used in sort clause not indexed",
    "OVERLOADED_SORT_ROW_LIMIT": "Sort aborted due to in-memory sort restriction",
    "CANNOT_SORT_UNKNOWN_COLUMNS": "Sorted columns are not defined in the table schema",
    "CANNOT_SORT_ON_SPECIAL_WITH_OTHERS": "Special sort combined with other sort expressions",
    "CANNOT_SORT_ON_MULTIPLE_VECTORS": "More than one vector sort provided",
    "CANNOT_SORT_ON_MULTIPLE_VECTORIZE": "More than one vectorize sort provided",
    "CANNOT_SORT_VECTOR_AND_NON_VECTOR_COLUMNS": "Vector sort cannot be used with non vector sorting",
    "CANNOT_LEXICAL_SORT_NON_INDEXED_COLUMNS": "Lexical sort cannot be used for non-indexed columns",
    "CANNOT_LEXICAL_SORT_WITH_SKIP_OPTION": "Skip option cannot be used with lexical sort",
    "CANNOT_VECTOR_SORT_NON_INDEXED_VECTOR_COLUMNS": "Vector sort cannot be used for non indexed vector columns",
    "CANNOT_VECTOR_SORT_NON_VECTOR_COLUMNS": "Vector sort columns are not `vector` type",
    "CANNOT_VECTORIZE_SORT_NON_VECTOR_COLUMN": "Vectorize sort columns are not `vector` type",
    "CANNOT_VECTORIZE_SORT_WHEN_MISSING_VECTORIZE_DEFINITION": (
        "Vectorize sort not supported on column with missing vectorize configuration"
    ),
    "CANNOT_VECTOR_SORT_ON_MISMATCHED_VECTOR_DIMENSIONS": (
        "Vector sort cannot be used with mismatched vector dimensions"
    ),
    "CANNOT_VECTOR_SORT_WITH_LIMIT_EXCEEDS_MAX": "Limit exceeds the maximum allowed for vector sort",
    "CANNOT_VECTOR_SORT_WITH_SKIP_OPTION": "Skip option cannot be used with  vector sort",
    "INVALID_VECTOR_SORT_EXPRESSION": "Sort expression is not valid for vector/vectorize sort",
    "INVALID_REGULAR_SORT_EXPRESSION": "Sort expression is not valid for regular sort",
    "UNSUPPORTED_PAGINATION_WITH_IN_MEMORY_SORTING": "Pagination not supported when using in-memory sorting",
    "UNSUPPORTED_VECTOR_SORT_FOR_COLLECTION": "Vector sorting not supported by the collection",
    "UNSUPPORTED_VECTORIZE_SORT_FOR_COLLECTION": "Vectorize sorting not supported by the collection",
    "UNSUPPORTED_SORT_FOR_TABLE_UPDATE_COMMAND": "Sorting not supported by update command on tables",
    "UNSUPPORTED_SORT_FOR_TABLE_DELETE_COMMAND": "Sorting not supported by delete command on tables",
}

_UPDATE = {
    "UNSUPPORTED_UPDATE_OPERATION": "Unsupported update operation",
    "UNSUPPORTED_UPDATE_DATA_TYPE": "Unsupported update data type",
    "UNSUPPORTED_UPDATE_OPERATION_PARAM": "Unsupported update operation parameter",
    "UNSUPPORTED_UPDATE_OPERATION_PATH": "Unsupported update operation path",
    "UNSUPPORTED_UPDATE_OPERATION_TARGET": "Unsupported update operation target",
    "UNSUPPORTED_UPDATE_OPERATION_MODIFIER": "Unsupported update operation modifier",
    "UNSUPPORTED_UPDATE_OPERATOR_FOR_DOC_ID": "Update operators cannot be used on _id field",
    "UNSUPPORTED_UPDATE_OPERATOR_FOR_VECTOR": "Update operator cannot be used on $vector field",
    "UNSUPPORTED_UPDATE_OPERATOR_FOR_VECTORIZE": "Update operator cannot be used on $vectorize field",
    "UNSUPPORTED_UPDATE_OPERATOR_FOR_LEXICAL": "Update operator cannot be used on $lexical field",
    "UNKNOWN_TABLE_COLUMNS": "Columns in the update are not defined in the table schema",
    "INVALID_UPDATE_COLUMN_VALUES": "Column value in update clause is not valid",
    "INVALID_PUSH_OPERATOR_USAGE": "The command has invalid usage of $push operator",
    "MISSING_UPDATE_OPERATIONS": "Update operation requires at least one operation",
    "UNSUPPORTED_COLUMN_TYPES": "Column types in update clause are not supported",
    "UNSUPPORTED_OVERLAPPING_UPDATE_OPERATIONS": "Columns cannot be changed by multiple update operations",
    "UNSUPPORTED_UPDATE_FOR_PRIMARY_KEY_COLUMNS": "Primary key columns cannot be updated",
    "UNSUPPORTED_UPDATE_OPERATIONS_FOR_TABLE": "Update operation not supported by tables",
    "UNSUPPORTED_UPDATE_OPERATOR": "Update operator is not supported by target columns",
    "UNSUPPORTED_VECTORIZE_WHEN_MISSING_VECTORIZE_DEFINITION": "Vectorize requires a column with vectorize definition",
}

_PROJECTION = {
    "UNSUPPORTED_PROJECTION_DEFINITION": "Unsupported projection definition",
    "UNSUPPORTED_PROJECTION_PARAM": "Unsupported projection parameter",
    "UNSUPPORTED_COLUMN_TYPES": "Column types in projection are not supported",
    "UNKNOWN_TABLE_COLUMNS": "Columns in the projection are not defined in the table schema",
}

_WARNING = {
    "RERANKING_MODEL_NOT_CONFIGURED": "No reranking model is configured; results are ranked by fusion",
    "DEPRECATED_COMMAND": "Deprecated command",
    "ZERO_FILTER_OPERATIONS": "Zero operations provided in query filter",
    "MISSING_INDEX": "Filter includes columns that are not indexed",
    "INCOMPLETE_PRIMARY_KEY_FILTER": "Incomplete filter on table primary key",
    "NOT_EQUALS_UNSUPPORTED_BY_INDEXING": "Use of $ne (not equals) on indexed columns",
    "COMPARISON_FILTER_UNSUPPORTED_BY_INDEXING": "Use of $lt, $gt, $lte, $gte (comparison filter) on indexed columns",
    "NOT_IN_FILTER_UNSUPPORTED_BY_INDEXING": "Use of $nin on indexed columns",
    "QUERY_RETRIED_DUE_TO_INDEXING": "Query was retried due lack of primary or index usage",
    "IN_MEMORY_SORTING_DUE_SKIP_OPTIONS": "Sorting uses skip option, performing as in memory sort",
    "IN_MEMORY_SORTING_DUE_TO_NON_PARTITION_SORTING": "Sorting by non partition sorting columns",
    "IN_MEMORY_SORTING_DUE_TO_MISSING_PARTITION_SORTING": "Sorting with missing partition sorting columns",
    "IN_MEMORY_SORTING_DUE_TO_OUT_OF_ORDER_PARTITION_SORTING": "Sorting on out of order partition sorting columns",
    "IN_MEMORY_SORTING_DUE_TO_PARTITION_KEY_NOT_RESTRICTED": (
        "Sorting with partition key not restricted correctly in filter clause"
    ),
}

_SERVER = {
    "INTERNAL_SERVER_ERROR": "Internal server error",
    "UNEXPECTED_SERVER_ERROR": "Unexpected server error",
}

_DATABASE = {
    "INVALID_DATABASE_QUERY": "Invalid database query",
    "UNSUPPORTED_DATABASE_QUERY": "Unsupported database query",
    "UNEXPECTED_DRIVER_ERROR": "Unexpected driver error",
    "TIMEOUT_WRITING_DATA": "Timeout writing data",
}

_EMBEDDING_PROVIDER = {
    "EMBEDDING_PROVIDER_CLIENT_ERROR": "The Embedding Provider returned a HTTP client error",
    "EMBEDDING_PROVIDER_SERVER_ERROR": "The Embedding Provider returned a HTTP server error",
    "EMBEDDING_PROVIDER_RATE_LIMITED": "Embedding provider rate limited the request",
    "EMBEDDING_PROVIDER_TIMEOUT": "The Embedding Provider request timed out",
    "EMBEDDING_PROVIDER_BAD_HOST_NAME": "Bad parameter(s) cause bad provider URL",
    "EMBEDDING_PROVIDER_AUTHENTICATION_KEYS_NOT_PROVIDED": "Authentication header(s) missing from embedding request",
    "EMBEDDING_PROVIDER_UNEXPECTED_RESPONSE": "The Embedding Provider returned an unexpected response",
    "EMBEDDING_PROVIDER_UNAVAILABLE": "The Embedding Provider is unavailable",
    "EMBEDDING_GATEWAY_UNABLE_RESOLVE_AUTHENTICATION_TYPE": "Embedding Gateway unable to resolve authentication type",
}

_RERANKING_PROVIDER = {
    "RERANKING_PROVIDER_CLIENT_ERROR": "The Reranking Provider returned a HTTP client error",
    "RERANKING_PROVIDER_SERVER_ERROR": "The Reranking Provider returned a HTTP server error",
    "RERANKING_PROVIDER_RATE_LIMITED": "Reranking provider rate limited the request",
    "RERANKING_PROVIDER_TIMEOUT": "The Reranking Provider request timed out",
    "RERANKING_PROVIDER_AUTHENTICATION_KEYS_NOT_PROVIDED": "Authentication header(s) missing from reranking request",
    "RERANKING_PROVIDER_UNEXPECTED_RESPONSE": "The Reranking Provider returned an unexpected response",
}

TITLES: tuple[tuple[Family, str, Mapping[str, str]], ...] = (
    (Family.REQUEST, "", _REQUEST),
    (Family.REQUEST, "", _HTTP),
    (Family.REQUEST, "SECURITY", _SECURITY),
    (Family.REQUEST, "SCHEMA", _SCHEMA_COLLECTIONS),
    (Family.REQUEST, "SCHEMA", _SCHEMA_TABLES),
    (Family.REQUEST, "DOCUMENT", _DOCUMENT),
    (Family.REQUEST, "FILTER", _FILTER),
    (Family.REQUEST, "SORT", _SORT),
    (Family.REQUEST, "UPDATE", _UPDATE),
    (Family.REQUEST, "PROJECTION", _PROJECTION),
    (Family.REQUEST, "WARNING", _WARNING),
    (Family.SERVER, "", _SERVER),
    (Family.SERVER, "DATABASE", _DATABASE),
    (Family.SERVER, "EMBEDDING_PROVIDER", _EMBEDDING_PROVIDER),
    (Family.SERVER, "RERANKING_PROVIDER", _RERANKING_PROVIDER),
)
"""Family, scope, and the title of each code in it."""
