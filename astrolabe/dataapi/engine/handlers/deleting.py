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
    select,
    take,
    vectors_for,
)
from astrolabe.dataapi.engine.target import ROUNDS, Target, TargetHandler, too_busy
from astrolabe.dataapi.engine.unhurried import unhurried
from astrolabe.dataapi.language.commands.base import Command
from astrolabe.dataapi.language.commands.collection_commands import DeleteMany, DeleteOne, FindOneAndDelete
from astrolabe.dataapi.language.projection import parse_projection
from astrolabe.dataapi.protocol import Response
from storage.shapes import Item

PAGE_SIZE = 20
"""Documents that one deleteMany with a filter deletes at most; clients repeat it while there are more."""


async def delete_one(target: Target, command: DeleteOne) -> Response:
    """Delete the first document of a filter and a sort."""
    selection = await resolve(await select(target, command.where, command.sort))
    deleted = await delete_first(selection)
    return Response(status={"deletedCount": 0 if deleted is None else 1})


async def find_one_and_delete(target: Target, command: FindOneAndDelete) -> Response:
    """Delete the first document of a filter and a sort, and answer with it."""
    projection = await unhurried(parse_projection, command.projection)
    selection = await resolve(await select(target, command.where, command.sort))
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
    """Delete a page of matching documents and say whether there are more; without a filter, delete all of them."""
    selection = await select(target, command.where)
    if not command.where:
        await target.store.truncate(target.container)
        return Response(status={"deletedCount": -1})
    total = 0
    for _ in range(ROUNDS):
        left = PAGE_SIZE - total
        items = await take(selection, left + 1)
        deleted = await target.store.delete(target.container, items[:left])
        total += deleted
        if deleted == min(left, len(items)):
            more = {"moreData": True} if len(items) > left else {}
            return Response(status={"deletedCount": total} | more)
    return Response(status={"deletedCount": total, "moreData": True})


HANDLERS: Mapping[type[Command], TargetHandler] = {
    DeleteMany: delete_many,
    DeleteOne: delete_one,
    FindOneAndDelete: find_one_and_delete,
}
