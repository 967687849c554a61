"""insertOne and insertMany into tables.

Rows are read first, and each stands or falls alone. Then the texts of those that can be stored are embedded, and a
failure there fails the whole command. What was accepted is written in one transaction, over what is there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from astrolabe.dataapi.engine.definitions.explained import row_schema
from astrolabe.dataapi.engine.definitions.table_definition import TableDefinition
from astrolabe.dataapi.engine.rows.embedding import embed_texts
from astrolabe.dataapi.engine.rows.images import RowValues, key_json
from astrolabe.dataapi.engine.rows.reading_values import GivenRow, read_row
from astrolabe.dataapi.engine.target import Target, TargetHandler
from astrolabe.dataapi.language.commands.base import Command
from astrolabe.dataapi.language.commands.collection_commands import InsertMany
from astrolabe.dataapi.language.commands.table_rows import InsertRow
from astrolabe.dataapi.protocol import Json, JsonValue, Response
from astrolabe.errors import DataApiError
from storage.jsontext import is_small
from storage.rows.shapes import RowChange, RowImage


@dataclass(slots=True)
class _Attempt:
    """One row on its way in.

    Attributes:
        given: As it came.
        row: What was read of it; None when it was refused or not reached.
        error: Why it was refused.
        written: Whether it was stored.
    """

    given: JsonValue
    row: GivenRow | None = None
    error: DataApiError | None = None
    written: bool = False


async def insert_one(target: Target, command: InsertRow) -> Response:
    """Insert one row."""
    return _answer(target, await _insert(target, [command.document], ordered=True), detailed=False)


async def insert_many(target: Target, command: InsertMany) -> Response:
    """Insert rows; ``ordered`` stops at the first that is refused, else each stands or falls alone."""
    options = command.options
    attempts = await _insert(target, command.documents, ordered=bool(options.ordered))
    return _answer(target, attempts, detailed=bool(options.return_document_responses))


async def _insert(target: Target, documents: Sequence[JsonValue], *, ordered: bool) -> list[_Attempt]:
    attempts = [_Attempt(document) for document in documents]
    small = is_small(documents)
    if small:
        _read(target, attempts, ordered=ordered)
    else:
        await asyncio.to_thread(_read, target, attempts, ordered=ordered)
    ready = [(attempt, attempt.row) for attempt in attempts if attempt.row is not None]
    embedded = await embed_texts(target, (row for _, row in ready))
    rows = [row.with_vectors(embedded) for _, row in ready]
    if rows:
        changes = _changes(target.table, rows) if small else await asyncio.to_thread(_changes, target.table, rows)
        await target.rows.write(target.container, changes, size=sum(row.size for row in rows))
    for attempt, _ in ready:
        attempt.written = True
    return attempts


def _read(target: Target, attempts: Sequence[_Attempt], *, ordered: bool) -> None:
    """Read the rows. Large ones take their time."""
    for attempt in attempts:
        try:
            attempt.row = read_row(target.table, target.name, attempt.given)
        except DataApiError as error:
            attempt.error = error
            if ordered:
                return


def _changes(table: TableDefinition, rows: Sequence[RowValues]) -> list[RowChange]:
    """Return the changes that write rows over what is there under their keys."""
    return [RowChange(row.key(table), partial(_inserted, table, row)) for row in rows]


def _inserted(table: TableDefinition, row: RowValues, body: Mapping[str, Any] | None) -> RowImage | None:
    return row.written_over(table, body, inserted=True)


def _answer(target: Target, attempts: Sequence[_Attempt], *, detailed: bool) -> Response:
    """Put the outcomes together: keys of what was written, or one response per row, and the errors."""
    keys = [_key(target.table, attempt) for attempt in attempts]
    written = [key for key, attempt in zip(keys, attempts, strict=True) if attempt.written]
    schema: Json = {"primaryKeySchema": row_schema(target.container.keyspace, target.table.key_columns)}
    errors = [attempt.error for attempt in attempts if attempt.error is not None]
    if not detailed:
        return Response(status={"insertedIds": written, **schema} if written else {}, errors=tuple(errors))
    distinct = list({(error.code, error.message): error for error in errors}.values())
    responses: list[Json] = []
    for key, attempt in zip(keys, attempts, strict=True):
        state = "OK" if attempt.written else "SKIPPED" if attempt.error is None else "ERROR"
        response: Json = {"_id": key if attempt.error is None else [], "status": state}
        if attempt.error is not None:
            same = [(error.code, error.message) for error in distinct]
            response["errorsIdx"] = same.index((attempt.error.code, attempt.error.message))
        responses.append(response)
    return Response(status={"documentResponses": responses, **(schema if written else {})}, errors=tuple(distinct))


def _key(table: TableDefinition, attempt: _Attempt) -> list[JsonValue]:
    """Return a row's key as the answer shows it: as it was read, or of one that was not reached as it came."""
    if attempt.row is not None:
        return key_json(table, attempt.row.values)
    given = attempt.given
    if attempt.error is not None or not isinstance(given, Mapping):
        return []
    return [given.get(column) for column in table.primary_key.columns]


HANDLERS: Mapping[type[Command], TargetHandler] = {InsertMany: insert_many, InsertRow: insert_one}
