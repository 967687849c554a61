"""find and findOne on tables."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import aclosing

import numpy as np

from astrolabe.dataapi.engine.definitions.explained import row_schema
from astrolabe.dataapi.engine.rows.images import row_json
from astrolabe.dataapi.engine.rows.notes import warnings_json
from astrolabe.dataapi.engine.rows.page_states import RowPageState
from astrolabe.dataapi.engine.rows.selection import RowSelection, select_rows
from astrolabe.dataapi.engine.rows.sorting import RowSortKind
from astrolabe.dataapi.engine.target import Target, TargetHandler
from astrolabe.dataapi.language.allowances import allowed, setting_of
from astrolabe.dataapi.language.commands import Command
from astrolabe.dataapi.language.commands.collection_commands import Find, FindOne, FindOptions
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.special_fields import SIMILARITY
from astrolabe.dataapi.language.tables.types import VectorType
from astrolabe.dataapi.language.vectors import floats_to_json
from astrolabe.dataapi.protocol import Json, Response
from astrolabe.errors import AstrolabeError, DataApiError
from astrolabe.providers.catalogue.provider_info import Direction
from storage.documents.scanning import parse_body
from storage.gil_yield import in_turns
from storage.shapes import Item, Vector

PAGE_SIZE = 50
"""Rows in one page of a find that is not sorted by similarity."""

_WORTH_A_THREAD = 65_536
"""Characters of rows that take about a millisecond to read."""

_CHARACTERS_PER_NUMBER = 64
"""A number of a vector takes as long as so many characters."""


async def find(target: Target, command: Find) -> Response:
    """Read a page of rows."""
    options = command.options
    selection = select_rows(target, command, options)
    try:
        reading = _Reading(selection, options)
        rows, state = await reading.read()
    except DataApiError as error:
        return Response(status=warnings_json(selection.warnings), errors=(error,))
    return Response(data={"documents": rows, "nextPageState": state}, status=reading.status())


async def find_one(target: Target, command: FindOne) -> Response:
    """Read the first row of a filter and a sort."""
    options = FindOptions.model_validate({**command.options.model_dump(by_alias=True), "limit": 1})
    selection = select_rows(target, command, options)
    try:
        reading = _Reading(selection, options)
        rows, _ = await reading.read()
    except DataApiError as error:
        return Response(status=warnings_json(selection.warnings), errors=(error,))
    return Response(data={"document": rows[0] if rows else None}, status=reading.status())


class _Reading:
    """One read of a table.

    Raises:
        DataApiError: The values of the filter do not fit.
    """

    def __init__(self, selection: RowSelection, options: FindOptions) -> None:
        selection.bind()
        self._selection = selection
        self._target = selection.target
        self._options = options
        self._sort_vector: Vector | None = None
        self._sorted: int | None = None
        self._vectors = [
            self._target.table.stored_as(name)
            for name, kind in selection.columns.items()
            if isinstance(kind, VectorType)
        ]

    def status(self) -> Json:
        """Return what stands beside the rows."""
        status: Json = {}
        if self._options.include_sort_vector and self._sort_vector is not None:
            status["sortVector"] = floats_to_json(self._sort_vector)
        if self._sorted is not None:
            status["sortedRowCount"] = self._sorted
        schema = row_schema(self._target.container.keyspace, self._selection.columns)
        return {**status, **warnings_json(self._selection.warnings), "projectionSchema": schema}

    async def read(self) -> tuple[list[Json], str | None]:
        """Return the rows in their order, and where the next page starts.

        Raises:
            DataApiError: Embedding failed, or there are too many rows to sort.
        """
        sort = self._selection.sort
        state = None
        if self._options.page_state is not None:
            state = RowPageState.decode(self._options.page_state, self._target.name)
        if sort.by_vector:
            return await self._similar(), None
        if sort.kind is RowSortKind.WORDS:
            return await self._by_words(), None
        if self._selection.in_memory:
            return await self._in_memory(), None
        return await self._page(state or RowPageState())

    async def _similar(self) -> list[Json]:
        """Return the nearest rows; one that was deleted since the search is left out."""
        sort = self._selection.sort
        query = sort.vector
        if query is None:
            [query] = await self._target.embed(sort.column, [sort.text], Direction.QUERY)
        self._sort_vector = query
        limit = min(self._options.limit or allowed().found_documents, allowed().found_documents)
        stored_as = self._target.table.stored_as(sort.column)
        hits = await self._target.rows.search(self._target.container, stored_as, query, limit, self._selection.among)
        similarities = {hit.seq: hit.similarity for hit in hits}
        items = await self._items(list(similarities))
        rows = await self._shown(items)
        if self._options.include_similarity:
            for row, item in zip(rows, items, strict=True):
                row[SIMILARITY] = float(str(np.float32(similarities[item.seq])))
        return rows

    async def _by_words(self) -> list[Json]:
        sort = self._selection.sort
        if sort.words is None:
            raise LookupError("a sort by words has words")
        limit = min(self._options.limit or allowed().found_documents, allowed().found_documents)
        stored_as = self._target.table.stored_as(sort.column)
        seqs = await self._target.rows.search_words(
            self._target.container, stored_as, sort.words, limit, self._selection.among
        )
        return await self._shown(await self._items(seqs))

    async def _in_memory(self) -> list[Json]:
        """Return the first rows of a sort by columns, after those that are skipped."""
        places: list[tuple[tuple[bytes, ...], str, int]] = []
        async with aclosing(self._target.rows.scan(self._target.container, self._selection.query)) as chunks:
            async for items in chunks:
                places += await asyncio.to_thread(self._places, items)
                if len(places) > allowed().sorted_documents:
                    raise _too_many_to_sort(self._target.name)
        self._sorted = len(places)
        await asyncio.to_thread(places.sort)
        first = self._options.skip or 0
        last = first + (self._options.limit or PAGE_SIZE)
        return await self._shown(await self._items([seq for _, _, seq in places[first:last]]))

    def _places(self, items: Sequence[Item]) -> list[tuple[tuple[bytes, ...], str, int]]:
        sort, table = self._selection.sort, self._target.table
        return [(sort.order_of(table, parse_body(item)), item.key, item.seq) for item in in_turns(items)]

    async def _page(self, start: RowPageState) -> tuple[list[Json], str | None]:
        """Return one page in the order of the keys, and where the next one starts."""
        limit = self._options.limit
        left = None if limit is None else max(limit - start.served, 0)
        size = PAGE_SIZE if left is None else min(PAGE_SIZE, left)
        items = await self._take(size + 1, start.after)
        page = items[:size]
        rows = await self._shown(page)
        if len(items) > size and (left is None or left > size):
            return rows, RowPageState(page[-1].key, start.served + size).encode()
        return rows, None

    async def _take(self, count: int, after: str | None) -> list[Item]:
        found: list[Item] = []
        chunks = self._target.rows.scan(
            self._target.container, self._selection.query, after=after, vectors=self._vectors, chunk=count
        )
        async with aclosing(chunks) as lists:
            async for items in lists:
                found += items
                if len(found) >= count:
                    break
        return found[:count]

    async def _items(self, seqs: Sequence[int]) -> list[Item]:
        return await self._target.store.read_rows(self._target.container, seqs, vectors=self._vectors)

    async def _shown(self, items: Sequence[Item]) -> list[Json]:
        """Return rows as answers show them; in a thread if they are large, because that takes its time."""
        table, columns = self._target.table, self._selection.columns

        def rows() -> list[Json]:
            return [row_json(table, item, columns) for item in in_turns(items)]

        numbers = sum(vector.data.size for item in items for vector in item.vectors.values())
        small = sum(len(item.body) for item in items) + numbers * _CHARACTERS_PER_NUMBER < _WORTH_A_THREAD
        return rows() if small else await asyncio.to_thread(rows)


def _too_many_to_sort(name: str) -> AstrolabeError:
    most = allowed().sorted_documents
    return data_api_error(
        "OVERLOADED_SORT_ROW_LIMIT",
        f"More than {most} rows of the table {name} match, which are too many to sort in memory.\n"
        "Use a filter that matches fewer, sort by the columns that partitions are sorted by, or allow more: "
        f"{setting_of('sorted_documents')}.",
    )


HANDLERS: Mapping[type[Command], TargetHandler] = {Find: find, FindOne: find_one}
