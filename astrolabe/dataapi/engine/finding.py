"""Finding documents: filter, sort and projection of a command, and the stored items they lead to."""

from __future__ import annotations

import base64
import binascii
import heapq
import re
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any, TypeAlias

from astrolabe.dataapi.engine.target import Target, storable
from astrolabe.dataapi.engine.unhurried import unhurried
from astrolabe.dataapi.language.allowances import allowed, setting_of
from astrolabe.dataapi.language.commands import invalid_field
from astrolabe.dataapi.language.document_rules import restored
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.filters import id_keys, parse_filter
from astrolabe.dataapi.language.projection import Projection
from astrolabe.dataapi.language.sorting import SortKind, SortPlan, key_weight, parse_sort
from astrolabe.dataapi.language.special_fields import VECTOR
from astrolabe.dataapi.language.vectors import floats_to_json
from astrolabe.dataapi.protocol import Json, JsonValue
from astrolabe.errors import DataApiError
from astrolabe.providers.catalogue.provider_info import Direction
from storage.documents.scanning import CHUNK, parse_body
from storage.filters.tree import All, Comparison, Filter
from storage.gil_yield import in_thread, in_turns
from storage.lexical.analyzers import TermQuery
from storage.shapes import Hit, Item, VectorValue

MOST_SORT_BYTES = 64 << 20
"""Bytes that the values which documents are sorted by may take in memory."""

_WORTH_A_THREAD = 65_536
"""Characters of documents that take about a millisecond to read."""


@dataclass(frozen=True, slots=True)
class DocumentSelection:
    """Which documents a command is about, and in which order.

    Attributes:
        target: The collection.
        where: The filter; None for all documents.
        keys: The canonical keys that the filter limits ``_id`` to; None when it does not.
        sort: The order.
    """

    target: Target
    where: Filter | None
    keys: tuple[str, ...] | None
    sort: SortPlan

    @property
    def by_vector(self) -> bool:
        """Whether the order is one of similarity."""
        return self.sort.kind in {SortKind.VECTOR, SortKind.VECTORIZE}

    @property
    def rest(self) -> Filter | None:
        """What is left to decide of documents with the keys: nothing, if the filter is about ``_id`` and no more."""
        decided = isinstance(self.where, Comparison) and id_keys(self.where) is not None
        return None if decided else self.where

    @property
    def query(self) -> VectorValue:
        """The vector of a vector sort."""
        if self.sort.vector is None:
            raise LookupError("Only a vector sort that was resolved has a vector.")
        return self.sort.vector

    def sort_vector(self) -> JsonValue:
        """Return what ``sortVector`` answers: the vector as 32-bit floats print, None without a vector sort."""
        return None if self.sort.vector is None else floats_to_json(self.sort.vector.data)


async def select(target: Target, where: JsonValue, sort: JsonValue = None) -> DocumentSelection:
    """Read a filter and a sort.

    Raises:
        DataApiError: One of the codes of filters and sorts.
    """
    return await unhurried(partial(_selected, target), where, sort)


def _selected(target: Target, where: JsonValue, sort: JsonValue) -> DocumentSelection:
    parsed = parse_filter(where, target.rules)
    everything = parsed == All(())
    plan = parse_sort(sort, target.rules)
    keys = id_keys(parsed)
    if keys is not None:
        keys = tuple(filter(storable, keys))
    return DocumentSelection(target, None if everything else parsed, keys, plan)


async def resolve(selection: DocumentSelection) -> DocumentSelection:
    """Turn a ``$vectorize`` sort into the vector of its text; other sorts stay as they are.

    Raises:
        DataApiError: Embedding failed.
    """
    if selection.sort.kind is not SortKind.VECTORIZE:
        return selection
    [vector] = await selection.target.embed(VECTOR, [selection.sort.text], Direction.QUERY)
    return replace(selection, sort=replace(selection.sort, vector=VectorValue(vector)))


async def first_item(selection: DocumentSelection, *, vectors: Sequence[str] = ()) -> Item | None:
    """Return the first item of a resolved selection, or None."""
    if selection.sort.kind is SortKind.NONE:
        found = await take(selection, 1, vectors=vectors)
        return found[0] if found else None
    if selection.by_vector:
        seqs = [hit.seq for hit in await nearest(selection, 1)]
    else:
        seqs = await ordered_seqs(selection, 1)
    items = await selection.target.store.read_rows(selection.target.container, seqs, vectors=vectors)
    return items[0] if items else None


def scan(
    selection: DocumentSelection, *, after: int = 0, chunk: int = CHUNK, vectors: Sequence[str] = ()
) -> AbstractAsyncContextManager[AsyncGenerator[list[Item], None]]:
    """Lend the matching items in insertion order, in chunks; leaving the block early is fine."""
    store, container = selection.target.store, selection.target.container
    chunks = store.scan(container, selection.rest, after=after, vectors=vectors, chunk=chunk, keys=selection.keys)
    return aclosing(chunks)


async def take(selection: DocumentSelection, count: int, *, after: int = 0, vectors: Sequence[str] = ()) -> list[Item]:
    """Return the first ``count`` matching items behind a row, in insertion order."""
    found: list[Item] = []
    async with scan(selection, after=after, chunk=count, vectors=vectors) as chunks:
        async for items in chunks:
            found += items
            if len(found) >= count:
                break
    return found[:count]


async def nearest(selection: DocumentSelection, count: int) -> list[Hit]:
    """Return the ``count`` nearest documents of a vector sort."""
    target = selection.target
    query = selection.query.data
    return await target.store.search(target.container, VECTOR, query, count, selection.rest, keys=selection.keys)


async def ordered_seqs(selection: DocumentSelection, count: int, *, skip: int = 0) -> list[int]:
    """Return row numbers in the order of a sort by fields or by words: ``count`` of them, after ``skip``.

    Raises:
        DataApiError: ``OVERLOADED_SORT_ROW_LIMIT``.
    """
    if selection.sort.words is not None:
        return await relevant(selection, selection.sort.words, count)
    return (await sorted_seqs(selection, skip + count))[skip:]


async def relevant(selection: DocumentSelection, words: TermQuery, count: int) -> list[int]:
    """Return the row numbers of the ``count`` documents whose ``$lexical`` texts match best."""
    target = selection.target
    return await target.store.search_words(target.container, words, count, selection.rest, keys=selection.keys)


async def sorted_seqs(selection: DocumentSelection, count: int) -> list[int]:
    """Return the row numbers of the first ``count`` matching documents in the order of a field sort.

    Raises:
        DataApiError: ``OVERLOADED_SORT_ROW_LIMIT``.
    """
    found: list[list[_Place]] = []
    documents = weight = 0
    async with scan(selection) as chunks:
        async for items in chunks:
            documents += len(items)
            if documents >= allowed().sorted_documents:
                raise _too_much_to_sort(
                    f"The filter matches {allowed().sorted_documents} documents or more", "sorted_documents"
                )
            places, heavier = await in_thread(_sorted_places, selection.sort, items, count)
            found.append(places)
            weight += heavier
            if weight > MOST_SORT_BYTES:
                megabytes = MOST_SORT_BYTES >> 20
                raise _too_much_to_sort(f"What the documents are sorted by has more than {megabytes} MB")
    return [seq for _, seq in await in_thread(first_of, found, count)]


_Place: TypeAlias = tuple[tuple[Any, ...], int]
"""What decides a document's place in the order, and its row number."""


def _sorted_places(sort: SortPlan, items: Sequence[Item], count: int) -> tuple[list[_Place], int]:
    """Return what decides the order of the first ``count`` of a chunk, in order, and about how many bytes it takes.

    Run in a thread, because it reads the documents.
    """
    places = sorted((sort.key(parse_body(item)), item.seq) for item in in_turns(items))[:count]
    return places, sum(key_weight(key) for key, _ in in_turns(places))


def first_of(runs: Sequence[list[_Place]], count: int) -> list[_Place]:
    """Return the first ``count`` of what is in order within each run; no more than these are put in order.

    A sort of everything at once would keep the interpreter's lock from its beginning to its end.
    """
    return list(islice(in_turns(heapq.merge(*runs)), count))


def _too_much_to_sort(what: str, limit: str | None = None) -> DataApiError:
    otherwise = f", or allow more: {setting_of(limit)}" if limit else ""
    return data_api_error(
        "OVERLOADED_SORT_ROW_LIMIT",
        f"{what}, which is too much to sort in memory.\n"
        f"Use a filter that matches fewer, sort by fewer or smaller fields, or sort by vector{otherwise}.",
    )


async def render(items: Sequence[Item], projection: Projection) -> list[Json]:
    """Return the items as documents of an answer; in a thread if they are large, because that takes its time."""

    def documents(items: Iterable[Item]) -> list[Json]:
        return [projection.apply(document_of(item)) for item in items]

    small = sum(len(item.body) for item in items) < _WORTH_A_THREAD and not any(item.vectors for item in items)
    return documents(items) if small else await in_thread(documents, in_turns(items))


def document_of(item: Item) -> Json:
    """Return a stored document with its vector, if that was read with it."""
    return restored(parse_body(item), item.vectors.get(VECTOR))


def vectors_for(projection: Projection) -> tuple[str, ...]:
    """Return the vectors that have to be read for a projection."""
    return (VECTOR,) if projection.wants(VECTOR) else ()


@dataclass(frozen=True, slots=True)
class PageState:
    """Where the next page of a find starts; opaque text outside.

    Attributes:
        after: Row number of the last document returned.
        served: How many documents the pages before had, for a ``limit`` over all pages.
    """

    after: int
    served: int

    def encode(self) -> str:
        """Return the opaque text."""
        return base64.urlsafe_b64encode(f"{self.after}.{self.served}".encode("ascii")).decode("ascii")

    @classmethod
    def decode(cls, text: str) -> PageState:
        """Read the opaque text.

        Raises:
            DataApiError: ``COMMAND_FIELD_VALUE_INVALID``: it was not made by :meth:`encode`.
        """
        try:
            plain = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True).decode("ascii")
        except (binascii.Error, UnicodeError):
            plain = ""
        numbers = _STATE.fullmatch(plain)
        if numbers is None:
            raise invalid_field(
                "command.options.pageState", text, "must be the 'nextPageState' of an answer, unchanged"
            )
        return cls(int(numbers[1]), int(numbers[2]))


_STATE = re.compile(r"(\d{1,18})\.(\d{1,18})")
