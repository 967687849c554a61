"""The typed client against scripted answers; the round trips on the real engine are in test_client_local.py."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import SecretStr

from astrolabe.dataapi.client.client import DatabaseClient
from astrolabe.dataapi.client.results import DocumentCount, InsertState
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.protocol import Response
from astrolabe.errors import DataApiError
from astrolabe.loading.export import Selected
from storage.shapes import Metric
from tests.support.data_api import ScriptedDataApi

FAILED = data_api_error("DOCUMENT_ALREADY_EXISTS", "There already.", document_ids=["b"])


async def test_errors_are_raised() -> None:
    api = ScriptedDataApi(Response(errors=(data_api_error("UNKNOWN_KEYSPACE", "No."),)))
    with pytest.raises(DataApiError, match="No"):
        await DatabaseClient(api).collections("nowhere")


async def test_an_answer_without_what_the_contract_promises_is_an_error_of_the_server() -> None:
    with pytest.raises(DataApiError) as caught:
        await DatabaseClient(ScriptedDataApi(Response())).keyspaces()
    assert caught.value.code == "UNEXPECTED_SERVER_ERROR"


async def test_collections_are_typed() -> None:
    service = {"provider": "openai", "modelName": "m", "authentication": {"providerKey": "k1.providerKey"}}
    vector = {"dimension": Decimal(1024), "metric": "euclidean", "sourceModel": "other", "service": service}
    entries = [{"name": "docs", "options": {"vector": vector}}, {"name": "plain", "options": {}}]
    api = ScriptedDataApi(Response(status={"collections": entries}))
    docs, plain = await DatabaseClient(api).collections("k")
    assert (docs.name, docs.keyspace) == ("docs", "k")
    assert docs.vector is not None
    assert (docs.vector.dimension, docs.vector.metric) == (1024, Metric.EUCLIDEAN)
    assert docs.service is not None
    assert docs.service.credential_name == "k1"
    assert (plain.vectors, plain.vector, plain.service) == ({}, None, None)


async def test_insert_many_reports_by_position() -> None:
    responses = [
        {"_id": "a", "status": "OK"},
        {"_id": "b", "status": "ERROR", "errorsIdx": 0},
        {"_id": "c", "status": "SKIPPED"},
    ]
    api = ScriptedDataApi(Response(status={"documentResponses": responses}, errors=(FAILED,)))
    result = await DatabaseClient(api).collection("k", "c").insert_many([{}, {}, {}], ordered=True)
    assert [outcome.state for outcome in result.outcomes] == [InsertState.OK, InsertState.ERROR, InsertState.SKIPPED]
    assert result.inserted_ids == ["a"]
    assert result.errors == {1: FAILED}


async def test_insert_many_that_fails_as_a_whole_raises() -> None:
    error = data_api_error("EMBEDDING_PROVIDER_TIMEOUT", "Too slow.")
    with pytest.raises(DataApiError, match="Too slow"):
        await DatabaseClient(ScriptedDataApi(Response(errors=(error,)))).collection("k", "c").insert_many([{}])


async def test_delete_many_loops_while_there_is_more() -> None:
    api = ScriptedDataApi(Response(status={"deletedCount": 20, "moreData": True}), Response(status={"deletedCount": 3}))
    assert await DatabaseClient(api).collection("k", "c").delete_many({"a": 1}) == 23
    assert len(api.calls) == 2


async def test_delete_many_of_everything_answers_minus_one() -> None:
    api = ScriptedDataApi(Response(status={"deletedCount": -1}))
    assert await DatabaseClient(api).collection("k", "c").delete_many({}) == -1


async def test_a_capped_count_says_so() -> None:
    api = ScriptedDataApi(Response(status={"count": 1000, "moreData": True}))
    counted = await DatabaseClient(api).collection("k", "c").count({"a": 1})
    assert counted == DocumentCount(1000, more=True)
    assert str(counted) == "1000+"


async def test_find_all_walks_the_pages() -> None:
    api = ScriptedDataApi(
        Response(data={"documents": [{"_id": 1}], "nextPageState": "p2"}),
        Response(data={"documents": [{"_id": 2}], "nextPageState": None}),
    )
    collection = DatabaseClient(api).collection("k", "c")
    assert [document["_id"] async for document in collection.find_all()] == [1, 2]
    assert api.calls[1].command == {"find": {"options": {"pageState": "p2"}}}


@pytest.mark.parametrize("states", [["a", "a"], ["a", "b", "a", "b", "a", "b", "a"]])
async def test_pages_that_go_round_in_a_circle_are_an_error(states: list[str]) -> None:
    found = [Response(data={"documents": [], "nextPageState": one}) for one in states]
    changed = [Response(status={"matchedCount": 1, "modifiedCount": 1, "nextPageState": one}) for one in states]
    with pytest.raises(DataApiError, match="names the same page again"):
        [one async for one in DatabaseClient(ScriptedDataApi(*found)).collection("k", "c").find_all()]
    with pytest.raises(DataApiError, match="names the same page again"):
        [one async for one in Selected(DatabaseClient(ScriptedDataApi(*found)).collection("k", "c")).pages()]
    with pytest.raises(DataApiError, match="names the same page again"):
        await DatabaseClient(ScriptedDataApi(*changed)).collection("k", "c").update_many({}, {"$set": {"a": 1}})


async def test_deleting_nothing_while_there_is_more_is_an_error() -> None:
    api = ScriptedDataApi(Response(status={"deletedCount": 0, "moreData": True}))
    with pytest.raises(DataApiError, match="deleted nothing"):
        await DatabaseClient(api).collection("k", "c").delete_many({"a": 1})
    assert len(api.calls) == 1


async def test_a_key_of_the_caller_travels_as_a_header() -> None:
    api = ScriptedDataApi(Response(data={"document": None}))
    client = DatabaseClient(api)
    await client.collection("k", "c", embedding_key=SecretStr("sk-1")).find_one()
    await client.collection("k", "c").find_one()
    assert api.calls[0].headers == {"x-embedding-api-key": "sk-1"}
    assert api.calls[1].headers is None
