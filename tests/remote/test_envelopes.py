"""Answers whose members have other types than the contract's are no answers of a Data API."""

from __future__ import annotations

from typing import Any

import pytest

from astrolabe.remote.envelope import is_envelope
from astrolabe.remote.errors import EndpointError, EndpointFailure
from tests.contract.replay import recorded
from tests.support.provider_server import Answer
from tests.support.remote import scripted

WRONG_STATUS: list[dict[str, Any]] = [
    {"warnings": 5},
    {"keyspaces": 5},
    {"keyspaces": [5]},
    {"collections": 5},
    {"collections": [5]},
    {"collections": [{"name": "c", "options": 5}]},
    {"collections": [{"name": "c", "options": {"vector": 5}}]},
    {"tables": [{"name": "t", "definition": [1]}]},
    {"indexes": None},
    {"types": 5},
    {"insertedIds": 5},
    {"documentResponses": [5]},
    {"documentResponses": [{"errorsIdx": ""}]},
    {"count": "x"},
    {"count": True},
    {"matchedCount": None},
    {"modifiedCount": 1.5},
    {"deletedCount": -2},
    {"embeddingProviders": []},
    {"projectionSchema": []},
    {"nextPageState": 5},
]
WRONG: list[dict[str, Any]] = [
    {"data": {"documents": 5}},
    {"data": {"documents": [5]}},
    {"data": {"document": [1]}},
    {"data": {"documents": [], "nextPageState": 5}},
    {"errors": [5]},
    *({"status": one} for one in WRONG_STATUS),
]


@pytest.mark.parametrize("body", WRONG, ids=str)
def test_wrong_types_are_no_envelope(body: dict[str, Any]) -> None:
    assert not is_envelope(body)


@pytest.mark.parametrize("contract", ["collections", "tables"])
def test_every_recorded_answer_is_an_envelope(contract: str) -> None:
    bodies = [one.answer.body for one in recorded(contract) if isinstance(one.answer.body, dict)]
    assert len(bodies) > 500
    assert [body for body in bodies if not is_envelope(body) and body.keys() != {"text"}] == []


def test_members_that_are_not_known_may_hold_anything() -> None:
    assert is_envelope({"status": {"deletedCount": -1, "new": 5, "warnings": ["words"]}, "data": None})
    assert is_envelope({"status": {"collections": ["a", {"name": "b", "options": {"vector": None}}]}})


async def test_an_answer_of_wrong_types_ends_in_an_error_with_advice() -> None:
    async with scripted() as endpoint:
        endpoint.server.always(Answer(200, {"status": {"warnings": 5}}))
        with pytest.raises(EndpointError) as caught:
            await endpoint.api.execute({"find": {}}, keyspace="k", name="c")
    assert caught.value.failure is EndpointFailure.NO_DATA_API
