"""The door to vector search: one index per container and vector name, opened when it is first searched."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from storage.shapes import Container, Hit, Vector
from storage.vectors.live import LiveIndex, SavePolicy
from storage.vectors.sidefile import Stamp, side_file_path
from storage.vectors.source import BEGINNING, VectorSource
from storage.vectors.worker import Worker

_LOG = logging.getLogger(__name__)

DEFAULT_MEMORY = 1 << 30
"""Bytes of full vectors kept in memory, outside side files, before indexes not in use are let go."""

DEFAULT_POLICY = SavePolicy()

NEVER_SAVED = SavePolicy(writes=False)
"""For folders where nothing may be written."""


class IndexCache:
    """Searches the vectors of one database.

    Answers are those of the source at the time of the search, whoever wrote there. Close it at the end: indexes are
    saved in side files then, so that the next program opens them in milliseconds.
    """

    def __init__(
        self, folder: Path, source: VectorSource, *, memory: int = DEFAULT_MEMORY, policy: SavePolicy = DEFAULT_POLICY
    ) -> None:
        """Begin without any index.

        Args:
            folder: Where side files live; made when the first one is written. One folder per database.
            source: The store.
            memory: Bytes of full vectors to keep in memory before indexes that are not in use are let go.
            policy: When side files are written.
        """
        self._folder = folder
        self._source = source
        self._memory = memory
        self._policy = policy
        self._worker = Worker()
        # In the order of their last use.
        self._indexes: dict[tuple[int, str], LiveIndex] = {}
        self._upkeep: asyncio.Task[None] | None = None
        self._closed = False

    async def search(
        self, container: Container, vector: str, query: Vector, k: int, allowed: NDArray[np.int64] | None
    ) -> list[Hit]:
        """Find the items whose vector is most similar to a query.

        Args:
            container: Where to search.
            vector: The vector's name, one of ``container.vectors``.
            query: float32, shape ``(dimension,)``, finite.
            k: How many hits at most.
            allowed: Seqs to choose from, best ascending; None for all.

        Returns:
            Similarity descending, then seq ascending.

        Raises:
            KeyError: The container has no such vector.
            ValueError: The query has another dimension or is not finite.
        """
        key = (container.id, vector)
        known = self._indexes.pop(key, None)
        fits = known is not None and known.spec == container.vectors[vector]
        index = self._indexes[key] = known if known is not None and fits else self._new_index(container, vector)
        if known is not None and not fits:
            await known.forget()
        hits = await index.search(query, k, allowed)
        idle = self._upkeep is None or self._upkeep.done()
        if idle and not self._closed and self._needs_upkeep():
            self._upkeep = asyncio.create_task(self._keep_up(), name="vector index upkeep")
            self._upkeep.add_done_callback(_report)
        return hits

    async def problems(self, container: Container) -> list[str]:
        """Return what is wrong with a container's side files, a sentence each; the next search does without them."""
        found = [await self._new_index(container, vector).problem() for vector in container.vectors]
        return [problem for problem in found if problem is not None]

    def _new_index(self, container: Container, vector: str) -> LiveIndex:
        path = side_file_path(self._folder, container.id, vector)
        stamp = Stamp(container.id, vector, epoch=0, revision=0, head=BEGINNING)
        spec = container.vectors[vector]
        return LiveIndex(self._source, self._worker, policy=self._policy, path=path, stamp=stamp, spec=spec)

    def _needs_upkeep(self) -> bool:
        crowded = len(self._indexes) > 1 and self.bytes_in_memory > self._memory
        return crowded or any(index.needs_upkeep for index in self._indexes.values())

    async def _keep_up(self) -> None:
        """Save, warm and let go of indexes, one small step after another, until nothing is left to do."""
        while not self._closed:
            waiting = [index for index in self._indexes.values() if index.needs_upkeep]
            if not waiting:
                break
            await waiting[0].upkeep()
        for index in list(self._indexes.values())[:-1]:
            if self._closed or self.bytes_in_memory <= self._memory:
                break
            await index.release()

    @property
    def bytes_in_memory(self) -> int:
        """Bytes of full vectors held outside side files."""
        return sum(index.bytes_in_memory for index in self._indexes.values())

    async def settle(self) -> None:
        """Wait until nothing runs in the background."""
        while self._upkeep is not None and not self._upkeep.done():
            await asyncio.wait([self._upkeep])

    async def forget(self, container_id: int) -> None:
        """Drop the indexes of a container that is gone, and their side files, those of earlier runs too."""
        for key in [key for key in self._indexes if key[0] == container_id]:
            await self._indexes.pop(key).forget()
        for path in self._folder.glob(f"{container_id}-*"):
            path.unlink(missing_ok=True)

    async def close(self) -> None:
        """Finish what runs in the background, save what has changed, and let go of threads and memory."""
        self._closed = True
        try:
            await self.settle()
            for index in self._indexes.values():
                await index.release()
        finally:
            self._indexes.clear()
            self._worker.close()


def _report(task: asyncio.Task[None]) -> None:
    """Log what ended an upkeep task; searches do not depend on it."""
    if not task.cancelled() and (error := task.exception()) is not None:
        _LOG.error("The upkeep of the vector indexes failed.", exc_info=error)
