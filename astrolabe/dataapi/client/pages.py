"""The pages of a find: each is one answer, and nothing of it changes before the next answer is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from astrolabe.dataapi.client.client import Collection
from astrolabe.dataapi.protocol import Json

PAGE_SIZE = 50
"""Documents of one page; the Data API's own page size."""

EVERYTHING: Mapping[str, Any] = {"*": 1}
"""Projection that includes the vector and the text it was made from."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked at in a collection or table.

    Attributes:
        filter: Only what matches; empty matches everything.
        sort: The order; empty takes the order in which the API answers.
    """

    filter: Mapping[str, Any] = field(default_factory=dict)
    sort: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ShownPage:
    """One answer, with what it was an answer to.

    Attributes:
        documents: The documents or rows, everything included.
        query: What was asked for.
        states: Where each page from the first to this one begins; the API only goes forward.
        next_state: Where the next page begins; None on the last one.
    """

    documents: list[Json]
    query: Query = Query()
    states: tuple[str | int | None, ...] = (None,)
    next_state: str | int | None = None

    @property
    def number(self) -> int:
        """The page's number, from 1."""
        return len(self.states)

    @property
    def first(self) -> int:
        """The place of its first document among all, from 1."""
        return (self.number - 1) * PAGE_SIZE + 1

    @property
    def has_more(self) -> bool:
        """Whether there is a page after this one."""
        return self.next_state is not None

    def states_of(self, step: int) -> tuple[str | int | None, ...] | None:
        """Return where the page ``step`` further on (1) or back (-1) or this one (0) begins; None if there is none."""
        if step > 0:
            return (*self.states, self.next_state) if self.has_more else None
        return self.states[: len(self.states) + step] or None

    def range_words(self, total: str = "") -> str:
        """Return which documents are shown, such as ``51–100 of 2,000``, or ``51–100, and more``."""
        shown = len(self.documents)
        if not shown:
            return "no more documents" if self.number > 1 else "no documents"
        words = f"{self.first:,}–{self.first + shown - 1:,}"
        if total:
            return f"{words} of {total}"
        return words + (", and more" if self.has_more else "")


async def read_page(
    collection: Collection,
    query: Query,
    states: tuple[str | int | None, ...] = (None,),
    *,
    projection: Mapping[str, Any] | None = EVERYTHING,
) -> ShownPage:
    """Read the page that begins at the last of ``states``.

    A sorted find has no page states: the API is told how many to skip.
    """
    place = states[-1]
    where = query.filter or None
    if query.sort:
        skip = place if isinstance(place, int) else 0
        found = await collection.find(
            filter=where, projection=projection, sort=query.sort, limit=PAGE_SIZE, skip=skip or None
        )
        following = skip + PAGE_SIZE if len(found.documents) == PAGE_SIZE else None
        return ShownPage(found.documents, query, states, following)
    state = place if isinstance(place, str) else None
    found = await collection.find(filter=where, projection=projection, page_state=state)
    return ShownPage(found.documents, query, states, found.next_page_state)
