"""An index that follows its container: it catches up before each search, and keeps its side file fresh."""

from __future__ import annotations

import asyncio
import functools
import logging
import os
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from storage.shapes import Hit, Vector, VectorSpec
from storage.vectors.exact import Effort, TooMuchToReadError
from storage.vectors.index import VectorIndex
from storage.vectors.rows import DamagedRowsError
from storage.vectors.sidefile import Stamp, UnusableSideFileError, read_side_file, write_side_file
from storage.vectors.source import ContainerState, VectorSource
from storage.vectors.worker import Worker

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SavePolicy:
    """When an index is worth a new side file. What is not saved is read from the store at the next opening.

    Attributes:
        fewest_rows: Smaller indexes are never saved: the store reads them faster than a file is worth.
        fewest_changes: Fewer changes are never saved.
        share_in_use: While in use, save when one row in this many has changed.
        share_at_close: At closing, save when one row in this many has changed.
    """

    fewest_rows: int = 5_000
    fewest_changes: int = 1_000
    share_in_use: int = 4
    share_at_close: int = 20


_WARMED_SHARE = 4
"""A side file is read ahead of need if it takes at most one in this many bytes of the machine's memory."""

_QUICK = 3 << 19
"""Numbers that a search may read on the event loop: in less than a millisecond, when going to a thread and back costs a
quarter of one. A search that turns out to need more goes to the thread."""

_DEAD_ALLOWED = 1_000
"""So many dead rows are always put up with; beyond, no more than there are live ones."""


class LiveIndex:
    """One index of one container's vector."""

    def __init__(
        self,
        source: VectorSource,
        worker: Worker,
        *,
        policy: SavePolicy,
        path: Path,
        stamp: Stamp,
        spec: VectorSpec,
    ) -> None:
        self._policy = policy
        self._source = source
        self._worker = worker
        self._path = path
        self._spec = spec
        self._stamp = stamp
        self._lock = asyncio.Lock()
        self._index: VectorIndex | None = None
        self._changed = 0
        self._save_failed = False
        self._forgotten = False

    @property
    def spec(self) -> VectorSpec:
        """The dimension and metric of its vectors."""
        return self._spec

    @property
    def bytes_in_memory(self) -> int:
        """Bytes of full vectors held outside a side file."""
        return self._index.bytes_in_memory if self._index is not None else 0

    async def search(self, query: Vector, k: int, allowed: NDArray[np.int64] | None) -> list[Hit]:
        """Catch up with the source, then search; see :meth:`VectorIndex.search`."""
        async with self._lock:
            index = await self._caught_up()
            if index.least_effort(allowed) <= _QUICK:
                with suppress(TooMuchToReadError):
                    return index.search(query, k, allowed, Effort(self._worker.helper, _QUICK))
            return await self._worker.run(index.search, query, k, allowed, Effort(self._worker.helper))

    async def _caught_up(self) -> VectorIndex:
        state = await self._source.state(self._stamp.container)
        index = self._index
        restarted = state.epoch != self._stamp.epoch or state.revision < self._stamp.state_revision
        if index is None or restarted:
            index = self._index = await self._open(state)
        if state.revision > self._stamp.revision:
            await self._read_changes(index, state)
        while index.lacks_codes:
            await self._worker.run(index.encode_some)
        return index

    async def _open(self, state: ContainerState) -> VectorIndex:
        """Open the side file, or begin with nothing."""
        self._changed = 0
        self._save_failed = False
        try:
            stamp, parts = await self._worker.run(read_side_file, self._path, self._stamp, self._spec, state)
        except UnusableSideFileError as reason:
            _LOG.info("Building the index from the store. %s", reason)
            self._stamp = replace(self._stamp, epoch=state.epoch, state_revision=0, revision=0)
            return VectorIndex(self._spec)
        self._stamp = stamp
        return VectorIndex(self._spec, parts)

    async def _read_changes(self, index: VectorIndex, state: ContainerState) -> None:
        since = self._stamp
        revision = state.revision
        stream = self._source.changes(since.container, since.vector, self._spec.dimension, since.revision)
        try:
            async for changes in stream:
                await self._worker.run(index.apply, changes)
                self._changed += len(changes.seqs) + len(changes.removed)
                revision = max(revision, changes.revision)
        finally:
            if isinstance(stream, AsyncGenerator):
                await stream.aclose()
        self._stamp = replace(since, epoch=state.epoch, state_revision=state.revision, revision=revision)

    @property
    def needs_upkeep(self) -> bool:
        """Whether :meth:`upkeep` has something to do."""
        index = self._index
        return index is not None and (self._is_due(self._policy.share_in_use) or _wasteful(index) or _to_warm(index))

    def _is_due(self, share: int) -> bool:
        count = len(self._index) if self._index is not None else 0
        enough = max(self._policy.fewest_changes, count // share)
        return count >= self._policy.fewest_rows and self._changed >= enough and not self._save_failed

    async def upkeep(self) -> None:
        """Save what has piled up, let go of dead rows, and read a little of a side file ahead of need."""
        if self._is_due(self._policy.share_in_use):
            await self._save()
            async with self._lock:
                await self._reopen()
        async with self._lock:
            index = self._index
            if index is not None and _wasteful(index):
                self._index = None
            elif index is not None and _to_warm(index):
                await self._warm_some(index)

    async def _save(self) -> None:
        """Write the side file. Searches go on meanwhile."""
        async with self._lock:
            if self._index is None:
                return
            stamp = self._stamp
            parts, order = await self._worker.run(self._index.frozen)
        try:
            await self._worker.run(write_side_file, self._path, stamp, parts, order)
        except OSError as error:
            # Nothing is lost: the side file is a cache, and the next program to open the container reads the store.
            _LOG.warning("The vector index could not be saved in %s: %s", self._path, error)
            self._save_failed = True
        if self._forgotten:
            self._path.unlink(missing_ok=True)

    async def _reopen(self) -> None:
        """Go on from the side file just written: full vectors leave memory, dead rows vanish."""
        if self._save_failed or self._index is None:
            return
        state = ContainerState(self._stamp.epoch, self._stamp.state_revision)
        try:
            stamp, parts = await self._worker.run(read_side_file, self._path, self._stamp, self._spec, state)
        except UnusableSideFileError as reason:
            _LOG.warning("The vector index could not be read back. %s", reason)
            self._save_failed = True
            return
        self._stamp, self._index, self._changed = stamp, VectorIndex(self._spec, parts), 0

    async def _warm_some(self, index: VectorIndex) -> None:
        mapped = index.rows.mapped
        if mapped is None:
            return
        try:
            await self._worker.run(mapped.warm_some)
        except DamagedRowsError as error:
            _LOG.warning("Building the index from the store. %s", error)
            self._path.unlink(missing_ok=True)
            self._index = None

    async def release(self) -> None:
        """Save if much has changed, and give the memory back; the next search opens the index again."""
        self._save_failed = False
        if self._is_due(self._policy.share_at_close):
            await self._save()
        async with self._lock:
            self._index = None

    async def forget(self) -> None:
        """Give the memory back and delete the side file, also one that is being written now."""
        self._forgotten = True
        async with self._lock:
            self._index = None
            self._path.unlink(missing_ok=True)


def _wasteful(index: VectorIndex) -> bool:
    return index.dead > len(index) + _DEAD_ALLOWED


def _to_warm(index: VectorIndex) -> bool:
    mapped = index.rows.mapped
    return mapped is not None and mapped.cold and mapped.matrix.nbytes * _WARMED_SHARE <= _machine_memory()


@functools.cache
def _machine_memory() -> int:
    """Return the machine's memory in bytes."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
