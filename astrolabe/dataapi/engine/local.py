"""The Data API on the embedded engine, in process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from pydantic import SecretStr

from astrolabe.dataapi.client.client import EMBEDDING_KEY_HEADER
from astrolabe.dataapi.engine.collection_definition import CollectionDefinition, read_settings
from astrolabe.dataapi.engine.handlers import counting, deleting, general, inserting, reading, reranking, updating
from astrolabe.dataapi.engine.handlers import keyspace as keyspace_handlers
from astrolabe.dataapi.engine.limits import DatabaseLimits
from astrolabe.dataapi.engine.target import (
    CollectionHandler,
    Engine,
    GeneralHandler,
    KeyspaceHandler,
    OpenCollection,
    check_keyspace,
    find_container,
)
from astrolabe.dataapi.engine.vectorize.provider_errors import unavailable
from astrolabe.dataapi.engine.vectorize.vectorizer import Vectorizer
from astrolabe.dataapi.language.commands import TABLE_COMMANDS, Command, Level, parse_command
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.numbers import exactly
from astrolabe.dataapi.protocol import Json, Response
from astrolabe.errors import AstrolabeError, DataApiError
from astrolabe.portal.organization import Database
from astrolabe.providers.catalogue.catalogue import Catalogue
from astrolabe.providers.rerank.catalogue import RERANKING_KEY_HEADER
from astrolabe.providers.rerank.engine import RerankingEngine, RerankKeys
from astrolabe.providers.simulated.rules import Lab
from storage.documents.store import DatabaseStore
from storage.errors import ContainerMissingError, KeyspaceMissingError, StoreBusyError
from storage.jsontext import is_small
from storage.shapes import ContainerKind

_log = logging.getLogger(__name__)

_TOKEN_HEADER = "token"  # noqa: S105 - the header's name, not a token

_GENERAL: Mapping[type[Command], GeneralHandler] = {**general.HANDLERS, **reranking.GENERAL}
_KEYSPACE: Mapping[type[Command], KeyspaceHandler] = keyspace_handlers.HANDLERS
_COLLECTION: Mapping[type[Command], CollectionHandler] = {
    **counting.HANDLERS,
    **deleting.HANDLERS,
    **inserting.HANDLERS,
    **reading.HANDLERS,
    **reranking.HANDLERS,
    **updating.HANDLERS,
}
_CODES: Mapping[type[AstrolabeError], str] = {
    ContainerMissingError: "UNKNOWN_COLLECTION_OR_TABLE",
    KeyspaceMissingError: "UNKNOWN_KEYSPACE",
    StoreBusyError: "TIMEOUT_WRITING_DATA",
}
"""What the store's own errors are called where the contract has a name: dropped while the command was running, or
other writers in the way for too long."""


class LocalDataApi:
    """A database on this machine.

    Args:
        database: The database; its id decides which credentials it may use.
        store: Its contents, open; whoever opened it closes it.
        vectorizer: Embeds texts on its behalf.
        catalogue: The embedding providers.
        endpoint: The address that snippets name for it.
        limits: What it may hold.
        lab: Says whether creating a collection is to fail; None where nothing is simulated.
        reranker: The reranking models; by default none of them can be reached.
    """

    def __init__(
        self,
        *,
        database: Database,
        store: DatabaseStore,
        vectorizer: Vectorizer,
        catalogue: Catalogue,
        endpoint: str,
        limits: DatabaseLimits | None = None,
        lab: Lab | None = None,
        reranker: RerankingEngine | None = None,
    ) -> None:
        allowed = limits or DatabaseLimits()
        self._engine = Engine(database, store, vectorizer, catalogue, allowed, lab, reranker or RerankingEngine())
        self._endpoint = endpoint

    @property
    def endpoint(self) -> str:
        """The address that code snippets name for this database."""
        return self._endpoint

    async def execute(
        self,
        command: Json,
        *,
        keyspace: str | None = None,
        name: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Execute one command; see :meth:`DataApi.execute`. Every error is in the answer, whatever happens."""
        try:
            return await self._execute(command, keyspace, name, headers or {})
        except AstrolabeError as error:
            return Response(errors=(as_data_api_error(error),))
        except Exception:  # noqa: BLE001 - the request boundary: a fault must not end the program
            _log.exception("A command failed unexpectedly.")
            return Response(errors=(unexpected(),))

    async def _execute(
        self, command: Json, keyspace: str | None, name: str | None, headers: Mapping[str, str]
    ) -> Response:
        exact = exactly(command) if is_small(command) else await asyncio.to_thread(exactly, command)
        parsed = parse_command(exact, _level(keyspace, name))
        if parsed.verb in TABLE_COMMANDS and keyspace is not None and name is not None:
            await self._refuse_table_command(parsed.verb, keyspace, name)
        if parsed.command is None:
            return Response(errors=parsed.errors)
        kind = type(parsed.command)
        if keyspace is None:
            return await _GENERAL[kind](self._engine, parsed.command)
        if name is None:
            await check_keyspace(self._engine.store, keyspace)
            return await _KEYSPACE[kind](self._engine, keyspace, parsed.command)
        target = await self._open(parsed.verb, keyspace, name, headers)
        return await _COLLECTION[kind](target, parsed.command)

    async def _open(self, verb: str, keyspace: str, name: str, headers: Mapping[str, str]) -> OpenCollection:
        container = await find_container(self._engine.store, keyspace, name)
        if container.kind is ContainerKind.TABLE:
            raise data_api_error(
                "UNSUPPORTED_TABLE_COMMAND",
                f"'{keyspace}.{container.name}' is a table, and '{verb}' is a command for collections.",
            )
        settings = read_settings(container)
        self._check_provider(settings)
        keys = RerankKeys(_secret(headers, RERANKING_KEY_HEADER), _secret(headers, _TOKEN_HEADER))
        return OpenCollection(self._engine, container, settings, _secret(headers, EMBEDDING_KEY_HEADER), keys)

    def _check_provider(self, settings: CollectionDefinition) -> None:
        """Refuse a collection whose provider or model the catalogue no longer has."""
        service = settings.service
        if service is not None:
            provider = self._engine.catalogue.find(service.provider)
            if provider is None or provider.known_model(service.model) is None:
                raise unavailable(service.provider, service.model)

    async def _refuse_table_command(self, verb: str, keyspace: str, name: str) -> None:
        container = await find_container(self._engine.store, keyspace, name)
        if container.kind is ContainerKind.COLLECTION:
            raise data_api_error(
                "UNSUPPORTED_COLLECTION_COMMAND",
                f"'{keyspace}.{container.name}' is a collection, and '{verb}' is a command for tables.",
            )


def _level(keyspace: str | None, name: str | None) -> Level:
    if keyspace is None:
        return Level.GENERAL
    return Level.KEYSPACE if name is None else Level.COLLECTION


def _secret(headers: Mapping[str, str], wanted: str) -> SecretStr | None:
    """Return a key that came with the request, if it did; header names have no case."""
    found = next((value for name, value in headers.items() if name.lower() == wanted), "")
    return SecretStr(found) if found.strip() else None


def as_data_api_error(error: AstrolabeError) -> DataApiError:
    """Return an error as one of the contract: what the contract does not know, such as a full disk, is wrapped."""
    if isinstance(error, DataApiError):
        return error
    wrapped = data_api_error(_CODES.get(type(error), "INTERNAL_SERVER_ERROR"), error.message, hint=error.hint)
    wrapped.owner = error.owner
    return wrapped


def unexpected() -> DataApiError:
    """Return what is told of a fault of this program; the log has the rest."""
    return data_api_error(
        "UNEXPECTED_SERVER_ERROR",
        "The command failed because of a fault in this program. What was done before the fault is kept.",
        hint="The log has the details. Please report them.",
    )
