"""updateOne on tables: values of one row, which need not be there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from astrolabe.dataapi.engine.definitions.row_layout import row_key
from astrolabe.dataapi.engine.rows.embedding import embed_texts
from astrolabe.dataapi.engine.rows.key_filters import one_key
from astrolabe.dataapi.engine.rows.updates import parse_row_update
from astrolabe.dataapi.engine.target import Target, TargetHandler
from astrolabe.dataapi.language.commands.base import Command
from astrolabe.dataapi.language.commands.collection_commands import UpdateOne
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.protocol import Response
from storage.rows.shapes import RowChange, RowImage


async def update_one(target: Target, command: UpdateOne) -> Response:
    """Change one row; the answer is the same whether it was there or not."""
    table = target.table
    if command.sort not in (None, {}):
        raise data_api_error(
            "UNSUPPORTED_SORT_FOR_TABLE_UPDATE_COMMAND",
            f"updateOne on the table {target.name} names one row by its key, so it takes no sort.\n\n"
            "Resend the command without it.",
        )
    update = parse_row_update(command.update, table, target.name)
    key = one_key(table, target.name, command.where)
    embedded = await embed_texts(target, [update.given])

    def become(body: Mapping[str, Any] | None) -> RowImage | None:
        """Return the row as it becomes."""
        values = update.applied(table, body, embedded)
        row = replace(values, values={**values.values, **key})
        return row.written_over(table, body, inserted=False)

    await target.rows.write(target.container, [RowChange(row_key(table, key), become)])
    return Response(status={"matchedCount": 1, "modifiedCount": 1})


HANDLERS: Mapping[type[Command], TargetHandler] = {UpdateOne: update_one}
