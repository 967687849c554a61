"""Commands on the database: keyspaces and embedding providers."""

from __future__ import annotations

from collections.abc import Mapping

from astrolabe.dataapi.engine.schema import checked_keyspace_name
from astrolabe.dataapi.engine.target import Engine, GeneralHandler, storable
from astrolabe.dataapi.engine.vectorize.provider_listing import list_providers, wanted_statuses
from astrolabe.dataapi.language.commands.base import Command
from astrolabe.dataapi.language.commands.general import (
    CreateKeyspace,
    CreateNamespace,
    DropKeyspace,
    DropNamespace,
    FindEmbeddingProviders,
    FindKeyspaces,
    FindNamespaces,
)
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.protocol import Json, Response


async def create_keyspace(engine: Engine, command: CreateKeyspace) -> Response:
    """Create a keyspace unless it exists."""
    await engine.store.create_keyspace(checked_keyspace_name(command.name))
    return Response(status={"ok": 1})


async def drop_keyspace(engine: Engine, command: DropKeyspace) -> Response:
    """Drop a keyspace, if it exists."""
    if storable(command.name):
        await engine.store.drop_keyspace(command.name)
    return Response(status={"ok": 1})


async def find_keyspaces(engine: Engine, _command: FindKeyspaces) -> Response:
    """List the keyspaces."""
    return Response(status={"keyspaces": await engine.store.keyspaces()})


async def create_namespace(engine: Engine, command: CreateNamespace) -> Response:
    """Create a keyspace, by its old name."""
    response = await create_keyspace(engine, command)
    return Response(status=response.status | _deprecated("createNamespace", "createKeyspace"))


async def drop_namespace(engine: Engine, command: DropNamespace) -> Response:
    """Drop a keyspace, by its old name."""
    response = await drop_keyspace(engine, command)
    return Response(status=response.status | _deprecated("dropNamespace", "dropKeyspace"))


async def find_namespaces(engine: Engine, _command: FindNamespaces) -> Response:
    """List the keyspaces, by their old name."""
    names = await engine.store.keyspaces()
    return Response(status={"namespaces": names} | _deprecated("findNamespaces", "findKeyspaces"))


async def find_embedding_providers(engine: Engine, command: FindEmbeddingProviders) -> Response:
    """List the providers with the models of the wanted life cycle."""
    statuses = wanted_statuses(command.options)
    return Response(status={"embeddingProviders": list_providers(engine.catalogue, statuses)})


def _deprecated(old: str, new: str) -> Json:
    message = f"The command '{old}' is deprecated; it still works. Use '{new}' instead."
    return {"warnings": [data_api_error("DEPRECATED_COMMAND", message).to_object()]}


HANDLERS: Mapping[type[Command], GeneralHandler] = {
    CreateKeyspace: create_keyspace,
    CreateNamespace: create_namespace,
    DropKeyspace: drop_keyspace,
    DropNamespace: drop_namespace,
    FindEmbeddingProviders: find_embedding_providers,
    FindKeyspaces: find_keyspaces,
    FindNamespaces: find_namespaces,
}
