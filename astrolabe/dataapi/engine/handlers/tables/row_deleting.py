"""deleteOne and deleteMany on tables; how many rows there were is never told."""

from __future__ import annotations

from collections.abc import Mapping

from astrolabe.dataapi.engine.definitions.row_layout import row_key
from astrolabe.dataapi.engine.rows.key_filters import one_key, ranges_of_keys
from astrolabe.dataapi.engine.target import Target, TargetHandler
from astrolabe.dataapi.language.commands.base import Command
from astrolabe.dataapi.language.commands.collection_commands import DeleteMany, DeleteOne
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.protocol import Response
from storage.rows.shapes import RowChange

_DELETED = -1


async def delete_one(target: Target, command: DeleteOne) -> Response:
    """Delete one row, if it is there."""
    if command.sort not in (None, {}):
        raise data_api_error(
            "UNSUPPORTED_SORT_FOR_TABLE_DELETE_COMMAND",
            f"deleteOne on the table {target.name} names one row by its key, so it takes no sort.\n\n"
            "Resend the command without it.",
        )
    key = row_key(target.table, one_key(target.table, target.name, command.where))
    await target.rows.write(target.container, [RowChange(key, lambda _body: None)])
    return Response(status={"deletedCount": _DELETED})


async def delete_many(target: Target, command: DeleteMany) -> Response:
    """Delete the rows of partitions, or of ranges in them; without a filter, all rows."""
    ranges = ranges_of_keys(target.table, target.name, command.where)
    if ranges is None:
        await target.store.truncate(target.container)
    else:
        await target.rows.delete(target.container, ranges)
    return Response(status={"deletedCount": _DELETED})


HANDLERS: Mapping[type[Command], TargetHandler] = {DeleteMany: delete_many, DeleteOne: delete_one}
