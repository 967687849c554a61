"""The typed client on the real engine, with the real Embedded model: from nothing to a search by meaning."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from astrolabe.dataapi.activity import ActivityLog, Outcome, RecordingDataApi
from astrolabe.dataapi.client.client import Collection, DatabaseClient
from astrolabe.dataapi.client.command_builders import ID_ALONE, collection_options
from astrolabe.dataapi.client.results import DocumentCount, InsertState
from astrolabe.dataapi.language.named_vectors import NamedVector
from astrolabe.dataapi.language.special_fields import VECTOR
from astrolabe.errors import DataApiError
from astrolabe.portal.organization import ServiceConfig
from astrolabe.providers.catalogue.catalogue import Catalogue, load_catalogue
from astrolabe.providers.catalogue.provider_info import ModelInfo
from astrolabe.providers.embedding.engine import EmbeddingEngine
from storage.shapes import Metric
from tests.support.local_api import KEYSPACE, LocalDatabase, local_database


def embedded_model() -> ModelInfo:
    return load_catalogue().get("embedded").models[0]


EMBEDDED = ServiceConfig(provider="embedded", model=embedded_model().name)


@pytest_asyncio.fixture
async def embedding(tmp_path: Path) -> AsyncIterator[LocalDatabase]:
    catalogue = load_catalogue()
    engine = EmbeddingEngine(catalogue)
    try:
        async with local_database(tmp_path, catalogue=catalogue, engine=engine) as database:
            yield database
    finally:
        await engine.close()


@pytest_asyncio.fixture
async def books(db: LocalDatabase) -> Collection:
    await db.client.create_collection(KEYSPACE, "books", collection_options(dimension=2))
    return db.client.collection(KEYSPACE, "books")


async def test_keyspaces(db: LocalDatabase) -> None:
    await db.client.create_keyspace("shop")
    assert await db.client.keyspaces() == [KEYSPACE, "shop"]
    await db.client.drop_keyspace("shop")
    assert await db.client.keyspaces() == [KEYSPACE]


async def test_providers(db: LocalDatabase) -> None:
    assert "huggingfaceDedicated" in await db.client.embedding_providers()


async def test_hybrid_search(embedding: LocalDatabase) -> None:
    await embedding.client.create_collection(KEYSPACE, "tools", collection_options(service=EMBEDDED))
    tools = embedding.client.collection(KEYSPACE, "tools")
    await tools.insert_many(
        [
            {"_id": "saw", "$hybrid": "a saw for planks", "kind": "hand"},
            {"_id": "part", "$hybrid": "spare part FF800", "kind": "spare"},
            {"_id": "mute", "$vectorize": "a quiet thing", "kind": "hand"},
        ]
    )
    page = await tools.find_and_rerank("FF800", include_scores=True, include_sort_vector=True)
    assert page.fused
    assert page.found[0].document["_id"] == "part"
    best = page.found[0].scores
    assert best is not None
    assert (best.word_rank, best.rerank) == (1, None)
    assert best.vector_rank is not None
    assert best.fused is not None
    assert [one.scores.word_rank for one in page.found[1:] if one.scores] == [None, None]
    assert page.sort_vector is not None
    hand = await tools.find_and_rerank("FF800", filter={"kind": "hand"}, limit=1, projection=ID_ALONE)
    assert [(one.scores, set(one.document)) for one in hand.found] == [(None, {"_id"})]


async def test_a_collection_says_how_it_can_be_searched(db: LocalDatabase) -> None:
    await db.client.create_collection(KEYSPACE, "usual", collection_options(dimension=2))
    await db.client.create_collection(KEYSPACE, "bare", collection_options(lexical=False, rerank=False))
    infos = {info.name: info for info in await db.client.collections(KEYSPACE)}
    assert (infos["usual"].lexical, infos["usual"].rerank) == (True, True)
    assert (infos["bare"].lexical, infos["bare"].rerank) == (False, False)


async def test_collections(db: LocalDatabase) -> None:
    options = collection_options(dimension=3, metric=Metric.EUCLIDEAN, default_id="uuid", indexing={"deny": ["blob"]})
    await db.client.create_collection(KEYSPACE, "docs", options)
    [info] = await db.client.collections(KEYSPACE)
    assert info.name == "docs"
    assert info.vectors == {VECTOR: NamedVector(VECTOR, 3, Metric.EUCLIDEAN)}
    assert info.options["indexing"] == {"deny": ["blob"]}
    await db.client.delete_collection(KEYSPACE, "docs")
    assert await db.client.collections(KEYSPACE) == []


async def test_documents(books: Collection) -> None:
    assert await books.insert_one({"_id": "a", "n": 1, "$vector": [1, 0]}) == "a"
    result = await books.insert_many([{"_id": "b", "n": 2}, {"_id": "a"}, {"_id": "c", "n": 3}])
    assert result.inserted_ids == ["b", "c"]
    assert [outcome.state for outcome in result.outcomes] == [InsertState.OK, InsertState.ERROR, InsertState.OK]
    assert result.errors[1].code == "DOCUMENT_ALREADY_EXISTS"
    page = await books.find(sort={"n": -1}, projection={"n": 1}, limit=2)
    assert page.documents == [{"_id": "c", "n": 3}, {"_id": "b", "n": 2}]
    assert await books.find_one(filter={"_id": "missing"}) is None
    nearest = await books.find(sort={"$vector": [1, 0]}, include_similarity=True, include_sort_vector=True)
    assert nearest.documents == [{"_id": "a", "n": 1, "$similarity": pytest.approx(1)}]
    assert nearest.sort_vector == [1, 0]


async def test_changes_and_counts(books: Collection) -> None:
    await books.insert_many([{"_id": number} for number in range(70)])
    changed = await books.update_one({"_id": 1}, {"$set": {"x": 1}})
    assert (changed.matched, changed.modified, changed.upserted_id) == (1, 1, None)
    assert (await books.update_one({"_id": "new"}, {"$set": {"x": 1}}, upsert=True)).upserted_id == "new"
    assert await books.count({"x": 1}) == DocumentCount(2)
    assert await books.delete_one({"_id": "new"}) == 1
    assert [document["_id"] async for document in books.find_all()] == list(range(70))
    assert await books.delete_many({"_id": {"$lt": 60}}) == 60
    assert await books.estimated_count() == 10
    assert await books.delete_many({}) == -1


async def test_errors_are_raised_with_their_code(db: LocalDatabase) -> None:
    with pytest.raises(DataApiError) as caught:
        await db.client.collection(KEYSPACE, "missing").find()
    assert caught.value.code == "UNKNOWN_COLLECTION_OR_TABLE"


async def test_recording_what_really_happens(db: LocalDatabase) -> None:
    log = ActivityLog()
    client = DatabaseClient(RecordingDataApi(db.api, log, "library"))
    await client.create_collection(KEYSPACE, "docs")
    await client.collection(KEYSPACE, "docs").insert_many([{"_id": number} for number in range(10)])
    with pytest.raises(DataApiError):
        await client.collection(KEYSPACE, "nope").find()
    assert [(entry.planned.verb, entry.outcome) for entry in log.entries] == [
        ("createCollection", Outcome.OK),
        ("insertMany", Outcome.OK),
        ("find", Outcome.ERROR),
    ]
    assert log.entries[1].detail == "10 inserted"
    assert log.entries[2].error_code == "UNKNOWN_COLLECTION_OR_TABLE"


async def test_a_search_by_meaning_without_network_or_key(embedding: LocalDatabase) -> None:
    client = embedding.client
    await client.create_collection(KEYSPACE, "vehicles", collection_options(service=EMBEDDED))
    [info] = await client.collections(KEYSPACE)
    assert info.vectors == {VECTOR: NamedVector(VECTOR, embedded_model().dimension or 0, service=EMBEDDED)}
    vehicles = client.collection(KEYSPACE, "vehicles")
    texts = ["a fast red sports car", "a slow boat on the river", "bread and butter for breakfast"]
    await vehicles.insert_many([{"_id": text, "$vectorize": text} for text in texts])
    found = await vehicles.find(sort={"$vectorize": "eating toast in the morning"}, include_similarity=True)
    assert found.documents[0]["_id"] == texts[2]
    same = await vehicles.find(sort={"$vectorize": texts[0]}, limit=1, include_similarity=True)
    assert same.documents == [{"_id": texts[0], "$similarity": pytest.approx(1, abs=1e-5)}]


@pytest_asyncio.fixture
async def without_model(tmp_path: Path) -> AsyncIterator[LocalDatabase]:
    """A machine on which the Embedded model's package is missing."""
    whole = load_catalogue()
    missing = replace(whole.get("embedded"), available=False, unavailable_reason="Run: pip install wordllama.")
    catalogue = Catalogue((missing, *(entry for entry in whole.providers if entry.key != "embedded")))
    engine = EmbeddingEngine(catalogue)
    try:
        async with local_database(tmp_path, catalogue=catalogue, engine=engine) as database:
            yield database
    finally:
        await engine.close()


async def test_a_missing_model_says_how_to_get_it_and_the_rest_works(without_model: LocalDatabase) -> None:
    client = without_model.client
    await client.create_collection(KEYSPACE, "vehicles", collection_options(service=EMBEDDED))
    vehicles = client.collection(KEYSPACE, "vehicles")
    with pytest.raises(DataApiError, match="pip install wordllama") as caught:
        await vehicles.insert_one({"$vectorize": "a boat"})
    assert caught.value.code == "EMBEDDING_PROVIDER_UNAVAILABLE"
    await vehicles.insert_one({"_id": 1, "$vector": [1.0] * 256})
    assert (await vehicles.find(sort={"$vector": [1.0] * 256})).documents == [{"_id": 1}]
