"""Who wants to know that a provider is being waited for.

The one who starts an operation, a load or a search, is far above the engine that waits, with the Data API in between.
The listener travels with the task: whatever runs on behalf of the block below reports its waits to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

WaitListener = Callable[[float, str], None]
"""Called before a wait with its seconds and its reason, a sentence without a full stop."""

_LISTENER: ContextVar[WaitListener | None] = ContextVar("wait_listener", default=None)


def current_listener() -> WaitListener | None:
    """Return the listener of the operation that this task works for, or None."""
    return _LISTENER.get()


@contextmanager
def wait_listener(listener: WaitListener | None) -> Iterator[None]:
    """Report the waits of everything that the block starts to a listener."""
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)
