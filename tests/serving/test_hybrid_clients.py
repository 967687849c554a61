"""Lexical and hybrid search through the official Python client, with a reranking model and without one."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from astrapy import Collection, DataAPIClient
from astrapy.exceptions import DataAPIResponseException
from astrapy.info import (
    CollectionDefinition,
    CollectionLexicalOptions,
    CollectionRerankOptions,
    CollectionVectorOptions,
    RerankServiceOptions,
    VectorServiceOptions,
)

from tests.support.served import CREDENTIAL, DATABASE, PROVIDER, PROVIDER_KEY, TOKEN, Served, served

Documents = Collection[dict[str, object]]

MODEL = "nvidia/llama-3.2-nv-rerankqa-1b-v2"
SERVICE = VectorServiceOptions(
    provider=PROVIDER,
    model_name="endpoint-defined-model",
    authentication={"providerKey": CREDENTIAL},
    parameters={"endpointName": "e", "regionName": "r", "cloudName": "aws"},
)
DEFINITION = CollectionDefinition(
    vector=CollectionVectorOptions(dimension=8, service=SERVICE),
    lexical=CollectionLexicalOptions(analyzer="english", enabled=True),
    rerank=CollectionRerankOptions(enabled=True, service=RerankServiceOptions(provider="nvidia", model_name=MODEL)),
)
BOOKS: list[dict[str, Any]] = [
    {"_id": "tree", "$hybrid": "A tree on a green hill"},
    {"_id": "trees", "$hybrid": "Trees and trees and nothing but trees"},
    {"_id": "sea", "$hybrid": {"$vectorize": "The sea at night", "$lexical": "ships sailing"}},
]


@pytest.fixture(scope="module")
def reranking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("reranking") / "data", reranking=True) as running:
        yield running


def books(server: Served, name: str) -> Documents:
    database = DataAPIClient(TOKEN).get_database(f"{server.address}/databases/{DATABASE}")
    made = database.create_collection(name, definition=DEFINITION)
    made.insert_many(BOOKS)
    return made


def test_the_definition_comes_back_as_it_was_given(server: Served) -> None:
    database = DataAPIClient(TOKEN).get_database(f"{server.address}/databases/{DATABASE}")
    made = database.create_collection("defined", definition=DEFINITION)
    assert made.options().lexical == DEFINITION.lexical
    assert made.options().rerank == DEFINITION.rerank
    plain = database.create_collection("plain").options()
    assert plain.lexical == CollectionLexicalOptions(analyzer="standard", enabled=True)
    assert plain.rerank == DEFINITION.rerank
    database.create_collection("plain", definition=plain)
    database.drop_collection("defined")
    database.drop_collection("plain")


def test_words_are_sorted_by_and_filtered_by(server: Served) -> None:
    docs = books(server, "words")
    assert [found["_id"] for found in docs.find({}, sort={"$lexical": "tree"}, projection={"_id": 1})] == [
        "trees",
        "tree",
    ]
    found = docs.find_one({"$lexical": {"$match": "sailed ship"}}, projection={"*": 1})
    assert found is not None
    assert found["$lexical"] == "ships sailing"
    assert found["$vectorize"] == "The sea at night"
    docs.update_one({"_id": "sea"}, {"$set": {"$lexical": "a lone tree"}})
    assert docs.count_documents({"$lexical": {"$match": "trees"}}, upper_bound=10) == 3
    assert docs.find_one_and_delete({}, sort={"$lexical": "lone"}, projection={"_id": 1, "none": 1}) == {"_id": "sea"}
    with pytest.raises(DataAPIResponseException) as caught:
        docs.insert_one({"$lexical": "word " * 3000})
    assert caught.value.error_descriptors[0].error_code == "LEXICAL_CONTENT_TOO_LONG"
    docs.database.drop_collection("words")


def test_lists_are_fused_where_there_is_no_model(server: Served, caplog: pytest.LogCaptureFixture) -> None:
    docs = books(server, "fused")
    with caplog.at_level(logging.WARNING, "astrapy"):
        cursor = docs.find_and_rerank({}, sort={"$hybrid": "tree"}, include_scores=True, include_sort_vector=True)
        results = list(cursor)
    assert {result.document["_id"] for result in results} == {"tree", "trees", "sea"}
    assert all(result.scores["$rerank"] is None for result in results)
    fused = [result.scores["$rrf"] or 0 for result in results]
    assert fused == sorted(fused, reverse=True)
    assert results[-1].scores["$bm25Rank"] is None
    vector = cursor.get_sort_vector()
    assert vector is not None
    assert len(list(vector)) == 8
    assert "RERANKING_MODEL_NOT_CONFIGURED" in caplog.text
    docs.database.drop_collection("fused")


def test_a_model_puts_results_in_order(reranking: Served) -> None:
    docs = books(reranking, "ranked").with_options(reranking_api_key=PROVIDER_KEY)
    cursor = docs.find_and_rerank(
        {"_id": {"$ne": "none"}},
        sort={"$hybrid": {"$vectorize": "green tree", "$lexical": "tree"}},
        projection={"_id": 1, "$vectorize": 1},
        limit=2,
        hybrid_limits={"$vector": 20, "$lexical": 10},
        include_scores=True,
        rerank_on="$lexical",
        rerank_query="trees but ships",
        rerank_service=RerankServiceOptions(provider="nvidia", model_name=MODEL),
    )
    results = list(cursor)
    assert [(result.document["_id"], result.scores["$rerank"]) for result in results] == [("trees", 4.0), ("sea", 1.0)]
    assert reranking.provider.requests[-1].headers["authorization"] == f"Bearer {PROVIDER_KEY}"
    with pytest.raises(DataAPIResponseException) as caught:
        list(docs.with_options(reranking_api_key="wrong").find_and_rerank({}, sort={"$hybrid": "tree"}))
    assert caught.value.error_descriptors[0].error_code == "RERANKING_PROVIDER_CLIENT_ERROR"
    assert TOKEN not in str([request.headers for request in reranking.provider.requests])
    docs.database.drop_collection("ranked")


async def test_without_blocking(reranking: Served) -> None:
    database = DataAPIClient(TOKEN).get_async_database(reranking.address)
    docs = await database.create_collection("unblocked", definition=DEFINITION, reranking_api_key=PROVIDER_KEY)
    await docs.insert_many(BOOKS)
    cursor = docs.find_and_rerank({}, sort={"$hybrid": "trees"}, include_scores=True, limit=1)
    [best] = [result async for result in cursor]
    assert (best.document["_id"], best.scores["$rerank"], best.scores["$bm25Rank"]) == ("trees", 3.0, 1)
    words = [found["_id"] async for found in docs.find({}, sort={"$lexical": "tree"}, projection={"_id": 1})]
    assert words == ["trees", "tree"]
    await database.drop_collection("unblocked")
