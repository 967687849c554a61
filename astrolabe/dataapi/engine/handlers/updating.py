"""updateOne, updateMany, findOneAndUpdate and findOneAndReplace."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from astrolabe.dataapi.engine.document_updates import (
    Change,
    Mutation,
    Replacing,
    Updating,
    change_first,
    change_match,
    vectors_of,
)
from astrolabe.dataapi.engine.finding import DocumentSelection, PageState, resolve, select, take
from astrolabe.dataapi.engine.target import Target, TargetHandler
from astrolabe.dataapi.engine.unhurried import unhurried
from astrolabe.dataapi.language.commands.base import Command
from astrolabe.dataapi.language.commands.collection_commands import (
    FindOneAndReplace,
    FindOneAndUpdate,
    UpdateMany,
    UpdateOne,
)
from astrolabe.dataapi.language.projection import Projection, parse_projection
from astrolabe.dataapi.language.updates import parse_update
from astrolabe.dataapi.protocol import Json, JsonValue, Response
from astrolabe.errors import DataApiError
from storage.jsontext import is_small


async def _updating(target: Target, clause: JsonValue) -> Updating:
    """Read an update clause."""
    update = await unhurried(partial(parse_update, rules=target.rules), clause)
    return Updating(target, update, large=not is_small(clause))


PAGE_SIZE = 50
"""Documents that one updateMany changes at most; clients repeat it with the page state while there are more."""


async def update_one(target: Target, command: UpdateOne) -> Response:
    """Change the first document of a filter and a sort."""
    updating = await _updating(target, command.update)
    selection = await resolve(await select(target, command.where, command.sort))
    change = await change_first(selection, updating, upsert=bool(command.options.upsert))
    return Response(status=change.status())


async def update_many(target: Target, command: UpdateMany) -> Response:
    """Change a page of matching documents and say where the next one starts.

    The first failure ends it and comes with what was done before.
    """
    updating = await _updating(target, command.update)
    selection = await select(target, command.where)
    state = command.options.page_state
    start = PageState.decode(state) if state is not None else PageState(0, 0)
    items = await take(selection, PAGE_SIZE + 1, after=start.after, vectors=vectors_of(target))
    page = items[:PAGE_SIZE]
    if not page and state is None and command.options.upsert:
        return Response(status=(await change_first(selection, updating, upsert=True)).status())
    status: Json = {"matchedCount": 0, "modifiedCount": 0}
    try:
        for item in page:
            change = await change_match(selection, item, updating)
            status["matchedCount"] += change.matched
            status["modifiedCount"] += change.modified
    except DataApiError as error:
        return Response(status=status, errors=(error,))
    if len(items) > PAGE_SIZE:
        status |= {"moreData": True, "nextPageState": PageState(page[-1].seq, start.served + len(page)).encode()}
    return Response(status=status)


async def find_one_and_update(target: Target, command: FindOneAndUpdate) -> Response:
    """Change the first document of a filter and a sort, and answer with it."""
    return await _find_and_change(target, command, await _updating(target, command.update))


async def find_one_and_replace(target: Target, command: FindOneAndReplace) -> Response:
    """Replace the first document of a filter and a sort, and answer with it."""
    return await _find_and_change(target, command, Replacing(target, command.replacement))


async def _find_and_change(
    target: Target, command: FindOneAndUpdate | FindOneAndReplace, mutation: Mutation
) -> Response:
    projection = await unhurried(parse_projection, command.projection)
    selection: DocumentSelection = await resolve(await select(target, command.where, command.sort))
    change = await change_first(selection, mutation, upsert=bool(command.options.upsert))
    return _answer(change, projection, after=command.options.return_document == "after")


def _answer(change: Change, projection: Projection, *, after: bool) -> Response:
    image = change.after if after else change.before
    document = None if image is None else projection.apply(image)
    return Response(data={"document": document}, status=change.status())


HANDLERS: Mapping[type[Command], TargetHandler] = {
    FindOneAndReplace: find_one_and_replace,
    FindOneAndUpdate: find_one_and_update,
    UpdateMany: update_many,
    UpdateOne: update_one,
}
