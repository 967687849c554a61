"""Requests about tables that are right, for the fuzzer to mutate: 1 is the keyspace's path, 3 the table's."""

from __future__ import annotations

from typing import Any

TABLE = "fuzzed_rows"
_EVERY_TYPE = {
    name: name
    for name in (
        *("ascii", "bigint", "blob", "boolean", "date", "decimal", "double", "duration", "float", "inet", "smallint"),
        *("time", "timestamp", "tinyint", "uuid", "varint"),
    )
}
DEFINITION: dict[str, Any] = {
    "columns": {
        "p": "text",
        "c": {"type": "int"},
        "t": "text",
        "n": "int",
        "l": {"type": "list", "valueType": "int"},
        "s": {"type": "set", "valueType": "text"},
        "m": {"type": "map", "keyType": "int", "valueType": "text"},
        "v": {"type": "vector", "dimension": 3},
        **{f"x_{name}": kind for name, kind in _EVERY_TYPE.items()},
    },
    "primaryKey": {"partitionBy": ["p"], "partitionSort": {"c": -1}},
}
CREATE: dict[str, Any] = {
    "createTable": {"name": TABLE, "definition": DEFINITION, "options": {"ifNotExists": True}},
}
_VALUES: dict[str, Any] = {
    "x_ascii": "a", "x_bigint": 2**60, "x_blob": {"$binary": "AAAA"}, "x_boolean": True, "x_date": "2024-02-29",
    "x_decimal": 1.50, "x_double": 0.5, "x_duration": "P1DT2H", "x_float": "NaN", "x_inet": "::1", "x_smallint": 7,
    "x_time": "12:34:56.789", "x_timestamp": "2024-02-29T12:34:56Z", "x_tinyint": -1,
    "x_uuid": "0f3b9c1e-1111-4222-8333-444455556666", "x_varint": 10**30,
}  # fmt: skip
_ROW: dict[str, Any] = {
    "p": "a",
    "c": 1,
    "t": "some words",
    "n": 5,
    "l": [1, 2],
    "s": ["x"],
    "m": [[1, "one"]],
    "v": [0.1, 0.2, 0.3],
    **_VALUES,
}
_KEY = {"p": "a", "c": 1}
_MAP = {"type": "map", "keyType": "text", "valueType": "int"}
_SERVICE = {"provider": "embedded", "modelName": "m"}
_FOLDED = {"caseSensitive": False, "ascii": True}

TABLE_SEEDS: tuple[tuple[int, dict[str, Any]], ...] = (
    (1, CREATE),
    (1, {"createTable": {"name": "spare_rows", "definition": {"columns": {"id": "uuid"}, "primaryKey": "id"}}}),
    (1, {"dropTable": {"name": "spare_rows", "options": {"ifExists": True}}}),
    (1, {"listTables": {"options": {"explain": True}}}),
    (1, {"createType": {"name": "pair", "definition": {"fields": {"a": "int", "b": {"type": "text"}}}}}),
    (1, {"alterType": {"name": "pair", "operation": {"add": {"fields": {"c": "date"}}}}}),
    (1, {"alterType": {"name": "pair", "operation": {"rename": {"fields": {"a": "z"}}}}}),
    (1, {"listTypes": {"options": {"explain": True}}}),
    (1, {"dropType": {"name": "pair", "options": {"ifExists": True}}}),
    (1, {"dropIndex": {"name": "by_s", "options": {"ifExists": True}}}),
    (3, {"alterTable": {"operation": {"add": {"columns": {"more": _MAP}}}}}),
    (3, {"alterTable": {"operation": {"drop": {"columns": ["more"]}}}}),
    (3, {"alterTable": {"operation": {"dropVectorize": {"columns": ["v"]}}}}),
    (3, {"alterTable": {"operation": {"addVectorize": {"columns": {"v": _SERVICE}}}}}),
    (3, {"createIndex": {"name": "by_n", "definition": {"column": "n"}, "options": {"ifNotExists": True}}}),
    (3, {"createIndex": {"name": "by_s", "definition": {"column": "s"}}}),
    (3, {"createIndex": {"name": "by_m", "definition": {"column": {"m": "$keys"}}}}),
    (3, {"createIndex": {"name": "by_t", "definition": {"column": "t", "options": _FOLDED}}}),
    (3, {"createVectorIndex": {"name": "by_v", "definition": {"column": "v", "options": {"metric": "dot_product"}}}}),
    (3, {"createTextIndex": {"name": "by_word", "definition": {"column": "t", "options": {"analyzer": "standard"}}}}),
    (3, {"listIndexes": {"options": {"explain": True}}}),
    (3, {"insertOne": {"document": _ROW}}),
    (3, {"insertMany": {"documents": [_ROW, {**_KEY, "c": 2, "n": None}], "options": {"ordered": True}}}),
    (3, {"insertMany": {"documents": [_KEY, {"p": "b", "c": 3}], "options": {"returnDocumentResponses": True}}}),
    (3, {"find": {"filter": {"p": "a", "c": {"$gte": 0, "$lt": 9}}, "sort": {"c": 1}, "options": {"limit": 3}}}),
    (3, {"find": {"filter": {"$or": [{"n": {"$in": [1, 5]}}, {"s": {"$all": ["x"]}}], "$not": {"t": "x"}}}}),
    (3, {"find": {"filter": {"m": {"$keys": {"$in": [1]}}}, "projection": {"m": 1, "p": True}}}),
    (3, {"find": {"filter": {name: {"$gt": value} for name, value in _VALUES.items()}}}),
    (3, {"find": {"sort": {"v": [1, 0, 0.5]}, "options": {"limit": 2, "includeSimilarity": True}}}),
    (3, {"find": {"sort": {"n": -1, "t": 1}, "options": {"limit": 2, "skip": 1}}}),
    (3, {"find": {"sort": {"t": "words"}, "filter": {"t": {"$match": "some"}}, "options": {"limit": 2}}}),
    (3, {"find": {"options": {"pageState": "x", "includeSortVector": True}}}),
    (3, {"findOne": {"filter": _KEY, "projection": {"*": 1}}}),
    (3, {"updateOne": {"filter": _KEY, "update": {"$set": {"t": "new", "v": [1, 2, 3]}, "$unset": {"n": ""}}}}),
    (3, {"updateOne": {"filter": _KEY, "update": {"$push": {"l": {"$each": [3]}, "s": "y"}, "$pullAll": {"l": [1]}}}}),
    (3, {"deleteOne": {"filter": _KEY}}),
    (3, {"deleteMany": {"filter": {"p": "a", "c": {"$gt": 1}}}}),
    (3, {"countDocuments": {"filter": {}}}),
)  # fmt: skip
"""Requests that are right: which of the fuzzer's paths, and the command."""
