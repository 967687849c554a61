"""Where an index reads its vectors from: the seam between vector search and the SQLite store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from storage.shapes import Matrix


@dataclass(frozen=True, slots=True)
class ContainerState:
    """How far a container's contents have come.

    Attributes:
        epoch: Grows when everything read before must be forgotten (truncate, drop and create). Start it at a number
            that no other container, also of another database file, is likely to have (a random one), so that a side
            file left behind by another store is never taken for this container's.
        revision: The last revision that wrote or removed an item of this container; 0 when nothing was written yet.
    """

    epoch: int
    revision: int


@dataclass(frozen=True, slots=True)
class VectorChanges:
    """One chunk of what has changed in a container since a revision; a seq stands in ``seqs`` or ``removed``, not both.

    Attributes:
        seqs: int64, shape ``(n,)``: rows written after ``since`` that have this vector now; new or replaced.
        vectors: float32, shape ``(n, dimension)``: their vectors as they are now.
        removed: int64, shape ``(m,)``: rows deleted after ``since``, and rows that lost this vector in a replacement.
            Seqs that the reader has never seen are harmless.
        revision: The revision that the whole stream was read at, the same in every chunk: after the last chunk the
            reader may ask from here. At least the revision of the state that was read before.
    """

    seqs: NDArray[np.int64]
    vectors: Matrix
    removed: NDArray[np.int64]
    revision: int


class VectorSource(Protocol):
    """The store, as an index sees it."""

    async def state(self, container_id: int) -> ContainerState:
        """Return the epoch and revision now; asked before every search, so it has to be cheap."""
        ...

    def changes(self, container_id: int, vector: str, dimension: int, since: int) -> AsyncIterator[VectorChanges]:
        """Stream what changed after revision ``since`` (0: everything), as one consistent snapshot.

        Chunks of a few thousand rows keep the event loop free; rows come in seq order as far as possible. The reader
        may stop early and ask again from the same revision: applying a change twice is harmless. A stream without
        chunks says that nothing of this vector has changed.
        """
        ...
