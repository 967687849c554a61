"""The moving part of a load: a few batches in flight, settled in the order of the file.

While one batch is stored, the next ones are embedded and a further one is read. Batches are recorded in the ledger in
order, and none is sent that is more than :data:`IN_FLIGHT` rows ahead of it; so what a crash leaves unrecorded is small
and known.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.errors import AstrolabeError
from astrolabe.loading.batch_writer import Batch, deliver
from astrolabe.loading.batches import MOST_ROWS, BatchReader
from astrolabe.loading.destination import Destination
from astrolabe.loading.progress import ProgressMeter
from astrolabe.loading.resumption import Start
from astrolabe.providers.catalogue.catalogue import EMBEDDED
from astrolabe.providers.local.models import is_slow
from storage.loads.ledger import LoadLedger, Settled
from storage.sqlite.busy_retry import uninterrupted

_CONCURRENCY = 4
"""Batches in flight to a provider across a network: waiting for one leaves room for others."""

IN_FLIGHT = _CONCURRENCY * MOST_ROWS
"""Rows that may be stored without the ledger knowing, at most."""

_SLOW_ROWS = 16
"""Rows of a batch for a model on this machine that takes milliseconds for each: well under a second's work."""

_GRACE = 0.8
"""Seconds that the batches in flight get to end by themselves when a load stops: who stops it is waiting."""


@dataclass(slots=True)
class _Flight:
    """A batch on its way."""

    batch: Batch
    task: asyncio.Task[Settled]


def flights_for(info: TargetInfo, *, elsewhere: bool = False) -> int:
    """Return how many batches to keep in flight.

    Where nothing is waited for (no provider, or the one on this machine), several at once gain nothing, and one after
    the other keeps the documents in the order of the file.

    Args:
        info: The collection or table.
        elsewhere: Whether it is across a network.
    """
    if elsewhere:
        return _CONCURRENCY
    return _CONCURRENCY if any(service.provider != EMBEDDED for service in info.services) else 1


def rows_for(info: TargetInfo) -> int:
    """Return how many rows to put into a batch: few where each takes long, so that progress is seen."""
    slow = any(service.provider == EMBEDDED and is_slow(service.model) for service in info.services)
    return _SLOW_ROWS if slow else MOST_ROWS


class Pipeline:
    """One run over the batches of a file.

    Attributes:
        record: The load as the ledger knows it.
        ahead: What is in the collection of rows after the first one that is not settled.
        problem: What stopped the run, or None.
    """

    def __init__(
        self,
        start: Start,
        batches: BatchReader,
        destination: Destination,
        ledger: LoadLedger,
        meter: ProgressMeter,
        *,
        flights: int,
    ) -> None:
        self.record = start.record
        self.ahead = Settled(0, 0, 0)
        self.problem: AstrolabeError | None = None
        self._look_until = start.look_until
        self._batches = batches
        self._destination = destination
        self._ledger = ledger
        self._meter = meter
        self._most_flights = flights
        self._flights: deque[_Flight] = deque()

    async def run(self, cancel: asyncio.Event) -> None:
        """Load until the end of the file, a problem, or the cancel event; never raises an :class:`AstrolabeError`."""
        cancelled = asyncio.create_task(cancel.wait())
        try:
            with self._noting_problem():
                await self._run(cancelled)
            await self._wind_down()
        finally:
            cancelled.cancel()
            for flight in self._flights:
                flight.task.cancel()
            await asyncio.gather(*(flight.task for flight in self._flights), return_exceptions=True)

    async def _run(self, cancelled: asyncio.Task[bool]) -> None:
        """Keep the flights up and settle the oldest; raises the first problem."""
        ended = False
        while not cancelled.done():
            while not ended and len(self._flights) < self._most_flights:
                ended = not await self._launch()
            if not self._flights:
                return
            oldest = self._flights[0].task
            await asyncio.wait({oldest, cancelled}, return_when=asyncio.FIRST_COMPLETED)
            if oldest.done():
                await self._settle_oldest()

    async def _launch(self) -> bool:
        """Read a batch and send it off; False at the end of the file."""
        batch = await uninterrupted(asyncio.to_thread(self._batches.next))
        if batch is None:
            return False
        work = deliver(batch, self._destination, look_first=batch.first < self._look_until)
        self._flights.append(_Flight(batch, asyncio.create_task(work)))
        return True

    async def _settle_oldest(self) -> None:
        """Record the oldest flight; it stays among the flights if it has failed."""
        self.record = await self._ledger.settle(self.record, self._flights[0].task.result())
        self._flights.popleft()
        self._meter.settled(self.record)

    async def _wind_down(self) -> None:
        """Let the flights end, for a while; settle those that did in order, and look what became of the others."""
        tasks = {flight.task for flight in self._flights}
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=_GRACE)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with self._noting_problem():
            while self._flights and _succeeded(self._flights[0].task):
                await self._settle_oldest()
        with self._noting_problem():
            self.ahead = await self._look_ahead()

    @contextmanager
    def _noting_problem(self) -> Iterator[None]:
        """Remember the first problem; what comes after it is still done."""
        try:
            yield
        except AstrolabeError as error:
            self.problem = self.problem or error

    async def _look_ahead(self) -> Settled:
        """Count the documents of unsettled batches that are in the collection nevertheless.

        A table's row that is there may be an older one of the same key: those count as not attempted.
        """
        loaded = already_there = 0
        for flight in self._flights:
            if _succeeded(flight.task):
                loaded += flight.task.result().loaded
                already_there += flight.task.result().already_there
            elif not self._destination.overwrites:
                already_there += len(await self._destination.existing(flight.batch.documents))
        return Settled(0, loaded, already_there)


def _succeeded(task: asyncio.Task[Settled]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is None
