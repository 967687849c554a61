"""A shop with tables beside a collection: keys, indexes, a user-defined type, vector columns of two providers."""

from __future__ import annotations

from typing import Any

from astrolabe.dataapi.client.command_builders import PlannedCommand, collection_options
from astrolabe.dataapi.protocol import Json
from astrolabe.portal.organization import DEFAULT_KEYSPACE
from astrolabe.workspace import Workspace
from tests.support.console import ARTICLES, EMBEDDED, hugging_face, shop

HOSTED = {"provider": "embedded", "modelName": "wordllama-l2-supercat-256"}
"""The provider that needs no key."""

TOKEN = {
    "provider": "huggingface",
    "modelName": "sentence-transformers/all-MiniLM-L6-v2",
    "authentication": {"providerKey": "webstore-prod"},
}
"""One that needs a token, which the shop has."""

NOTES: dict[str, Any] = {
    "columns": {
        "shop": "text",
        "at": "timestamp",
        "body": "text",
        "price": "decimal",
        "tags": {"type": "set", "valueType": "text"},
        "sizes": {"type": "map", "keyType": "text", "valueType": "int"},
        "address": {"type": "userDefined", "udtName": "address"},
        "meaning": {"type": "vector", "service": HOSTED},
        "question": {"type": "vector", "service": TOKEN},
        "shape": {"type": "vector", "dimension": 3},
    },
    "primaryKey": {"partitionBy": ["shop"], "partitionSort": {"at": -1}},
}
"""A table with something of everything."""

_BODIES = ("A light red bicycle for the city", "A wooden chair that may stand in the rain", "A lamp for long evenings")


async def tables(workspace: Workspace) -> None:
    """Add a collection, a table with rows, and one that has none to the shop."""
    await hugging_face(workspace)
    client = await workspace.client(await shop(workspace))
    await client.create_collection(DEFAULT_KEYSPACE, "articles", collection_options(service=EMBEDDED))
    documents = [{**article, "$vectorize": article["text"]} for article in ARTICLES]
    await client.collection(DEFAULT_KEYSPACE, "articles").insert_many(documents)

    async def run(name: str | None, **command: Json) -> None:
        await client.run(PlannedCommand(command, DEFAULT_KEYSPACE, name))

    await run(None, createType={"name": "address", "definition": {"fields": {"street": "text", "house": "int"}}})
    await run(None, createTable={"name": "notes", "definition": NOTES})
    await run("notes", createVectorIndex={"name": "by_meaning", "definition": {"column": "meaning"}})
    question = {"column": "question", "options": {"metric": "dot_product"}}
    await run("notes", createVectorIndex={"name": "by_question", "definition": question})
    await run("notes", createIndex={"name": "by_tag", "definition": {"column": "tags"}})
    await run("notes", createTextIndex={"name": "by_word", "definition": {"column": "body"}})
    for place, body in enumerate(_BODIES):
        row = {
            "shop": "north" if place < len(_BODIES) - 1 else "south",
            "at": f"2026-11-2{place}T18:00:00Z",
            "body": body,
            "price": 12.5 * (place + 1),
            "tags": ["new", f"n{place}"],
            "sizes": {"small": place},
            "address": {"street": "Quay", "house": place + 1},
            "meaning": body,
            "shape": [place, 1, 0],
        }
        await run("notes", insertOne={"document": row})
    visits = {"columns": {"page": "text", "hits": "int"}, "primaryKey": "page"}
    await run(None, createTable={"name": "visits", "definition": visits})
