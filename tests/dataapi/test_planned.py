"""What the builders plan is what the contract asks for."""

from __future__ import annotations

from astrolabe.dataapi.client import command_builders as plans
from astrolabe.dataapi.client.command_builders import CollectionTarget, PlannedCommand
from astrolabe.dataapi.language.service import read_service, service_json, stored_credential
from astrolabe.portal.organization import ServiceConfig
from storage.shapes import Metric

BOOKS = CollectionTarget("default_keyspace", "books")
HUGGING_FACE = ServiceConfig(
    provider="huggingfaceDedicated",
    model="endpoint-defined-model",
    credential="reading",
    parameters={"endpointName": "e", "regionName": "r", "cloudName": "aws"},
)


def test_a_collection_that_vectorizes_names_its_service() -> None:
    options = plans.collection_options(dimension=384, metric=Metric.DOT_PRODUCT, service=HUGGING_FACE)
    planned = plans.plan_create_collection("default_keyspace", "books", options)
    assert planned == PlannedCommand(
        {
            "createCollection": {
                "name": "books",
                "options": {
                    "vector": {
                        "dimension": 384,
                        "metric": "dot_product",
                        "service": {
                            "provider": "huggingfaceDedicated",
                            "modelName": "endpoint-defined-model",
                            "authentication": {"providerKey": "reading"},
                            "parameters": {"endpointName": "e", "regionName": "r", "cloudName": "aws"},
                        },
                    }
                },
            }
        },
        keyspace="default_keyspace",
    )


def test_a_plain_collection_has_no_options() -> None:
    assert plans.collection_options() == {}
    assert plans.plan_create_collection("k", "plain").command == {"createCollection": {"name": "plain"}}


def test_ids_and_indexing_are_options() -> None:
    options = plans.collection_options(default_id="uuidv7", indexing={"deny": ("blob",)})
    assert options == {"defaultId": {"type": "uuidv7"}, "indexing": {"deny": ["blob"]}}


def test_find_leaves_out_what_was_not_asked() -> None:
    assert plans.plan_find(BOOKS).command == {"find": {}}
    planned = plans.plan_find(BOOKS, sort={"$vectorize": "sea"}, limit=5, skip=0, include_similarity=True)
    assert planned.command == {
        "find": {"sort": {"$vectorize": "sea"}, "options": {"limit": 5, "skip": 0, "includeSimilarity": True}}
    }
    assert (planned.keyspace, planned.name, planned.verb) == ("default_keyspace", "books", "find")


def test_lexical_search_and_reranking_are_options() -> None:
    off = {"enabled": False}
    assert plans.collection_options(lexical=False, rerank=False) == {"lexical": off, "rerank": off}
    assert plans.collection_options(analyzer="english") == {"lexical": {"enabled": True, "analyzer": "english"}}


def test_find_and_rerank_sends_what_was_asked() -> None:
    assert plans.plan_find_and_rerank(BOOKS, "sea").command == {"findAndRerank": {"sort": {"$hybrid": "sea"}}}
    planned = plans.plan_find_and_rerank(
        BOOKS,
        {"$vector": [1], "$lexical": "sea"},
        filter={"year": 1},
        projection={"title": 1},
        limit=3,
        hybrid_limits={"$vector": 5, "$lexical": 6},
        rerank_query="the sea",
        rerank_on="title",
        include_scores=True,
        include_sort_vector=True,
    )
    assert planned.command == {
        "findAndRerank": {
            "filter": {"year": 1},
            "projection": {"title": 1},
            "sort": {"$hybrid": {"$vector": [1], "$lexical": "sea"}},
            "options": {
                "limit": 3,
                "hybridLimits": {"$vector": 5, "$lexical": 6},
                "rerankOn": "title",
                "rerankQuery": "the sea",
                "includeScores": True,
                "includeSortVector": True,
            },
        }
    }


def test_an_emptying_delete_keeps_its_empty_filter() -> None:
    assert plans.plan_delete_many(BOOKS, {}).command == {"deleteMany": {"filter": {}}}


def test_writes_copy_what_they_are_given() -> None:
    document = {"_id": 1}
    planned = plans.plan_insert_many(BOOKS, [document], ordered=True)
    document["_id"] = 2
    assert planned.command == {
        "insertMany": {"documents": [{"_id": 1}], "options": {"ordered": True, "returnDocumentResponses": True}}
    }


def test_update_and_delete_options() -> None:
    update = plans.plan_update_one(BOOKS, {"_id": 1}, {"$set": {"a": 1}}, sort={"a": 1}, upsert=True)
    assert update.command == {
        "updateOne": {"filter": {"_id": 1}, "update": {"$set": {"a": 1}}, "sort": {"a": 1}, "options": {"upsert": True}}
    }
    assert plans.plan_delete_one(BOOKS, {"_id": 1}, sort={"a": -1}).command == {
        "deleteOne": {"filter": {"_id": 1}, "sort": {"a": -1}}
    }


def test_a_service_survives_its_json_form() -> None:
    assert read_service(service_json(HUGGING_FACE)) == HUGGING_FACE
    hosted = ServiceConfig(provider="embedded", model="m")
    assert service_json(hosted) == {"provider": "embedded", "modelName": "m"}
    assert read_service(service_json(hosted)) == hosted


def test_credential_references_are_kept_with_their_suffix() -> None:
    assert stored_credential("my-key") == "my-key.providerKey"
    assert stored_credential("my-key.providerKey") == "my-key.providerKey"
    assert stored_credential("a.b") == "a.b.providerKey"
