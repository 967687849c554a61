"""What a command's handler works on: the engine of one database, and the collection or table it is sent to.

A target is opened before its command is read, because its kind decides which commands there are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic import SecretStr

from astrolabe.dataapi.engine.collection_definition import CollectionDefinition
from astrolabe.dataapi.engine.definitions.table_definition import TableDefinition
from astrolabe.dataapi.engine.index_builds import IndexBuilds
from astrolabe.dataapi.engine.limits import DatabaseLimits
from astrolabe.dataapi.engine.vectorize.vectorizer import Vectorizer
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.name_lists import cut, listed
from astrolabe.dataapi.language.named_vectors import NamedVector
from astrolabe.dataapi.language.provider_errors import unavailable
from astrolabe.dataapi.language.rules import DocumentRules
from astrolabe.dataapi.protocol import Response
from astrolabe.errors import DataApiError
from astrolabe.portal.organization import Database, ServiceConfig
from astrolabe.providers.catalogue.catalogue import Catalogue
from astrolabe.providers.catalogue.provider_info import Direction
from astrolabe.providers.rerank.engine import RerankingEngine, RerankKeys
from astrolabe.providers.simulated.rules import Lab
from storage.documents.store import DatabaseStore
from storage.lexical.analyzers import Analyzer
from storage.rows.store import RowStore
from storage.shapes import Container, Matrix


class ServiceTrail(Protocol):
    """Notes what becomes of the services of table columns."""

    async def note(
        self, database: Database, column: str, before: ServiceConfig | None, after: ServiceConfig | None
    ) -> None:
        """Note that the column ``keyspace.table.column`` has another service than before."""
        ...


@dataclass(frozen=True, slots=True)
class Engine:
    """One open database and what its commands need.

    Attributes:
        database: The database; its id decides which credentials it may use.
        store: Its contents.
        vectorizer: Embeds texts on its behalf.
        catalogue: The embedding providers.
        limits: What it may hold.
        lab: Says whether creating a collection is to fail; None where nothing is simulated.
        reranker: The reranking models.
        service_trail: Notes what becomes of the services of columns; None where nobody wants to know.
        schema_lock: Held while collections are made, so that two requests at once do not exceed the limits.
        index_builds: The indexes that are being filled.
    """

    database: Database
    store: DatabaseStore
    vectorizer: Vectorizer
    catalogue: Catalogue
    limits: DatabaseLimits = field(default_factory=DatabaseLimits)
    lab: Lab | None = None
    reranker: RerankingEngine = field(default_factory=RerankingEngine)
    service_trail: ServiceTrail | None = None
    schema_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    index_builds: IndexBuilds = field(default_factory=IndexBuilds)


class TargetDefinition(Protocol):
    """What the definitions of both kinds have: one of a collection, or one of a table."""

    @property
    def vectors(self) -> Mapping[str, NamedVector]:
        """The vectors that its documents or rows may have, by name."""
        ...

    @property
    def analyzers(self) -> Mapping[str, Analyzer]:
        """How the texts that are searched by words are read, by name."""
        ...


@dataclass(frozen=True, slots=True)
class Target:
    """The collection or table that a command is sent to, and the keys that came with the request.

    Attributes:
        engine: The database.
        container: Where the items are.
        definition: What is known of them.
        header_key: A provider's key for this request alone.
        rerank_keys: The same for reranking.
    """

    engine: Engine
    container: Container
    definition: TargetDefinition
    header_key: SecretStr | None = None
    rerank_keys: RerankKeys = field(default_factory=RerankKeys)

    @property
    def name(self) -> str:
        """``keyspace.name``, for messages."""
        return f"{self.container.keyspace}.{self.container.name}"

    @property
    def vectors(self) -> Mapping[str, NamedVector]:
        """The vectors that its documents or rows may have, by name."""
        return self.definition.vectors

    @property
    def collection(self) -> CollectionDefinition:
        """The definition of a collection; only its commands ask for it."""
        if not isinstance(self.definition, CollectionDefinition):
            raise TypeError(f"{self.name} is no collection")
        return self.definition

    @property
    def rules(self) -> DocumentRules:
        """What a collection's documents, filters and sorts are read against."""
        return self.collection.rules

    @property
    def table(self) -> TableDefinition:
        """The definition of a table; only its commands ask for it."""
        if not isinstance(self.definition, TableDefinition):
            raise TypeError(f"{self.name} is no table")
        return self.definition

    @property
    def store(self) -> DatabaseStore:
        """The database's contents."""
        return self.engine.store

    @property
    def rows(self) -> RowStore:
        """The rows of its tables."""
        return RowStore(self.engine.store)

    def check_service(self, name: str) -> None:
        """Refuse a vector whose provider or model the catalogue no longer has; one without a service is fine.

        Raises:
            DataApiError: The documented error of a model that is gone.
        """
        service = self.vectors[name].service
        if service is not None:
            provider = self.engine.catalogue.find(service.provider)
            if provider is None or provider.known_model(service.model) is None:
                raise unavailable(service.provider, service.model)

    async def embed(self, name: str, texts: Sequence[str], direction: Direction) -> Matrix:
        """Return one vector per text, through the service of a vector that has one.

        Args:
            name: The vector's.
            texts: What to embed.
            direction: Whether the vectors are stored or searched by.

        Raises:
            DataApiError: Embedding failed.
        """
        self.check_service(name)
        vector = self.vectors[name]
        if vector.service is None:
            raise ValueError(f"the vector {name!r} of {self.name} has no service")
        return await self.engine.vectorizer.embed(
            self.engine.database.id,
            vector.service,
            vector.dimension,
            texts,
            direction=direction,
            header_key=self.header_key,
        )


ROUNDS = 20
"""How often a document that others keep changing is looked at again."""

GeneralHandler = Callable[[Engine, Any], Awaitable[Response]]
"""Executes a command on the database; the second argument is the command."""

KeyspaceHandler = Callable[[Engine, str, Any], Awaitable[Response]]
"""Executes a command on a keyspace that exists; the third argument is the command."""

TargetHandler = Callable[[Target, Any], Awaitable[Response]]
"""Executes a command on a collection or a table; the second argument is the command."""


async def check_keyspace(store: DatabaseStore, keyspace: str) -> None:
    """Refuse a keyspace that does not exist.

    Raises:
        DataApiError: ``UNKNOWN_KEYSPACE``.
    """
    existing = await store.keyspaces()
    if keyspace not in existing:
        raise data_api_error(
            "UNKNOWN_KEYSPACE",
            f"The keyspace '{cut(keyspace)}' does not exist. The database has: [{listed(existing)}].\n"
            "Create it, or correct the name and send the command again.",
        )


async def look_up(store: DatabaseStore, keyspace: str, name: str) -> Container | None:
    """Return the collection or table of that name, or None; also None for text that no name can be."""
    if not (storable(keyspace) and storable(name)):
        return None
    return await store.container(keyspace, name)


def storable(text: str) -> bool:
    """Return whether a store can hold or look up the text: halves of surrogate pairs cannot be encoded."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


async def unknown_container(store: DatabaseStore, keyspace: str, name: str) -> DataApiError:
    """Make the error of a name that neither a collection nor a table has.

    Raises:
        DataApiError: ``UNKNOWN_KEYSPACE``: there is not even the keyspace.
    """
    await check_keyspace(store, keyspace)
    existing = [found.name for found in await store.containers(keyspace)]
    return data_api_error(
        "UNKNOWN_COLLECTION_OR_TABLE",
        f"The keyspace '{keyspace}' has no collection or table '{cut(name)}'. It has: [{listed(existing)}].\n"
        "Create it, or correct the name and send the command again.",
    )


def too_busy(target: Target) -> DataApiError:
    """Make the error of a document that others changed again and again between reading and writing it."""
    return data_api_error(
        "TIMEOUT_WRITING_DATA",
        f"Other commands kept changing the document in '{target.name}' that this one was about to change; "
        f"it was given up after {ROUNDS} attempts and has changed nothing. Send it again.",
    )
