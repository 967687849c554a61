"""A load that runs in the background: it belongs to the console, not to the dialog that started it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from astrolabe.dataapi.client.client import Collection
from astrolabe.errors import AstrolabeError
from astrolabe.loading.load_plan import LoadPlan, LoadProgress, LoadSummary
from astrolabe.loading.loader import run_load
from astrolabe.text.error_text import as_told
from storage.loads.ledger import LoadLedger


class LoadJob:
    """One load with its latest progress, its end, and those who want to hear of both.

    Attributes:
        plan: What is loaded, and where.
        progress: The latest progress, or None.
        summary: How it ended, or None.
        error: Why it could not be carried out, or None.
        followed: Whether a dialog shows it, so that its end needs no notice.
    """

    def __init__(self, plan: LoadPlan, collection: Collection, ledger: LoadLedger) -> None:
        """Prepare a load; :meth:`start` runs it."""
        self.plan = plan
        self.progress: LoadProgress | None = None
        self.summary: LoadSummary | None = None
        self.error: AstrolabeError | None = None
        self.followed = False
        self._collection = collection
        self._ledger = ledger
        self._cancel = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._listeners: list[Callable[[], None]] = []

    @property
    def running(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._task is not None and not self._task.done()

    def start(self) -> None:
        """Run the load in the event loop."""
        self._task = asyncio.create_task(self._run(), name="load")

    def cancel(self) -> None:
        """Ask it to stop after the batch under way; what was stored stays, and the rest can be loaded later."""
        self._cancel.set()

    @property
    def cancelling(self) -> bool:
        """Whether it has been asked to stop."""
        return self._cancel.is_set()

    async def wait(self) -> None:
        """Wait for the end."""
        if self._task is not None:
            await asyncio.shield(self._task)

    async def stop(self) -> None:
        """Ask it to stop and wait for the batch under way; for leaving the program."""
        self.cancel()
        await self.wait()

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call ``listener`` after every change until the function returned here is called."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    async def _run(self) -> None:
        try:
            self.summary = await run_load(
                self.plan, self._collection, self._ledger, on_progress=self._progressed, cancel=self._cancel
            )
        except Exception as error:  # noqa: BLE001 - the end of a background task: whatever it is, the user is told
            self.error = as_told(error)
        self._tell()

    def _progressed(self, progress: LoadProgress) -> None:
        self.progress = progress
        self._tell()

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            listener()
