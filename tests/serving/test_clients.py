"""The official Python client, used as its documentation says: every command on collections, blocking and not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from astrapy import AsyncCollection, AsyncDatabase, Collection, DataAPIClient, Database
from astrapy.api_options import APIOptions, SerdesOptions
from astrapy.authentication import UsernamePasswordTokenProvider
from astrapy.constants import Environment, ReturnDocument
from astrapy.data_types import DataAPITimestamp, DataAPIVector
from astrapy.exceptions import (
    CollectionInsertManyException,
    DataAPIHttpException,
    DataAPIResponseException,
    TooManyDocumentsToCountException,
)
from astrapy.ids import UUID, ObjectId
from astrapy.info import CollectionDefaultIDOptions, CollectionDefinition, CollectionVectorOptions, VectorServiceOptions
from pydantic import SecretStr

from astrolabe.serving.options import ServerOptions
from tests.support.served import CREDENTIAL, DATABASE, PROVIDER, PROVIDER_KEY, TOKEN, Served, served

Documents = Collection[dict[str, object]]
AsyncDocuments = AsyncCollection[dict[str, object]]

SERVICE = VectorServiceOptions(
    provider=PROVIDER,
    model_name="endpoint-defined-model",
    authentication={"providerKey": CREDENTIAL},
    parameters={"endpointName": "e", "regionName": "r", "cloudName": "aws"},
)
WITH_SERVICE = CollectionDefinition(vector=CollectionVectorOptions(dimension=8, metric="cosine", service=SERVICE))
WITH_VECTORS = CollectionDefinition(vector=CollectionVectorOptions(dimension=3))


@pytest.fixture
def database(server: Served) -> Database:
    return DataAPIClient(TOKEN).get_database(f"{server.address}/databases/{DATABASE}")


@pytest.fixture
def async_database(server: Served) -> AsyncDatabase:
    return DataAPIClient(TOKEN).get_async_database(server.address)


@pytest.fixture
def docs(database: Database) -> Iterator[Documents]:
    yield database.create_collection("docs", definition=WITH_SERVICE)
    database.drop_collection("docs")


@pytest.fixture
async def async_docs(async_database: AsyncDatabase) -> AsyncIterator[AsyncDocuments]:
    yield await async_database.create_collection("async_docs", definition=WITH_SERVICE)
    await async_database.drop_collection("async_docs")


def refusal(error: DataAPIResponseException) -> str | None:
    """Return the code of the first error."""
    return error.error_descriptors[0].error_code


def test_collections_are_created_described_and_dropped(database: Database, docs: Documents) -> None:
    assert database.create_collection("docs", definition=WITH_SERVICE) == docs
    (described,) = database.list_collections()
    vector = described.definition.vector
    assert vector is not None
    assert vector.service is not None
    assert (described.name, vector.dimension, vector.metric) == ("docs", 8, "cosine")
    assert vector.service.authentication == {"providerKey": f"{CREDENTIAL}.providerKey"}
    assert docs.options() == described.definition
    assert database.list_collection_names() == ["docs"]
    with pytest.raises(DataAPIResponseException) as caught:
        database.create_collection("docs", definition=WITH_VECTORS)
    assert refusal(caught.value) == "EXISTING_COLLECTION_DIFFERENT_SETTINGS"


def test_texts_are_found_by_meaning(docs: Documents) -> None:
    docs.insert_one({"_id": "a", "$vectorize": "a red bicycle", "price": 12})
    docs.insert_many([{"_id": f"t{number}", "$vectorize": f"something else {number}"} for number in range(5)])
    cursor = docs.find(sort={"$vectorize": "a red bicycle"}, limit=2, include_similarity=True, include_sort_vector=True)
    first, _ = list(cursor)
    assert first["_id"] == "a"
    assert first["$similarity"] == pytest.approx(1, abs=1e-4)
    assert "$vector" not in first
    sort_vector = cursor.get_sort_vector()
    assert sort_vector is not None
    assert len(sort_vector) == 8
    whole = docs.find_one({"_id": "a"}, projection={"*": 1})
    assert whole is not None
    assert whole["$vectorize"] == "a red bicycle"
    assert isinstance(whole["$vector"], DataAPIVector)


def test_the_key_of_a_header_is_passed_on(server: Served, database: Database) -> None:
    headerless = VectorServiceOptions(SERVICE.provider, SERVICE.model_name, parameters=SERVICE.parameters)
    definition = CollectionDefinition(vector=CollectionVectorOptions(dimension=8, service=headerless))
    collection = database.create_collection("keyed", definition=definition, embedding_api_key=PROVIDER_KEY)
    collection.insert_one({"$vectorize": "with the key"})
    assert server.provider.requests[-1].headers["authorization"] == f"Bearer {PROVIDER_KEY}"
    with pytest.raises(DataAPIResponseException) as caught:
        database.get_collection("keyed").insert_one({"$vectorize": "without"})
    assert refusal(caught.value).startswith("EMBEDDING_PROVIDER_")  # type: ignore[union-attr]
    database.drop_collection("keyed")


def test_vectors_of_ones_own_are_inserted_and_searched(database: Database) -> None:
    points = database.create_collection("points", definition=WITH_VECTORS)
    points.insert_many([{"_id": 1, "$vector": [1, 0, 0]}, {"_id": 2, "$vector": DataAPIVector([0, 1, 0])}])
    found = points.find_one(sort={"$vector": [0.1, 0.9, 0]}, include_similarity=True, projection={"$vector": True})
    assert found is not None
    assert (found["_id"], found["$vector"]) == (2, DataAPIVector([0, 1, 0]))
    with pytest.raises(DataAPIResponseException) as caught:
        points.insert_one({"$vector": [1, 2]})
    assert refusal(caught.value) == "INVALID_VECTOR_LENGTH"
    database.drop_collection("points")


def test_updates_replacements_and_deletions(docs: Documents) -> None:
    docs.insert_many([{"_id": number, "n": number, "even": number % 2 == 0} for number in range(120)])
    assert docs.update_one({"_id": 1}, {"$set": {"n": 100}, "$push": {"log": "x"}}).update_info["nModified"] == 1
    assert docs.update_many({"even": True}, {"$inc": {"n": 1000}}).update_info["n"] == 60
    upserted = docs.update_one({"_id": "new"}, {"$setOnInsert": {"n": 5}}, upsert=True)
    assert upserted.update_info["upserted"] == "new"
    after = docs.find_one_and_update({"_id": 2}, {"$unset": {"even": ""}}, return_document=ReturnDocument.AFTER)
    assert after == {"_id": 2, "n": 1002}
    replaced = docs.find_one_and_replace({"_id": 3}, {"n": "three"}, return_document=ReturnDocument.AFTER)
    assert replaced == {"_id": 3, "n": "three"}
    assert docs.replace_one({"_id": 3}, {"n": 3}).update_info["nModified"] == 1
    assert docs.find_one_and_delete({"_id": 3}) == {"_id": 3, "n": 3}
    assert docs.delete_one({"_id": 5}).deleted_count == 1
    assert docs.delete_many({"n": {"$gte": 1000}}).deleted_count == 60
    assert docs.count_documents({}, upper_bound=1000) == 59
    docs.delete_many({})
    assert docs.estimated_document_count() == 0


def test_pages_show_every_document_once(docs: Documents) -> None:
    docs.insert_many([{"_id": number, "n": number} for number in range(170)], ordered=True)
    assert [document["n"] for document in docs.find(projection={"n": True})] == list(range(170))
    assert [document["n"] for document in docs.find({}, sort={"n": -1}, skip=1, limit=2)] == [168, 167]
    assert len(list(docs.find({}, limit=60))) == 60
    assert sorted(docs.distinct("n", filter={"n": {"$lt": 3}})) == [0, 1, 2]
    with pytest.raises(TooManyDocumentsToCountException):
        docs.count_documents({}, upper_bound=100)


def test_an_unordered_insert_says_which_documents_failed(docs: Documents) -> None:
    docs.insert_one({"_id": 1})
    with pytest.raises(CollectionInsertManyException) as caught:
        docs.insert_many([{"_id": number} for number in range(3)], ordered=False)
    assert sorted(caught.value.inserted_ids) == [0, 2]
    with pytest.raises(CollectionInsertManyException) as caught:
        docs.insert_many([{"_id": 7}, {"_id": 1}, {"_id": 8}], ordered=True)
    assert caught.value.inserted_ids == [7]
    assert docs.find_one({"_id": 8}) is None


def test_values_keep_their_types_and_digits(database: Database) -> None:
    definition = CollectionDefinition(default_id=CollectionDefaultIDOptions("uuidv7"))
    exact = APIOptions(serdes_options=SerdesOptions(use_decimals_in_collections=True))
    typed = database.create_collection("typed", definition=definition, spawn_api_options=exact)
    document = {
        "at": DataAPITimestamp.from_datetime(datetime(2026, 11, 20, tzinfo=UTC)),
        "oid": ObjectId("6672e1cbd7fabb4e5493916f"),
        "price": Decimal("12.340000000000000000000000000001"),
        "big": 12345678901234567890123456789,
    }
    inserted = typed.insert_one(document)
    assert isinstance(inserted.inserted_id, UUID)
    assert typed.find_one({"_id": inserted.inserted_id}, projection={"_id": 0}) == document
    database.drop_collection("typed")


def test_errors_are_the_clients_own(server: Served, database: Database, docs: Documents) -> None:
    with pytest.raises(DataAPIResponseException) as caught:
        docs.find_one({"a": {"$near": 1}})
    assert refusal(caught.value) == "FILTER_UNSUPPORTED_OPERATOR"
    with pytest.raises(DataAPIResponseException) as caught:
        database.get_collection("none").find_one()
    assert refusal(caught.value) == "UNKNOWN_COLLECTION_OR_TABLE"
    with pytest.raises(DataAPIResponseException) as caught:
        database.drop_table("none")
    assert refusal(caught.value) == "CANNOT_DROP_UNKNOWN_TABLE"
    assert database.list_table_names() == []
    with pytest.raises(DataAPIHttpException) as refused:
        DataAPIClient("wrong").get_database(server.address).list_collection_names()
    assert refused.value.error_descriptors[0].error_code == "UNAUTHENTICATED_REQUEST"


def test_a_client_for_self_hosted_databases_manages_keyspaces(server: Served) -> None:
    password = UsernamePasswordTokenProvider("cassandra", TOKEN)
    client = DataAPIClient(password, environment=Environment.HCD)
    admin = client.get_database(server.address, keyspace="default_keyspace").get_database_admin()
    admin.create_keyspace("extra")
    assert set(admin.list_keyspaces()) == {"default_keyspace", "extra"}
    admin.drop_keyspace("extra")
    assert "extra" not in admin.list_keyspaces()
    providers = admin.find_embedding_providers().embedding_providers
    assert providers[PROVIDER].supported_authentication["SHARED_SECRET"].enabled
    reranking = admin.find_reranking_providers().reranking_providers
    assert [model.name for model in reranking["nvidia"].models] == ["nvidia/llama-3.2-nv-rerankqa-1b-v2"]


def test_the_servers_own_token_may_be_a_user_name_and_a_password(tmp_path: Path) -> None:
    mine = UsernamePasswordTokenProvider("cassandra", "sentinel-password")
    token = mine.get_token()
    assert token is not None
    with served(tmp_path / "data", ServerOptions(port=0, token=SecretStr(token))) as server:
        client = DataAPIClient(mine, environment=Environment.HCD)
        assert client.get_database(server.address, keyspace="default_keyspace").list_collection_names() == []
        for other in (UsernamePasswordTokenProvider("somebody", "sentinel-password"), "sentinel-password"):
            with pytest.raises(DataAPIHttpException):
                DataAPIClient(other).get_database(server.address).list_collection_names()


async def test_documents_without_blocking(async_docs: AsyncDocuments) -> None:
    many = [{"_id": number, "n": number, "$vectorize": f"number {number}"} for number in range(130)]
    inserted = await async_docs.insert_many(many, ordered=False)  # chunks of 50, all at once
    assert sorted(inserted.inserted_ids) == list(range(130))
    await async_docs.insert_one({"_id": "one"})
    assert await async_docs.find_one({"_id": "one"}) == {"_id": "one"}
    assert len([document async for document in async_docs.find({"n": {"$lt": 120}})]) == 120
    found = await async_docs.find_one(sort={"$vectorize": "number 7"}, include_similarity=True)
    assert found is not None
    assert found["_id"] == 7
    assert (await async_docs.update_one({"_id": 1}, {"$set": {"n": -1}})).update_info["nModified"] == 1
    assert (await async_docs.update_many({"n": {"$gte": 0}}, {"$set": {"seen": True}})).update_info["n"] == 129
    assert await async_docs.find_one_and_update({"_id": 1}, {"$inc": {"n": 1}}) == {"_id": 1, "n": -1}
    assert await async_docs.find_one_and_replace({"_id": 1}, {"n": 1}) == {"_id": 1, "n": 0}
    assert (await async_docs.replace_one({"_id": 1}, {"n": 2})).update_info["n"] == 1
    assert await async_docs.find_one_and_delete({"_id": 1}) == {"_id": 1, "n": 2}
    assert (await async_docs.delete_one({"_id": 2})).deleted_count == 1
    assert (await async_docs.delete_many({"n": {"$gte": 100}})).deleted_count == 30
    assert await async_docs.count_documents({}, upper_bound=500) == 99
    assert await async_docs.estimated_document_count() == 99
    assert sorted(await async_docs.distinct("n", filter={"_id": {"$in": [3, 4]}})) == [3, 4]
    with pytest.raises(DataAPIResponseException) as caught:
        await async_docs.insert_one({"_id": 3})
    assert refusal(caught.value) == "DOCUMENT_ALREADY_EXISTS"


async def test_schema_without_blocking(async_database: AsyncDatabase, async_docs: AsyncDocuments) -> None:
    assert "async_docs" in await async_database.list_collection_names()
    assert (await async_docs.options()).vector is not None
    assert "async_docs" in [found.name for found in await async_database.list_collections()]
