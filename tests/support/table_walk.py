"""One walk through the commands of a table: what snippets of every language are run with."""

from __future__ import annotations

from decimal import Decimal

from astrolabe.dataapi.client.command_builders import PlannedCommand
from astrolabe.dataapi.protocol import JsonValue
from tests.support.served import CREDENTIAL, KEYSPACE, PROVIDER
from tests.support.snippet_walk import HOSTILE, Walked

TABLE = "rows"

_SERVICE = {
    "provider": PROVIDER,
    "modelName": "endpoint-defined-model",
    "authentication": {"providerKey": CREDENTIAL},
    "parameters": {"endpointName": "e", "regionName": "r", "cloudName": "aws"},
}
_DEFINITION = {
    "columns": {
        "shop": {"type": "text"},
        "n": {"type": "int"},
        "body": {"type": "text"},
        "price": {"type": "decimal"},
        "tags": {"type": "set", "valueType": "text"},
        "counts": {"type": "map", "keyType": "text", "valueType": "int"},
        "meaning": {"type": "vector", "dimension": 8, "service": _SERVICE},
        "own": {"type": "vector", "dimension": 3},
    },
    "primaryKey": {"partitionBy": ["shop"], "partitionSort": {"n": -1}},
}
_ROWS = [
    {"shop": "north", "n": 1, "body": HOSTILE, "meaning": HOSTILE, "price": Decimal("1.50"), "own": [1, 0, 0]},
    {"shop": "north", "n": 2, "body": "a café", "meaning": "a café", "tags": ["x", "y"], "own": [0, 1, 0]},
]


def _on(verb: str, word: str = "", /, **content: JsonValue) -> Walked:
    return Walked(PlannedCommand({verb: content}, KEYSPACE, TABLE, is_table=True), word)


def _index(verb: str, name: str, column: JsonValue, **options: JsonValue) -> Walked:
    definition = {"column": column, **({"options": options} if options else {})}
    return _on(verb, name=name, definition=definition)


TABLE_WALK: tuple[Walked, ...] = (
    Walked(PlannedCommand({"createTable": {"name": TABLE, "definition": _DEFINITION}}, KEYSPACE)),
    Walked(PlannedCommand({"listTables": {"options": {"explain": True}}}, KEYSPACE), TABLE),
    _index("createVectorIndex", "by_meaning", "meaning", metric="cosine"),
    _index("createVectorIndex", "by_own", "own", metric="euclidean"),
    _index("createIndex", "by_tag", "tags"),
    _index("createIndex", "by_count", {"counts": "$keys"}),
    _index("createTextIndex", "by_word", "body", analyzer="standard"),
    _on("listIndexes", "by_tag", options={"explain": True}),
    _on("insertMany", documents=_ROWS, options={"ordered": True}),
    _on("insertOne", document={"shop": "south", "n": 1, "counts": {"a": 1}, "own": [0, 0, 1]}),
    _on("find", "caf\u00e9", sort={"meaning": "a caf\u00e9"}, options={"limit": 1, "includeSimilarity": True}),
    _on("find", "north", filter={"shop": "north", "n": {"$gt": 1}}, projection={"shop": True}),
    _on("find", "bicycle", sort={"own": [1, Decimal("0.25"), 0]}, projection={"body": True}, options={"limit": 1}),
    _on("findOne", "north", filter={"tags": {"$in": ["x"]}}, projection={"shop": True, "tags": True}),
    _on("find", "bicycle", sort={"body": "bicycle"}, projection={"body": True}),
    _on("updateOne", filter={"shop": "south", "n": 1}, update={"$set": {"body": "a kettle"}, "$unset": {"own": ""}}),
    _on("findOne", "kettle", filter={"shop": "south", "n": 1}),
    _on("alterTable", operation={"add": {"columns": {"gone": {"type": "text"}}}}),
    _on("alterTable", operation={"drop": {"columns": ["gone"]}}),
    _on("alterTable", operation={"dropVectorize": {"columns": ["meaning"]}}),
    _on("alterTable", operation={"addVectorize": {"columns": {"meaning": _SERVICE}}}),
    _on("deleteOne", filter={"shop": "south", "n": 1}),
    _on("deleteMany", filter={"shop": "north"}),
    Walked(PlannedCommand({"dropIndex": {"name": "by_tag"}}, KEYSPACE)),
    Walked(PlannedCommand({"dropTable": {"name": TABLE, "options": {"ifExists": True}}}, KEYSPACE)),
)
"""Every command on tables, in an order in which each finds something to do."""
