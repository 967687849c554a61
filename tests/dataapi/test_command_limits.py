"""How large the parts of a command may be is a setting each, which the error names; what is allowed is taken."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import fields
from itertools import count
from pathlib import Path

import pytest_asyncio

from astrolabe.dataapi.language.allowances import CommandLimits
from astrolabe.dataapi.protocol import Json
from tests.support.local_api import LocalDatabase, codes, local_database, message

INVALID = "COMMAND_FIELD_VALUE_INVALID"
TOO_LARGE = "SHRED_DOC_LIMIT_VIOLATION"
IDS = count(1)


@pytest_asyncio.fixture
async def db(tmp_path: Path) -> AsyncIterator[LocalDatabase]:
    async with local_database(tmp_path) as opened:
        await opened.create("docs", vector={"dimension": 2})
        await opened.on_collection({"insertMany": {"documents": [{"$vector": [1, n]} for n in range(1, 4)]}}, "docs")
        columns = {"p": "int", "v": {"type": "vector", "dimension": 2}}
        definition = {"columns": columns, "primaryKey": "p"}
        assert codes(await opened.on_keyspace({"createTable": {"name": "rows", "definition": definition}})) == []
        index = {"name": "by_v", "definition": {"column": "v"}}
        assert codes(await opened.on_collection({"createVectorIndex": index}, "rows")) == []
        await opened.on_collection({"insertMany": {"documents": [{"p": n} for n in range(4)]}}, "rows")
        yield opened


def document(make: Callable[[int], object]) -> Callable[[int], Json]:
    return lambda size: {"insertOne": {"document": {"_id": next(IDS), "f": make(size)}}}


def nested(depth: int) -> object:
    return {} if depth == 2 else {"f": nested(depth - 1)}


def texts(size: int) -> list[str]:
    return [f"{number}" for number in range(size)]


def of_fields(size: int) -> dict[str, int]:
    return {f"f{number}": number for number in range(size)}


CASES: tuple[tuple[str, str, Callable[[int], Json], str], ...] = (
    ("insert_documents", "docs", lambda n: {"insertMany": {"documents": [{}] * n}}, INVALID),
    (
        "insert_documents",
        "rows",
        lambda n: {"insertMany": {"documents": [{"p": 9}] * n}},
        INVALID,
    ),
    ("document_characters", "docs", lambda n: {"insertOne": {"document": {"_id": "x" * (n - 10)}}}, TOO_LARGE),
    ("document_depth", "docs", document(nested), TOO_LARGE),
    ("document_depth", "docs", lambda n: {"updateOne": {"update": {"$set": {"g": nested(n)}}}}, TOO_LARGE),
    ("object_properties", "docs", document(of_fields), TOO_LARGE),
    ("document_properties", "docs", document(lambda n: of_fields(n - 2)), TOO_LARGE),
    ("array_elements", "docs", document(texts), TOO_LARGE),
    ("string_bytes", "docs", document(lambda n: "é" * (n // 2) + "x" * (n % 2)), TOO_LARGE),
    ("filter_comparisons", "docs", lambda n: {"find": {"filter": of_fields(n)}}, "FILTER_FIELDS_LIMIT_VIOLATION"),
    (
        "filter_comparisons",
        "rows",
        lambda n: {"find": {"filter": {"$and": [{"p": 1}] * n}}},
        "FILTER_FIELDS_LIMIT_VIOLATION",
    ),
    ("filter_values", "docs", lambda n: {"find": {"filter": {"f": {"$in": texts(n)}}}}, "FILTER_INVALID_EXPRESSION"),
    (
        "found_documents",
        "docs",
        lambda n: {"find": {"sort": {"$vector": [1, 1]}, "options": {"limit": n}}},
        INVALID,
    ),
    (
        "found_documents",
        "rows",
        lambda n: {"find": {"sort": {"v": [1, 1]}, "options": {"limit": n}}},
        "CANNOT_VECTOR_SORT_WITH_LIMIT_EXCEEDS_MAX",
    ),
)


async def test_what_is_allowed_is_taken_and_one_more_names_the_setting(db: LocalDatabase) -> None:
    for limit, target, command, code in CASES:
        most = 30 if limit == "document_characters" else 5
        db.allow(CommandLimits(**{limit: most}))
        assert codes(await db.on_collection(command(most), target)) == [], limit
        refused = await db.on_collection(command(most + 1), target)
        assert codes(refused) == [code], limit
        assert_named(refused, limit)
        db.allow(CommandLimits(**{limit: most + 1}))
        assert codes(await db.on_collection(command(most + 1), target)) == [], limit


def assert_named(answer: Json, limit: str) -> None:
    assert f"'limits.{limit}'" in message(answer)
    assert f"ASTROLABE_LIMITS__{limit.upper()}" in message(answer)


async def test_longer_vectors_are_taken_where_they_are_allowed(db: LocalDatabase) -> None:
    create = {"createCollection": {"name": "long", "options": {"vector": {"dimension": 4097}}}}
    refused = await db.on_keyspace(create)
    assert codes(refused) == ["VECTOR_SEARCH_TOO_BIG_VALUE"]
    assert_named(refused, "vector_dimension")
    db.allow(CommandLimits(vector_dimension=4097))
    assert codes(await db.on_keyspace(create)) == []
    answer = await db.on_collection({"insertOne": {"document": {"_id": 1, "$vector": [1] * 4097}}}, "long")
    assert codes(answer) == []
    longer = await db.on_collection({"insertOne": {"document": {"$vector": [1] * 4098}}}, "long")
    assert codes(longer) == [TOO_LARGE]
    assert_named(longer, "vector_dimension")
    found = await db.on_collection({"find": {"sort": {"$vector": [1] * 4097}}}, "long")
    assert [document["_id"] for document in found["data"]["documents"]] == [1]
    db.allow(CommandLimits(vector_dimension=2))
    assert await db.on_collection({"find": {"sort": {"$vector": [1] * 4097}}}, "long") == found


async def test_sorting_and_counting_go_as_far_as_is_allowed(db: LocalDatabase) -> None:
    for target in ("docs", "rows"):
        sort = {"find": {"sort": {"p": 1}}}
        db.allow(CommandLimits(sorted_documents=4))
        assert codes(await db.on_collection(sort, target)) == []
        db.allow(CommandLimits(sorted_documents=3))
        refused = await db.on_collection(sort, target)
        assert codes(refused) == ["OVERLOADED_SORT_ROW_LIMIT"]
        assert_named(refused, "sorted_documents")
    for most, status in ((2, {"count": 2, "moreData": True}), (3, {"count": 3})):
        db.allow(CommandLimits(counted_documents=most))
        assert (await db.on_collection({"countDocuments": {}}, "docs"))["status"] == status


def test_every_limit_is_looked_at_here() -> None:
    seen = {limit for limit, *_ in CASES} | {"vector_dimension", "sorted_documents", "counted_documents"}
    assert {limit.name for limit in fields(CommandLimits)} == seen
