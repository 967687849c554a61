"""The boundary between background work and the user: no worker fails silently."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from textual.dom import DOMNode
from textual.worker import Worker, WorkerState

from screens.kit.app_base import Console


class WorkerBoundary(DOMNode):
    """Mixin for pages and dialogs: work runs in the background, and an error that leaves it is shown to the user."""

    def open_in_background(self, work: Callable[[], Coroutine[Any, Any, None]], group: str) -> None:
        """Run work that ends in showing a dialog; what is typed until then is meant for the dialog."""
        release = self.app.hold_keys() if isinstance(self.app, Console) else None

        async def run() -> None:
            try:
                await work()
            finally:
                if release is not None:
                    release()

        self.in_background(run, group)

    def in_background(self, work: Callable[[], Coroutine[Any, Any, None]], group: str) -> None:
        """Run ``work`` without blocking the keyboard.

        Args:
            work: A coroutine function without arguments; bind them with :func:`functools.partial`. The framework logs
                a worker's description, so only the group's name is given there.
            group: What it is about; a newer worker of the same group cancels the older one.
        """
        self.run_worker(
            work,  # type: ignore[arg-type]  # the framework's result type cannot be inferred from a coroutine function
            name=group,
            group=group,
            description=group,
            exclusive=True,
            exit_on_error=False,
        )

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Report a failed worker."""
        error = event.worker.error
        if event.state is WorkerState.ERROR and error is not None and isinstance(self.app, Console):
            event.stop()
            self.app.report(error)
