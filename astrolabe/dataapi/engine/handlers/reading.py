"""find and findOne."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from astrolabe.dataapi.engine.finding import (
    DocumentSelection,
    PageState,
    nearest,
    ordered_seqs,
    render,
    resolve,
    select,
    take,
    vectors_for,
)
from astrolabe.dataapi.engine.target import Target, TargetHandler
from astrolabe.dataapi.engine.unhurried import unhurried
from astrolabe.dataapi.language.allowances import allowed, setting_of
from astrolabe.dataapi.language.commands import Command, invalid_field
from astrolabe.dataapi.language.commands.collection_commands import Find, FindOne, FindOptions
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.projection import Projection, parse_projection
from astrolabe.dataapi.language.sorting import SortKind
from astrolabe.dataapi.language.special_fields import SIMILARITY
from astrolabe.dataapi.language.vectors import single
from astrolabe.dataapi.protocol import Json, Response
from storage.shapes import Item

PAGE_SIZE = 50
"""Documents in one page of a find that is not sorted by similarity."""


async def find(target: Target, command: Find) -> Response:
    """Read a page of documents."""
    projection = await unhurried(parse_projection, command.projection)
    selection = await select(target, command.where, command.sort)
    options = command.options
    _check_options(selection, options)
    selection = await resolve(selection)
    documents, state = await _documents(selection, projection, options, similarity=bool(options.include_similarity))
    if options.include_sort_vector:
        state = None
    return Response(
        data={"documents": documents, "nextPageState": state},
        status=_sort_vector(selection, wanted=bool(options.include_sort_vector)),
    )


async def find_one(target: Target, command: FindOne) -> Response:
    """Read the first document of a filter and a sort."""
    projection = await unhurried(parse_projection, command.projection)
    selection = await resolve(await select(target, command.where, command.sort))
    options = command.options
    first = FindOptions(limit=1)
    documents, _ = await _documents(selection, projection, first, similarity=bool(options.include_similarity))
    return Response(
        data={"document": documents[0] if documents else None},
        status=_sort_vector(selection, wanted=bool(options.include_sort_vector)),
    )


async def _documents(
    selection: DocumentSelection, projection: Projection, options: FindOptions, *, similarity: bool
) -> tuple[list[Json], str | None]:
    """Return the documents in the order of the sort, and where the next page starts."""
    if selection.by_vector:
        return await _similar(selection, projection, _hit_limit(options), similarity=similarity), None
    if selection.sort.kind is not SortKind.NONE:
        return await _sorted(selection, projection, options), None
    return await _page(selection, projection, options)


def _check_options(selection: DocumentSelection, options: FindOptions) -> None:
    """Refuse combinations of a sort with limit, skip and page state.

    Where a skip has no meaning it is ignored: without a sort, by words, and by ``$vectorize``, whose limit is cut, too.
    """
    kind = selection.sort.kind
    if kind is SortKind.NONE:
        return
    if options.page_state:
        raise data_api_error(
            "SORT_CLAUSE_INVALID",
            "A sort and 'pageState' exclude each other: a sorted answer is one page.\n"
            "Leave one of them out and send the command again.",
        )
    search = _SEARCHES.get(kind)
    if kind is SortKind.VECTOR and options.skip is not None:
        raise invalid_field("command.options.skip", options.skip, f"skip options should not be used with {search}")
    most = allowed().found_documents
    if search is not None and options.limit is not None and options.limit > most:
        reason = (
            f"limit options should not be greater than {most} for {search}; more with {setting_of('found_documents')}"
        )
        raise invalid_field("command.options.limit", options.limit, reason)


_SEARCHES = {SortKind.VECTOR: "vector search", SortKind.LEXICAL: "lexical search"}


def _hit_limit(options: FindOptions) -> int:
    return min(options.limit or allowed().found_documents, allowed().found_documents)


def _sort_vector(selection: DocumentSelection, *, wanted: bool) -> Json:
    return {"sortVector": selection.sort_vector()} if wanted else {}


async def _similar(selection: DocumentSelection, projection: Projection, limit: int, *, similarity: bool) -> list[Json]:
    """Return the nearest documents; one that was deleted since the search is left out."""
    hits = {hit.seq: single(hit.similarity) for hit in await nearest(selection, limit)}
    items = await _read(selection, list(hits), projection)
    documents = await render(items, projection)
    if similarity:
        for document, item in zip(documents, items, strict=True):
            document[SIMILARITY] = hits[item.seq]
    return documents


async def _sorted(selection: DocumentSelection, projection: Projection, options: FindOptions) -> list[Json]:
    by_words = selection.sort.kind is SortKind.LEXICAL
    count = _hit_limit(options) if by_words else min(options.limit or PAGE_SIZE, PAGE_SIZE)
    seqs = await ordered_seqs(selection, count, skip=options.skip or 0)
    return await render(await _read(selection, seqs, projection), projection)


async def _read(selection: DocumentSelection, seqs: Sequence[int], projection: Projection) -> list[Item]:
    target = selection.target
    return await target.store.read_rows(target.container, seqs, vectors=vectors_for(projection))


async def _page(
    selection: DocumentSelection, projection: Projection, options: FindOptions
) -> tuple[list[Json], str | None]:
    """Return one page in insertion order, and where the next one starts."""
    start = PageState.decode(options.page_state) if options.page_state is not None else PageState(0, 0)
    left = None if options.limit is None else max(options.limit - start.served, 0)
    size = _page_size(selection, left)
    items = await take(selection, size + 1, after=start.after, vectors=vectors_for(projection))
    page = items[:size]
    documents = await render(page, projection)
    if len(items) > size and (left is None or left > size):
        return documents, PageState(page[-1].seq, start.served + size).encode()
    return documents, None


def _page_size(selection: DocumentSelection, left: int | None) -> int:
    """A page has 50 documents, or what is left of the limit; a filter that names the ids is answered in one."""
    most = PAGE_SIZE if selection.keys is None else max(len(selection.keys), 1)
    return most if left is None else min(most, left)


HANDLERS: Mapping[type[Command], TargetHandler] = {Find: find, FindOne: find_one}
