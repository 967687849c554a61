"""``$vectorize`` on the way in and in sorts: what is embedded, with which key, and how failures look."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from astrolabe.dataapi.protocol import Json, JsonValue
from astrolabe.errors import Owner, ProviderError, ProviderFailure, ProviderReply
from astrolabe.providers.catalogue.catalogue import Catalogue, load_catalogue
from astrolabe.providers.catalogue.provider_info import Direction, ModelStatus
from tests.support.local_api import LocalDatabase, codes, local_database, message, vector_of
from tests.support.portal import SECRET

DIMENSION = 8
OPENAI = {"provider": "openai", "modelName": "text-embedding-3-small"}
WITH_KEY = OPENAI | {"authentication": {"providerKey": "k1"}}
EXPECTED = [float(str(number)) for number in vector_of("red", DIMENSION)]


@pytest_asyncio.fixture
async def docs(db: LocalDatabase) -> LocalDatabase:
    await db.organization.credential("k1", db.database, provider="openai")
    await db.create(vector={"dimension": DIMENSION, "service": WITH_KEY})
    return db


async def everything(db: LocalDatabase) -> list[Json]:
    return await db.documents(projection={"*": 1})


async def test_a_text_gets_its_vector_and_stays(docs: LocalDatabase) -> None:
    await docs.insert({"_id": "a", "$vectorize": "red", "n": 1})
    assert await everything(docs) == [{"_id": "a", "$vectorize": "red", "n": 1, "$vector": EXPECTED}]
    assert await docs.documents() == [{"_id": "a", "n": 1}]
    [call] = docs.engine.calls
    assert (call.texts, call.direction, call.secret, call.credential) == (("red",), Direction.STORE, SECRET, "k1")
    assert (call.spec.provider, call.spec.model, call.spec.dimension) == ("openai", OPENAI["modelName"], DIMENSION)


async def test_the_texts_of_one_command_are_embedded_together_in_order(docs: LocalDatabase) -> None:
    await docs.insert({"_id": 1, "$vectorize": "red"}, {"_id": 2}, {"_id": 3, "$vectorize": "blue"})
    assert [call.texts for call in docs.engine.calls] == [("red", "blue")]
    found = {document["_id"]: document.get("$vector") for document in await everything(docs)}
    assert found == {1: EXPECTED, 2: None, 3: [float(str(number)) for number in vector_of("blue", DIMENSION)]}


@pytest.mark.parametrize("text", [None, "", " \n\t"])
async def test_null_and_blank_texts_are_not_embedded(docs: LocalDatabase, text: str | None) -> None:
    await docs.insert({"_id": 1, "$vectorize": text})
    assert await everything(docs) == [{"_id": 1, "$vectorize": text, "$vector": None}]
    assert docs.engine.calls == []


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"$vectorize": "a", "$vector": [1] * DIMENSION}, "INVALID_USAGE_OF_VECTORIZE"),
        ({"$vectorize": "a", "$vector": None}, "INVALID_USAGE_OF_VECTORIZE"),
        ({"$vectorize": 5}, "INVALID_VECTORIZE_VALUE_TYPE"),
    ],
)
async def test_wrong_use_fails_the_whole_command(docs: LocalDatabase, document: Json, code: str) -> None:
    command = {"insertMany": {"documents": [{"_id": 1}, document], "options": {"returnDocumentResponses": True}}}
    answer = await docs.on_collection(command)
    assert list(answer) == ["errors"]
    assert codes(answer) == [code]
    assert "position 2" in message(answer)
    assert await docs.documents() == []


async def test_a_collection_without_a_service(db: LocalDatabase) -> None:
    await db.create(vector={"dimension": DIMENSION})
    inserted = await db.on_collection({"insertOne": {"document": {"$vectorize": "red"}}})
    sorted_by = await db.on_collection({"find": {"sort": {"$vectorize": "red"}}})
    assert codes(inserted) == codes(sorted_by) == ["EMBEDDING_SERVICE_NOT_CONFIGURED"]


async def test_a_sort_embeds_as_a_query(docs: LocalDatabase) -> None:
    await docs.insert({"_id": "r", "$vectorize": "red"}, {"_id": "b", "$vectorize": "blue"})
    found = await docs.documents(sort={"$vectorize": "blue"}, options={"includeSimilarity": True})
    assert [document["_id"] for document in found] == ["b", "r"]
    assert found[0]["$similarity"] == pytest.approx(1)
    assert docs.engine.calls[-1].direction is Direction.QUERY


@pytest.mark.parametrize("text", ["", "  ", 5, None])
async def test_a_sort_needs_a_text(docs: LocalDatabase, text: JsonValue) -> None:
    assert codes(await docs.on_collection({"find": {"sort": {"$vectorize": text}}})) == ["SORT_CLAUSE_VALUE_INVALID"]


async def test_a_header_key_wins_and_the_credential_is_not_looked_up(docs: LocalDatabase) -> None:
    await docs.organization.integrations.remove_credential("openai", "k1")
    answer = await docs.on_collection({"find": {"sort": {"$vectorize": "red"}}}, key="sk-mine")
    assert codes(answer) == []
    assert (docs.engine.calls[0].secret, docs.engine.calls[0].credential) == ("sk-mine", None)


async def test_a_removed_credential_stops_and_a_new_one_of_the_name_starts(docs: LocalDatabase) -> None:
    integrations = docs.organization.integrations
    search = {"find": {"sort": {"$vectorize": "red"}}}
    await integrations.remove_credential("openai", "k1")
    answer = await docs.on_collection(search)
    assert list(answer) == ["errors"]
    assert codes(answer) == ["EMBEDDING_GATEWAY_UNABLE_RESOLVE_AUTHENTICATION_TYPE"]
    assert answer["errors"][0]["scope"] == "EMBEDDING_PROVIDER"
    assert "'k1' of provider 'openai'" in message(answer)
    await docs.organization.credential("k1", docs.database, provider="openai", secret="sk-new-and-longer")
    assert codes(await docs.on_collection(search)) == []
    assert docs.engine.calls[-1].secret == "sk-new-and-longer"


async def test_a_database_out_of_scope_stops_too(docs: LocalDatabase) -> None:
    await docs.organization.integrations.remove_from_scope("openai", "k1", docs.database.id)
    answer = await docs.on_collection({"insertOne": {"document": {"_id": 1, "$vectorize": "red"}}})
    assert list(answer) == ["errors"]
    assert codes(answer) == ["EMBEDDING_GATEWAY_UNABLE_RESOLVE_AUTHENTICATION_TYPE"]
    assert await docs.documents() == []


async def test_without_any_key_the_engine_is_asked_without_one(db: LocalDatabase) -> None:
    await db.create(vector={"service": OPENAI})
    await db.on_collection({"find": {"sort": {"$vectorize": "red"}}})
    assert (db.engine.calls[0].secret, db.engine.calls[0].credential) == (None, None)


def failure(
    kind: ProviderFailure, status: int | None = None, words: str = "", text: str = "It did not work."
) -> ProviderError:
    return ProviderError(
        text, provider="openai", failure=kind, reply=ProviderReply(status, words), hint="Do this.", owner=Owner.PROVIDER
    )


@pytest.mark.parametrize(
    ("error", "code", "title", "words"),
    [
        (
            failure(ProviderFailure.AUTHENTICATION, 401, "Incorrect API key"),
            "EMBEDDING_PROVIDER_CLIENT_ERROR",
            "The Embedding Provider returned a HTTP client error",
            "Provider 'openai' returned a HTTP client error with HTTP 401; error message: Incorrect API key",
        ),
        (
            failure(ProviderFailure.SERVER, 503, "unhealthy"),
            "EMBEDDING_PROVIDER_SERVER_ERROR",
            "The Embedding Provider returned a HTTP server error",
            "Provider 'openai' returned a HTTP server error with HTTP 503; error message: unhealthy",
        ),
        (
            failure(ProviderFailure.SERVER, 424, "backend"),
            "EMBEDDING_PROVIDER_CLIENT_ERROR",
            "The Embedding Provider returned a HTTP client error",
            "HTTP 424",
        ),
        (
            failure(ProviderFailure.RATE_LIMITED, 429, "slow down"),
            "EMBEDDING_PROVIDER_RATE_LIMITED",
            "Embedding provider rate limited the request",
            "Provider 'openai' rate limited the request with HTTP 429; error message: slow down",
        ),
        (
            failure(ProviderFailure.TIMEOUT, 504, "late"),
            "EMBEDDING_PROVIDER_TIMEOUT",
            "The Embedding Provider request timed out",
            "HTTP status: 504",
        ),
        (
            failure(ProviderFailure.TIMEOUT),
            "EMBEDDING_PROVIDER_TIMEOUT",
            "The Embedding Provider request timed out",
            "<CLIENT SOCKET TIMEOUT>",
        ),
        (
            failure(ProviderFailure.UNKNOWN_HOST),
            "EMBEDDING_PROVIDER_BAD_HOST_NAME",
            "Bad parameter(s) cause bad provider URL",
            "'openai'",
        ),
        (
            failure(ProviderFailure.NO_KEY),
            "EMBEDDING_PROVIDER_AUTHENTICATION_KEYS_NOT_PROVIDED",
            "Authentication header(s) missing from embedding request",
            "(provider 'openai'): 'x-embedding-api-key' header is missing",
        ),
        (
            failure(ProviderFailure.BAD_RESPONSE, 200),
            "EMBEDDING_PROVIDER_UNEXPECTED_RESPONSE",
            "The Embedding Provider returned an unexpected response",
            "Underlying problem:",
        ),
        (
            failure(ProviderFailure.AUTHENTICATION),
            "EMBEDDING_PROVIDER_UNAVAILABLE",
            "The Embedding Provider is unavailable",
            "It did not work.",
        ),
        (
            failure(ProviderFailure.UNREACHABLE),
            "EMBEDDING_PROVIDER_UNAVAILABLE",
            "The Embedding Provider is unavailable",
            "It did not work.",
        ),
    ],
)
async def test_failures_of_the_provider(
    docs: LocalDatabase, error: ProviderError, code: str, title: str, words: str
) -> None:
    docs.engine.failure = error
    answer = await docs.on_collection({"insertOne": {"document": {"_id": 1, "$vectorize": "red"}}})
    assert list(answer) == ["errors"]
    [shown] = answer["errors"]
    assert (shown["errorCode"], shown["title"]) == (code, title)
    assert (shown["family"], shown["scope"]) == ("SERVER", "EMBEDDING_PROVIDER")
    assert words in shown["message"]
    docs.engine.failure = None
    assert await docs.documents() == []


async def test_the_hint_and_the_owner_of_a_failure_are_kept(docs: LocalDatabase) -> None:
    docs.engine.failure = failure(ProviderFailure.BILLING, 402)
    docs.engine.failure.owner = Owner.NETWORK
    response = await docs.api.execute(
        {"find": {"sort": {"$vectorize": "red"}}}, keyspace="default_keyspace", name="docs"
    )
    assert (response.errors[0].hint, response.errors[0].owner) == ("Do this.", Owner.NETWORK)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((0, DIMENSION), "expected number of embeddings. Expect: '1'. Actual: '0'"),
        ((1, DIMENSION + 1), f"expected embedding length. Expect: '{DIMENSION}'. Actual: '{DIMENSION + 1}'"),
    ],
)
async def test_answers_of_the_wrong_shape(docs: LocalDatabase, shape: tuple[int, int], words: str) -> None:
    docs.engine.answer = np.ones(shape, np.float32)
    answer = await docs.on_collection({"insertOne": {"document": {"$vectorize": "red"}}})
    assert codes(answer) == ["EMBEDDING_PROVIDER_UNEXPECTED_RESPONSE"]
    assert words in message(answer)


def changed_catalogue(status: ModelStatus) -> Catalogue:
    """The catalogue as a later version may have it: OpenAI's small model in another state of life."""
    whole = load_catalogue()
    provider = whole.get("openai")
    models = tuple(
        replace(model, status=status) if model.name == OPENAI["modelName"] else model for model in provider.models
    )
    later = replace(provider, models=models)
    return Catalogue(tuple(later if entry.key == "openai" else entry for entry in whole.providers))


async def opened_later(folder: Path, catalogue: Catalogue) -> AsyncIterator[LocalDatabase]:
    """Create the collection with today's catalogue, then open it with another."""
    async with local_database(folder) as first:
        await first.create(vector={"dimension": DIMENSION, "service": OPENAI})
        await first.insert({"_id": 1})
    async with local_database(folder, catalogue=catalogue) as later:
        yield later


@pytest_asyncio.fixture
async def retired(tmp_path: Path) -> AsyncIterator[LocalDatabase]:
    async for database in opened_later(tmp_path, changed_catalogue(ModelStatus.END_OF_LIFE)):
        yield database


@pytest_asyncio.fixture
async def deprecated(tmp_path: Path) -> AsyncIterator[LocalDatabase]:
    async for database in opened_later(tmp_path, changed_catalogue(ModelStatus.DEPRECATED)):
        yield database


@pytest_asyncio.fixture
async def vanished(tmp_path: Path) -> AsyncIterator[LocalDatabase]:
    whole = load_catalogue()
    async for database in opened_later(tmp_path, Catalogue((whole.get("huggingface"),))):
        yield database


async def test_a_retired_model_reads_and_does_not_embed(retired: LocalDatabase) -> None:
    assert await retired.documents() == [{"_id": 1}]
    answer = await retired.on_collection({"find": {"sort": {"$vectorize": "red"}}})
    assert codes(answer) == ["END_OF_LIFE_AI_MODEL"]
    assert answer["errors"][0]["scope"] == "SCHEMA"
    assert retired.engine.calls == []


async def test_a_deprecated_model_still_works(deprecated: LocalDatabase) -> None:
    assert codes(await deprecated.on_collection({"find": {"sort": {"$vectorize": "red"}}})) == []


async def test_a_provider_that_is_gone(vanished: LocalDatabase) -> None:
    answer = await vanished.on_collection({"find": {}})
    assert codes(answer) == ["EMBEDDING_PROVIDER_UNAVAILABLE"]
    assert "The model 'text-embedding-3-small' for service provider 'openai' is not supported." in message(answer)
