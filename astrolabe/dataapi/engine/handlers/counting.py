"""countDocuments and estimatedDocumentCount."""

from __future__ import annotations

from collections.abc import Mapping

from astrolabe.dataapi.engine.finding import select
from astrolabe.dataapi.engine.target import Target, TargetHandler
from astrolabe.dataapi.language.commands.base import Command
from astrolabe.dataapi.language.commands.collection_commands import CountDocuments, EstimatedDocumentCount
from astrolabe.dataapi.protocol import Response

MOST_COUNTED = 1000
"""Where countDocuments stops counting and says that there is more."""


async def count_documents(target: Target, command: CountDocuments) -> Response:
    """Count the matching documents, up to the ceiling."""
    selection = await select(target, command.where)
    found = await target.store.count(target.container, selection.rest, limit=MOST_COUNTED + 1, keys=selection.keys)
    if found > MOST_COUNTED:
        return Response(status={"count": MOST_COUNTED, "moreData": True})
    return Response(status={"count": found})


async def estimate(target: Target, _command: EstimatedDocumentCount) -> Response:
    """Count all documents; exactly, because that costs little here."""
    return Response(status={"count": await target.store.count(target.container)})


HANDLERS: Mapping[type[Command], TargetHandler] = {
    CountDocuments: count_documents,
    EstimatedDocumentCount: estimate,
}
