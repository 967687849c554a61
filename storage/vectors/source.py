"""Where an index reads its vectors from: the seam between vector search and the SQLite store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from storage.shapes import Matrix


@dataclass(frozen=True, slots=True)
class Head:
    """A point in a store's history: a write transaction.

    Two stores that were one, such as one that goes on and a copy that was put back, have the same heads up to the
    point where they parted, and none in common from there on.

    Attributes:
        writer: A random number of whoever wrote.
        revision: The transaction's number; grows in one history.
    """

    writer: int
    revision: int


BEGINNING = Head(0, 0)
"""Before the first write; in the history of every store."""


@dataclass(frozen=True, slots=True)
class ContainerState:
    """How far a container's contents have come.

    Attributes:
        epoch: Grows when everything read before must be forgotten (truncate, drop and create). Start it at a number
            that no other container, also of another database file, is likely to have (a random one), so that a side
            file left behind by another store is never taken for this container's.
        head: The last write to an item of this container, or removal of one; the beginning when there was none yet.
        parted: The head that was asked about is not in the store's history: the store was put back to an earlier state,
            or has lost writes, and what was read at that head may never have been.
    """

    epoch: int
    head: Head
    parted: bool = False


@dataclass(frozen=True, slots=True)
class VectorChanges:
    """One chunk of what has changed in a container since a revision; a seq stands in ``seqs`` or ``removed``, not both.

    Attributes:
        seqs: int64, shape ``(n,)``: rows written after ``since`` that have this vector now; new or replaced.
        vectors: float32, shape ``(n, dimension)``: their vectors as they are now.
        removed: int64, shape ``(m,)``: rows deleted after ``since``, and rows that lost this vector in a replacement.
            Seqs that the reader has never seen are harmless.
        head: The container's head that the whole stream was read at, the same in every chunk: after the last chunk the
            reader may ask from its revision. At least the head of the state that was read before.
    """

    seqs: NDArray[np.int64]
    vectors: Matrix
    removed: NDArray[np.int64]
    head: Head


class VectorSource(Protocol):
    """The store, as an index sees it."""

    async def state(self, container_id: int, known: Head = BEGINNING) -> ContainerState:
        """Return the state now, and whether it has parted from a head; asked before every search, so it is cheap."""
        ...

    def changes(self, container_id: int, vector: str, dimension: int, since: int) -> AsyncIterator[VectorChanges]:
        """Stream what changed after revision ``since`` (0: everything), as one consistent snapshot.

        Chunks of a few thousand rows keep the event loop free; rows come in seq order as far as possible. The reader
        may stop early and ask again from the same revision: applying a change twice is harmless. A stream without
        chunks says that nothing of this vector has changed.
        """
        ...
