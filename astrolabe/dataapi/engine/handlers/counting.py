"""countDocuments and estimatedDocumentCount."""

from __future__ import annotations

from collections.abc import Mapping

from astrolabe.dataapi.engine.finding import select
from astrolabe.dataapi.engine.target import Target, TargetHandler
from astrolabe.dataapi.language.allowances import allowed
from astrolabe.dataapi.language.commands.base import Command
from astrolabe.dataapi.language.commands.collection_commands import CountDocuments, EstimatedDocumentCount
from astrolabe.dataapi.protocol import Response


async def count_documents(target: Target, command: CountDocuments) -> Response:
    """Count the matching documents, up to the ceiling."""
    selection = await select(target, command.where)
    most = allowed().counted_documents
    found = await target.store.count(target.container, selection.rest, limit=most + 1, keys=selection.keys)
    if found > most:
        return Response(status={"count": most, "moreData": True})
    return Response(status={"count": found})


async def estimate(target: Target, _command: EstimatedDocumentCount) -> Response:
    """Count all documents; exactly, because that costs little here."""
    return Response(status={"count": await target.store.count(target.container)})


HANDLERS: Mapping[type[Command], TargetHandler] = {
    CountDocuments: count_documents,
    EstimatedDocumentCount: estimate,
}
