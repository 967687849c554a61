"""An index that follows its container: it catches up before each search, and keeps its side file fresh."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from storage.shapes import Hit, Vector, VectorSpec
from storage.vectors.exact import Effort, TooMuchToReadError
from storage.vectors.index import VectorIndex
from storage.vectors.plain_file import StaleSideFileError, UnusableSideFileError
from storage.vectors.sidefile import Stamp, check_history, read_side_file
from storage.vectors.sidefile_draft import SideFileDraft, remove_abandoned_drafts
from storage.vectors.source import BEGINNING, ContainerState, VectorSource
from storage.vectors.stored_rows import StoredRows
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
        writes: Whether anything may be written or removed at all.
    """

    fewest_rows: int = 5_000
    fewest_changes: int = 1_000
    share_in_use: int = 4
    share_at_close: int = 20
    writes: bool = True


QUICK = 3 << 19
"""Numbers that a search may read on the event loop: in less than a millisecond, when going to a thread and back costs a
quarter of one. A search that turns out to need more goes to the thread."""

DEAD_ALLOWED = 1_000
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
        self._distrusted = False
        self._forgotten = False

    @property
    def spec(self) -> VectorSpec:
        """The dimension and metric of its vectors."""
        return self._spec

    @property
    def bytes_in_memory(self) -> int:
        """Bytes of full vectors that are in memory alone, and in no side file."""
        return self._index.bytes_in_memory if self._index is not None else 0

    async def search(self, query: Vector, k: int, allowed: NDArray[np.int64] | None) -> list[Hit]:
        """Catch up with the source, then search; see :meth:`VectorIndex.search`."""
        async with self._lock:
            try:
                return await self._search(query, k, allowed)
            except UnusableSideFileError as reason:
                self._distrust(reason)
                return await self._search(query, k, allowed)

    async def _search(self, query: Vector, k: int, allowed: NDArray[np.int64] | None) -> list[Hit]:
        index = await self._caught_up()
        if index.rows.in_memory and index.least_effort(allowed) <= QUICK:
            with suppress(TooMuchToReadError):
                return index.search(query, k, allowed, Effort(self._worker.helper, QUICK))
        return await self._worker.run(index.search, query, k, allowed, Effort(self._worker.helper))

    async def _caught_up(self) -> VectorIndex:
        index, state = self._index, await self._source.state(self._stamp.container, self._stamp.head)
        if index is not None and state.parted:
            _LOG.warning("Building an index anew: its store was put back to an earlier state, or has lost writes.")
        if index is None or state.parted or state.epoch != self._stamp.epoch:
            index, state = await self._open()
            self._index = index
        if state.head.revision > self._stamp.revision:
            await self._read_changes(index, state)
        while index.lacks_codes:
            await self._worker.run(index.encode_some)
        return index

    async def _open(self) -> tuple[VectorIndex, ContainerState]:
        """Open the side file, or begin with nothing."""
        self._changed = 0
        self._save_failed = False
        if self._policy.writes:
            await self._worker.run(remove_abandoned_drafts, self._path)
        try:
            if self._distrusted:
                raise StaleSideFileError(f"{self._path} was refused before.")
            return await self._read_back()
        except UnusableSideFileError as reason:
            self._distrust(reason)
            state = await self._source.state(self._stamp.container)
            self._stamp = replace(self._stamp, epoch=state.epoch, revision=0, head=BEGINNING)
            return VectorIndex(self._spec), state

    async def _read_back(self) -> tuple[VectorIndex, ContainerState]:
        stamp, parts = await self._worker.run(read_side_file, self._path, self._stamp, self._spec)
        state = await self._source.state(stamp.container, stamp.head)
        check_history(self._path, stamp, state)
        self._stamp, self._changed = stamp, 0
        return VectorIndex(self._spec, parts), state

    def _distrust(self, reason: UnusableSideFileError) -> None:
        """Let go of the index and of a side file that cannot be used: the next search reads the store."""
        level = logging.INFO if isinstance(reason, StaleSideFileError) else logging.WARNING
        _LOG.log(level, "Building the index from the store. %s", reason)
        self._index = None
        with suppress(OSError):
            if self._policy.writes and self._path.is_file():
                self._path.unlink()
        self._distrusted = self._path.exists()

    async def _read_changes(self, index: VectorIndex, state: ContainerState) -> None:
        since, head = self._stamp, state.head
        stream = self._source.changes(since.container, since.vector, self._spec.dimension, since.revision)
        try:
            async for changes in stream:
                head = changes.head
                await self._worker.run(index.apply, changes)
                self._changed += len(changes.seqs) + len(changes.removed)
        finally:
            # Also of a stream that was broken off, the index knows as much as it has read.
            self._stamp = replace(since, head=head)
            if isinstance(stream, AsyncGenerator):
                await stream.aclose()
        self._stamp = replace(since, epoch=state.epoch, revision=head.revision, head=head)

    async def problem(self) -> str | None:
        """Read the side file from its beginning to its end, and return what is wrong with it; None when there is none.

        Of an index that nothing is searched in.
        """
        try:
            index, _ = await self._read_back()
            if index.rows.stored is not None:
                await self._worker.run(index.rows.stored.verify)
        except StaleSideFileError:
            return None
        except UnusableSideFileError as reason:
            return str(reason)
        return None

    @property
    def needs_upkeep(self) -> bool:
        """Whether :meth:`upkeep` has something to do."""
        index = self._index
        if index is None:
            return False
        stored = index.rows.stored
        to_load = stored is not None and stored.loadable
        return to_load or self._is_due(self._policy.share_in_use) or _wasteful(index)

    def _is_due(self, share: int) -> bool:
        count = len(self._index) if self._index is not None else 0
        enough = max(self._policy.fewest_changes, count // share)
        wanted = count >= self._policy.fewest_rows and self._changed >= enough
        return wanted and self._policy.writes and not self._save_failed

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
            elif index is not None and index.rows.stored is not None and index.rows.stored.loadable:
                await self._warm_some(index.rows.stored)

    async def _save(self) -> None:
        """Write the side file. Searches go on meanwhile."""
        async with self._lock:
            index, stamp = self._index, self._stamp
            if index is None:
                return
            parts, order = await self._worker.run(index.frozen)
        try:
            draft = await self._worker.run(SideFileDraft, self._path, parts, order)
            try:
                await self._publish(draft, index, stamp)
            finally:
                draft.discard()
        except OSError as error:
            # Nothing is lost: the side file is a cache, and the next program to open the container reads the store.
            _LOG.warning("The vector index could not be saved in %s: %s", self._path, error)
            self._save_failed = True
        except UnusableSideFileError as reason:
            async with self._lock:
                self._distrust(reason)
        if self._forgotten:
            self._path.unlink(missing_ok=True)

    async def _publish(self, draft: SideFileDraft, index: VectorIndex, stamp: Stamp) -> None:
        """Put a draft in place, unless the index it was made of has been let go.

        Rows that were replaced meanwhile may be in the draft as they are now. Who opens the file asks for them again,
        unless that was in another history: so the file gets the head that the index has come to.
        """
        async with self._lock:
            if self._index is not index:
                return
            head = self._stamp.head
        await self._worker.run(draft.publish, replace(stamp, head=head))
        self._distrusted = False

    async def _reopen(self) -> None:
        """Go on from the side file just written: dead rows vanish."""
        if self._save_failed or self._index is None:
            return
        try:
            self._index, _ = await self._read_back()
        except UnusableSideFileError as reason:
            _LOG.warning("The vector index could not be read back. %s", reason)
            self._save_failed = True

    async def _warm_some(self, stored: StoredRows) -> None:
        try:
            await self._worker.run(stored.load_some)
        except UnusableSideFileError as reason:
            self._distrust(reason)

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
    return index.dead > len(index) + DEAD_ALLOWED
