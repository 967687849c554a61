"""What a command's handler works on: the engine of one database, and the collection it is sent to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from astrolabe.dataapi.engine.collection_definition import CollectionDefinition
from astrolabe.dataapi.engine.limits import DatabaseLimits
from astrolabe.dataapi.engine.vectorize.vectorizer import Vectorizer
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.name_lists import cut, listed
from astrolabe.dataapi.language.rules import CollectionRules
from astrolabe.dataapi.protocol import Response
from astrolabe.errors import DataApiError
from astrolabe.portal.organization import Database
from astrolabe.providers.catalogue.catalogue import Catalogue
from astrolabe.providers.catalogue.provider_info import Direction
from astrolabe.providers.rerank.engine import RerankingEngine, RerankKeys
from astrolabe.providers.simulated.rules import Lab
from storage.documents.store import DatabaseStore
from storage.shapes import Container, Matrix


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
        schema_lock: Held while collections are made, so that two requests at once do not exceed the limits.
    """

    database: Database
    store: DatabaseStore
    vectorizer: Vectorizer
    catalogue: Catalogue
    limits: DatabaseLimits = field(default_factory=DatabaseLimits)
    lab: Lab | None = None
    reranker: RerankingEngine = field(default_factory=RerankingEngine)
    schema_lock: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(frozen=True, slots=True)
class OpenCollection:
    """The collection that a command is sent to, and the keys that came with the request."""

    engine: Engine
    container: Container
    settings: CollectionDefinition
    header_key: SecretStr | None = None
    rerank_keys: RerankKeys = field(default_factory=RerankKeys)

    @property
    def rules(self) -> CollectionRules:
        """What the collection's documents, filters and sorts are read against."""
        return self.settings.rules

    @property
    def store(self) -> DatabaseStore:
        """The database's contents."""
        return self.engine.store

    async def embed(self, texts: Sequence[str], direction: Direction) -> Matrix:
        """Return one vector per text, through the collection's service.

        Raises:
            DataApiError: There is no service, or embedding failed.
        """
        service, vector = self.settings.service, self.rules.vector
        if service is None or vector is None:
            raise self.rules.no_embedding_service()
        return await self.engine.vectorizer.embed(
            self.engine.database.id, service, vector.dimension, texts, direction=direction, header_key=self.header_key
        )


ROUNDS = 20
"""How often a document that others keep changing is looked at again."""

GeneralHandler = Callable[[Engine, Any], Awaitable[Response]]
"""Executes a command on the database; the second argument is the command."""

KeyspaceHandler = Callable[[Engine, str, Any], Awaitable[Response]]
"""Executes a command on a keyspace that exists; the third argument is the command."""

CollectionHandler = Callable[[OpenCollection, Any], Awaitable[Response]]
"""Executes a command on a collection; the second argument is the command."""


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


async def find_container(store: DatabaseStore, keyspace: str, name: str) -> Container:
    """Return the collection or table of that name.

    Raises:
        DataApiError: ``UNKNOWN_KEYSPACE`` or ``UNKNOWN_COLLECTION_OR_TABLE``.
    """
    container = await look_up(store, keyspace, name)
    if container is None:
        await check_keyspace(store, keyspace)
        existing = [found.name for found in await store.containers(keyspace)]
        raise data_api_error(
            "UNKNOWN_COLLECTION_OR_TABLE",
            f"The keyspace '{keyspace}' has no collection or table '{cut(name)}'. It has: [{listed(existing)}].\n"
            "Create it, or correct the name and send the command again.",
        )
    return container


def too_busy(target: OpenCollection) -> DataApiError:
    """Make the error of a document that others changed again and again between reading and writing it."""
    return data_api_error(
        "INTERNAL_SERVER_ERROR",
        f"Other commands kept changing the document in '{target.rules.name}' that this one was about to change; "
        f"it was given up after {ROUNDS} attempts and has changed nothing. Send it again.",
    )
