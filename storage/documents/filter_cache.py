"""What a filter lets through, kept as long as nobody has written: a search repeats its filter more often than not."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from storage.vectors.source import ContainerState

_Key = tuple[int, str]

MOST_BYTES = 32 << 20
"""Four million row numbers."""


class FilterCache:
    """The row numbers that filters let through, valid for the container state they were found in; bounded in bytes.

    Never stale: an entry counts only for exactly the state that SQLite gives at the time of the search.

    Args:
        most_bytes: How much is kept; what was not used for longest is forgotten first.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._entries: OrderedDict[_Key, tuple[ContainerState, NDArray[np.int64]]] = OrderedDict()
        self._bytes = 0

    def find(self, container_id: int, question: str, state: ContainerState) -> NDArray[np.int64] | None:
        """Return the row numbers found for this question in this state, or None.

        Args:
            container_id: The container.
            question: The filter and whatever else decides, as text.
            state: The container's state now.
        """
        key = container_id, question
        entry = self._entries.get(key)
        if entry is None or entry[0] != state:
            return None
        self._entries.move_to_end(key)
        return entry[1]

    def keep(self, container_id: int, question: str, state: ContainerState, seqs: NDArray[np.int64]) -> None:
        """Remember what was found; the state must have been read before it was looked for."""
        key = container_id, question
        self._drop(key)
        self._entries[key] = state, seqs
        self._bytes += seqs.nbytes
        while self._bytes > self._most_bytes:
            self._drop(next(iter(self._entries)))

    def _drop(self, key: _Key) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= entry[1].nbytes
