"""The same commands through both doors: in process, and over HTTP to the server; the answers are equal."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from astrolabe.dataapi.client.client import DatabaseClient
from astrolabe.dataapi.client.command_builders import collection_options
from astrolabe.dataapi.compare import Answer, Comparer
from astrolabe.dataapi.engine.limits import DatabaseLimits
from astrolabe.dataapi.protocol import DataApi, Json
from astrolabe.errors import DataApiError, ProviderFailure
from storage.jsontext import dumps
from tests.contract.replay import recorded
from tests.support.remote import beside

KEYSPACE = "default_keyspace"
LIFTED = DatabaseLimits(collections=1000, indexes=10_000)
SOME = 60
"""Exchanges of each contract, the first ones: what comes later stands on them."""

Exchanges = Sequence[tuple[str, Sequence[str], Json]]


def exchanges(contract: str) -> Exchanges:
    sent = []
    for one in recorded(contract)[:SOME]:
        if isinstance(one.request, dict) and len(one.request) == 1:
            path = [part for part in one.path.removeprefix("/v1").split("/") if part]
            sent.append((one.name, path, one.request))
    return sent


async def answer(api: DataApi, path: Sequence[str], request: Json) -> Answer:
    keyspace, name = (*path, None, None)[:2]
    body = (await api.execute(request, keyspace=keyspace, name=name)).to_json()
    return Answer.read(200, "application/json", dumps(body).encode())


@pytest.mark.parametrize("contract", ["collections", "tables"])
async def test_recorded_commands_are_answered_alike(contract: str, tmp_path: Path) -> None:
    async with beside(tmp_path / "data", limits=LIFTED) as both:
        here = await both.workspace.api(await both.workspace.databases.find("here"))
        comparer = Comparer()
        differences = []
        for name, path, request in exchanges(contract):
            mine = await answer(here, path, request)
            theirs = await answer(both.there, path, comparer.translate(request))
            differences += [f"{name}: {one}" for one in comparer.compare(request, mine, theirs)]
        assert differences == []


async def _walk(api: DataApi) -> list[object]:
    """Return what a program sees that uses the typed client from the first collection to the last document."""
    client = DatabaseClient(api)
    await client.create_keyspace("shop")
    await client.create_collection("shop", "books", collection_options(dimension=2))
    books = client.collection("shop", "books")
    seen: list[object] = [await client.keyspaces(), [info.name for info in await client.collections("shop")]]
    many = [{"_id": f"{n:03}", "n": n, "$vector": [1, n]} for n in range(70)]
    seen.append(await books.insert_many(many, ordered=True))
    partly = await books.insert_many([{"_id": "000"}, {"_id": "new", "at": {"$date": 1}, "x": None, "t": "ä\u2028"}])
    seen.append([(one.state, one.error.code if one.error else None) for one in partly.outcomes])
    seen.append([document async for document in books.find_all(filter={"n": {"$gte": 3}})])
    nearest = await books.find(sort={"$vector": [1, 0]}, limit=2, include_similarity=True)
    seen.append([(one["_id"], float(one["$similarity"])) for one in nearest.documents])
    seen.append(await books.update_many({"n": {"$lt": 60}}, {"$set": {"old": True}}))
    seen.append([await books.count(), await books.count_exactly({"old": True}), await books.estimated_count()])
    seen.append(await books.delete_many({"old": True}))
    with pytest.raises(DataApiError) as caught:
        await client.collection("shop", "missing").find()
    seen.append((caught.value.code, caught.value.message, caught.value.owner))
    return seen


async def test_the_typed_client_sees_the_same(tmp_path: Path) -> None:
    async with beside(tmp_path / "data") as both:
        here = await both.workspace.api(await both.workspace.databases.find("here"))
        assert await _walk(both.there) == await _walk(here)


async def test_twenty_commands_are_under_way_at_once(tmp_path: Path) -> None:
    async with beside(tmp_path / "data") as both:
        client = DatabaseClient(both.there)
        await client.create_collection(KEYSPACE, "docs")
        docs = client.collection(KEYSPACE, "docs")
        await asyncio.gather(*(docs.insert_many([{"_id": f"{n}-{k}"} for k in range(5)]) for n in range(40)))
        assert await docs.estimated_count() == 200


async def test_a_provider_failure_is_taken_apart_again(tmp_path: Path) -> None:
    service = {"provider": "openai", "modelName": "text-embedding-3-small"}
    options = {"vector": {"dimension": 1536, "metric": "cosine", "service": service}}
    async with beside(tmp_path / "data") as both:
        client = DatabaseClient(both.there)
        await client.create_collection(KEYSPACE, "texts", options)
        with pytest.raises(DataApiError) as caught:
            await client.collection(KEYSPACE, "texts").insert_one({"$vectorize": "a text"})
    failed = caught.value.provider_error
    assert failed is not None
    assert (failed.provider, failed.failure) == ("openai", ProviderFailure.NO_KEY)
    assert (caught.value.owner, caught.value.hint) == (failed.owner, failed.hint)
    assert failed.hint
