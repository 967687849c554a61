"""Commands on a keyspace: its collections."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from astrolabe.dataapi.engine.collection_definition import vector_specs
from astrolabe.dataapi.engine.features import texts_of, with_defaults
from astrolabe.dataapi.engine.limits import check_limits, too_many_collections
from astrolabe.dataapi.engine.schema import check_existing, checked_collection_name, definition_of
from astrolabe.dataapi.engine.target import Engine, KeyspaceHandler, look_up
from astrolabe.dataapi.language.commands.base import Command
from astrolabe.dataapi.language.commands.schema import CreateCollection, DeleteCollection, FindCollections
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.protocol import Json, Response
from storage.errors import ContainerExistsError
from storage.shapes import Container, ContainerKind

_log = logging.getLogger(__name__)


async def create_collection(engine: Engine, keyspace: str, command: CreateCollection) -> Response:
    """Create a collection unless it exists with the same settings."""

    async def usable(provider: str, name: str) -> bool:
        """Ask the portal about a credential of this database."""
        return await engine.vectorizer.covers(engine.database.id, provider, name)

    name = checked_collection_name(command.name)
    region = engine.database.region
    definition = await definition_of(
        command,
        engine.catalogue,
        engine.reranker.rerankers,
        usable,
        engine.vectorizer.models_of,
        region=region,
    )
    async with engine.schema_lock:
        existing = await engine.store.container(keyspace, name)
        if existing is None:
            existing = await _create(engine, keyspace, name, definition)
    if existing is not None:
        check_existing(existing, definition)
    return Response(status={"ok": 1})


async def _create(engine: Engine, keyspace: str, name: str, definition: Json) -> Container | None:
    """Create the collection; return what stands in its place when another program was faster."""
    await _check_lab(engine, definition)
    check_limits(await engine.store.containers(), engine.limits)
    complete = with_defaults(definition, engine.reranker.rerankers)
    try:
        await engine.store.create_container(
            keyspace,
            name,
            ContainerKind.COLLECTION,
            complete,
            vector_specs(complete),
            texts=texts_of(complete),
        )
    except ContainerExistsError:
        return await engine.store.container(keyspace, name)
    return None


async def _check_lab(engine: Engine, definition: Json) -> None:
    """Refuse the collection if the failure lab wants the database to be full."""
    provider = definition.get("vector", {}).get("service", {}).get("provider", "")
    rule = await engine.lab.take(provider, creating=True) if engine.lab is not None else None
    if rule is not None:
        error = too_many_collections(engine.limits, engine.limits.collections)
        error.simulated = True
        _log.warning("failure lab: %s is simulated", rule.trouble.value)
        raise error


async def find_collections(engine: Engine, keyspace: str, command: FindCollections) -> Response:
    """List the collections, with their settings when asked to explain."""
    found = [
        container for container in await engine.store.containers(keyspace) if container.kind is ContainerKind.COLLECTION
    ]
    if command.options is not None and command.options.explain:
        explained = [{"name": container.name, "options": dict(container.definition)} for container in found]
        return Response(status={"collections": explained})
    return Response(status={"collections": [container.name for container in found]})


async def delete_collection(engine: Engine, keyspace: str, command: DeleteCollection) -> Response:
    """Delete a collection with its documents, if it exists; a table is left alone."""
    container = await look_up(engine.store, keyspace, command.name)
    if container is not None and container.kind is ContainerKind.TABLE:
        raise data_api_error(
            "UNSUPPORTED_TABLE_COMMAND",
            f"'{keyspace}.{container.name}' is a table, and deleteCollection deletes collections. Use dropTable.",
        )
    if container is not None:
        await engine.store.drop_container(container)
    return Response(status={"ok": 1})


HANDLERS: Mapping[type[Command], KeyspaceHandler] = {
    CreateCollection: create_collection,
    DeleteCollection: delete_collection,
    FindCollections: find_collections,
}
