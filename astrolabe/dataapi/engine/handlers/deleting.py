"""deleteOne, deleteMany and findOneAndDelete.

A document is deleted only if it is still as it was read; one that was changed in between is looked at again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from astrolabe.dataapi.engine.finding import (
    DocumentSelection,
    document_of,
    first_item,
    resolve,
    scan,
    select,
    vectors_for,
)
from astrolabe.dataapi.engine.target import ROUNDS, Target, TargetHandler, too_busy
from astrolabe.dataapi.language.commands.base import Command
from astrolabe.dataapi.language.commands.collection_commands import DeleteMany, DeleteOne, FindOneAndDelete
from astrolabe.dataapi.language.projection import parse_projection
from astrolabe.dataapi.protocol import Response
from storage.shapes import Item


async def delete_one(target: Target, command: DeleteOne) -> Response:
    """Delete the first document of a filter and a sort."""
    selection = await resolve(select(target, command.where, command.sort))
    deleted = await delete_first(selection)
    return Response(status={"deletedCount": 0 if deleted is None else 1})


async def find_one_and_delete(target: Target, command: FindOneAndDelete) -> Response:
    """Delete the first document of a filter and a sort, and answer with it."""
    projection = parse_projection(command.projection)
    selection = await resolve(select(target, command.where, command.sort))
    deleted = await delete_first(selection, vectors=vectors_for(projection))
    document = None if deleted is None else projection.apply(document_of(deleted))
    return Response(data={"document": document}, status={"deletedCount": 0 if deleted is None else 1})


async def delete_first(selection: DocumentSelection, *, vectors: Sequence[str] = ()) -> Item | None:
    """Delete the first item of a resolved selection and return it as it was; None when nothing matches.

    Raises:
        DataApiError: Others kept changing what was found.
    """
    target = selection.target
    for _ in range(ROUNDS):
        item = await first_item(selection, vectors=vectors)
        if item is None or await target.store.delete(target.container, [item]):
            return item
    raise too_busy(target)


async def delete_many(target: Target, command: DeleteMany) -> Response:
    """Delete every matching document at once, so that there is never more to do; without a filter, all of them."""
    selection = select(target, command.where)
    if not command.where:
        await target.store.truncate(target.container)
        return Response(status={"deletedCount": -1})
    total = 0
    for _ in range(ROUNDS):
        found, deleted = await _delete_matching(selection)
        total += deleted
        if found == deleted:
            return Response(status={"deletedCount": total})
    return Response(status={"deletedCount": total, "moreData": True})


async def _delete_matching(selection: DocumentSelection) -> tuple[int, int]:
    """Return how many matched and how many of these were deleted."""
    found = deleted = 0
    async with scan(selection) as chunks:
        async for items in chunks:
            found += len(items)
            deleted += await selection.target.store.delete(selection.target.container, items)
    return found, deleted


HANDLERS: Mapping[type[Command], TargetHandler] = {
    DeleteMany: delete_many,
    DeleteOne: delete_one,
    FindOneAndDelete: find_one_and_delete,
}
