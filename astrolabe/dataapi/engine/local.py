"""The Data API on the embedded engine, in process."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from pydantic import SecretStr

from astrolabe.dataapi.client.client import EMBEDDING_KEY_HEADER
from astrolabe.dataapi.engine.collection_definition import read_collection
from astrolabe.dataapi.engine.definitions.table_definition import read_table
from astrolabe.dataapi.engine.handlers import counting, deleting, general, inserting, reading, reranking, updating
from astrolabe.dataapi.engine.handlers import keyspace as keyspace_handlers
from astrolabe.dataapi.engine.handlers.tables import (
    altering,
    creating,
    index_building,
    indexing,
    row_deleting,
    row_inserting,
    row_reading,
    row_updating,
    user_types,
)
from astrolabe.dataapi.engine.index_builds import IndexBuilds
from astrolabe.dataapi.engine.limits import DatabaseLimits
from astrolabe.dataapi.engine.target import (
    ROUNDS,
    Engine,
    GeneralHandler,
    KeyspaceHandler,
    ServiceTrail,
    Target,
    TargetDefinition,
    TargetHandler,
    check_keyspace,
    look_up,
    unknown_container,
)
from astrolabe.dataapi.engine.unhurried import unhurried
from astrolabe.dataapi.engine.vectorize.vectorizer import Vectorizer
from astrolabe.dataapi.language.allowances import allowing
from astrolabe.dataapi.language.commands import Command, Level, parse_command, parse_for_any
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.numbers import exactly
from astrolabe.dataapi.protocol import Json, Response
from astrolabe.errors import AstrolabeError, DataApiError, without_frames
from astrolabe.portal.organization import Database
from astrolabe.providers.catalogue.catalogue import Catalogue
from astrolabe.providers.rerank.catalogue import RERANKING_KEY_HEADER
from astrolabe.providers.rerank.engine import RerankingEngine, RerankKeys
from astrolabe.providers.simulated.rules import Lab
from storage.documents.store import DatabaseStore
from storage.errors import ContainerChangedError, ContainerMissingError, KeyspaceMissingError, StoreBusyError
from storage.shapes import Container, ContainerKind

_log = logging.getLogger(__name__)

_MOST_KNOWN = 256
"""Definitions that are kept read; some may belong to collections that are gone."""

_TOKEN_HEADER = "token"  # noqa: S105 - the header's name, not a token

_GENERAL: Mapping[type[Command], GeneralHandler] = {**general.HANDLERS, **reranking.GENERAL}
_KEYSPACE: Mapping[type[Command], KeyspaceHandler] = {
    **keyspace_handlers.HANDLERS,
    **creating.HANDLERS,
    **indexing.KEYSPACE_HANDLERS,
    **user_types.HANDLERS,
}
_COLLECTION: Mapping[type[Command], TargetHandler] = {
    **counting.HANDLERS,
    **deleting.HANDLERS,
    **inserting.HANDLERS,
    **reading.HANDLERS,
    **reranking.HANDLERS,
    **updating.HANDLERS,
}
_TABLE: Mapping[type[Command], TargetHandler] = {
    **altering.HANDLERS,
    **indexing.HANDLERS,
    **row_deleting.HANDLERS,
    **row_inserting.HANDLERS,
    **row_reading.HANDLERS,
    **row_updating.HANDLERS,
}


@dataclass(frozen=True, slots=True)
class _Kind:
    """What the kind of a container decides: its commands, and how its definition is read."""

    level: Level
    handlers: Mapping[type[Command], TargetHandler]
    read: Callable[[Container], TargetDefinition]


_KINDS: Mapping[ContainerKind, _Kind] = {
    ContainerKind.COLLECTION: _Kind(Level.COLLECTION, _COLLECTION, read_collection),
    ContainerKind.TABLE: _Kind(Level.TABLE, _TABLE, read_table),
}
_CODES: Mapping[type[AstrolabeError], str] = {
    ContainerMissingError: "UNKNOWN_COLLECTION_OR_TABLE",
    KeyspaceMissingError: "UNKNOWN_KEYSPACE",
    StoreBusyError: "TIMEOUT_WRITING_DATA",
    ContainerChangedError: "TIMEOUT_WRITING_DATA",
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
        service_trail: Notes what becomes of the services of table columns.
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
        service_trail: ServiceTrail | None = None,
    ) -> None:
        allowed, models = limits or DatabaseLimits(), reranker or RerankingEngine()
        self._engine = Engine(database, store, vectorizer, catalogue, allowed, lab, models, service_trail)
        self._endpoint = endpoint
        self._known: dict[int, tuple[Container, TargetDefinition]] = {}

    @property
    def index_builds(self) -> IndexBuilds:
        """The indexes of its tables that are being filled."""
        return self._engine.index_builds

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
            with allowing(self._engine.limits.commands):
                return await self._execute(command, keyspace, name, headers or {})
        except AstrolabeError as error:
            return Response(errors=(without_frames(as_data_api_error(error)),))
        except Exception:  # noqa: BLE001 - the request boundary: a fault must not end the program
            _log.exception("A command failed unexpectedly.")
            return Response(errors=(unexpected(),))

    async def _execute(
        self, command: Json, keyspace: str | None, name: str | None, headers: Mapping[str, str]
    ) -> Response:
        if keyspace is not None and name is not None:
            return await self._on_container(command, keyspace, name, headers)
        level = Level.GENERAL if keyspace is None else Level.KEYSPACE
        parsed = await unhurried(partial(parse_command, level=level), await unhurried(exactly, command))
        if parsed.command is None:
            return Response(errors=parsed.errors)
        if keyspace is None:
            return await _GENERAL[type(parsed.command)](self._engine, parsed.command)
        await check_keyspace(self._engine.store, keyspace)
        return await _KEYSPACE[type(parsed.command)](self._engine, keyspace, parsed.command)

    async def _on_container(self, command: Json, keyspace: str, name: str, headers: Mapping[str, str]) -> Response:
        """Carry out a command; one whose table was altered before it wrote has done nothing, and begins again."""
        for _ in range(ROUNDS - 1):
            try:
                return await self._once_on_container(command, keyspace, name, headers)
            except ContainerChangedError:
                continue
        return await self._once_on_container(command, keyspace, name, headers)

    async def _once_on_container(self, command: Json, keyspace: str, name: str, headers: Mapping[str, str]) -> Response:
        """Find the collection or table first: its kind says what commands there are."""
        container = await look_up(self._engine.store, keyspace, name)
        vectors = container.vectors if container is not None else ()
        exact = await unhurried(partial(exactly, vectors=vectors), command)
        if container is None:
            parsed = await unhurried(parse_for_any, exact)
            return Response(errors=parsed.errors or (await unknown_container(self._engine.store, keyspace, name),))
        kind = _KINDS[container.kind]
        understand = partial(parse_command, level=kind.level, target=f"{keyspace}.{container.name}")
        parsed = await unhurried(understand, exact)
        if parsed.command is None:
            return Response(errors=parsed.errors)
        target = self._open(container, self._definition(container, kind), headers)
        return await kind.handlers[type(parsed.command)](target, parsed.command)

    def _definition(self, container: Container, kind: _Kind) -> TargetDefinition:
        """Read a definition once for as long as the store gives the same container."""
        known = self._known.get(container.id)
        if known is None or known[0] is not container:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            known = self._known[container.id] = container, kind.read(container)
        return known[1]

    def _open(self, container: Container, definition: TargetDefinition, headers: Mapping[str, str]) -> Target:
        keys = RerankKeys(_secret(headers, RERANKING_KEY_HEADER), _secret(headers, _TOKEN_HEADER))
        target = Target(self._engine, container, definition, _secret(headers, EMBEDDING_KEY_HEADER), keys)
        if container.kind is ContainerKind.COLLECTION:
            for name in target.vectors:
                target.check_service(name)
        elif target.table.building:
            index_building.resume_building(self._engine, container, target.table)
        return target


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
