"""The boundary between background work and the user: no worker fails silently."""

from __future__ import annotations

from textual.message_pump import MessagePump
from textual.worker import Worker, WorkerState

from screens.console import Console


class WorkerBoundary(MessagePump):
    """Mixin for pages and dialogs: an error that leaves a worker is shown to the user.

    Workers are started with ``exit_on_error=False``; this turns their failure into the error dialog.
    """

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Report a failed worker."""
        error = event.worker.error
        if event.state is WorkerState.ERROR and error is not None and isinstance(self.app, Console):
            event.stop()
            self.app.report(error)
