"""findAndRerank and findRerankingProviders on the embedded engine, with a reranker on the loopback and without one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from astrolabe.dataapi.client.command_builders import ID_ALONE
from astrolabe.dataapi.protocol import Json, JsonValue
from astrolabe.providers.rerank.engine import RerankerAccess, RerankingEngine
from astrolabe.providers.throttle.retry import EngineLimits
from tests.support.local_api import LocalDatabase, codes, local_database, message
from tests.support.provider_server import Answer, ProviderServer

SERVICE: Json = {"service": {"provider": "nvidia", "modelName": "NV-Embed-QA"}}
MODEL = "nvidia/llama-3.2-nv-rerankqa-1b-v2"
Q_ON: Json = {"rerankQuery": "q", "rerankOn": "body"}


@pytest_asyncio.fixture
async def docs(db: LocalDatabase) -> LocalDatabase:
    """Return a database without a reranker, and with a collection of vectors and words."""
    await db.create(vector={"dimension": 2})
    await db.insert(
        {"_id": "north", "$vector": [0, 1], "$lexical": "a cold place", "body": "cold cold"},
        {"_id": "east", "$vector": [1, 0], "$lexical": "sunrise", "body": "sun"},
        {"_id": "ne", "$vector": [1, 1], "$lexical": "a cold cold sunrise", "body": "sun and cold"},
        {"_id": "words", "$lexical": "cold", "body": "cold"},
        {"_id": "silent", "$vector": [0, 2], "$lexical": "cold"},
    )
    return db


@pytest_asyncio.fixture
async def reranker() -> AsyncIterator[ProviderServer]:
    async with ProviderServer() as server:
        yield server


@pytest_asyncio.fixture
async def reranking(tmp_path: Path, reranker: ProviderServer) -> AsyncIterator[LocalDatabase]:
    """Return a database whose reranker counts the query's words in the passages."""
    access = {"nvidia": RerankerAccess(f"{reranker.url}/ranking")}
    engine = RerankingEngine(access=access, limits=EngineLimits(attempts=1, patient_attempts=1))
    async with local_database(tmp_path, reranker=engine) as db:
        await db.create(vector=SERVICE)
        await db.insert(
            {"_id": "a", "$hybrid": "red bicycle", "title": "bicycle"},
            {"_id": "b", "$hybrid": "red red car", "title": "red"},
            {"_id": "c", "$hybrid": "blue bicycle", "title": " "},
            {"_id": "d", "$vectorize": "red red red"},
        )
        yield db
    await engine.close()


async def rerank(db: LocalDatabase, sort: JsonValue, options: JsonValue = None, **more: JsonValue) -> Json:
    command = {"sort": sort, **more} | ({} if options is None else {"options": options})
    return await db.on_collection({"findAndRerank": command})


def ids(answer: Json) -> list[JsonValue]:
    return [document["_id"] for document in answer["data"]["documents"]]


def scores(answer: Json) -> list[Json]:
    return [response["scores"] for response in answer["status"]["documentResponses"]]


async def test_a_model_decides_the_order(reranking: LocalDatabase, reranker: ProviderServer) -> None:
    answer = await rerank(reranking, {"$hybrid": "red"}, {"includeScores": True, "includeSortVector": True})
    assert ids(answer) == ["d", "b", "a", "c"]
    assert answer["data"]["nextPageState"] is None
    assert [entry["$rerank"] for entry in scores(answer)] == [3.0, 2.0, 1.0, 0.0]
    assert [entry["$bm25Rank"] for entry in scores(answer)] == [None, 1, 2, None]
    assert sorted(entry["$vectorRank"] for entry in scores(answer)) == [1, 2, 3, 4]
    assert all(0 <= entry["$vector"] <= 1 for entry in scores(answer))
    assert len(answer["status"]["sortVector"]) == 1024
    assert set(answer["status"]) == {"sortVector", "documentResponses"}
    [request] = reranker.requests
    assert request.json["query"] == {"text": "red"}
    assert request.json["model"] == MODEL
    assert len(request.json["passages"]) == 4


async def test_the_query_and_the_passages_may_be_named(reranking: LocalDatabase, reranker: ProviderServer) -> None:
    options = {"rerankQuery": "bicycle", "rerankOn": "title", "limit": 1}
    answer = await rerank(reranking, {"$hybrid": {"$vectorize": "red", "$lexical": "bicycle"}}, options)
    assert ids(answer) == ["a"]
    assert "status" not in answer
    [request] = reranker.requests
    assert request.json["query"] == {"text": "bicycle"}
    assert sorted(passage["text"] for passage in request.json["passages"]) == ["bicycle", "red"]


async def test_filters_and_projections_are_those_of_a_find(reranking: LocalDatabase) -> None:
    answer = await rerank(
        reranking,
        {"$hybrid": "red"},
        filter={"_id": {"$in": ["a", "b"]}, "$lexical": {"$match": "red"}},
        projection={**ID_ALONE, "$lexical": 1},
    )
    assert answer["data"]["documents"] == [
        {"_id": "b", "$lexical": "red red car"},
        {"_id": "a", "$lexical": "red bicycle"},
    ]


async def test_limits_bound_what_each_search_contributes(reranking: LocalDatabase, reranker: ProviderServer) -> None:
    sort = {"$hybrid": {"$vectorize": "red", "$lexical": "bicycle"}}
    await rerank(reranking, sort, {"hybridLimits": {"$vector": 1, "$lexical": 1}})
    await rerank(reranking, sort, {"hybridLimits": 2})
    assert [len(request.json["passages"]) <= most for request, most in zip(reranker.requests, (2, 4), strict=True)] == [
        True,
        True,
    ]
    await rerank(reranking, {"$hybrid": {"$vectorize": "red"}}, {"hybridLimits": 3})
    assert len(reranker.requests[2].json["passages"]) == 3


async def test_nothing_is_asked_where_nothing_is_found(reranking: LocalDatabase, reranker: ProviderServer) -> None:
    answer = await rerank(reranking, {"$hybrid": "red"}, {"rerankOn": "none", "includeScores": True})
    assert answer == {
        "data": {"documents": [], "nextPageState": None},
        "status": {"documentResponses": []},
    }
    assert reranker.requests == []


async def test_the_key_may_come_with_the_request(reranking: LocalDatabase, reranker: ProviderServer) -> None:
    command = {"findAndRerank": {"sort": {"$hybrid": "red"}}}
    headers = {"Reranking-Api-Key": "from-header", "Token": "AstraCS:secret"}
    await reranking.send(command, keyspace="default_keyspace", name="docs", headers=headers)
    assert reranker.requests[0].headers["authorization"] == "Bearer from-header"


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (Answer(400, {"message": "what is that"}), "RERANKING_PROVIDER_CLIENT_ERROR", "what is that"),
        (Answer(401, {"detail": "who"}), "RERANKING_PROVIDER_AUTHENTICATION_KEYS_NOT_PROVIDED", "reranking-api-key"),
        (Answer(429, {"message": "slow"}), "RERANKING_PROVIDER_RATE_LIMITED", "slow"),
        (Answer(500, {"message": "oops"}), "RERANKING_PROVIDER_SERVER_ERROR", "oops"),
        (Answer(504, {"message": "late"}), "RERANKING_PROVIDER_TIMEOUT", "late"),
        (Answer(200, {"no": "rankings"}), "RERANKING_PROVIDER_UNEXPECTED_RESPONSE", "no rankings"),
        (Answer(fault="close"), "RERANKING_PROVIDER_SERVER_ERROR", "broke off"),
    ],
)
async def test_a_reranker_in_trouble(
    reranking: LocalDatabase, reranker: ProviderServer, answer: Answer, code: str, words: str
) -> None:
    reranker.always(answer)
    failed = await rerank(reranking, {"$hybrid": "red"})
    assert codes(failed) == [code]
    assert list(failed) == ["errors"]
    assert words in message(failed)
    assert (failed["errors"][0]["family"], failed["errors"][0]["scope"]) == ("SERVER", "RERANKING_PROVIDER")


async def test_without_a_reranker_the_lists_are_fused_and_it_is_said(docs: LocalDatabase) -> None:
    options = {"rerankQuery": "q", "rerankOn": "body", "includeScores": True}
    answer = await rerank(docs, {"$hybrid": {"$vector": [0, 1], "$lexical": "cold"}}, options)
    assert ids(answer) == ["north", "ne", "words", "east"]
    by_id = dict(zip(ids(answer), scores(answer), strict=True))
    assert by_id["east"] == {"$rerank": None, "$vector": 0.5, "$vectorRank": 4, "$bm25Rank": None, "$rrf": 0.015625}
    assert by_id["words"]["$vector"] is None
    fused = 1 / (60 + by_id["north"]["$bm25Rank"]) + 1 / (60 + by_id["north"]["$vectorRank"])
    assert by_id["north"]["$rrf"] == float(str(np.float32(fused)))
    in_order = [entry["$rrf"] for entry in scores(answer)]
    assert in_order == sorted(in_order, reverse=True)
    [warning] = answer["status"]["warnings"]
    assert (warning["errorCode"], warning["scope"]) == ("RERANKING_MODEL_NOT_CONFIGURED", "WARNING")
    assert "ASTROLABE_RERANKERS__nvidia__URL" in warning["message"]


async def test_words_alone(docs: LocalDatabase) -> None:
    answer = await rerank(docs, {"$hybrid": {"$lexical": "cold"}}, {**Q_ON, "includeSortVector": True})
    assert set(ids(answer)) == {"north", "ne", "words"}
    assert answer["status"]["sortVector"] is None
    again = await rerank(docs, {"$hybrid": {"$lexical": "cold", "$vector": None}}, Q_ON)
    assert ids(again) == ids(answer)


@pytest.mark.parametrize("passage", ["n", "flag", "nested.text", "tags.0", "_id", "dotted&.name"])
async def test_what_a_passage_may_be(docs: LocalDatabase, passage: str) -> None:
    await docs.insert(
        {
            "_id": "x",
            "$lexical": "odd",
            "n": 1.5,
            "flag": True,
            "nested": {"text": "t"},
            "tags": ["t"],
            "dotted.name": "t",
        },
        {"_id": "y", "$lexical": "odd", "n": None, "nested": {"text": ["t"]}, "tags": {}},
    )
    answer = await rerank(docs, {"$hybrid": {"$lexical": "odd"}}, {"rerankQuery": "q", "rerankOn": passage})
    assert ids(answer) == (["x", "y"] if passage == "_id" else ["x"])


VEC = [0.5, 0.5]
KINDS: dict[str, Json] = {
    "vz_lx": {"vector": SERVICE},
    "vz": {"vector": SERVICE, "lexical": {"enabled": False}},
    "v_lx": {"vector": {"dimension": 2}},
    "v_no_rerank": {"vector": {"dimension": 2}, "lexical": {"enabled": False}, "rerank": {"enabled": False}},
    "lx": {},
    "plain": {"lexical": {"enabled": False}, "rerank": {"enabled": False}},
}


@pytest.mark.parametrize(
    ("kind", "sort", "options", "code"),
    [
        ("vz_lx", {"$hybrid": "cheese"}, Q_ON, None),
        ("vz", {"$hybrid": "cheese"}, None, None),
        ("v_lx", {"$hybrid": "cheese"}, Q_ON, "UNSUPPORTED_VECTORIZE_SORT_FOR_COLLECTION"),
        ("lx", {"$hybrid": "cheese"}, Q_ON, "UNSUPPORTED_VECTOR_SORT_FOR_COLLECTION"),
        ("v_lx", {"$hybrid": ""}, Q_ON, "MISSING_HYBRID_SORT_VALUE"),
        ("v_lx", {"$hybrid": "   "}, Q_ON, "MISSING_HYBRID_SORT_VALUE"),
        ("v_lx", {"$hybrid": ""}, {"rerankOn": "body"}, "MISSING_RERANK_QUERY_TEXT"),
        ("v_lx", {"$hybrid": {}}, Q_ON, "MISSING_HYBRID_SORT_VALUE"),
        ("vz", {"$hybrid": {"$lexical": None}}, Q_ON, "MISSING_HYBRID_SORT_VALUE"),
        ("vz", {"$hybrid": {"$vectorize": "cheese"}}, None, None),
        ("lx", {"$hybrid": {"$vectorize": "cheese"}}, Q_ON, "UNSUPPORTED_VECTOR_SORT_FOR_COLLECTION"),
        ("lx", {"$hybrid": {"$vector": VEC}}, None, "UNSUPPORTED_VECTOR_SORT_FOR_COLLECTION"),
        ("v_lx", {"$hybrid": {"$vector": VEC}}, Q_ON, None),
        ("v_lx", {"$hybrid": {"$vector": VEC}}, {"rerankOn": "body"}, "MISSING_RERANK_QUERY_TEXT"),
        ("v_lx", {"$hybrid": {"$vector": VEC}}, {"rerankQuery": "q"}, "MISSING_RERANK_ON"),
        ("v_lx", {"$hybrid": {"$vector": VEC}}, {"rerankQuery": "q", "rerankOn": " "}, "MISSING_RERANK_ON"),
        ("v_lx", {"$hybrid": {"$vector": [1]}}, Q_ON, "INVALID_VECTOR_LENGTH"),
        ("v_lx", {"$hybrid": {"$vector": []}}, Q_ON, "SHRED_BAD_VECTOR_SIZE"),
        ("v_lx", {"$hybrid": {"$vector": [1, "a"]}}, Q_ON, "SHRED_BAD_VECTOR_VALUE"),
        ("vz_lx", {"$hybrid": {"$vectorize": "cheese", "$lexical": "cows"}}, None, None),
        ("vz", {"$hybrid": {"$vectorize": "cheese", "$lexical": "cows"}}, None, "LEXICAL_NOT_ENABLED_FOR_COLLECTION"),
        ("vz", {"$hybrid": {"$vectorize": "cheese", "$lexical": ""}}, None, None),
        ("v_lx", {"$hybrid": {"$vector": VEC, "$lexical": "cows"}}, {**Q_ON, "hybridLimits": 30}, None),
        ("lx", {"$hybrid": {"$lexical": "cows"}}, Q_ON, None),
        ("lx", {"$hybrid": {"$lexical": "cows"}}, {"rerankOn": "body"}, "MISSING_RERANK_QUERY_TEXT"),
        ("lx", {"$hybrid": {"$lexical": "cows"}}, {**Q_ON, "hybridLimits": 0}, "COMMAND_FIELD_VALUE_INVALID"),
        ("lx", {"$hybrid": {"$lexical": "cows"}}, {**Q_ON, "hybridLimits": 101}, "COMMAND_FIELD_VALUE_INVALID"),
        (
            "lx",
            {"$hybrid": {"$lexical": "cows"}},
            {**Q_ON, "hybridLimits": {"$vector": 5, "$lexical": 0}},
            "COMMAND_FIELD_VALUE_INVALID",
        ),
        ("lx", {"$hybrid": {"$lexical": "x"}}, {**Q_ON, "hybridLimits": {"$vector": 5}}, "REQUEST_STRUCTURE_MISMATCH"),
        ("lx", {"$hybrid": {"$lexical": "x"}}, {**Q_ON, "hybridLimits": "50"}, "REQUEST_STRUCTURE_MISMATCH"),
        ("lx", {"$hybrid": {"$lexical": "x"}}, {**Q_ON, "limit": 0}, "COMMAND_FIELD_VALUE_INVALID"),
        ("lx", {"$hybrid": {"$lexical": "x"}}, {**Q_ON, "limit": "five"}, "REQUEST_STRUCTURE_MISMATCH"),
        ("lx", {"$hybrid": {"$lexical": "x"}}, {**Q_ON, "skip": 5}, "COMMAND_FIELD_UNKNOWN"),
        ("lx", {"$hybrid": {"$lexical": "x"}}, {**Q_ON, "rerankOn": "a..b"}, "UNSUPPORTED_UPDATE_OPERATION_PATH"),
        ("v_lx", {}, Q_ON, "UNSUPPORTED_FIND_AND_RERANK_SORT"),
        ("v_lx", None, Q_ON, "UNSUPPORTED_FIND_AND_RERANK_SORT"),
        ("v_lx", {}, {"rerankQuery": "q"}, "MISSING_RERANK_ON"),
        ("v_lx", None, None, "MISSING_RERANK_QUERY_TEXT"),
        ("plain", {}, Q_ON, "UNSUPPORTED_RERANKING_COMMAND"),
        ("v_lx", "cheese", Q_ON, "REQUEST_STRUCTURE_MISMATCH"),
        ("v_lx", {"$vectorize": "x"}, Q_ON, "REQUEST_STRUCTURE_MISMATCH"),
        ("v_lx", {"$hybrid": 1}, Q_ON, "REQUEST_STRUCTURE_MISMATCH"),
        ("v_lx", {"$hybrid": {"$Lexical": "x"}}, Q_ON, "REQUEST_STRUCTURE_MISMATCH"),
        ("v_lx", {"$hybrid": {"$lexical": 1}}, Q_ON, "REQUEST_STRUCTURE_MISMATCH"),
        ("v_lx", {"$hybrid": {"$vector": "x"}}, Q_ON, "REQUEST_STRUCTURE_MISMATCH"),
        ("v_no_rerank", {"$hybrid": {"$vector": VEC}}, Q_ON, "UNSUPPORTED_RERANKING_COMMAND"),
        (
            "v_no_rerank",
            {"$hybrid": {"$vector": VEC}},
            {**Q_ON, "rerank": {"provider": "nvidia", "modelName": MODEL}},
            None,
        ),
        ("v_lx", {"$hybrid": {"$vector": VEC}}, {**Q_ON, "rerank": {}}, "INVALID_RERANK_OVERRIDE"),
        ("v_lx", {"$hybrid": {"$vector": VEC}}, {**Q_ON, "rerank": {"provider": "nvidia"}}, "INVALID_RERANK_OVERRIDE"),
        ("vz", {"$hybrid": "x"}, {"rerank": {"provider": "unknown", "modelName": "m"}}, "INVALID_RERANK_OVERRIDE"),
    ],
)
async def test_what_is_accepted_and_what_is_the_answer_to_the_rest(
    db: LocalDatabase, kind: str, sort: JsonValue, options: JsonValue, code: str | None
) -> None:
    await db.create(**KINDS[kind])
    answer = await rerank(db, sort, options)
    assert codes(answer) == ([] if code is None else [code])


async def test_a_projection_and_a_filter_are_read_last(docs: LocalDatabase) -> None:
    sort = {"$hybrid": {"$lexical": "cold"}}
    assert codes(await rerank(docs, sort, Q_ON, projection={"$foo": 1})) == ["UNSUPPORTED_PROJECTION_PARAM"]
    assert codes(await rerank(docs, sort, Q_ON, filter="x")) == ["FILTER_UNSUPPORTED_DATA_TYPE"]
    assert codes(await rerank(docs, {"$hybrid": ""}, Q_ON, projection={"$foo": 1})) == ["MISSING_HYBRID_SORT_VALUE"]


@pytest.mark.parametrize(
    ("command", "models"),
    [
        ({}, [MODEL]),
        ({"options": {}}, [MODEL]),
        ({"options": {"filterModelStatus": "supported"}}, [MODEL]),
        ({"options": {"filterModelStatus": "END_OF_LIFE"}}, []),
    ],
)
async def test_reranking_providers_are_listed(db: LocalDatabase, command: Json, models: list[str]) -> None:
    answer = await db.on_database({"findRerankingProviders": command})
    provider = answer["status"]["rerankingProviders"]["nvidia"]
    assert (provider["isDefault"], provider["displayName"]) == (True, "Nvidia")
    assert provider["supportedAuthentication"]["NONE"] == {"enabled": True, "tokens": []}
    assert [model["name"] for model in provider["models"]] == models
    for model in provider["models"]:
        assert model == {
            "name": MODEL,
            "apiModelSupport": {"status": "SUPPORTED"},
            "isDefault": True,
            "url": None,
            "properties": None,
        }
    wrong = await db.on_database({"findRerankingProviders": {"options": {"filterModelStatus": "x"}}})
    assert codes(wrong) == ["COMMAND_FIELD_VALUE_INVALID"]
