"""A database on the embedded engine: a real portal and a real store in a folder, and an engine that is no network."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from pydantic import SecretStr

from astrolabe.dataapi.client.client import DatabaseClient
from astrolabe.dataapi.engine.limits import DatabaseLimits
from astrolabe.dataapi.engine.local import LocalDataApi
from astrolabe.dataapi.engine.vectorize.vectorizer import Embedder, OnWait, Vectorizer
from astrolabe.dataapi.language.allowances import CommandLimits
from astrolabe.dataapi.protocol import Json, JsonValue
from astrolabe.errors import ProviderError
from astrolabe.portal.organization import Database
from astrolabe.providers.catalogue.catalogue import Catalogue, load_catalogue
from astrolabe.providers.catalogue.provider_info import Direction, EmbeddingSpec
from astrolabe.providers.rerank.engine import RerankingEngine
from storage.documents.store import DatabaseStore
from storage.shapes import Matrix
from tests.support.portal import Organization, opened

KEYSPACE = "default_keyspace"
ENDPOINT = "http://127.0.0.1:8181"


@dataclass(frozen=True)
class EmbedCall:
    """One request as it reached the engine."""

    spec: EmbeddingSpec
    texts: tuple[str, ...]
    direction: Direction
    secret: str | None
    credential: str | None


@dataclass
class HashingEngine:
    """Gives every text a vector of its own, the same one each time; ``failure`` and ``answer`` make it misbehave."""

    failure: ProviderError | None = None
    answer: Matrix | None = None
    calls: list[EmbedCall] = field(default_factory=list)

    async def embed(
        self,
        spec: EmbeddingSpec,
        texts: Sequence[str],
        direction: Direction,
        secret: SecretStr | None,
        *,
        on_wait: OnWait | None = None,  # noqa: ARG002 - the seam has it
        credential: str | None = None,
        own_key: bool = False,  # noqa: ARG002 - the seam has it
    ) -> Matrix:
        """Return the vectors of :func:`vector_of`."""
        shown = secret.get_secret_value() if secret is not None else None
        self.calls.append(EmbedCall(spec, tuple(texts), direction, shown, credential))
        if self.failure is not None:
            raise self.failure
        if self.answer is not None:
            return self.answer
        return np.stack([vector_of(text, spec.dimension) for text in texts])

    @property
    def texts(self) -> list[str]:
        """Every text that was embedded, in order."""
        return [text for call in self.calls for text in call.texts]


def vector_of(text: str, dimension: int) -> Matrix:
    """Return the text's vector: seeded by the text, of unit length."""
    seed = int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8], "big")
    vector = np.random.default_rng(seed).standard_normal(dimension).astype(np.float32)
    unit: Matrix = vector / np.linalg.norm(vector)
    return unit


@dataclass(frozen=True)
class LocalDatabase:
    """A database that tests send commands to."""

    organization: Organization
    database: Database
    store: DatabaseStore
    engine: HashingEngine
    api: LocalDataApi

    @property
    def client(self) -> DatabaseClient:
        """The typed client on it."""
        return DatabaseClient(self.api)

    def allow(self, limits: CommandLimits) -> None:
        """Have commands kept to these limits from now on."""
        self.api._engine = replace(self.api._engine, limits=DatabaseLimits(commands=limits))

    async def send(
        self,
        command: JsonValue,
        *,
        keyspace: str | None = None,
        name: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Json:
        """Execute a command and return the answer as it goes over the wire."""
        return (await self.api.execute(command, keyspace=keyspace, name=name, headers=headers)).to_json()

    async def on_database(self, command: JsonValue) -> Json:
        """Execute a command on the database."""
        return await self.send(command)

    async def on_keyspace(self, command: JsonValue, keyspace: str = KEYSPACE) -> Json:
        """Execute a command on a keyspace."""
        return await self.send(command, keyspace=keyspace)

    async def on_collection(self, command: JsonValue, name: str = "docs", *, key: str | None = None) -> Json:
        """Execute a command on a collection, with a provider's key in a header if given."""
        headers = {"X-Embedding-Api-Key": key} if key is not None else None
        return await self.send(command, keyspace=KEYSPACE, name=name, headers=headers)

    async def create(self, name: str = "docs", **options: JsonValue) -> None:
        """Create a collection that must be accepted."""
        answer = await self.on_keyspace({"createCollection": {"name": name, "options": options}})
        assert answer == {"status": {"ok": 1}}, answer

    async def insert(self, *documents: Json, name: str = "docs") -> list[JsonValue]:
        """Insert documents that must all be accepted; return their ids."""
        answer = await self.on_collection(
            {"insertMany": {"documents": list(documents), "options": {"ordered": True}}}, name
        )
        assert "errors" not in answer, answer
        ids: list[JsonValue] = answer["status"]["insertedIds"]
        return ids

    async def documents(self, name: str = "docs", **find: JsonValue) -> list[Json]:
        """Return the documents of one page."""
        answer = await self.on_collection({"find": find}, name)
        found: list[Json] = answer["data"]["documents"]
        return found


@asynccontextmanager
async def local_database(
    folder: Path,
    *,
    catalogue: Catalogue | None = None,
    engine: Embedder | None = None,
    limits: DatabaseLimits | None = None,
    reranker: RerankingEngine | None = None,
) -> AsyncIterator[LocalDatabase]:
    """Open a database called ``library`` in a folder, with its default keyspace; it is made the first time."""
    known = catalogue or load_catalogue(configured=["nvidia"])
    hashing = HashingEngine()
    async with opened(folder / "organization", catalogue=known) as organization:
        known_databases = {found.name: found for found in await organization.databases.list()}
        database = known_databases.get("library") or await organization.database("library")
        store = await DatabaseStore.open(folder / "library.db")
        try:
            await store.create_keyspace(KEYSPACE)
            vectorizer = Vectorizer(organization.integrations, engine or hashing, known)
            api = LocalDataApi(
                database=database,
                store=store,
                vectorizer=vectorizer,
                catalogue=known,
                endpoint=ENDPOINT,
                limits=limits,
                reranker=reranker,
            )
            yield LocalDatabase(organization, database, store, hashing, api)
        finally:
            await store.close()


def codes(answer: Json) -> list[str]:
    """Return the codes of an answer's errors, in order."""
    return [error["errorCode"] for error in answer.get("errors", [])]


def message(answer: Json) -> str:
    """Return the message of an answer's first error."""
    text: str = answer["errors"][0]["message"]
    return text
